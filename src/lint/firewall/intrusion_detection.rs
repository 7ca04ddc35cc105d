//! TG2006: a Premium policy without intrusion prevention.

use crate::azure::facts::FirewallFeature;
use crate::azure::rule_sets::{Owner, RuleSet};
use crate::diag::{Finding, Id, Safety};
use crate::estate::Idps;
use crate::lint::firewall_tier::fact_tier;
use crate::lint::{Context, change, edit};

use super::in_force::{all_known, used_sets};

rule! {
    /// A policy of a tier that can stop attacks does not: intrusion detection is off, or only logs.
    ///
    /// Premium compares traffic with signatures of attacks. It is off unless turned on; with `alert` it logs, with
    /// `deny` it drops. Of a child policy the stricter of its mode and its parent's is in force. A firewall without a
    /// policy is not reported: there is no place to turn it on.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   sku Premium
    ///   idps alert
    /// }
    /// ```
    ///
    /// Write `idps deny`; begin with `alert` and look at the log first. Checkov asks for the same (CKV_AZURE_220).
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/features-by-sku.md and rule-processing.md;
    /// Azure/bicep-types-az, generated/network/microsoft.network/2025-09-01/types.md.
    TG2006, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for set in used_sets(context.estate) {
        let tier = fact_tier(set.tier.value);
        // Intrusion detection is for policies only. One that is made when compiling has no place to say so.
        let mut firewalls = context.estate.firewalls.iter();
        let made = firewalls.any(|(_, firewall)| firewall.meta.origin == set.meta.origin);
        let of_policy = matches!(set.owner, Owner::Policy(_)) && !made;
        if of_policy
            && context
                .facts
                .sku_has(tier, FirewallFeature::IntrusionDetection)
        {
            findings.extend(not_stopped(context, &set));
        }
    }
}

fn not_stopped(context: &Context<'_>, set: &RuleSet<'_>) -> Option<Finding> {
    let sets = all_known(context.estate, set)?;
    let modes = sets.iter().filter_map(|set| set.settings.idps);
    let strictest = modes.max_by_key(|mode| match mode.value {
        Idps::Off => 0,
        Idps::Alert => 1,
        Idps::Deny => 2,
    });
    let name = &set.meta.name;
    let what = match strictest.map(|mode| mode.value) {
        None | Some(Idps::Off) => "is off",
        Some(Idps::Alert) => "only logs",
        Some(Idps::Deny) => return None,
    };
    let finding = Finding::new(
        Id::TG2006,
        format!("intrusion detection of `{name}` {what}"),
    )
    .help("write `idps deny`, after a look at what `idps alert` logs");
    let (finding, edit, change) = match strictest {
        Some(mode) => (
            finding.at(mode.span, "stops nothing"),
            Some(edit::replace(mode.span, "deny")),
            change::value(mode.span, "Deny"),
        ),
        None => (
            finding.at(set.meta.origin, "off unless turned on"),
            edit::add_clause(set.meta, "idps deny"),
            change::set(set.meta.origin, change::INTRUSION_DETECTION, "Deny"),
        ),
    };
    let title = "stop attacks";
    let finding = finding.propose(title, Safety::Unsafe, change);
    Some(match edit {
        Some(edit) => finding.fix(title, Safety::Unsafe, vec![edit]),
        None => finding,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{fixed, found};

    #[test]
    fn only_premium_can() {
        let tg2006 = |clauses: &str| {
            let policy = format!(
                "firewall-policy p {{ {clauses} }}\nfirewall-policy base {{ sku Premium idps deny }}"
            );
            let found = found(Id::TG2006, &policy);
            assert_eq!(crate::lint::testing::found(Id::TG2002, &policy), [""; 0]);
            found
        };
        assert_eq!(
            tg2006("sku Premium"),
            ["1:17 intrusion detection of `p` is off"]
        );
        assert_eq!(
            tg2006("sku Premium idps alert"),
            ["1:38 intrusion detection of `p` only logs"]
        );
        assert_eq!(
            tg2006("sku Premium idps off"),
            ["1:38 intrusion detection of `p` is off"]
        );
        assert_eq!(tg2006("sku Premium idps deny"), [""; 0]);
        assert_eq!(tg2006("sku Premium parent base"), [""; 0]);
        assert_eq!(tg2006("sku Premium existing"), [""; 0]);
        assert_eq!(tg2006("sku Standard"), [""; 0]);
        let fixed = fixed(Id::TG2006, "firewall-policy p { sku Premium }");
        assert_eq!(found(Id::TG2006, &fixed), [""; 0]);
    }

    #[test]
    fn standard_cannot_have_it() {
        let policy = "firewall-policy p { sku Standard idps deny }";
        assert_eq!(
            found(Id::TG2002, policy),
            ["1:39 `p` is Standard, which has no intrusion detection"]
        );
    }
}
