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
    // One that is beaten is in force again as soon as what beats it is gone.
    let routes = shown.routes.iter();
    let routes = routes.filter(|it| it.source == ShownSource::Default && it.hop == ShownHop::Drop);
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

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::super::Dataplane;
    use super::super::facts::Facts;
    use super::super::flow::{Announced, Flow, Sender, Target, Verdict};
    use super::super::testing::{Builder, appliance};
    use super::*;
    use crate::net::Transport;

    fn route(builder: &Builder, source: ShownSource, prefix: &str, hop: ShownHop) -> ShownRoute {
        ShownRoute {
            name: smol_str::SmolStr::default(),
            origin: builder.at().into(),
            source,
            active: true,
            prefixes: vec![builder.put(prefix.parse().unwrap())],
            tags: Vec::new(),
            hop,
            propagation_off: false,
        }
    }

    fn gateway(address: &str) -> ShownHop {
        ShownHop::Gateway(vec![address.parse().unwrap()])
    }

    /// A network whose subnet Azure showed these routes of.
    fn network(
        user: &[(&str, crate::estate::NextHop)],
        shown: &[(ShownSource, &str, ShownHop)],
    ) -> (Builder, Id<Subnet>) {
        let mut builder = Builder::new();
        let vnet = builder.vnet("v", "10.0.0.0/16");
        let subnet = builder.subnet(vnet, "s", "10.0.1.0/24");
        builder.routes(subnet, user);
        let routes = shown
            .iter()
            .map(|(source, prefix, hop)| route(&builder, *source, prefix, hop.clone()))
            .collect();
        let list = ShownRoutes {
            origin: builder.at().into(),
            subnets: vec![subnet],
            named: true,
            routes,
        };
        builder.estate.shown_routes.push(list);
        (builder, subnet)
    }

    fn hop(builder: &Builder, subnet: Id<Subnet>, prefix: &str) -> Option<Hop> {
        let plane = Dataplane::new(&builder.estate, Facts::builtin(), None);
        let prefix: IpNet = prefix.parse().unwrap();
        let mut routes = plane.routes(subnet).iter();
        let wanted = crate::estate::RouteDestination::Prefix(prefix);
        let route = routes.find(|route| route.destination == wanted);
        route.map(|route| route.hop.clone())
    }

    fn verdict(builder: &Builder, subnet: Id<Subnet>, to: &str) -> Verdict {
        let plane = Dataplane::new(&builder.estate, Facts::builtin(), None);
        let address: IpAddr = to.parse().unwrap();
        let trace = plane.trace(&Flow {
            from: Sender::Inside {
                subnet,
                address: "10.0.1.4".parse().unwrap(),
            },
            to: Target {
                address: Some(address),
                ..Target::default()
            },
            transport: Transport::Tcp,
            port: 443,
            announced: Announced::Nothing,
            at_once: None,
        });
        trace.verdict
    }

    #[test]
    fn what_a_gateway_outside_the_input_learned_leads_to_it() {
        let learned = [(ShownSource::Gateway, "192.168.0.0/16", gateway("10.9.0.4"))];
        let (builder, subnet) = network(&[], &learned);
        let found = hop(&builder, subnet, "192.168.0.0/16");
        assert_eq!(found, Some(Hop::Gateway(None)));
        assert_eq!(verdict(&builder, subnet, "192.168.4.4"), Verdict::Allowed);
        // Whether the network behind it lets anything out is not known.
        let default = [(ShownSource::Gateway, "0.0.0.0/0", gateway("10.9.0.4"))];
        let (builder, subnet) = network(&[], &default);
        assert_eq!(verdict(&builder, subnet, "20.1.1.1"), Verdict::Uncertain);
    }

    #[test]
    fn a_table_without_propagation_takes_in_nothing() {
        let learned = [
            (ShownSource::Default, "192.168.0.0/16", ShownHop::Drop),
            (ShownSource::Gateway, "192.168.0.0/16", gateway("10.9.0.4")),
        ];
        let (mut builder, subnet) = network(&[], &learned);
        let table = builder.estate.subnets[subnet].route_table.clone();
        let table = table.and_then(|table| table.id).unwrap();
        builder.estate.route_tables[table].gateway_propagation = false;
        assert_eq!(hop(&builder, subnet, "192.168.0.0/16"), Some(Hop::Drop));
    }

    #[test]
    fn a_route_server_leads_to_the_appliance() {
        let learned = [(ShownSource::Gateway, "192.168.0.0/16", gateway("10.0.0.4"))];
        let (mut builder, subnet) = network(&[], &learned);
        let vnet = builder.estate.subnets[subnet].vnet;
        let firewall = builder.firewall(vnet, None);
        let address = builder.put("10.0.0.4".parse().unwrap());
        builder.estate.firewalls[firewall].private_ip = Some(address);
        let found = hop(&builder, subnet, "192.168.0.0/16");
        assert!(matches!(found, Some(Hop::Appliances(_))), "{found:?}");
    }

    #[test]
    fn azure_drops_what_it_shows() {
        let shown = [
            (ShownSource::Default, "10.0.0.0/8", ShownHop::Drop),
            (ShownSource::Default, "198.18.0.0/15", ShownHop::Drop),
        ];
        let (builder, subnet) = network(&[], &shown);
        assert_eq!(hop(&builder, subnet, "198.18.0.0/15"), Some(Hop::Drop));
        assert_eq!(hop(&builder, subnet, "172.16.0.0/12"), None);
        // A default route that came since takes some of them away, so the list no longer tells.
        let (builder, subnet) = network(&[("0.0.0.0/0", appliance())], &shown);
        assert_eq!(hop(&builder, subnet, "198.18.0.0/15"), None);
        assert_eq!(hop(&builder, subnet, "10.0.0.0/8"), None);
    }
}
