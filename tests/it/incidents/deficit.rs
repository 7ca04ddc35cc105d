//! What stops a flow shows when its network is held against the need for it: the flow is in the deficit.

use ipnet::IpNet;
use tidegate::azure::{Announced, Dataplane, Flow, Sender};
use tidegate::net::{Destination, FqdnPattern, PortRange, Service};
use tidegate::reach::{Evaluator, Need};

/// Whether a subnet lacks the flow when it is needed; `None` for what is no question about a set of flows: senders
/// outside and pods, names that clients do not tell, how much goes on at once.
pub(super) fn lacks(plane: &Dataplane<'_>, flow: &Flow) -> Option<bool> {
    let Sender::Inside { subnet, address } = flow.from else {
        return None;
    };
    let mut prefixes = plane.estate.subnets[subnet].prefixes.iter();
    let is_machine = prefixes.any(|prefix| prefix.value.contains(&address));
    if !is_machine || flow.announced != Announced::Target || flow.at_once.is_some() {
        return None;
    }
    // Where a file states the address of a name, routes and groups may decide by it.
    let name = flow.to.name.as_ref();
    let name = name.map(|name| Destination::Fqdn(FqdnPattern::Exact(name.clone())));
    let address = flow.to.address;
    let address = address.map(|address| Destination::Prefix(IpNet::from(address)));
    let service = Service::Net {
        transport: flow.transport,
        ports: match flow.transport.has_ports() {
            true => PortRange::single(flow.port),
            false => PortRange::ALL,
        },
    };
    let mut evaluator = Evaluator::new(plane, &flow.to.tags);
    let map = evaluator.from_subnet(subnet).ok()?;
    let mut lacks = |destination: Destination| {
        let flows = evaluator.wanted(subnet, &destination, service).ok()?;
        let balance = evaluator.balance(&map, &[Need { of: 0, flows }]).ok()?;
        Some(!balance.missing.is_empty())
    };
    let told: Option<Vec<bool>> = name.into_iter().chain(address).map(&mut lacks).collect();
    Some(told?.contains(&true))
}
