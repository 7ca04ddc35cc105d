//! TG3013: rules that lead to the datacentres of Azure as a whole.

use crate::azure::facts::BroadTag;
use crate::diag::{Finding, Id, Severity};
use crate::estate::NetworkRule;
use crate::lint::Context;
use crate::lint::common::ends::Services;
use crate::lint::common::written::{Allowing, allowing_network_rules};

rule! {
    /// A network rule lets out to `AzureCloud`, which holds the machines of every customer.
    ///
    /// The tag stands for all public addresses of Azure's datacentres: not only Microsoft's services, but whatever
    /// anybody runs there. With a region it is smaller and no different in kind, so that is a note; and what the
    /// documents of AKS ask for, the tunnel of its nodes in one region, is not reported.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     network-rules out 200 allow {
    ///       rule azure from 10.10.1.0/24 to tag AzureCloud tcp/443
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Name the services: `tag Storage.WestEurope`, or their names in application rules.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/service-tags-overview.md;
    /// MicrosoftDocs/azure-aks-docs, articles/aks/outbound-rules-control-egress.md.
    TG3013, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let broad = &context.facts.rule_content().broad_tags;
    let named =
        |it: &Allowing<'_, NetworkRule>| broad.iter().any(|tag| tags_of(it, tag).next().is_some());
    for it in allowing_network_rules(context, named) {
        for fact in broad {
            // The whole, which is the shortest, holds every region.
            let tag = tags_of(&it, fact).min_by_key(|tag| tag.len());
            findings.extend(tag.and_then(|tag| led_to_everybody(&it, fact, tag)));
        }
    }
}

/// The tags of a rule that are this one or a region of it.
fn tags_of<'r>(
    it: &'r Allowing<'_, NetworkRule>,
    fact: &'r BroadTag,
) -> impl Iterator<Item = &'r str> {
    let tags = it.destinations.tags.iter().map(|tag| tag.as_str());
    tags.filter(|tag| {
        let base = tag.split('.').next();
        base.is_some_and(|base| base.eq_ignore_ascii_case(&fact.name))
    })
}

fn led_to_everybody(it: &Allowing<'_, NetworkRule>, fact: &BroadTag, tag: &str) -> Option<Finding> {
    if tag.contains('.') && Services::of_list(&fact.asked_for).covers(&it.services) {
        return None;
    }
    let (tag, severity) = match tag.split_once('.') {
        Some((_, region)) => (format!("{}.{region}", fact.name), Severity::Note),
        None => (fact.name.clone(), Severity::Warning),
    };
    let name = &it.rule.info.name;
    let finding = Finding::new(
        Id::TG3013,
        format!(
            "network rule `{name}` lets out to `{tag}`, which holds the machines of every customer"
        ),
    )
    .severity(severity)
    .at(it.rule.info.origin, "not only Microsoft's services")
    .help("name the tags of the services, or their names in application rules");
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::findings;

    #[test]
    fn regions_are_notes_and_tunnels_are_fine() {
        let severity = |to: &str| {
            let policy = format!(
                "firewall-policy p {{ rule-collection-group g 200 {{ network-rules a 200 allow {{
rule r from 10.0.0.0/24 to {to}
}} }} }}"
            );
            let found = findings(Id::TG3013, &policy);
            assert!(found.len() < 2, "{found:#?}");
            found.first().map(|finding| finding.severity)
        };
        assert_eq!(severity("tag azurecloud tcp/443"), Some(Severity::Warning));
        assert_eq!(
            severity("tag AzureCloud.westeurope, tag AzureCloud udp/1194"),
            Some(Severity::Warning)
        );
        assert_eq!(
            severity("tag AzureCloud.westeurope tcp/443"),
            Some(Severity::Note)
        );
        assert_eq!(
            severity("tag AzureCloud.westeurope tcp/9000, tcp/443"),
            Some(Severity::Note)
        );
        assert_eq!(severity("tag AzureCloud.westeurope udp/1194"), None);
        assert_eq!(severity("tag AzureCloud.westeurope tcp/9000"), None);
        assert_eq!(severity("tag Storage tcp/443"), None);
        assert_eq!(severity("tag AzureCloud, any tcp/443"), None);
    }
}
