//! What stops a flow shows when its network is held against the need for it: the flow is in the deficit. It shows as
//! `tidegate verify` holds a network, and where a pool would change what becomes of the flow, as sets of flows do.

use ipnet::IpNet;
use tidegate::azure::{Announced, Dataplane, Flow, Sender};
use tidegate::base::{Origin, Span, Spanned};
use tidegate::estate::{
    ApiServer, Estate, Home, Id, Meta, NodeSettings, OutboundType, Pool, Ref, Subnet, Table,
};
use tidegate::intent::{Intent, Requirement};
use tidegate::net::{Destination, FqdnPattern, PortRange, Service};
use tidegate::reach::{Evaluator, Need};
use tidegate::verify::{hold, place};

/// Whether a flow shows as one that does not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lacking {
    /// In the balance of its subnet.
    pub(super) balance: bool,
    /// In the deficits that `verify` tells; `None` where the network has no pool there, and is another one with it.
    pub(super) verify: Option<bool>,
}

impl Lacking {
    /// Whether all ways to ask say the same.
    pub(super) fn agrees(self) -> bool {
        self.verify.is_none_or(|verify| verify == self.balance)
    }
}

/// A flow as somebody needs it.
struct Needed {
    subnet: Id<Subnet>,
    /// Its name and its address: where a file states the address of a name, routes and groups may decide by it.
    destinations: Vec<Destination>,
    service: Service,
}

/// Whether a flow shows as one that does not arrive; `None` for what is no question about a set of flows: senders outside and pods, names
/// that clients do not tell, how much goes on at once.
pub(super) fn lacks(plane: &Dataplane<'_>, flow: &Flow) -> Option<Lacking> {
    let Sender::Inside { subnet, address } = flow.from else {
        return None;
    };
    let mut prefixes = plane.estate.subnets[subnet].prefixes.iter();
    let is_machine = prefixes.any(|prefix| prefix.value.contains(&address));
    if !is_machine || flow.announced != Announced::Target || flow.at_once.is_some() {
        return None;
    }
    let name = flow.to.name.as_ref();
    let name = name.map(|name| Destination::Fqdn(FqdnPattern::Exact(name.clone())));
    let address = flow.to.address;
    let address = address.map(|address| Destination::Prefix(IpNet::from(address)));
    let needed = Needed {
        subnet,
        destinations: name.into_iter().chain(address).collect(),
        service: Service::Net {
            transport: flow.transport,
            ports: match flow.transport.has_ports() {
                true => PortRange::single(flow.port),
                false => PortRange::ALL,
            },
        },
    };
    Some(Lacking {
        balance: in_balance(plane, flow, &needed)?,
        verify: in_verify(plane, flow, &needed),
    })
}

fn in_balance(plane: &Dataplane<'_>, flow: &Flow, needed: &Needed) -> Option<bool> {
    let mut evaluator = Evaluator::new(plane, &flow.to.tags);
    let map = evaluator.from_subnet(needed.subnet).ok()?;
    let mut lacks = |destination: &Destination| {
        let flows = evaluator.wanted(needed.subnet, destination, needed.service);
        let need = Need {
            of: 0,
            flows: flows.ok()?,
        };
        let balance = evaluator.balance(&map, &[need]).ok()?;
        Some(!balance.missing.is_empty())
    };
    let told: Option<Vec<bool>> = needed.destinations.iter().map(&mut lacks).collect();
    Some(told?.contains(&true))
}

/// Holds the network against a policy with one pool where the sender is, which requires the flow.
fn in_verify(plane: &Dataplane<'_>, flow: &Flow, needed: &Needed) -> Option<bool> {
    let mut network = plane.estate.clone();
    let policy = Estate {
        pools: Table::default(),
        ..network.clone()
    };
    let (policy, pool) = with_pool(policy, plane.estate, needed.subnet);
    let placed = place(&policy, &mut network);
    let held =
        Dataplane::new(&network, plane.facts, plane.tags).with_fqdn_tags(plane.fqdn_tags.clone());
    // A pool that was not there may have another way out.
    if held.trace(flow).verdict != plane.trace(flow).verdict {
        return None;
    }
    let span = span_of(plane.estate, needed.subnet);
    let requirement = |destination: &Destination| Requirement {
        pool,
        name: "the flow".into(),
        purpose: "incident".into(),
        destinations: vec![Spanned::new(destination.clone(), span)],
        services: vec![Spanned::new(needed.service, span)],
        reason: String::new(),
        owner: None,
        ticket: None,
        expires: None,
        level: None,
        origin: Origin::Platform,
    };
    let intent = Intent {
        requirements: needed.destinations.iter().map(requirement).collect(),
        ..Intent::default()
    };
    let answer = hold(&held, &intent, &placed);
    let mut deficits = answer.pools.iter().flat_map(|pool| &pool.deficits);
    Some(deficits.any(|it| it.subnet == needed.subnet && !it.flows.is_empty()))
}

/// Where a subnet is written.
fn span_of(estate: &Estate, subnet: Id<Subnet>) -> Span {
    estate.subnets[subnet].prefixes[0].span
}

/// A policy with one pool, in one subnet: the one that the network has there, or one that routes decide for.
fn with_pool(mut policy: Estate, network: &Estate, subnet: Id<Subnet>) -> (Estate, Id<Pool>) {
    let path = network.subnet_path(subnet);
    let place = Ref::known(subnet, path, network.subnets[subnet].meta.origin);
    let own = network.pools.iter().map(|(_, pool)| pool).find(|pool| {
        let mut subnets = pool.subnets.iter();
        subnets.any(|it| it.id == Some(subnet))
    });
    let pool = own.cloned().unwrap_or_else(|| Pool {
        meta: Meta {
            name: "senders".into(),
            origin: Origin::Platform,
            body: None,
            home: Home::Deployed,
        },
        kind: None,
        subnets: Vec::new(),
        outbound: Spanned::new(OutboundType::UserDefinedRouting, span_of(network, subnet)),
        via: None,
        network_plugin: None,
        pod_prefixes: Vec::new(),
        private_cluster: None,
        private_ingress: None,
        identity: None,
        workload_identity: None,
        api_server: ApiServer::default(),
        nodes: NodeSettings::default(),
        http_proxy: None,
        bootstrap: None,
        properties: Vec::new(),
        management_inbound: None,
    });
    let pool = policy.pools.push(Pool {
        subnets: vec![place],
        ..pool
    });
    (policy, pool)
}
