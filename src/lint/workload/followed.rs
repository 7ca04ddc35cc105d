//! Single flows that stand for what an assertion says, followed, and what each says of it.

use crate::azure::{
    Announced, Flow, Sender, Site, Target, Trace, Verdict, sample_service, sample_targets,
};
use crate::estate::{Id, Subnet};
use crate::intent::{Assertion, Demand, Devices, Via};
use crate::lint::Context;
use crate::net::{AppProtocol, Destination, FqdnPattern, PortRange, Service, Transport};

/// What a single flow can break.
#[derive(Debug, Clone, Copy)]
pub(super) enum Claim<'a> {
    /// It gets there, on a way that passes this.
    Reached(Option<&'a Via>),
    /// It does not get there.
    NeverReached,
}

impl<'a> Claim<'a> {
    /// The claim of an assertion. That nothing but the named is reached is none: it is about every flow there is, which
    /// the sets of flows decide and no example can.
    pub(super) fn of(demand: &'a Demand) -> Option<Self> {
        match demand {
            Demand::Reaches { via } => Some(Self::Reached(via.as_ref())),
            Demand::NeverReaches => Some(Self::NeverReached),
            Demand::OnlyReaches => None,
        }
    }
}

/// What one flow says of a claim.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate<'a> {
    /// Nothing against it.
    Keeps,
    /// It certainly breaks it.
    Breaks(Fault<'a>),
    /// Whether it gets there is not known.
    Open,
    /// It gets there; whether it passes this is not known.
    OpenWay(&'a Via),
}

/// How a flow breaks a claim.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault<'a> {
    /// It does not get there.
    Stopped,
    /// It gets there, and must not.
    LetThrough,
    /// It gets there without passing this.
    Past(&'a Via),
}

/// One flow for an assertion, followed.
pub(super) struct Followed<'a> {
    pub(super) from: Id<Subnet>,
    destination: &'a Destination,
    service: Service,
    to: Target,
    port: u16,
    pub(super) trace: Trace,
}

impl Followed<'_> {
    pub(super) fn fate<'c>(&self, claim: Claim<'c>) -> Fate<'c> {
        match (claim, self.trace.verdict) {
            (_, Verdict::Uncertain) => Fate::Open,
            (Claim::NeverReached, Verdict::Allowed) => Fate::Breaks(Fault::LetThrough),
            (Claim::NeverReached, Verdict::NoReturn | Verdict::Denied)
            | (Claim::Reached(None), Verdict::Allowed | Verdict::NoReturn) => Fate::Keeps,
            (Claim::Reached(_), Verdict::Denied) => Fate::Breaks(Fault::Stopped),
            (Claim::Reached(Some(via)), Verdict::Allowed | Verdict::NoReturn) => {
                match self.passes(via) {
                    Some(true) => Fate::Keeps,
                    Some(false) => Fate::Breaks(Fault::Past(via)),
                    None => Fate::OpenWay(via),
                }
            }
        }
    }

    /// Whether it passes one of what a way asks for; `None` when that is not known, or nothing is called so.
    fn passes(&self, via: &Via) -> Option<bool> {
        let sites: Vec<Site> = match &via.devices {
            Devices::Firewalls(ids) => ids.iter().copied().map(Site::Firewall).collect(),
            Devices::Appliances(ids) => ids.iter().copied().map(Site::Appliance).collect(),
        };
        let passed: Vec<Option<bool>> = sites.iter().map(|it| self.trace.passes(it)).collect();
        if passed.contains(&Some(true)) {
            return Some(true);
        }
        let none = !passed.is_empty() && !passed.contains(&None);
        none.then_some(false)
    }

    /// What is reached or not: where one flow stands for many, with that one.
    pub(super) fn what(&self) -> String {
        let (destination, service) = (self.destination, self.service);
        let (address, name) = (self.to.address, self.to.name.as_ref());
        let example = address
            .map(|address| address.to_string())
            .or_else(|| name.map(ToString::to_string));
        match example.filter(|_| !is_single(destination) || !has_one_port(service)) {
            Some(example) => {
                format!(
                    "{destination} over {service}, such as {example}:{}",
                    self.port
                )
            }
            None => format!("{destination} over {service}"),
        }
    }
}

/// A flow from a subnet for each destination and service that an assertion names.
pub(super) fn followed<'a>(
    context: &Context<'_>,
    assertion: &'a Assertion,
    subnet: Id<Subnet>,
) -> Vec<Followed<'a>> {
    let plane = context.plane;
    let Some(address) = plane.some_address(subnet) else {
        return Vec::new();
    };
    let mut followed = Vec::new();
    for destination in assertion.destinations.iter().map(|it| &it.value) {
        let targets = sample_targets(plane, destination).unwrap_or_default();
        for service in services(assertion) {
            let (transport, port) = sample_service(service);
            for to in &targets {
                let trace = plane.trace(&Flow {
                    from: Sender::Inside { subnet, address },
                    to: to.clone(),
                    transport,
                    port,
                    announced: Announced::Target,
                    at_once: None,
                });
                followed.push(Followed {
                    from: subnet,
                    destination,
                    service,
                    to: to.clone(),
                    port,
                    trace,
                });
            }
        }
    }
    followed
}

/// The services of an assertion. One that names none is about all of them: beside whatever stands for them, the one that
/// networks let out most often is followed.
fn services(assertion: &Assertion) -> Vec<Service> {
    if assertion.services.is_empty() {
        let protocol = AppProtocol::Https;
        let https = Service::App {
            protocol,
            port: protocol.default_port(),
        };
        let all = Service::Net {
            transport: Transport::Any,
            ports: PortRange::ALL,
        };
        return vec![https, all];
    }
    assertion.services.iter().map(|it| it.value).collect()
}

fn is_single(destination: &Destination) -> bool {
    match destination {
        Destination::Prefix(prefix) => prefix.prefix_len() == prefix.max_prefix_len(),
        Destination::Fqdn(FqdnPattern::Exact(_)) => true,
        _ => false,
    }
}

fn has_one_port(service: Service) -> bool {
    let (transport, ports) = service.transport_ports();
    let (first, last) = ports.bounds();
    transport.has_ports() && transport != Transport::Any && first == last
}
