//! TG3003, TG3004 and TG3005: names of service tags and FQDN tags.

use std::collections::BTreeMap;

use crate::azure::facts::{Facts, Listing, TagUse};
use crate::azure::next_hop::{Exit, exit_of};
use crate::azure::rule_sets::rule_sets;
use crate::base::{Origin, Span, did_you_mean};
use crate::diag::{Confidence, Finding, Id, Safety, Severity};
use crate::estate::{Endpoint, Id as ElementId, Pool, RouteDestination};
use crate::net::{Cloud, Destination, FqdnTag, ServiceTag};

use super::{Context, edit};

rule! {
    /// A service tag that Azure does not have, or not in this cloud, or not by region, or not of that region.
    ///
    /// Azure refuses rules and routes with a tag it does not know. Of some tags there are regional forms, such as
    /// `Sql.WestEurope`; of others there are none, in some clouds only.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 { subnet pool 10.10.1.0/24 }
    /// pool spark in analytics.pool { outbound loadBalancer }
    /// require spark -> tag AzureMonitr tcp/443
    /// ```
    ///
    /// Write the tag as Azure does: `tag AzureMonitor`.
    ///
    /// Source: the files of service tags that Microsoft publishes weekly for each cloud;
    /// MicrosoftDocs/azure-docs, articles/virtual-network/service-tags-overview.md.
    TG3003, check_service_tags
}

rule! {
    /// An FQDN tag that Azure Firewall does not have.
    ///
    /// FQDN tags are names for lists of domain names that Microsoft keeps, such as `AzureKubernetesService`.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.10.0.0/26
    ///   subnet pool 10.10.1.0/24
    /// }
    /// firewall fw in analytics { private-ip 10.10.0.4  public-ip 203.0.113.10 }
    /// identity spark-id { role "Network Contributor" on this resource-group }
    /// pool spark in analytics.pool { outbound userDefinedRouting  via fw  identity spark-id }
    /// require spark -> fqdn-tag AzureKubernetesServices https
    /// ```
    ///
    /// Write the tag as Azure does: `fqdn-tag AzureKubernetesService`.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/firewall/fqdn-tags.md.
    TG3004, check_fqdn_tags
}

rule! {
    /// A service tag that Azure lists for other uses than this one.
    ///
    /// Microsoft's files say of each tag whether it may stand in rules of Azure Firewall, in security rules and in
    /// routes. A use that is not listed often fails when it is deployed. The files of the China cloud list fewer uses
    /// than work there, so for it the finding rests on an assumption.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.10.0.0/26
    ///   subnet nodes 10.10.1.0/24 { route-table to-fw }
    /// }
    /// firewall fw in hub { private-ip 10.10.0.4 }
    /// route-table to-fw {
    ///   route all tag Internet -> firewall fw
    /// }
    /// ```
    ///
    /// Use another tag, or the prefixes themselves.
    ///
    /// Source: the files of service tags that Microsoft publishes weekly for each cloud.
    TG3005, check_uses
}

/// A service tag in its place.
struct PlacedTag<'a> {
    tag: &'a ServiceTag,
    origin: Origin,
    /// The place of the tag's name alone, where it is known.
    word: Option<Span>,
    tag_use: Option<TagUse>,
}

fn service_tag(destination: &Destination) -> Option<&ServiceTag> {
    match destination {
        Destination::ServiceTag(tag) => Some(tag),
        _ => None,
    }
}

fn fqdn_tag(destination: &Destination) -> Option<&FqdnTag> {
    match destination {
        Destination::FqdnTag(tag) => Some(tag),
        _ => None,
    }
}

fn plain(endpoint: &Endpoint) -> Option<&Destination> {
    match endpoint {
        Endpoint::Plain(destination) => Some(destination),
        Endpoint::IpGroup(_) | Endpoint::SecurityGroup(_) => None,
    }
}

/// The place of a target's word. What a catalog asks for is placed at the words that bring the catalog in.
fn own_word(origin: Origin, span: Span) -> Option<Span> {
    matches!(origin, Origin::Written(_)).then_some(span)
}

fn service_tags<'a>(context: &Context<'a>) -> Vec<PlacedTag<'a>> {
    let estate = context.estate;
    let mut tags = Vec::new();
    let uses: BTreeMap<ElementId<Pool>, Option<TagUse>> = estate
        .pools
        .iter()
        .map(|(id, pool)| (id, use_of(exit_of(estate, pool))))
        .collect();
    for requirement in &context.intent.requirements {
        let tag_use = uses.get(&requirement.pool).copied().flatten();
        for destination in &requirement.destinations {
            tags.extend(service_tag(&destination.value).map(|tag| PlacedTag {
                tag,
                origin: destination.span.into(),
                word: own_word(requirement.origin, destination.span),
                tag_use,
            }));
        }
    }
    for assertion in &context.intent.assertions {
        for destination in &assertion.destinations {
            tags.extend(service_tag(&destination.value).map(|tag| PlacedTag {
                tag,
                origin: destination.span.into(),
                word: Some(destination.span),
                tag_use: None,
            }));
        }
    }
    let tables = estate.route_tables.iter();
    for route in tables.flat_map(|(_, table)| &table.routes) {
        if let RouteDestination::ServiceTag(tag) = &route.destination.value {
            tags.push(PlacedTag {
                tag,
                origin: route.origin,
                word: own_word(route.origin, route.destination.span),
                tag_use: Some(TagUse::Route),
            });
        }
    }
    tags.extend(tags_of_rules(context));
    tags
}

/// The kind of rule that a requirement becomes.
fn use_of(exit: Exit) -> Option<TagUse> {
    match exit {
        Exit::Firewall(_) => Some(TagUse::FirewallRule),
        Exit::Open => Some(TagUse::SecurityRule),
        Exit::Appliance(_) | Exit::Elsewhere => None,
    }
}

fn tags_of_rules<'a>(context: &Context<'a>) -> Vec<PlacedTag<'a>> {
    let estate = context.estate;
    let compiled = context.intent.compiled_origins();
    let mut tags = Vec::new();
    let mut take = |origin: Origin, endpoints: &'a [Endpoint], tag_use| {
        if compiled.contains(&origin) {
            return;
        }
        let of_rule = endpoints.iter().filter_map(plain).filter_map(service_tag);
        tags.extend(of_rule.map(|tag| PlacedTag {
            tag,
            origin,
            word: None,
            tag_use: Some(tag_use),
        }));
    };
    for set in rule_sets(estate) {
        for placed in set.network_rules() {
            take(
                placed.rule.info.origin,
                &placed.rule.destinations,
                TagUse::FirewallRule,
            );
        }
    }
    for rule in estate.nsgs.iter().flat_map(|(_, nsg)| &nsg.rules) {
        take(rule.origin, &rule.sources, TagUse::SecurityRule);
        take(rule.origin, &rule.destinations, TagUse::SecurityRule);
    }
    tags
}

fn check_service_tags(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let cloud = context.estate.cloud;
    for placed in service_tags(context) {
        let name = placed.tag.as_str();
        let finding = match context.facts.service_tag(name) {
            None => unknown_tag(context.facts, &placed),
            Some(known) if !known.fact.exists_in(cloud) => {
                Finding::new(Id::TG3003, format!("{cloud} has no service tag `{name}`"))
                    .at(placed.origin, "of another cloud")
            }
            Some(known) if known.region.is_some() && !known.fact.is_regional_in(cloud) => {
                no_regional_forms(&known.fact.name, name, Some(cloud), &placed)
            }
            Some(known) => match known
                .region
                .and_then(|region| unknown_region(context, &known.fact.name, region, &placed))
            {
                Some(finding) => finding,
                None => continue,
            },
        };
        findings.push(finding);
    }
}

/// A regional form whose region is not on the list. The list may be older than the region, so this is no error.
fn unknown_region(
    context: &Context<'_>,
    base: &str,
    region: &str,
    placed: &PlacedTag<'_>,
) -> Option<Finding> {
    let cloud = context.estate.cloud;
    let suffixes = context.regions.tag_suffixes(base, Some(cloud));
    if suffixes
        .iter()
        .any(|suffix| suffix.eq_ignore_ascii_case(region))
    {
        return None;
    }
    let message = format!("service tag `{base}` is not known for a region `{region}` of {cloud}");
    let finding = Finding::new(Id::TG3003, message)
        .severity(Severity::Warning)
        .assumed()
        .at(placed.origin, "no region of the list");
    if let Some(elsewhere) = context.regions.iter().find(|known| {
        let mut names = known
            .azurecloud_suffix
            .iter()
            .chain(&known.service_tag_suffix);
        names.any(|suffix| suffix.eq_ignore_ascii_case(region))
    }) && elsewhere.cloud != cloud
    {
        return Some(
            Finding {
                severity: Severity::Error,
                confidence: Confidence::Certain,
                ..finding
            }
            .at(placed.origin, format!("a region of {}", elsewhere.cloud)),
        );
    }
    let better = did_you_mean(region, suffixes).map(|suffix| format!("{base}.{suffix}"));
    Some(suggest(finding, better, placed.word))
}

fn unknown_tag(facts: &Facts, placed: &PlacedTag<'_>) -> Finding {
    let name = placed.tag.as_str();
    let (base, region) = match name.rsplit_once('.') {
        Some((base, region)) => (base, Some(region)),
        None => (name, None),
    };
    if let Some(known) = facts.service_tag(base)
        && region.is_some()
    {
        return no_regional_forms(&known.fact.name, name, None, placed);
    }
    let whole = did_you_mean(name, facts.service_tag_names()).map(str::to_owned);
    let regional = region.and_then(|region| {
        let base = did_you_mean(base, facts.service_tag_names())?;
        Some(format!("{base}.{region}"))
    });
    let finding = Finding::new(Id::TG3003, format!("there is no service tag `{name}`"))
        .at(placed.origin, "not known");
    suggest(finding, whole.or(regional), placed.word)
}

fn no_regional_forms(
    base: &str,
    name: &str,
    cloud: Option<Cloud>,
    placed: &PlacedTag<'_>,
) -> Finding {
    let cloud = cloud.map_or_else(String::new, |cloud| format!(" in {cloud}"));
    let finding = Finding::new(
        Id::TG3003,
        format!("service tag `{base}` has no regional forms{cloud}, so there is no `{name}`"),
    )
    .at(placed.origin, "not known");
    suggest(finding, Some(base.to_owned()), placed.word)
}

fn suggest(finding: Finding, better: Option<String>, word: Option<Span>) -> Finding {
    let Some(better) = better else {
        return finding;
    };
    let finding = finding.help(format!("did you mean `{better}`?"));
    match word {
        Some(word) => {
            let edit = edit::replace(word, better.clone());
            finding.fix(format!("write `{better}`"), Safety::Unsafe, vec![edit])
        }
        None => finding,
    }
}

fn check_uses(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let cloud = context.estate.cloud;
    for placed in service_tags(context) {
        let Some(tag_use) = placed.tag_use else {
            continue;
        };
        let known = context.facts.service_tag(placed.tag.as_str());
        let known = known.filter(|known| known.fact.exists_in(cloud));
        let listing = known.map(|known| known.fact.listing(cloud, tag_use));
        if listing != Some(Listing::NotListed) {
            continue;
        }
        let place = match tag_use {
            TagUse::FirewallRule => "rules of Azure Firewall",
            TagUse::SecurityRule => "security rules",
            TagUse::Route => "routes",
        };
        let finding = Finding::new(
            Id::TG3005,
            format!(
                "Azure does not list service tag `{}` for {place}",
                placed.tag
            ),
        )
        .at(placed.origin, "may be refused")
        .help("use another tag, or the prefixes themselves");
        findings.push(match cloud {
            Cloud::China => finding.assumed(),
            Cloud::Public | Cloud::UsGovernment => finding,
        });
    }
}

fn check_fqdn_tags(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let requirements = context.intent.requirements.iter();
    let requirements = requirements.map(|it| (it.origin, &it.destinations));
    let assertions = context.intent.assertions.iter();
    let assertions = assertions.map(|it| (it.origin, &it.destinations));
    for (origin, destinations) in requirements.chain(assertions) {
        for destination in destinations {
            if let Some(tag) = fqdn_tag(&destination.value) {
                let word = own_word(origin, destination.span);
                findings.extend(unknown_fqdn_tag(
                    context.facts,
                    tag,
                    destination.span.into(),
                    word,
                ));
            }
        }
    }
    let compiled = context.intent.compiled_origins();
    for set in rule_sets(context.estate) {
        for placed in set.application_rules() {
            let origin = placed.rule.info.origin;
            if compiled.contains(&origin) {
                continue;
            }
            let tags = placed.rule.destinations.iter().filter_map(plain);
            for tag in tags.filter_map(fqdn_tag) {
                findings.extend(unknown_fqdn_tag(context.facts, tag, origin, None));
            }
        }
    }
}

fn unknown_fqdn_tag(
    facts: &Facts,
    tag: &FqdnTag,
    place: Origin,
    word: Option<Span>,
) -> Option<Finding> {
    if facts.fqdn_tag(tag.as_str()).is_some() {
        return None;
    }
    let near = did_you_mean(tag.as_str(), facts.fqdn_tag_names()).map(str::to_owned);
    let mut finding =
        Finding::new(Id::TG3004, format!("there is no FQDN tag `{tag}`")).at(place, "not known");
    if facts.service_tag(tag.as_str()).is_some() {
        finding = finding.help(format!("it is a service tag: write `tag {tag}`"));
    }
    Some(suggest(finding, near, word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Confidence;
    use crate::lint::testing::{findings, fixed, found};

    fn policy(cloud: &str, more: &str) -> String {
        format!(
            "cloud {cloud}
vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 }}
pool p in v.s {{ outbound loadBalancer }}
{more}"
        )
    }

    #[test]
    fn knows_the_tags_of_each_cloud() {
        let of = |cloud: &str, tag: &str| {
            found(
                Id::TG3003,
                &policy(cloud, &format!("require p -> tag {tag} tcp/443")),
            )
        };
        for known in [
            "Sql",
            "sql.WestEurope",
            "AzureFrontDoor.Backend",
            "AzureMonitor",
        ] {
            assert_eq!(of("AzureCloud", known), [""; 0], "{known}");
        }
        assert_eq!(
            of("AzureCloud", "AzureMonitr"),
            ["4:18 there is no service tag `AzureMonitr`"]
        );
        assert_eq!(
            of("AzureCloud", "AzureActiveDirectory.WestEurope"),
            [
                "4:18 service tag `AzureActiveDirectory` has no regional forms, so there is no `AzureActiveDirectory.WestEurope`"
            ]
        );
        assert_eq!(
            of("AzureChinaCloud", "AzureDevOps"),
            ["4:18 AzureChinaCloud has no service tag `AzureDevOps`"]
        );
    }

    #[test]
    fn suggests_the_base_and_keeps_the_region() {
        let policy = policy("AzureCloud", "require p -> tag Storge.WestEurope tcp/443");
        let fixed = fixed(Id::TG3003, &policy);
        assert!(fixed.contains("tag Storage.WestEurope"), "{fixed}");
    }

    #[test]
    fn a_region_that_is_not_listed_is_a_warning() {
        let policy = |tag: &str| policy("AzureCloud", &format!("require p -> tag {tag} tcp/443"));
        for known in [
            "Sql.WestEurope",
            "AzureCloud.centralfrance",
            "storage.westus3",
        ] {
            assert_eq!(found(Id::TG3003, &policy(known)), [""; 0], "{known}");
        }
        let typo = policy("Sql.WestEurop");
        assert_eq!(findings(Id::TG3003, &typo)[0].severity, Severity::Warning);
        assert!(fixed(Id::TG3003, &typo).contains("tag Sql.WestEurope"));
        // The irregular spelling belongs to AzureCloud alone.
        assert_eq!(findings(Id::TG3003, &policy("Sql.centralfrance")).len(), 1);
    }

    #[test]
    fn looks_at_routes_and_rules_too() {
        let more = "route-table t { route r tag Storge -> internet }
nsg n { rule a 100 outbound allow from any to tag Sqll tcp/1433 }";
        assert_eq!(
            found(Id::TG3003, &policy("AzureCloud", more)),
            [
                "4:17 there is no service tag `Storge`",
                "5:14 there is no service tag `Sqll`"
            ]
        );
    }

    #[test]
    fn uses_must_be_listed() {
        let route = |cloud: &str, tag: &str| {
            findings(
                Id::TG3005,
                &policy(
                    cloud,
                    &format!("route-table t {{ route r tag {tag} -> internet }}"),
                ),
            )
        };
        assert!(route("AzureCloud", "Storage").is_empty());
        assert!(route("AzureCloud", "AzureCloud.westeurope").is_empty());
        let internet = route("AzureCloud", "Internet");
        assert_eq!(
            internet[0].message,
            "Azure does not list service tag `Internet` for routes"
        );
        assert_eq!(internet[0].confidence, Confidence::Certain);
        assert_eq!(
            route("AzureChinaCloud", "AzureBackup")[0].confidence,
            Confidence::Assumed
        );
    }

    #[test]
    fn knows_the_fqdn_tags() {
        let of = |tag: &str| {
            found(
                Id::TG3004,
                &policy("AzureCloud", &format!("require p -> fqdn-tag {tag} https")),
            )
        };
        for known in [
            "AzureKubernetesService",
            "AzureHDInsight",
            "Office365.Skype.Optimize",
        ] {
            assert_eq!(of(known), [""; 0], "{known}");
        }
        assert_eq!(
            of("AzureKubernetes"),
            ["4:23 there is no FQDN tag `AzureKubernetes`"]
        );
    }
}
