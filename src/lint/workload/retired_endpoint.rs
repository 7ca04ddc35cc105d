//! TG7009: hosts that are gone, or soon will be.

use rustc_hash::FxHashSet;

use crate::azure::rule_sets::rule_sets;
use crate::base::{Date, Origin};
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Action, Endpoint as End, Region, RuleInfo};
use crate::intent::catalog::{Catalog, Endpoint, Level};
use crate::lint::Context;
use crate::lint::common::ends::{Services, pattern_covers};
use crate::lint::common::written::Written;
use crate::net::{AppProtocol, Cloud, Destination, Fqdn, FqdnPattern, PortRange, Transport};

rule! {
    /// A rule or requirement lets a host through that a catalog marks as replaced, and nothing lets its replacement
    /// through; or one that a catalog marks as retired, and that nothing needs any more.
    ///
    /// Microsoft moves downloads from one host to another, announces it, and switches the old one off. A network that
    /// knows the old name only works until that day. Where the new name is allowed too, nothing is said before the old
    /// one is retired: Microsoft's lists name both for a while. After that day it is a note that the old name can go,
    /// unless any other entry of a catalog still needs it.
    ///
    /// Application rules and network rules by name count, and requirements that somebody wrote; what a catalog itself
    /// asks for is no mistake of the policy.
    ///
    /// ```egress
    /// vnet hub 10.10.0.0/16 { subnet AzureFirewallSubnet 10.10.0.0/26  subnet nodes 10.10.1.0/24 }
    /// firewall fw in hub { private-ip 10.10.0.4  public-ip 203.0.113.10 }
    /// identity apps-id { role "Network Contributor" on this resource-group }
    /// pool apps in hub.nodes { outbound userDefinedRouting  via fw  identity apps-id }
    /// require apps -> acs-mirror.azureedge.net https "binaries of Kubernetes"
    /// ```
    ///
    /// Allow the new name, `packages.aks.azure.com`, and take the old one out once nodes no longer ask for it.
    ///
    /// Source: that of the catalog's entry, which the finding names; Azure/AKS issue 4792.
    TG7009, check
}

/// A name that is let through.
struct Named<'a> {
    pattern: &'a FqdnPattern,
    origin: Origin,
    whose: Whose,
}

/// Who lets a name through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// A rule that somebody wrote.
    Rule,
    /// A rule that was compiled.
    Compiled,
    /// A requirement that somebody wrote.
    Requirement,
}

/// Everything that is let through by name.
struct Names<'a> {
    names: Vec<Named<'a>>,
    /// What else is let through may hold any name.
    may_hold_more: bool,
}

/// An entry that says of a name that it is over.
struct Over<'a> {
    catalog: &'a Catalog,
    endpoint: &'a Endpoint,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let all = names(context);
    let mut told: FxHashSet<(Origin, &FqdnPattern)> = FxHashSet::default();
    for named in &all.names {
        let FqdnPattern::Exact(name) = named.pattern else {
            continue;
        };
        // Catalogs are read for names that they may hold only.
        if !context.facts.is_microsoft_name(name.as_str()) {
            continue;
        }
        let finding = match (replaced(context, &all, name), named.whose) {
            (Some(finding), Whose::Rule | Whose::Compiled) => Some(finding),
            // That of its rule says so, where there is one.
            (Some(_), Whose::Requirement) | (None, Whose::Compiled) => None,
            (None, Whose::Rule | Whose::Requirement) => retired(context, name),
        };
        if let Some(finding) = finding
            && told.insert((named.origin, named.pattern))
        {
            findings.push(finding.at(named.origin, "the old name"));
        }
    }
}

/// What is replaced by something that nothing lets through.
fn replaced(context: &Context<'_>, all: &Names<'_>, name: &Fqdn) -> Option<Finding> {
    if all.may_hold_more {
        return None;
    }
    let over = entries(context, name).find(|over| over.replacement().is_some())?;
    let new = FqdnPattern::Exact(over.replacement()?);
    let mut names = all.names.iter();
    if names.any(|other| pattern_covers(other.pattern, &new)) {
        return None;
    }
    let message = format!("`{name}` is replaced by `{new}`, which nothing lets through");
    let finding = Finding::new(Id::TG7009, message)
        .maybe_help(over.retired().map(|when| format!("retired {when}")))
        .help(format!(
            "allow `{new}` too; entry {} of the catalog says so",
            over.endpoint.id
        ));
    Some(finding)
}

/// What is retired, and needed by no entry that is not.
fn retired(context: &Context<'_>, name: &Fqdn) -> Option<Finding> {
    let cloud = cloud_of(context);
    let here = |endpoint: &Endpoint| endpoint.clouds.contains(&cloud);
    let catalogs = context.library().catalogs();
    let endpoints = catalogs.flat_map(|catalog| &catalog.endpoints);
    let mut current = endpoints.filter(|it| here(it) && !is_retired(it, context.today));
    if current.any(|endpoint| may_need(endpoint, name)) {
        return None;
    }
    let mut over = entries(context, name).filter(|over| here(over.endpoint));
    let over = over.find(|over| is_retired(over.endpoint, context.today))?;
    let when = over.retired().map_or_else(
        || "marks it as retired".to_owned(),
        |when| format!("says: retired {when}"),
    );
    let date = over
        .catalog
        .newest_source()
        .map_or_else(String::new, |date| format!(", as of {date}"));
    let message = format!("`{name}` is retired in {cloud} and can be taken away");
    let finding = Finding::new(Id::TG7009, message)
        .severity(Severity::Note)
        .assumed()
        .help(format!(
            "entry {} of the catalog {when}{date}",
            over.endpoint.id
        ))
        .maybe_help(
            over.replacement()
                .map(|new| format!("`{new}` took its place")),
        )
        .help("take it away once the firewall's log shows nobody who still asks for it");
    Some(finding)
}

impl Over<'_> {
    fn retired(&self) -> Option<&str> {
        self.endpoint.lifecycle.as_ref()?.retired.as_deref()
    }

    fn replacement(&self) -> Option<Fqdn> {
        let text = self.endpoint.lifecycle.as_ref()?.replaced_by.as_deref()?;
        text.parse().ok()
    }
}

/// Whether an entry is over on a day. A text that does not begin with a date is no claim.
fn is_retired(endpoint: &Endpoint, today: Date) -> bool {
    let lifecycle = endpoint.lifecycle.as_ref();
    let text = lifecycle.and_then(|it| it.retired.as_deref());
    let date = text.and_then(|text| text.split_whitespace().next());
    let date = date.and_then(|word| word.parse::<Date>().ok());
    endpoint.level == Level::Retired || date.is_some_and(|date| date <= today)
}

/// The cloud. What a template or export is for, mostly nobody says, so findings name it.
fn cloud_of(context: &Context<'_>) -> Cloud {
    let region = match &context.estate.region {
        Region::Named(name) => context.regions.get(name),
        Region::OfResourceGroup | Region::Parameter(_) => None,
    };
    region.map_or(context.estate.cloud, |region| region.cloud)
}

/// Every name that is let through.
fn names<'a>(context: &Context<'a>) -> Names<'a> {
    let written = Written::of(context);
    let mut all = Names {
        names: Vec::new(),
        may_hold_more: false,
    };
    let web = [PortRange::single(AppProtocol::Https.default_port())];
    let web = Services::of(&[Transport::Tcp], &web);
    for set in rule_sets(context.estate) {
        let allowed = set
            .application_rules()
            .filter(|placed| placed.collection.action == Action::Allow);
        for placed in allowed {
            let info = &placed.rule.info;
            all.add(
                &placed.rule.destinations,
                info.origin,
                whose(&written, info),
            );
            all.may_hold_more |= !placed.rule.web_categories.is_empty();
        }
        let allowed = set
            .network_rules()
            .filter(|placed| placed.collection.action == Action::Allow);
        for placed in allowed {
            let info = &placed.rule.info;
            let before = all.may_hold_more;
            all.add(
                &placed.rule.destinations,
                info.origin,
                whose(&written, info),
            );
            // Addresses and tags may be those of any name, but not over other ports.
            let services = Services::of_network(placed.rule);
            let by_address = placed.rule.destinations.iter().any(|end| !is_name(end));
            all.may_hold_more = before || (by_address && services.covers(&web));
        }
    }
    // What is required of a catalog is the catalog's.
    let requirements = context.intent.requirements.iter();
    for requirement in requirements.filter(|requirement| requirement.level.is_none()) {
        for destination in &requirement.destinations {
            if let Destination::Fqdn(pattern) = &destination.value {
                all.names.push(Named {
                    pattern,
                    origin: destination.span.into(),
                    whose: Whose::Requirement,
                });
            }
        }
    }
    all
}

fn whose(written: &Written, info: &RuleInfo) -> Whose {
    if written.has(info) {
        Whose::Rule
    } else {
        Whose::Compiled
    }
}

fn is_name(end: &End) -> bool {
    matches!(end, End::Plain(Destination::Fqdn(_)))
}

impl<'a> Names<'a> {
    fn add(&mut self, ends: &'a [End], origin: Origin, whose: Whose) {
        for end in ends {
            match end {
                End::Plain(Destination::Fqdn(pattern)) => self.names.push(Named {
                    pattern,
                    origin,
                    whose,
                }),
                End::Plain(Destination::Anywhere | Destination::FqdnTag(_)) => {
                    self.may_hold_more = true;
                }
                End::Plain(_) | End::IpGroup(_) | End::SecurityGroup(_) => {}
            }
        }
    }
}

/// The entries that name exactly this and say when it came or went.
fn entries<'a>(context: &Context<'a>, name: &Fqdn) -> impl Iterator<Item = Over<'a>> {
    let all = context.library().catalogs().flat_map(|catalog| {
        let endpoints = catalog.endpoints.iter();
        endpoints.map(move |endpoint| Over { catalog, endpoint })
    });
    let over =
        all.filter(|it| it.endpoint.lifecycle.is_some() || it.endpoint.level == Level::Retired);
    over.filter(move |it| {
        let mut texts = it.endpoint.form.destinations.iter();
        texts.any(|template| template.text().eq_ignore_ascii_case(name.as_str()))
    })
}

/// Whether an entry names a host, or may once its placeholders have values. One that allows everything names none.
fn may_need(endpoint: &Endpoint, name: &Fqdn) -> bool {
    let name = FqdnPattern::Exact(name.clone());
    let forms = std::iter::once(&endpoint.form);
    let forms = forms.chain(endpoint.alternatives.iter().map(|it| &it.form));
    forms.flat_map(|form| &form.destinations).any(|template| {
        let text = template.text().to_ascii_lowercase();
        let pattern = match text.rsplit_once('}') {
            Some((_, "")) | None => text,
            Some((_, end)) => format!("*{end}"),
        };
        pattern
            .parse::<FqdnPattern>()
            .is_ok_and(|it| it != FqdnPattern::Any && pattern_covers(&it, &name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, found};

    fn rules(kind: &str, names: &str, service: &str) -> String {
        format!(
            "region westeurope
firewall-policy p {{ dns-proxy on  rule-collection-group g 200 {{ {kind}-rules a 200 allow {{
rule r from 10.0.0.0/24 to {names} {service}
}} }} }}"
        )
    }

    #[test]
    fn the_old_name_alone_and_both() {
        for (kind, service) in [("application", "https"), ("network", "tcp/443")] {
            let old = rules(kind, "acs-mirror.azureedge.net", service);
            let both = rules(
                kind,
                "acs-mirror.azureedge.net, packages.aks.azure.com",
                service,
            );
            assert_eq!(
                found(Id::TG7009, &old),
                [
                    "3:6 `acs-mirror.azureedge.net` is replaced by `packages.aks.azure.com`, which nothing lets through"
                ]
            );
            assert_eq!(
                found(Id::TG7009, &both),
                ["3:6 `acs-mirror.azureedge.net` is retired in AzureCloud and can be taken away"]
            );
            assert_eq!(findings(Id::TG7009, &both)[0].severity, Severity::Note);
        }
    }

    #[test]
    fn what_is_current_is_kept() {
        let both = "acs-mirror.azureedge.net, packages.aks.azure.com";
        let government = rules("application", both, "https").replace("westeurope", "usgovvirginia");
        let government = format!("cloud AzureUSGovernment\n{government}");
        assert_eq!(found(Id::TG7009, &government), [""; 0]);
        let new = rules("application", "packages.aks.azure.com", "https");
        assert_eq!(found(Id::TG7009, &new), [""; 0]);
        let wildcard = rules(
            "application",
            "*.azureedge.net, packages.aks.azure.com",
            "https",
        );
        assert_eq!(found(Id::TG7009, &wildcard), [""; 0]);
    }

    #[test]
    fn a_requirement_that_somebody_wrote() {
        let policy = "region westeurope
vnet v 10.0.0.0/16 { subnet s 10.0.1.0/24 }
pool p in v.s { outbound loadBalancer }
require p -> packages.aks.azure.com, acs-mirror.azureedge.net https";
        assert_eq!(
            found(Id::TG7009, policy),
            ["4:38 `acs-mirror.azureedge.net` is retired in AzureCloud and can be taken away"]
        );
    }

    #[test]
    fn addresses_may_be_those_of_the_new_name() {
        let rule = "rule t from 10.0.0.0/24 to tag AzureFrontDoor.FirstParty tcp/443";
        let tag = rules("network", "acs-mirror.azureedge.net", "tcp/443");
        let tag = tag.replace("tcp/443\n", &format!("tcp/443\n{rule}\n"));
        assert_eq!(
            found(Id::TG7009, &tag),
            ["3:6 `acs-mirror.azureedge.net` is retired in AzureCloud and can be taken away"]
        );
    }
}
