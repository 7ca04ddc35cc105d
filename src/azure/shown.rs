//! What Azure showed of a subnet's routes and no file can tell: what gateways learned, and the ranges that Azure itself
//! drops, which are more than its documents name and differ from region to region.

use crate::base::Origin;
use crate::estate::{Estate, Id, ShownHop, ShownRoute, ShownRoutes, ShownSource, Subnet, Vnet};

use super::next_hop::holder_of_address;
use super::routing::{Candidate, Hop, gateways_of};

use ipnet::IpNet;

/// The ranges that Azure drops on a subnet, with their places; `None` where Azure did not show them, or showed them
/// while the table had a default route that it lacks now, or the other way round: such a route takes some of them away.
pub(super) fn dropped(
    estate: &Estate,
    subnet: Id<Subnet>,
    user_default: bool,
) -> Option<Vec<(IpNet, Origin)>> {
    let shown = estate.shown_routes_of(subnet)?;
    if shown.has_user_default() != user_default {
        return None;
    }
    let routes = shown.active(ShownSource::Default);
    let routes = routes.filter(|route| route.hop == ShownHop::Drop);
    Some(routes.flat_map(prefixes).collect())
}

/// The routes that a subnet learned, where they lead, and their places.
pub(super) fn learned(estate: &Estate, subnet: Id<Subnet>) -> Vec<(IpNet, Hop, Origin)> {
    let vnet = estate.subnets[subnet].vnet;
    let shown = estate.shown_routes_of(subnet);
    let routes = shown
        .into_iter()
        .flat_map(|shown: &ShownRoutes| shown.active(ShownSource::Gateway));
    routes
        .flat_map(|route| {
            let hop = learned_hop(estate, vnet, route);
            prefixes(route).map(move |(prefix, origin)| (prefix, hop.clone(), origin))
        })
        .collect()
}

fn prefixes(route: &ShownRoute) -> impl Iterator<Item = (IpNet, Origin)> + '_ {
    let prefixes = route.prefixes.iter();
    prefixes.map(|prefix| (prefix.value, prefix.span.into()))
}

/// A route server hands out routes to appliances, a hub its own; other learned routes lead to the gateway.
fn learned_hop(estate: &Estate, vnet: Id<Vnet>, route: &ShownRoute) -> Hop {
    let addresses = match &route.hop {
        ShownHop::Gateway(addresses) | ShownHop::Appliances(addresses) => addresses.as_slice(),
        _ => &[],
    };
    let candidates: Vec<Candidate> = addresses
        .iter()
        .map(|address| Candidate {
            holder: holder_of_address(estate, *address),
            address: Some(*address),
        })
        .collect();
    let held = |candidate: &Candidate| candidate.holder != super::next_hop::Holder::Nobody;
    if !candidates.is_empty() && candidates.iter().all(held) {
        return Hop::Appliances(candidates);
    }
    let hub = estate.hubs.iter().find(|(_, hub)| {
        let mut connections = hub.connections.iter();
        connections.any(|peer| peer.id == Some(vnet))
    });
    match hub {
        Some((hub, _)) => Hop::Hub(hub),
        None => Hop::Gateway(gateways_of(estate, vnet).first().copied()),
    }
}
