//! TG2004: classic rules, and rules and settings that a policy puts out of force.

use crate::base::Origin;
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Firewall, Rules};
use crate::lint::Context;
use crate::lint::common::written::Written;

rule! {
    /// A firewall has rules or settings of its own beside a policy, where they are ignored; or it has classic rules
    /// and no policy.
    ///
    /// Once a policy is attached, a firewall takes its rules, its DNS settings and its SNAT ranges from there. What
    /// stands on the firewall itself does nothing.
    ///
    /// Classic rules without a policy work and are a note: Microsoft recommends policies, and TLS inspection, web
    /// categories and intrusion detection are there only. Checkov says the same (CKV_AZURE_219).
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 { subnet AzureFirewallSubnet 10.10.0.0/26 }
    /// firewall-policy baseline { threat-intel deny }
    /// firewall fw in hub {
    ///   policy baseline
    ///   dns-proxy on  // ignored, as are the rules
    ///   network-rules out 200 allow {
    ///     rule time from 10.10.1.0/24 to 203.0.113.9 udp/123
    ///   }
    /// }
    /// ```
    ///
    /// Move the rules and settings to the policy.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/firewall-manager/policy-overview.md,
    /// articles/firewall/snat-private-range.md and dns-settings.md.
    TG2004, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let written = Written::of(context);
    for (_, firewall) in context.estate.firewalls.iter() {
        match &firewall.policy {
            Some(policy) => ignored(firewall, policy.origin, &written, findings),
            None => findings.extend(classic(firewall, &written)),
        }
    }
}

/// The first collection with a rule that somebody wrote, and all of them.
fn own_collections(firewall: &Firewall, written: &Written) -> Vec<(Origin, String)> {
    let own = firewall.collections.iter().filter(|it| match &it.rules {
        Rules::Network(rules) => rules.iter().any(|rule| written.has(&rule.info)),
        Rules::Application(rules) => rules.iter().any(|rule| written.has(&rule.info)),
        Rules::Nat(rules) => rules.iter().any(|rule| written.has(&rule.info)),
    });
    own.map(|it| (it.origin, format!("rule collection `{}`", it.name)))
        .collect()
}

fn ignored(firewall: &Firewall, policy: Origin, written: &Written, findings: &mut Vec<Finding>) {
    let settings = &firewall.settings;
    let proxy = settings.dns_proxy.map(|it| (it.span, "the DNS proxy"));
    let servers = settings.dns_servers.first();
    let servers = servers.map(|it| (it.span, "the DNS servers"));
    let ranges = settings.snat_private_ranges.first();
    let ranges = ranges.map(|it| (it.span, "the SNAT ranges"));
    let settings = [proxy, servers, ranges].into_iter().flatten();
    let settings = settings.map(|(span, what)| (Origin::from(span), what.to_owned()));
    for (place, what) in own_collections(firewall, written)
        .into_iter()
        .chain(settings)
    {
        let name = &firewall.meta.name;
        findings.push(
            Finding::new(
                Id::TG2004,
                format!(
                    "{what} of firewall `{name}` is ignored, because the firewall has a policy"
                ),
            )
            .at(place, "has no effect")
            .related(policy, "the policy")
            .help("move it to the policy"),
        );
    }
}

fn classic(firewall: &Firewall, written: &Written) -> Option<Finding> {
    let collections = own_collections(firewall, written);
    let (first, _) = collections.first()?;
    let name = &firewall.meta.name;
    let finding = Finding::new(
        Id::TG2004,
        format!("firewall `{name}` has classic rules and no policy"),
    )
    .severity(Severity::Note)
    .at(firewall.meta.origin, "without a policy")
    .related(*first, "classic rules")
    .help("move the rules to a firewall policy, and name it in the firewall");
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::findings;

    #[test]
    fn a_policy_puts_the_rest_out_of_force() {
        let tg2004 = |clauses: &str| -> Vec<(Severity, String)> {
            let policy = format!(
                "vnet v 10.0.0.0/16 {{ subnet AzureFirewallSubnet 10.0.0.0/26 }}
firewall fw in v {{ {clauses} }}
firewall-policy p {{ }}"
            );
            let found = findings(Id::TG2004, &policy).into_iter();
            found.map(|it| (it.severity, it.message)).collect()
        };
        let rules = "network-rules a 200 allow { rule r from 10.0.1.0/24 to 10.9.0.9 tcp/1 }";
        let ignored = |what: &str| {
            let message =
                format!("{what} of firewall `fw` is ignored, because the firewall has a policy");
            (Severity::Warning, message)
        };
        assert_eq!(
            tg2004(&format!("policy p  {rules}")),
            [ignored("rule collection `a`")]
        );
        assert_eq!(tg2004("policy p  dns-proxy on"), [ignored("the DNS proxy")]);
        assert_eq!(
            tg2004("policy p  snat-private-ranges 10.0.0.0/8"),
            [ignored("the SNAT ranges")]
        );
        assert_eq!(tg2004("policy p  sku Standard"), []);
        assert_eq!(tg2004("dns-proxy on"), []);
        let classic = "firewall `fw` has classic rules and no policy".to_owned();
        assert_eq!(tg2004(rules), [(Severity::Note, classic)]);
    }
}
