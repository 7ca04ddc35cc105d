//! What Azure showed to be in force on interfaces, and the subnets and groups it tells of.
//!
//! A list of effective routes does not say whose it is. It is recognised: by the interface, where what lies around the
//! list or the name of the file names it; else by the address space and the route table that it shows. A list that fits
//! nothing, or more than one network, is not used, and a finding says so.

mod groups;
mod interface;
mod matching;
mod routes;
mod tables;

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use ipnet::IpNet;

use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Estate, Id, Ref, ShownRoutes, ShownRules, ShownSource, Subnet};

use super::az::{InForce, Shown};
use super::estate::{Built, Slot};
use super::resource::{Resource, ResourceId};

use matching::Match;

/// What Azure showed, and the file it is written in.
#[derive(Debug)]
pub(super) struct Seen {
    /// The file.
    pub(super) path: Utf8PathBuf,
    /// What it shows.
    pub(super) shown: Shown,
}

/// The security groups of which nothing else tells the rules.
pub(super) fn groups(seen: &[Seen], resources: &[Resource]) -> Vec<Resource> {
    let mut filled: Vec<Resource> = Vec::new();
    for shown in rules(seen) {
        let Some(group) = groups::as_resource(shown) else {
            continue;
        };
        let same = |other: &Resource| is_same(&other.id, &group.id);
        if !groups::is_stated(&group.id, resources) && !filled.iter().any(same) {
            filled.push(group);
        }
    }
    filled
}

/// Adds what is shown to the estate.
pub(super) fn attach(seen: &[Seen], resources: &[Resource], built: &mut Built) {
    for shown in rules(seen) {
        attach_rules(shown, built);
    }
    for one in seen {
        if one.shown.of == InForce::Routes {
            attach_routes(one, resources, built);
        }
    }
}

fn rules(seen: &[Seen]) -> impl Iterator<Item = &Shown> {
    let shown = seen.iter().map(|one| &one.shown);
    shown.filter(|shown| shown.of == InForce::Rules)
}

fn attach_rules(shown: &Shown, built: &mut Built) {
    let Some(group) = groups::as_resource(shown) else {
        let why = "they name no network security group";
        built.findings.push(not_used("security rules", why, shown));
        return;
    };
    let alone = super::estate::build(std::slice::from_ref(&group), &[], &|_| None);
    let whole = alone.gaps.is_empty();
    built.findings.extend(alone.findings);
    let mut nsgs = alone.estate.nsgs.iter();
    let rules = nsgs.next().map(|(_, nsg)| nsg.rules.clone());
    let nsg = slots(built, &group.id).find_map(|slot| match slot {
        Slot::Nsg(id) => Some(id),
        _ => None,
    });
    let subnet = groups::subnet_of(shown).map(|(id, span)| Ref {
        id: subnet_of_id(built, &id),
        name: id.to_string().into(),
        origin: span.into(),
    });
    built.estate.shown_rules.push(ShownRules {
        origin: group.name_span.into(),
        nsg: Ref {
            id: nsg,
            name: group.id.to_string().into(),
            origin: group.name_span.into(),
        },
        subnet,
        rules: rules.unwrap_or_default(),
        whole,
    });
}

fn attach_routes(seen: &Seen, resources: &[Resource], built: &mut Built) {
    let shown = &seen.shown;
    let routes = match routes::read(&shown.list) {
        Ok(routes) => routes,
        Err(wrong) => {
            let why = format!("`{}` is no {}", wrong.text, wrong.expected);
            let finding = not_used("routes", &why, shown);
            built.findings.push(finding.related(wrong.place, "here"));
            return;
        }
    };
    let interface = interface::of(seen, resources);
    let interface = interface.and_then(|interface| subnet_of_id(built, &interface.subnet));
    let found = matching::find(&routes, interface, &built.estate);
    let (subnets, named) = match found {
        Match::Of { subnets, named } => (subnets, named),
        Match::Several(subnets) => {
            let why = format!("they may be of {}", paths(&built.estate, &subnets));
            let finding = not_used("routes", &why, shown).help(HOW_TO_NAME);
            built.findings.push(finding);
            return;
        }
        Match::Nowhere(why) => {
            let finding = not_used("routes", &why, shown).help(HOW_TO_NAME);
            built.findings.push(finding);
            return;
        }
    };
    let list = ShownRoutes {
        origin: shown.head.into(),
        subnets,
        named,
        routes,
    };
    tables::fill(&list, built);
    teach_gateway(&list, &mut built.estate);
    built.estate.shown_routes.push(list);
}

const HOW_TO_NAME: &str = "name the file after the network interface and add the interface to the input, as \
                           `az network nic list -o json` prints it";

fn not_used(what: &str, why: &str, shown: &Shown) -> Finding {
    let message = format!("these effective {what} are not used: {why}");
    Finding::new(FindingId::TG0038, message).at(shown.head, "left out")
}

/// Up to three subnets by their paths.
fn paths(estate: &Estate, subnets: &[Id<Subnet>]) -> String {
    let named = subnets.iter().take(3);
    let mut named: Vec<String> = named
        .map(|id| format!("`{}`", estate.subnet_path(*id)))
        .collect();
    match subnets.len().saturating_sub(3) {
        0 => {}
        more => named.push(format!("{more} more")),
    }
    match named.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => named.concat(),
    }
}

/// What a gateway of the input learned, where it is certain that the routes are of that one.
fn teach_gateway(list: &ShownRoutes, estate: &mut Estate) {
    let Some(subnet) = list.subnets.first() else {
        return;
    };
    let vnet = estate.subnets[*subnet].vnet;
    let lenders: Vec<_> = estate
        .peerings
        .iter()
        .filter(|(_, peering)| peering.from.id == Some(vnet) && peering.remote_gateways)
        .filter_map(|(_, peering)| peering.to.id)
        .collect();
    let of_vnet = estate.gateways.iter().filter(|(_, gateway)| {
        let place = gateway.vnet.id;
        place == Some(vnet) || place.is_some_and(|place| lenders.contains(&place))
    });
    let gateways: Vec<_> = of_vnet.map(|(id, _)| id).collect();
    // A hub hands routes out as a gateway does.
    let in_hub = estate.hubs.iter().any(|(_, hub)| {
        let mut connections = hub.connections.iter();
        connections.any(|peer| peer.id == Some(vnet))
    });
    let [gateway] = gateways.as_slice() else {
        return;
    };
    if in_hub {
        return;
    }
    let routes = list.active(ShownSource::Gateway);
    let routes = routes.filter(|route| !matching::is_of_a_server(route, estate));
    let prefixes: Vec<_> = routes.flat_map(|route| route.prefixes.clone()).collect();
    let learned = &mut estate.gateways[*gateway].learned;
    let mut known: BTreeSet<IpNet> = learned.iter().map(|prefix| prefix.value).collect();
    let new = prefixes.into_iter();
    learned.extend(new.filter(|prefix| known.insert(prefix.value)));
}

/// Whether two ids may be of one resource.
fn is_same(a: &ResourceId, b: &ResourceId) -> bool {
    a.key() == b.key() && a.may_be(b)
}

/// What the resource of an id became; of several that may be meant none.
fn slots<'b>(built: &'b Built, id: &'b ResourceId) -> impl Iterator<Item = Slot> + 'b {
    let mut same = built
        .elements
        .iter()
        .filter(|(other, _)| is_same(other, id));
    let first = same.next().map(|(_, slot)| *slot);
    let only = first.filter(|_| same.next().is_none());
    only.into_iter()
}

fn subnet_of_id(built: &Built, id: &ResourceId) -> Option<Id<Subnet>> {
    slots(built, id).find_map(|slot| match slot {
        Slot::Subnet(id) => Some(id),
        _ => None,
    })
}
