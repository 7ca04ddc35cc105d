//! TG2009: settings of a policy that do not go with those of its parent.

use crate::azure::gaps;
use crate::azure::rule_sets::Owner;
use crate::base::Spanned;
use crate::diag::{Finding, Id, Severity};
use crate::estate::{FirewallPolicy, Gap, Idps, ThreatIntel};
use crate::lint::Context;

rule! {
    /// A firewall policy has settings that do not go with those of its parent.
    ///
    /// - Threat intelligence and intrusion detection of a child can only be stricter than its parent's: a weaker mode
    ///   has no effect, and whoever reads the child is misled.
    /// - Only the parent turns the DNS proxy on. One page of Azure's documents says that a child inherits it, another
    ///   that it does not, so this is a note: say it in both.
    ///
    /// ```egress
    /// firewall-policy company {
    ///   threat-intel deny
    /// }
    /// firewall-policy team {
    ///   parent company
    ///   threat-intel alert
    /// }
    /// ```
    ///
    /// Leave the mode out of the child, or make it stricter; write `dns-proxy on` in the child too.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall-manager/policy-overview.md, articles/firewall/dns-settings.md
    /// and firewall-known-issues.md.
    TG2009, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let policies = &context.estate.firewall_policies;
    for (id, child) in policies.iter() {
        // What is not known of it may say more.
        let rules = !context.estate.gaps.at(Gap::PolicyRules(id)).is_empty();
        if rules || gaps::settings(context.estate, Owner::Policy(id)).is_some() {
            continue;
        }
        let Some(id) = child.parent.as_ref().and_then(|parent| parent.id) else {
            continue;
        };
        let parent = &policies[id];
        let intel = |mode: ThreatIntel| match mode {
            ThreatIntel::Off => (0, "off"),
            ThreatIntel::Alert => (1, "alert"),
            ThreatIntel::Deny => (2, "deny"),
        };
        let idps = |mode: Idps| match mode {
            Idps::Off => (0, "off"),
            Idps::Alert => (1, "alert"),
            Idps::Deny => (2, "deny"),
        };
        let modes = |policy: &FirewallPolicy| {
            let settings = &policy.settings;
            [
                settings.threat_intel.map(|mode| mode.map(intel)),
                settings.idps.map(|mode| mode.map(idps)),
            ]
        };
        let names = ["threat intelligence", "intrusion detection"];
        for ((own, above), name) in modes(child).into_iter().zip(modes(parent)).zip(names) {
            findings.extend(weaker(child, name, own.zip(above)));
        }
        findings.extend(proxy_above(child, parent));
    }
}

/// A mode by its strength and its word.
type Mode = Spanned<(u8, &'static str)>;

fn weaker(child: &FirewallPolicy, setting: &str, modes: Option<(Mode, Mode)>) -> Option<Finding> {
    let (own, above) = modes?;
    let ((weak, word), (strong, over)) = (own.value, above.value);
    if weak >= strong {
        return None;
    }
    let name = &child.meta.name;
    let finding = Finding::new(
        Id::TG2009,
        format!("{setting} of policy `{name}` stays `{over}`: a child cannot make it `{word}`"),
    )
    .at(own.span, "has no effect")
    .related(above.span, "the parent's mode")
    .help("leave it out, or make it stricter than the parent's");
    Some(finding)
}

fn proxy_above(child: &FirewallPolicy, parent: &FirewallPolicy) -> Option<Finding> {
    let above = parent.settings.dns_proxy.filter(|proxy| proxy.value)?;
    if child.settings.dns_proxy.is_some() || child.meta.home.is_existing() {
        return None;
    }
    let name = &child.meta.name;
    let finding = Finding::new(
        Id::TG2009,
        format!("whether policy `{name}` inherits the DNS proxy of its parent is not certain"),
    )
    .severity(Severity::Note)
    .assumed()
    .at(child.meta.origin, "does not say `dns-proxy`")
    .related(above.span, "turned on in the parent")
    .help("write `dns-proxy on` here too: Azure's documents contradict each other");
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    #[test]
    fn children_are_stricter_or_silent() {
        let tg2009 = |parent: &str, child: &str| {
            let policy = format!(
                "firewall-policy base {{ {parent} }}\nfirewall-policy team {{ parent base {child} }}"
            );
            found(Id::TG2009, &policy)
        };
        assert_eq!(
            tg2009("threat-intel deny", "threat-intel alert"),
            [
                "2:49 threat intelligence of policy `team` stays `deny`: a child cannot make it `alert`"
            ]
        );
        assert_eq!(
            tg2009("sku Premium idps alert", "sku Premium idps off"),
            [
                "2:53 intrusion detection of policy `team` stays `alert`: a child cannot make it `off`"
            ]
        );
        for (parent, child) in [
            ("threat-intel alert", "threat-intel deny"),
            ("threat-intel deny", "threat-intel deny"),
            ("threat-intel deny", ""),
            ("", "threat-intel off"),
            ("dns-proxy on", "dns-proxy on"),
            ("dns-proxy on", "dns-proxy off"),
            ("dns-proxy off", ""),
            ("dns-proxy on", "existing"),
        ] {
            assert_eq!(tg2009(parent, child), [""; 0], "{parent} / {child}");
        }
        assert_eq!(
            tg2009("dns-proxy on", ""),
            ["2:17 whether policy `team` inherits the DNS proxy of its parent is not certain"]
        );
    }
}
