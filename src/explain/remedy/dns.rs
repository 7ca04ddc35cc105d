//! Names that resolve: zones linked to where the resolver sits, servers that are asked.

use crate::azure::Site;
use crate::azure::next_hop::firewall_of;
use crate::base::{Span, Spanned};
use crate::estate::{DnsServers, Firewall, Id, Ref, ResolutionPolicy, Vnet, ZoneLink};
use crate::lint::edit::{add_clause, replace};

use super::{Case, Remedy, is_nsg, nsg, route};

pub(super) fn remedies(case: &Case<'_>) -> Vec<Remedy> {
    let site = &case.blocker.element.site;
    if is_nsg(site) {
        return nsg::remedies(case);
    }
    let mut offered = Vec::new();
    match *site {
        Site::DnsZone(zone) => {
            let linked: Vec<_> = case.estate().dns_zones[zone]
                .links
                .iter()
                .filter_map(|link| link.vnet.id)
                .collect();
            for vnet in case
                .estate()
                .vnets
                .ids()
                .filter(|vnet| !linked.contains(vnet))
            {
                offered.push(link(case, zone, vnet));
            }
            offered.extend(record(case, zone));
        }
        Site::Route(..) | Site::Peering(_) | Site::Appliance(_) => {
            offered.extend(route::remedies(case));
        }
        Site::FirewallPolicy(_) | Site::Firewall(_) => offered.extend(proxy_on(case)),
        _ => {}
    }
    if let Some(subnet) = case.subnet() {
        let vnet = case.estate().subnets[subnet].vnet;
        offered.extend(ask_firewall(case, vnet));
        offered.extend(ask_azure(case, vnet));
    }
    offered
}

fn link(case: &Case<'_>, zone: Id<crate::estate::PrivateDnsZone>, vnet: Id<Vnet>) -> Remedy {
    let estate = case.estate();
    let name = estate.vnets[vnet].meta.name.clone();
    let meta = &estate.dns_zones[zone].meta;
    let title = format!("link private DNS zone `{}` to vnet `{name}`", meta.name);
    let edit = add_clause(meta, &format!("link {name}"));
    let span = case.span();
    let link = ZoneLink {
        origin: span.into(),
        vnet: Ref::known(vnet, name, span),
        registration: false,
        resolution: ResolutionPolicy::Default,
    };
    Remedy::new(title, move |estate| {
        estate.dns_zones[zone].links.push(link.clone());
    })
    .edit(edit)
}

/// The zone gets the record of the private endpoint that the name belongs to.
fn record(case: &Case<'_>, zone: Id<crate::estate::PrivateDnsZone>) -> Option<Remedy> {
    let estate = case.estate();
    let name = case.flow.to.name.as_ref()?;
    let endpoint = estate.private_endpoints.iter().find(|(_, endpoint)| {
        let target = endpoint.target.as_ref().and_then(|target| target.id);
        endpoint.names.iter().any(|known| known.value == *name)
            || target.is_some_and(|id| estate.services[id].fqdn.value == *name)
    })?;
    let address = *endpoint.1.addresses.first()?;
    let host = name.as_str().split('.').next()?.to_owned();
    let meta = &estate.dns_zones[zone].meta;
    let title = format!(
        "enter `{host}` with the address of its private endpoint, {}, in private DNS zone `{}`",
        address.value, meta.name
    );
    let edit = add_clause(meta, &format!("record {host} {}", address.value));
    let span = case.span();
    let remedy = Remedy::new(title, move |estate| {
        let records = &mut estate.dns_zones[zone].records;
        records.retain(|record| !record.name.eq_ignore_ascii_case(&host));
        records.push(crate::estate::DnsRecord {
            origin: span.into(),
            name: host.as_str().into(),
            addresses: vec![address],
            cname: None,
        });
    });
    Some(remedy.edit(edit))
}

/// The firewall that the clients should ask: the one their traffic passes, or the only one there is.
fn firewall(case: &Case<'_>) -> Option<Id<Firewall>> {
    let estate = case.estate();
    let by_pool = case
        .pool()
        .and_then(|pool| firewall_of(estate, &estate.pools[pool]));
    by_pool.or_else(|| {
        let mut ids = estate.firewalls.ids();
        ids.next()
    })
}

fn ask_firewall(case: &Case<'_>, vnet: Id<Vnet>) -> Option<Remedy> {
    let estate = case.estate();
    let id = firewall(case)?;
    let name = estate.firewalls[id].meta.name.clone();
    let meta = &estate.vnets[vnet].meta;
    let title = format!("let vnet `{}` resolve through firewall `{name}`", meta.name);
    let edit = match &estate.vnets[vnet].dns {
        DnsServers::Azure => add_clause(meta, &format!("dns firewall {name}")),
        DnsServers::Firewall(_) | DnsServers::Unknown(_) => None,
        DnsServers::Custom(servers) => {
            written(servers).map(|span| replace(span, format!("firewall {name}")))
        }
    };
    let span = case.span();
    let reference = Ref::known(id, name, span);
    let policy = estate.firewalls[id]
        .policy
        .as_ref()
        .and_then(|policy| policy.id);
    let (settings, owner) = match policy {
        Some(policy) => {
            let policy = &estate.firewall_policies[policy];
            (&policy.settings, &policy.meta)
        }
        None => (&estate.firewalls[id].settings, &estate.firewalls[id].meta),
    };
    let off = settings.dns_proxy.filter(|proxy| !proxy.value);
    let on = settings.dns_proxy.is_some_and(|proxy| proxy.value);
    let (title, proxy) = if on {
        (title, None)
    } else {
        let edit = match off {
            Some(off) => Some(replace(off.span, "on")),
            None => add_clause(owner, "dns-proxy on"),
        };
        (format!("{title}, and turn its DNS proxy on"), Some(edit))
    };
    let remedy = Remedy::new(title, move |estate| {
        estate.vnets[vnet].dns = DnsServers::Firewall(reference.clone());
        if !on {
            let settings = match policy {
                Some(policy) => &mut estate.firewall_policies[policy].settings,
                None => &mut estate.firewalls[id].settings,
            };
            settings.dns_proxy = Some(Spanned::new(true, span));
        }
    });
    Some(match (edit, proxy) {
        (Some(edit), None) => remedy.edit(Some(edit)),
        (Some(edit), Some(Some(proxy))) => remedy.edit(Some(edit)).edit(Some(proxy)),
        _ => remedy,
    })
}

fn ask_azure(case: &Case<'_>, vnet: Id<Vnet>) -> Option<Remedy> {
    let estate = case.estate();
    if estate.vnets[vnet].dns == DnsServers::Azure {
        return None;
    }
    let title = format!(
        "let vnet `{}` ask Azure's own DNS",
        estate.vnets[vnet].meta.name
    );
    let edit = match &estate.vnets[vnet].dns {
        DnsServers::Custom(servers) => written(servers).map(|span| replace(span, "azure")),
        DnsServers::Azure | DnsServers::Firewall(_) | DnsServers::Unknown(_) => None,
    };
    let remedy = Remedy::new(title, move |estate| {
        estate.vnets[vnet].dns = DnsServers::Azure;
    });
    Some(remedy.edit(edit).wide())
}

/// The text of a list of DNS servers.
fn written(servers: &[Spanned<std::net::IpAddr>]) -> Option<Span> {
    Some(servers.first()?.span.to(servers.last()?.span))
}

pub(super) fn proxy_on(case: &Case<'_>) -> Option<Remedy> {
    let span = case.span();
    let on = Spanned::new(true, span);
    let estate = case.estate();
    let (meta, title) = match case.blocker.element.site {
        Site::FirewallPolicy(id) => {
            let meta = &estate.firewall_policies[id].meta;
            (
                meta,
                format!("turn the DNS proxy of firewall policy `{}` on", meta.name),
            )
        }
        Site::Firewall(id) => {
            let meta = &estate.firewalls[id].meta;
            (
                meta,
                format!("turn the DNS proxy of firewall `{}` on", meta.name),
            )
        }
        _ => return None,
    };
    let written = match case.blocker.element.site {
        Site::FirewallPolicy(id) => estate.firewall_policies[id].settings.dns_proxy,
        Site::Firewall(id) => estate.firewalls[id].settings.dns_proxy,
        _ => None,
    };
    let edit = match written {
        Some(switch) => Some(replace(switch.span, "on")),
        None => add_clause(meta, "dns-proxy on"),
    };
    let site = case.blocker.element.site.clone();
    let remedy = Remedy::new(title, move |estate| {
        let settings = match site {
            Site::FirewallPolicy(id) => &mut estate.firewall_policies[id].settings,
            Site::Firewall(id) => &mut estate.firewalls[id].settings,
            _ => return,
        };
        settings.dns_proxy = Some(on);
    });
    Some(remedy.edit(edit))
}
