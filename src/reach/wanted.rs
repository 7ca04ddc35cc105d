//! What destinations and services of an intent are as sets of flows.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::estate::{Id, Subnet};
use crate::net::{Destination, Fqdn, FqdnPattern, FqdnTag, Service, ServiceTag, Transport};
use crate::space::{
    Block, Kind, Known, Names, Ranges, Side, Targets, every_port, every_v4, every_v6, ports_of,
};

use super::evaluate::{Addresses, Evaluator, To};
use super::protocols::{AH, ESP, ICMP, TCP, UDP};

/// What a destination over a service is as sets of flows.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Flows that have to arrive.
    pub must: Vec<Block>,
    /// Other flows that are the same to the network, or that come with them: to names that lead to wanted addresses, to
    /// addresses that wanted names lead to.
    pub may: Vec<Block>,
}

/// Why something that is wanted is no set of flows yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unset {
    /// It waits for this parameter.
    Waits(String),
}

impl Evaluator<'_> {
    /// The flows of a subnet's machines to a destination over a service. Every destination means the whole Internet:
    /// all its addresses and all names. Names that public DNS only sends others on to, such as those under
    /// `privatelink`, nobody has to reach by a wildcard.
    ///
    /// What comes with the wanted flows is told as far as the flows of the subnet have been followed before.
    ///
    /// # Errors
    /// When a value is missing.
    pub fn wanted(
        &mut self,
        subnet: Id<Subnet>,
        destination: &Destination,
        service: Service,
    ) -> Result<Wanted, Unset> {
        let sources = self.addresses_of(subnet);
        let (protocols, ports) = flows_of(service);
        let block = |kind: Kind, targets: Targets, known: Known| Block {
            kind,
            protocols: protocols.clone(),
            ports: ports.clone(),
            targets,
            sources: match kind {
                Kind::V4 | Kind::V4ToName => sources.v4.clone(),
                Kind::V6 | Kind::V6ToName => sources.v6.clone(),
            },
            source_ports: every_port(),
            known,
        };
        let v4 = |ranges: &Ranges, known: &Known| {
            block(Kind::V4, Targets::Addresses(ranges.clone()), known.clone())
        };
        let v6 = |ranges: &Ranges, known: &Known| {
            block(Kind::V6, Targets::Addresses(ranges.clone()), known.clone())
        };
        let at = |address: IpAddr, known: &Known| {
            let own = Addresses::between(address, address);
            [v4(&own.v4, known), v6(&own.v6, known)]
        };
        let named =
            |names: Names, known: Known| block(Kind::V4ToName, Targets::Names(names), known);
        let led = self.led(subnet);
        let addressed = |addresses: &Addresses, known: &Known| {
            let must = vec![v4(&addresses.v4, known), v6(&addresses.v6, known)];
            let leads_there = led.iter().filter(|led| match led.to {
                To::At(_) => led.leads_into(addresses),
                // What a tag holds may have a name.
                To::Somewhere { .. } => *known != Known::default(),
                To::Own => false,
            });
            let names = leads_there.map(|led| &led.names);
            let names = names.fold(Names::none(), |all, one| all.or(one));
            Wanted {
                must,
                may: vec![named(names, known.clone())],
            }
        };
        let by_name = |names: Names, asked: Names, known: Known| Wanted {
            must: vec![named(asked, known.clone())],
            may: vec![named(names, known)],
        };
        let nothing = Known::default();
        let mut wanted = match destination {
            Destination::Open(open) => return Err(Unset::Waits(open.parameter.to_string())),
            Destination::Anywhere => {
                let public = self.public();
                let mut wanted =
                    by_name(Names::all(), self.as_asked(Names::all()), nothing.clone());
                wanted
                    .must
                    .extend([v4(&public.v4, &nothing), v6(&public.v6, &nothing)]);
                wanted
            }
            Destination::Prefix(IpNet::V4(prefix)) if prefix.prefix_len() == 0 => {
                let public = self.public();
                let mut wanted =
                    by_name(Names::all(), self.as_asked(Names::all()), nothing.clone());
                wanted.must.push(v4(&public.v4, &nothing));
                wanted
            }
            Destination::Prefix(IpNet::V6(prefix)) if prefix.prefix_len() == 0 => Wanted {
                must: vec![v6(&self.public().v6, &nothing)],
                may: Vec::new(),
            },
            Destination::Prefix(prefix) => addressed(&Addresses::of([*prefix]), &nothing),
            Destination::Range(range) => {
                let (first, last) = range.bounds();
                addressed(&Addresses::between(first, last), &nothing)
            }
            Destination::ServiceTag(tag) => {
                let (addresses, known) = self.tagged(tag);
                addressed(&addresses, &known)
            }
            Destination::Fqdn(FqdnPattern::Exact(name)) => {
                let names = Names::exactly(name.as_str());
                let known = self.known_addresses(|own| own == name);
                let mut may = Vec::new();
                // Only rules that name it let its addresses through whatever they are.
                let there = self.that_matters(Side::Destination, &leads_to_the_address(name));
                if let Some(there) = there.filter(|_| known.is_empty()) {
                    may.extend([v4(&every_v4(), &there), v6(&every_v6(), &there)]);
                }
                may.extend(known.into_iter().flat_map(|address| at(address, &nothing)));
                Wanted {
                    must: vec![named(names, nothing)],
                    may,
                }
            }
            Destination::Fqdn(pattern) => {
                let names = Names::of(pattern);
                let known = self.known_addresses(|own| names.holds(own.as_str()));
                let mut wanted = by_name(names.clone(), self.as_asked(names), nothing.clone());
                let there = known.into_iter().flat_map(|address| at(address, &nothing));
                wanted.may.extend(there);
                wanted
            }
            Destination::FqdnTag(tag) => {
                let mut wanted = Wanted::default();
                for (names, known) in self.names_of_tag(tag) {
                    let there = self.known_addresses(|own| names.holds(own.as_str()));
                    let one = by_name(names.clone(), self.as_asked(names), known.clone());
                    wanted.must.extend(one.must);
                    wanted.may.extend(one.may);
                    let there = there.into_iter().flat_map(|address| at(address, &known));
                    wanted.may.extend(there);
                }
                wanted
            }
        };
        wanted.must.retain(|block| !block.is_empty());
        wanted.may.retain(|block| !block.is_empty());
        Ok(wanted)
    }

    /// Without the names that clients never ask for: those that public DNS sends others on to.
    pub(super) fn as_asked(&self, names: Names) -> Names {
        names.minus(self.aliases())
    }

    /// The addresses of a service tag: those that a file lists, or what it may hold under its atom.
    fn tagged(&mut self, tag: &ServiceTag) -> (Addresses, Known) {
        match self.listed(tag) {
            Some(addresses) => (addresses, Known::default()),
            None => {
                let known = self.in_tag(tag, Side::Destination);
                (self.serviceable().clone(), known)
            }
        }
    }

    /// The names of an FQDN tag: those that it certainly holds, and those that it may.
    pub(super) fn names_of_tag(&mut self, tag: &FqdnTag) -> Vec<(Names, Known)> {
        let lower = tag.as_str().to_ascii_lowercase();
        let doubt = self.that(
            Side::Destination,
            format!("FQDN tag {lower} holds the name"),
        );
        let all = |patterns: &[FqdnPattern]| {
            let names = patterns.iter().map(Names::of);
            names.fold(Names::none(), |all, one| all.or(&one))
        };
        let Some(content) = self.content_of(tag) else {
            return vec![(Names::all(), doubt)];
        };
        let certain = all(&content.patterns);
        let disputed = all(&content.disputed).minus(&certain);
        let mut names = vec![(certain, Known::default()), (disputed, doubt)];
        names.retain(|(names, _)| !names.is_empty());
        names
    }
}

/// That a name whose addresses nobody states leads to an address, in words.
pub(super) fn leads_to_the_address(name: &Fqdn) -> String {
    format!("{name} leads to the address")
}

/// The protocols and destination ports of a service. `any` asks for TCP, UDP and ICMP.
fn flows_of(service: Service) -> (Ranges, Ranges) {
    let (transport, ports) = service.transport_ports();
    let one = |number: u128| Ranges::span(number, number);
    let protocols = match transport {
        Transport::Tcp => one(TCP),
        Transport::Udp => one(UDP),
        Transport::Icmp => one(ICMP),
        Transport::Esp => one(ESP),
        Transport::Ah => one(AH),
        Transport::Any => Ranges::of([ICMP, TCP, UDP].map(|number| (number, number))),
    };
    let ports = if transport.has_ports() {
        ports_of(&[ports])
    } else {
        every_port()
    };
    (protocols, ports)
}
