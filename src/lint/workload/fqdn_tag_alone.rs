//! TG3033: needs that nothing but an FQDN tag may let through, though it is not known to hold them.

use std::collections::{BTreeMap, BTreeSet};

use crate::azure::rule_sets::rule_sets;
use crate::azure::{Announced, Dataplane, Flow, Sender, Verdict, sample_service, sample_targets};
use crate::diag::{Finding, Id};
use crate::estate::{Endpoint, Id as ElementId, Pool, Subnet};
use crate::intent::catalog::FqdnTagInfo;
use crate::lint::Context;
use crate::lint::fqdn_tags::fqdn_tag_contents;
use crate::net::{Destination, FqdnTag};

use super::required_endpoint::{Wanted, of_catalog, of_intent};

rule! {
    /// A pool needs a name that only an FQDN tag may let through, and no document says that the tag holds it.
    ///
    /// Azure publishes no list of what `AzureKubernetesService` stands for. Its documents speak of what every cluster needs;
    /// add-ons are told to need rules of their own, and names of theirs were found denied. Whatever the tag holds today, a
    /// rule by name does not depend on it.
    ///
    /// Reported are the needs of a pool's catalog that would certainly be denied if the tag held no more than the groups of
    /// the catalog that its documents name.
    ///
    /// ```json
    /// "fqdnTags": ["AzureKubernetesService"]
    /// "addonProfiles": {"azurepolicy": {"enabled": true}}
    /// ```
    ///
    /// Write application rules for the names; `tidegate catalog show` lists them by feature. The pools of a policy get such
    /// rules when it is compiled, so it is reported of templates and exports.
    ///
    /// Sources: those of `rules/egress/fqdn-tags.yaml`, which the finding names.
    TG3033, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let tags = tags_in_use(context);
    if tags.is_empty() || context.estate.pools.is_empty() {
        return;
    }
    let estate = context.estate;
    // What documents dispute, the tag is taken not to hold.
    let mut contents = fqdn_tag_contents(context.library(), estate);
    for content in &mut contents.tags {
        content.disputed.clear();
    }
    let known = tags
        .iter()
        .find_map(|tag| context.library().fqdn_tags().get(tag.as_str()));
    let Some(tag) = known.filter(|tag| tag.approximation().is_some()) else {
        return;
    };
    let strict = Dataplane::new(estate, context.facts, context.plane.tags).with_fqdn_tags(contents);
    for (id, pool) in estate.pools.iter() {
        let stated = context
            .intent
            .pools
            .iter()
            .any(|summary| summary.pool == id);
        let wanted = if stated {
            of_intent(context, id)
        } else {
            of_catalog(context, pool)
        };
        let alone = alone(context, &strict, pool, &wanted);
        if !alone.is_empty() {
            findings.push(finding(context, pool, tag, &alone));
        }
    }
}

fn tags_in_use<'a>(context: &Context<'a>) -> Vec<&'a FqdnTag> {
    let sets = rule_sets(context.estate);
    let rules = sets.iter().flat_map(|set| set.application_rules());
    let ends = rules.flat_map(|placed| &placed.rule.destinations);
    let tags = ends.filter_map(|end| match end {
        Endpoint::Plain(Destination::FqdnTag(tag)) => Some(tag),
        _ => None,
    });
    tags.collect()
}

/// The names that nothing but a tag may let through, with the entries of the catalog that need them.
fn alone(
    context: &Context<'_>,
    strict: &Dataplane<'_>,
    pool: &Pool,
    wanted: &[Wanted],
) -> BTreeMap<String, BTreeSet<String>> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
    for subnet in subnets {
        for want in wanted.iter().filter(|want| want.destination.is_name()) {
            let with = |plane: &Dataplane<'_>| verdict(plane, subnet, want);
            let only_by_tag = with(strict) == Some(Verdict::Denied)
                && with(context.plane).is_some_and(|verdict| verdict != Verdict::Denied);
            if only_by_tag {
                let entries = names.entry(want.destination.to_string()).or_default();
                entries.insert(want.entry.clone());
            }
        }
    }
    names
}

fn verdict(plane: &Dataplane<'_>, subnet: ElementId<Subnet>, wanted: &Wanted) -> Option<Verdict> {
    let address = plane.some_address(subnet)?;
    let (transport, port) = sample_service(wanted.service);
    let to = sample_targets(plane, &wanted.destination).ok()?;
    let trace = plane.trace(&Flow {
        from: Sender::Inside { subnet, address },
        to: to.into_iter().next()?,
        transport,
        port,
        announced: Announced::Target,
        at_once: None,
    });
    Some(trace.verdict)
}

fn finding(
    context: &Context<'_>,
    pool: &Pool,
    tag: &FqdnTagInfo,
    names: &BTreeMap<String, BTreeSet<String>>,
) -> Finding {
    let first = names.keys().next().map_or("", String::as_str);
    let more = match names.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more names"),
    };
    let message = format!(
        "pool `{}` needs {first}{more}, and only FQDN tag {} may let it through, which is not known to hold it",
        pool.meta.name, tag.name
    );
    let entries: BTreeSet<&str> = names.values().flatten().map(String::as_str).collect();
    let mut finding = Finding::new(Id::TG3033, message)
        .assumed()
        .at(pool.meta.origin, "its catalog needs more")
        .help(format!(
            "entries: {}",
            entries.into_iter().collect::<Vec<_>>().join(", ")
        ));
    for rule in rules_with(context, tag) {
        finding = finding.related(rule, "lets the tag through");
    }
    let library = context.library();
    for evidence in tag.content.iter().flat_map(|content| &content.evidence) {
        let mut sources = library.fqdn_tags().sources().iter();
        let source = sources.find(|source| source.id == evidence.source);
        finding = finding.maybe_help(source.map(|source| {
            let date = source
                .date()
                .map_or_else(String::new, |date| format!(", {date}"));
            format!("{} ({} {}{date})", evidence.claim, source.repo, source.path)
        }));
    }
    finding.help("write application rules for these names")
}

/// Where rules let a tag through.
fn rules_with(context: &Context<'_>, tag: &FqdnTagInfo) -> Vec<crate::base::Origin> {
    let sets = rule_sets(context.estate);
    let rules = sets.iter().flat_map(|set| set.application_rules());
    let named = |end: &Endpoint| match end {
        Endpoint::Plain(Destination::FqdnTag(it)) => {
            let mut names = std::iter::once(&tag.name).chain(&tag.aliases);
            names.any(|name| name.eq_ignore_ascii_case(it.as_str()))
        }
        _ => false,
    };
    rules
        .filter(|placed| placed.rule.destinations.iter().any(named))
        .map(|placed| placed.rule.info.origin)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    fn policy(features: &str, rules: &str) -> String {
        format!(
            "region westeurope
use aks
vnet hub 10.10.0.0/16 {{ subnet AzureFirewallSubnet 10.10.0.0/26  subnet nodes 10.10.1.0/24 {{ route-table t }} }}
route-table t {{ route d 0.0.0.0/0 -> firewall fw }}
firewall fw in hub {{ private-ip 10.10.0.4  public-ip 203.0.113.10  dns-proxy on
  application-rules out 200 allow {{
    rule aks from hub.nodes to fqdn-tag AzureKubernetesService https
    {rules}
  }}
}}
pool apps in hub.nodes {{ kind aks  {features}  outbound userDefinedRouting }}"
        )
    }

    #[test]
    fn an_add_on_is_not_known_to_be_in_the_tag() {
        let lines = found(Id::TG3033, &policy("features azure_policy", ""));
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].contains("only FQDN tag AzureKubernetesService"),
            "{lines:?}"
        );
    }

    #[test]
    fn the_core_and_what_has_rules_of_its_own() {
        assert_eq!(found(Id::TG3033, &policy("", "")), [""; 0]);
        let rule = "rule policy from hub.nodes to *.policy.core.windows.net, store.policy.core.windows.net, data.policy.core.windows.net, dc.services.visualstudio.com https";
        assert_eq!(
            found(Id::TG3033, &policy("features azure_policy", rule)),
            [""; 0]
        );
    }
}
