//! TG2005: threat intelligence that does not stop anything.

use crate::azure::facts::FirewallFeature;
use crate::azure::rule_sets::{Owner, RuleSet};
use crate::base::Spanned;
use crate::diag::{Change, Edit, Finding, Id, Safety, Severity};
use crate::estate::ThreatIntel;
use crate::lint::common::written::Written;
use crate::lint::firewall_tier::fact_tier;
use crate::lint::{Context, change, edit};

use super::in_force::{all_known, used_sets};

rule! {
    /// Threat intelligence of a firewall is off, or only logs.
    ///
    /// Microsoft keeps a feed of addresses and names that are known to be hostile. Threat intelligence looks at it
    /// before every rule. With `alert`, Azure's default, it writes a line and lets the flow go on to the rules; with
    /// `off` nobody learns of it. Off is a warning, alert is a note.
    ///
    /// A mode that is not given is reported only where somebody wrote rules: rules that come from requirements lead to
    /// known destinations. Basic can only alert, and is reported only when it is off. What is above counts: a child
    /// cannot be weaker than its parent.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   threat-intel alert
    /// }
    /// ```
    ///
    /// Write `threat-intel deny`, and what must be left alone behind `threat-intel-allow`.
    ///
    /// Checkov (CKV_AZURE_216) and PSRule (AZR-000105, AZR-000399) ask for the same.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall/threat-intel.md, features-by-sku.md and
    /// articles/firewall-manager/policy-overview.md.
    TG2005, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let written = Written::of(context);
    for set in used_sets(context.estate) {
        findings.extend(weak(context, &set, &written));
    }
}

fn weak(context: &Context<'_>, set: &RuleSet<'_>, written: &Written) -> Option<Finding> {
    let tier = fact_tier(set.tier.value);
    let feature = FirewallFeature::ThreatIntelligenceDeny;
    let most = if context.facts.sku_has(tier, feature) {
        ThreatIntel::Deny
    } else {
        ThreatIntel::Alert
    };
    let (finding, edit, change) = match mode_in_force(context, set)? {
        Some(mode) => stated(set, mode, most)?,
        None if most == ThreatIntel::Deny && has_written_rules(set, written) => unstated(set),
        None => return None,
    };
    let finding = finding.help(match most {
        ThreatIntel::Deny => "write `threat-intel deny`",
        _ => "write `threat-intel alert`, the most that this tier does",
    });
    let title = "turn it on";
    let finding = finding.propose(title, Safety::Unsafe, change);
    Some(match edit {
        Some(edit) => finding.fix(title, Safety::Unsafe, vec![edit]),
        None => finding,
    })
}

/// The strictest mode of a set and those above it, when it is known; what is above may be stricter.
fn mode_in_force(context: &Context<'_>, set: &RuleSet<'_>) -> Option<Option<Spanned<ThreatIntel>>> {
    match all_known(context.estate, set) {
        Some(sets) => {
            let modes = sets.iter().filter_map(|set| set.settings.threat_intel);
            Some(modes.max_by_key(|mode| strength(mode.value)))
        }
        None if has_parent(context, set) => None,
        None => set.settings.threat_intel.map(Some),
    }
}

fn stated(
    set: &RuleSet<'_>,
    mode: Spanned<ThreatIntel>,
    most: ThreatIntel,
) -> Option<(Finding, Option<Edit>, Option<Change>)> {
    let (what, severity) = match mode.value {
        ThreatIntel::Off => ("is off", Severity::Warning),
        ThreatIntel::Alert if most == ThreatIntel::Deny => ("only logs", Severity::Note),
        ThreatIntel::Alert | ThreatIntel::Deny => return None,
    };
    let (word, azure) = match most {
        ThreatIntel::Deny => ("deny", "Deny"),
        _ => ("alert", "Alert"),
    };
    let name = &set.meta.name;
    let finding = Finding::new(
        Id::TG2005,
        format!("threat intelligence of `{name}` {what}"),
    )
    .severity(severity)
    .at(mode.span, "stops nothing");
    let change = change::value(mode.span, azure);
    Some((finding, Some(edit::replace(mode.span, word)), change))
}

fn unstated(set: &RuleSet<'_>) -> (Finding, Option<Edit>, Option<Change>) {
    let name = &set.meta.name;
    let message = format!("threat intelligence of `{name}` only logs, which is Azure's default");
    let finding = Finding::new(Id::TG2005, message)
        .severity(Severity::Note)
        .at(set.meta.origin, "states no mode");
    let change = change::set(set.meta.origin, change::THREAT_INTELLIGENCE, "Deny");
    let edit = edit::add_clause(set.meta, "threat-intel deny");
    (finding, edit, change)
}

fn has_parent(context: &Context<'_>, set: &RuleSet<'_>) -> bool {
    match set.owner {
        Owner::Firewall(_) => false,
        Owner::Policy(id) => context.estate.firewall_policies[id].parent.is_some(),
    }
}

fn strength(mode: ThreatIntel) -> u8 {
    match mode {
        ThreatIntel::Off => 0,
        ThreatIntel::Alert => 1,
        ThreatIntel::Deny => 2,
    }
}

fn has_written_rules(set: &RuleSet<'_>, written: &Written) -> bool {
    set.network_rules().any(|it| written.has(&it.rule.info))
        || set.application_rules().any(|it| written.has(&it.rule.info))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, fixed, found};

    const RULES: &str = "rule-collection-group g 200 { network-rules n 200 allow { rule r from 10.0.0.0/24 to 10.9.0.9 tcp/1 } }";

    fn tg2005(clauses: &str, more: &str) -> Vec<(Severity, String)> {
        let policy = format!("firewall-policy p {{ {clauses} }}\n{more}");
        let found = findings(Id::TG2005, &policy).into_iter();
        found.map(|it| (it.severity, it.message)).collect()
    }

    #[test]
    fn only_deny_stops() {
        let off = (
            Severity::Warning,
            "threat intelligence of `p` is off".to_owned(),
        );
        let logs = (
            Severity::Note,
            "threat intelligence of `p` only logs".to_owned(),
        );
        let default = "threat intelligence of `p` only logs, which is Azure's default";
        assert_eq!(tg2005("threat-intel off", ""), std::slice::from_ref(&off));
        assert_eq!(tg2005("threat-intel alert", ""), [logs]);
        assert_eq!(tg2005("threat-intel deny", ""), []);
        assert_eq!(tg2005("", ""), []);
        assert_eq!(tg2005(RULES, ""), [(Severity::Note, default.to_owned())]);
        assert_eq!(tg2005(&format!("existing {RULES}"), ""), []);
        assert_eq!(tg2005("sku Basic threat-intel alert", ""), []);
        assert_eq!(tg2005("sku Basic threat-intel off", ""), [off]);
        assert_eq!(tg2005(&format!("sku Basic {RULES}"), ""), []);
    }

    #[test]
    fn what_is_above_counts() {
        let parent = |mode: &str| format!("firewall-policy base {{ {mode} }}");
        assert_eq!(tg2005("parent base", &parent("threat-intel deny")), []);
        assert_eq!(
            tg2005(
                "parent base  threat-intel alert",
                &parent("threat-intel deny")
            ),
            []
        );
        assert_eq!(
            tg2005(
                "parent base  threat-intel deny",
                &parent("threat-intel alert")
            ),
            []
        );
        assert_eq!(
            tg2005("parent base  threat-intel alert", &parent("existing")),
            []
        );
        assert_eq!(
            tg2005("parent base  threat-intel alert", &parent("")).len(),
            1
        );
    }

    #[test]
    fn the_fix_turns_it_on() {
        for clauses in ["threat-intel alert", RULES] {
            let policy = format!("firewall-policy p {{ {clauses} }}");
            assert_eq!(found(Id::TG2005, &fixed(Id::TG2005, &policy)), [""; 0]);
        }
    }
}
