//! TG7009: hosts that are gone, or soon will be.

use crate::azure::rule_sets::rule_sets;
use crate::base::Origin;
use crate::diag::{Finding, Id};
use crate::estate::{Action, Endpoint};
use crate::intent::catalog::Lifecycle;
use crate::lint::Context;
use crate::lint::common::ends::pattern_covers;
use crate::net::{Destination, Fqdn, FqdnPattern};

rule! {
    /// A rule or requirement lets a host through that a catalog marks as replaced, and nothing lets its replacement
    /// through.
    ///
    /// Microsoft moves downloads from one host to another, announces it, and switches the old one off. A network that
    /// knows the old name only works until that day. Where the new name is allowed too, nothing is said: Microsoft's
    /// lists name both for a while.
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
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(names) = names(context) else {
        return;
    };
    for named in &names {
        let FqdnPattern::Exact(name) = named.pattern else {
            continue;
        };
        // Catalogs are read for names that they may hold only.
        if !context.facts.is_microsoft_name(name.as_str()) {
            continue;
        }
        let Some((entry, lifecycle)) = replaced(context, name) else {
            continue;
        };
        let Some(new) = lifecycle.replaced_by.as_deref() else {
            continue;
        };
        let Ok(FqdnPattern::Exact(new)) = new.parse() else {
            continue;
        };
        let new = FqdnPattern::Exact(new);
        if names
            .iter()
            .any(|other| pattern_covers(other.pattern, &new))
        {
            continue;
        }
        let retired = lifecycle.retired.as_ref();
        findings.push(
            Finding::new(
                Id::TG7009,
                format!("`{name}` is replaced by `{new}`, which nothing lets through"),
            )
            .at(named.origin, "the old name")
            .maybe_help(retired.map(|when| format!("retired {when}")))
            .help(format!(
                "allow `{new}` too; entry {entry} of the catalog says so"
            )),
        );
    }
}

/// Every name that is let through; `None` where that is everything, or what an FQDN tag holds.
fn names<'a>(context: &Context<'a>) -> Option<Vec<Named<'a>>> {
    let mut names = Vec::new();
    for set in rule_sets(context.estate) {
        let allowed = set
            .application_rules()
            .filter(|placed| placed.collection.action == Action::Allow);
        for placed in allowed {
            for end in &placed.rule.destinations {
                match end {
                    Endpoint::Plain(Destination::Fqdn(pattern)) => names.push(Named {
                        pattern,
                        origin: placed.rule.info.origin,
                    }),
                    Endpoint::Plain(Destination::Anywhere | Destination::FqdnTag(_)) => {
                        return None;
                    }
                    Endpoint::Plain(_) | Endpoint::IpGroup(_) | Endpoint::SecurityGroup(_) => {}
                }
            }
        }
    }
    Some(names)
}

/// The entry of a catalog that marks a name as replaced.
fn replaced<'a>(context: &Context<'a>, name: &Fqdn) -> Option<(String, &'a Lifecycle)> {
    let endpoints = context.library().catalogs().flat_map(|it| &it.endpoints);
    endpoints
        .filter_map(|endpoint| Some((endpoint, endpoint.lifecycle.as_ref()?)))
        .filter(|(_, lifecycle)| lifecycle.replaced_by.is_some())
        .find(|(endpoint, _)| {
            let mut texts = endpoint.form.destinations.iter();
            texts.any(|template| template.text().eq_ignore_ascii_case(name.as_str()))
        })
        .map(|(endpoint, lifecycle)| (endpoint.id.to_string(), lifecycle))
}
