//! What lets a flow in at the other end: authorized ranges, network rules, proxies.

use ipnet::IpNet;

use crate::azure::{Cause, Site};
use crate::base::Spanned;
use crate::net::FqdnPattern;

use crate::base::Span;
use crate::estate::NetworkAcl;
use crate::lint::edit;

use super::{Case, Remedy};

pub(super) fn remedies(case: &Case<'_>) -> Vec<Remedy> {
    match (case.blocker.cause, &case.blocker.element.site) {
        (Cause::AuthorizedRangesExcludeEgress, Site::Pool(pool)) => {
            let pool = *pool;
            let prefixes = sources(case);
            let words = words(&prefixes);
            if words.is_empty() {
                return Vec::new();
            }
            let title = format!(
                "add {} to the authorized ranges of pool `{}`",
                words.join(", "),
                case.estate().pools[pool].meta.name
            );
            let span = case.span();
            let ranges = case.estate().pools[pool]
                .api_server
                .authorized_ranges
                .as_ref();
            let last = ranges.and_then(|ranges| ranges.prefixes.last());
            let edit = last.map(|last| edit::append(last.span, words.join(", ")));
            let remedy = Remedy::new(title, move |estate| {
                if let Some(ranges) = &mut estate.pools[pool].api_server.authorized_ranges {
                    let added = prefixes.iter().map(|prefix| Spanned::new(*prefix, span));
                    ranges.prefixes.extend(added);
                }
            });
            vec![remedy.edit(edit)]
        }
        (Cause::ServiceAccessControl, Site::Service(service)) => admit(case, *service),
        (Cause::ServiceAccessControl, Site::Subnet(subnet)) => {
            let subnet = *subnet;
            let Some(id) = named_service(case) else {
                return Vec::new();
            };
            let meta = &case.estate().services[id].meta;
            let title = format!(
                "name service `{}` in the service endpoint policy of subnet `{}`",
                meta.name,
                case.estate().subnet_path(subnet)
            );
            let reference = crate::estate::Ref::known(id, meta.name.clone(), case.span());
            let policy = case.estate().subnets[subnet].endpoint_policy.as_ref();
            let last = policy.and_then(|policy| policy.allowed.last());
            let last = last.and_then(|last| last.origin.span());
            let edit = last.map(|last| edit::append(last, &meta.name));
            let remedy = Remedy::new(title, move |estate| {
                if let Some(policy) = &mut estate.subnets[subnet].endpoint_policy {
                    policy.allowed.push(reference.clone());
                }
            });
            vec![remedy.edit(edit)]
        }
        (Cause::Proxy, Site::HttpProxy(proxy)) => let_through(case, *proxy),
        _ => Vec::new(),
    }
}

/// Addresses as a policy writes them: one alone without its length.
fn words(prefixes: &[IpNet]) -> Vec<String> {
    let word = |prefix: &IpNet| match prefix.prefix_len() == prefix.max_prefix_len() {
        true => prefix.addr().to_string(),
        false => prefix.to_string(),
    };
    prefixes.iter().map(word).collect()
}

/// The last entry of network rules as a policy writes them.
fn last_entry(acl: &NetworkAcl) -> Option<Span> {
    let prefix = acl.prefixes.last().map(|prefix| prefix.span);
    let subnet = acl.subnets.last().and_then(|subnet| subnet.origin.span());
    prefix.into_iter().chain(subnet).max_by_key(|span| span.end)
}

/// The public addresses that the flow arrives with.
fn sources(case: &Case<'_>) -> Vec<IpNet> {
    match case.flow.from {
        crate::azure::Sender::Outside { address, .. } => vec![address.into()],
        crate::azure::Sender::Inside { .. } => case
            .trace
            .source_nat
            .iter()
            .map(|ip| (*ip).into())
            .collect(),
    }
}

pub(super) fn named_service(
    case: &Case<'_>,
) -> Option<crate::estate::Id<crate::estate::PlatformService>> {
    let mut services = case.estate().services.iter();
    services
        .find(|(_, service)| {
            Some(&service.fqdn.value) == case.flow.to.name.as_ref()
                || service
                    .addresses
                    .iter()
                    .any(|address| Some(address.value) == case.flow.to.address)
        })
        .map(|(id, _)| id)
}

fn admit(case: &Case<'_>, id: crate::estate::Id<crate::estate::PlatformService>) -> Vec<Remedy> {
    let mut offered = Vec::new();
    let service = &case.estate().services[id];
    let name = service.meta.name.clone();
    if service.public_access_off.is_some() {
        let title = format!("turn public network access of service `{name}` on");
        offered.push(
            Remedy::new(title, move |estate| {
                estate.services[id].public_access_off = None;
            })
            .wide(),
        );
        return offered;
    }
    let span = case.span();
    let last = service.acl.as_ref().and_then(last_entry);
    let prefixes = sources(case);
    if !prefixes.is_empty() {
        let words = words(&prefixes);
        let edit = last.map(|last| edit::append(last, words.join(", ")));
        let title = format!(
            "let {} in by the network rules of service `{name}`",
            words.join(", ")
        );
        let remedy = Remedy::new(title, move |estate| {
            if let Some(acl) = &mut estate.services[id].acl {
                let added = prefixes.iter().map(|prefix| Spanned::new(*prefix, span));
                acl.prefixes.extend(added);
            }
        });
        offered.push(remedy.edit(edit));
    }
    if let Some(subnet) = case.subnet() {
        let path = case.estate().subnet_path(subnet);
        let title = format!("let subnet `{path}` in by the network rules of service `{name}`");
        let written = path.replace('/', ".");
        let edit = last.map(|last| edit::append(last, format!("subnet {written}")));
        let reference = crate::estate::Ref::known(subnet, path, span);
        let remedy = Remedy::new(title, move |estate| {
            if let Some(acl) = &mut estate.services[id].acl {
                acl.subnets.push(reference.clone());
            }
        });
        offered.push(remedy.edit(edit));
    }
    offered
}

fn let_through(case: &Case<'_>, id: crate::estate::Id<crate::estate::Proxy>) -> Vec<Remedy> {
    let Some(name) = case.flow.announced_name().or(case.flow.to.name.as_ref()) else {
        return Vec::new();
    };
    let proxy = case.estate().proxies[id].meta.name.clone();
    let span = case.span();
    let pattern = FqdnPattern::Exact(name.clone());
    let last = case.estate().proxies[id]
        .allowed
        .as_ref()
        .and_then(|allowed| allowed.last());
    let edit = last.map(|last| edit::append(last.span, name));
    let allow = Remedy::new(format!("let proxy `{proxy}` pass {name}"), move |estate| {
        if let Some(allowed) = &mut estate.proxies[id].allowed {
            allowed.push(Spanned::new(pattern.clone(), span));
        }
    })
    .edit(edit);
    let exempt = case.pool().map(|pool| {
        let name: smol_str::SmolStr = name.as_str().into();
        let title = format!("reach {name} without the proxy (no-proxy)");
        let settings = case.estate().pools[pool].http_proxy.as_ref();
        let last = settings.and_then(|settings| settings.no_proxy.last());
        let edit = last.map(|last| edit::append(last.span, &name));
        let remedy = Remedy::new(title, move |estate| {
            if let Some(proxy) = &mut estate.pools[pool].http_proxy {
                proxy.no_proxy.push(Spanned::new(name.clone(), span));
            }
        });
        remedy.edit(edit)
    });
    std::iter::once(allow).chain(exempt).collect()
}
