//! TG3032: service tags that do not hold all that their service needs.

use crate::azure::facts::{Subject, TagNeed};
use crate::azure::rule_sets::{RuleSet, rule_sets};
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Action, Endpoint, NetworkRule};
use crate::lint::Context;
use crate::lint::common::ends::{Ends, Services, pattern_covers};
use crate::lint::common::range_set::RangeSet;
use crate::lint::common::written::is_all_known;
use crate::net::{AppProtocol, Destination, FqdnPattern, PortRange, Transport};

rule! {
    /// A network rule lets a service tag through that depends on another one, and nothing lets that one through.
    ///
    /// A tag holds the addresses of one service, not of those that it sends its clients on to. Images of
    /// `MicrosoftContainerRegistry` come from Azure Front Door, so with that tag alone a pull begins and then stands still.
    /// `AzureContainerRegistry` does not hold the storage accounts that layers come from, unless a registry has dedicated
    /// data endpoints, which rules do not show; so that is a note.
    ///
    /// Whatever may let the other service through counts: its tag or a region of it, tags and prefixes that may hold its
    /// addresses, its names, wildcards over them, FQDN tags. Where not all rules are known, nothing is said.
    ///
    /// ```egress
    /// firewall-policy rules {
    ///   rule-collection-group own 200 {
    ///     network-rules out 200 allow {
    ///       rule images from 10.10.1.0/24 to tag MicrosoftContainerRegistry tcp/443
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// Let the other tag through too, or name the hosts in application rules.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/service-tags-overview.md;
    /// MicrosoftDocs/azure-management-docs, articles/container-registry/container-registry-endpoint-reference.md.
    TG3032, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let sets = rule_sets(context.estate);
    if !sets.iter().all(|set| is_all_known(context.estate, set)) {
        return;
    }
    let rules: Vec<&NetworkRule> = web_rules(&sets).collect();
    for rule in &rules {
        for tag in tags(rule) {
            let Some(known) = context.facts.service_tag(tag) else {
                continue;
            };
            for need in &known.fact.needs {
                let exists = context.facts.service_tag(&need.tag);
                let exists = exists.is_some_and(|it| it.fact.exists_in(context.estate.cloud));
                if exists && !is_met(context, &sets, &rules, need) {
                    findings.push(finding(context, rule, tag, need));
                }
            }
        }
    }
}

/// The network rules that let HTTPS through.
fn web_rules<'a>(sets: &[RuleSet<'a>]) -> impl Iterator<Item = &'a NetworkRule> {
    let web = [PortRange::single(AppProtocol::Https.default_port())];
    let web = Services::of(&[Transport::Tcp], &web);
    let rules = sets.iter().flat_map(RuleSet::network_rules);
    rules
        .filter(|placed| placed.collection.action == Action::Allow)
        .map(|placed| placed.rule)
        .filter(move |rule| Services::of_network(rule).covers(&web))
}

fn tags(rule: &NetworkRule) -> impl Iterator<Item = &str> {
    rule.destinations.iter().filter_map(|end| match end {
        Endpoint::Plain(Destination::ServiceTag(tag)) => Some(tag.as_str()),
        _ => None,
    })
}

/// Whether anything that is let through may be what is needed.
fn is_met(
    context: &Context<'_>,
    sets: &[RuleSet<'_>],
    rules: &[&NetworkRule],
    need: &TagNeed,
) -> bool {
    let named = |pattern: &FqdnPattern| {
        let mut names = need.names.iter();
        names.any(|name| pattern_covers(pattern, name) || pattern_covers(name, pattern))
    };
    let by_network = rules.iter().any(|rule| {
        let ends = Ends::of_addresses(context.estate, &rule.destinations);
        let private = RangeSet::prefixes(context.facts.private_ranges());
        ends.unknown
            || !private.contains(&ends.addresses)
            || ends.names.iter().any(named)
            || ends.tags.iter().any(|tag| may_hold(context, tag, need))
    });
    let applications = sets.iter().flat_map(RuleSet::application_rules);
    let mut applications = applications
        .filter(|placed| placed.collection.action == Action::Allow)
        .map(|placed| placed.rule);
    by_network
        || applications.any(|rule| {
            let ends = Ends::of_names(rule);
            ends.unknown
                || !ends.fqdn_tags.is_empty()
                || !ends.categories.is_empty()
                || ends.names.iter().any(named)
        })
}

/// Whether a tag is the one that is needed, a region or part of it, or one that holds everything.
fn may_hold(context: &Context<'_>, tag: &str, need: &TagNeed) -> bool {
    let base = |tag: &str| match context.facts.service_tag(tag) {
        Some(known) => known.fact.name.to_ascii_lowercase(),
        None => tag.to_ascii_lowercase(),
    };
    let (tag, needed) = (base(tag), base(&need.tag));
    let broad = &context.facts.rule_content().broad_tags;
    let is_broad = broad.iter().any(|it| it.name.eq_ignore_ascii_case(&tag));
    tag == needed || is_broad || tag == "internet"
}

fn finding(context: &Context<'_>, rule: &NetworkRule, tag: &str, need: &TagNeed) -> Finding {
    let message = format!(
        "rule `{}` lets tag {tag} through, and nothing lets {} through for {}",
        rule.info.name, need.tag, need.purpose
    );
    let finding = Finding::new(Id::TG3032, message)
        .assumed()
        .at(rule.info.origin, "depends on the other tag")
        .help(format!("let tag {} through too, or its names", need.tag));
    let source = context.facts.source(Subject::ServiceTags, &need.source);
    let finding = finding.maybe_help(source.map(|source| format!("source: {source}")));
    match &need.unless {
        Some(unless) => finding
            .severity(Severity::Note)
            .help(format!("it is fine where {unless}")),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, found};

    fn policy(rules: &str, more: &str) -> String {
        format!(
            "firewall-policy p {{ dns-proxy on  rule-collection-group g 200 {{ network-rules a 200 allow {{
rule r from 10.0.0.0/24 to {rules}
}} {more} }} }}"
        )
    }

    #[test]
    fn tags_alone() {
        assert_eq!(
            found(
                Id::TG3032,
                &policy("tag MicrosoftContainerRegistry.WestEurope tcp/443", "")
            ),
            [
                "2:6 rule `r` lets tag MicrosoftContainerRegistry.WestEurope through, and nothing lets AzureFrontDoor.FirstParty through for the layers of its images"
            ]
        );
        assert_eq!(
            found(Id::TG3032, &policy("tag AzureKeyVault tcp/443", "")).len(),
            1
        );
        let registry = findings(
            Id::TG3032,
            &policy("tag AzureContainerRegistry tcp/443", ""),
        );
        assert_eq!(registry[0].severity, Severity::Note);
        assert_eq!(registry.len(), 1);
    }

    #[test]
    fn what_may_be_what_is_needed() {
        for rules in [
            "tag MicrosoftContainerRegistry, tag AzureFrontDoor.FirstParty tcp/443",
            "tag MicrosoftContainerRegistry, tag AzureCloud tcp/443",
            "tag MicrosoftContainerRegistry, 203.0.113.0/24 tcp/443",
            "tag MicrosoftContainerRegistry, westeurope.data.mcr.microsoft.com tcp/443",
            "tag AzureKeyVault, tag AzureActiveDirectory tcp/443",
            "tag AzureContainerRegistry, tag Storage.WestEurope tcp/443",
            "tag MicrosoftContainerRegistry tcp/8443",
            "tag AzureMonitor tcp/443",
        ] {
            assert_eq!(found(Id::TG3032, &policy(rules, "")), [""; 0], "{rules}");
        }
        let tag = "tag MicrosoftContainerRegistry, 10.9.0.0/16 tcp/443";
        assert_eq!(found(Id::TG3032, &policy(tag, "")).len(), 1);
        for names in [
            "*.data.mcr.microsoft.com",
            "*",
            "*.microsoft.com",
            "fqdn-tag AzureKubernetesService",
        ] {
            let more =
                format!("application-rules b 300 allow {{ rule n from any to {names} https }}");
            assert_eq!(found(Id::TG3032, &policy(tag, &more)), [""; 0], "{names}");
        }
    }
}
