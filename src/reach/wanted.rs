//! What destinations and services of an intent are as sets of flows.

use ipnet::IpNet;

use crate::estate::{Id, Subnet};
use crate::net::{Destination, FqdnPattern, FqdnTag, Service, ServiceTag, Transport};
use crate::space::{Block, Kind, Known, Names, Ranges, Side, Targets, every_port, ports_of};

use super::evaluate::{Addresses, Evaluator};
use super::protocols::{AH, ESP, ICMP, TCP, UDP};

/// Why something that is wanted is no set of flows yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unset {
    /// It waits for this parameter.
    Waits(String),
}

impl Evaluator<'_> {
    /// The flows of a subnet's machines to a destination over a service. Every destination means the whole Internet:
    /// all its addresses and all names.
    ///
    /// # Errors
    /// When a value is missing.
    pub fn wanted(
        &mut self,
        subnet: Id<Subnet>,
        destination: &Destination,
        service: Service,
    ) -> Result<Vec<Block>, Unset> {
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
        let addressed = |addresses: &Addresses, known: &Known| {
            vec![
                block(
                    Kind::V4,
                    Targets::Addresses(addresses.v4.clone()),
                    known.clone(),
                ),
                block(
                    Kind::V6,
                    Targets::Addresses(addresses.v6.clone()),
                    known.clone(),
                ),
            ]
        };
        let named =
            |names: Names, known: Known| block(Kind::V4ToName, Targets::Names(names), known);
        let nothing = Known::default();
        let mut blocks = match destination {
            Destination::Open(open) => return Err(Unset::Waits(open.parameter.to_string())),
            Destination::Anywhere => {
                let mut all = addressed(self.public(), &nothing);
                all.push(named(Names::all(), nothing));
                all
            }
            Destination::Prefix(prefix) if prefix.prefix_len() == 0 => {
                let mut all = addressed(self.public(), &nothing);
                all.retain(|block| (block.kind == Kind::V4) == matches!(prefix, IpNet::V4(_)));
                if matches!(prefix, IpNet::V4(_)) {
                    all.push(named(Names::all(), nothing));
                }
                all
            }
            Destination::Prefix(prefix) => addressed(&Addresses::of([*prefix]), &nothing),
            Destination::Range(range) => {
                let (first, last) = range.bounds();
                addressed(&Addresses::between(first, last), &nothing)
            }
            Destination::ServiceTag(tag) => {
                let (addresses, known) = self.tagged(tag);
                addressed(&addresses, &known)
            }
            Destination::Fqdn(pattern) => vec![named(Names::of(pattern), nothing)],
            Destination::FqdnTag(tag) => {
                let names = self.names_of_tag(tag).into_iter();
                names.map(|(names, known)| named(names, known)).collect()
            }
        };
        blocks.retain(|block| !block.is_empty());
        Ok(blocks)
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
