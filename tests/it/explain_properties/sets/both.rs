//! One estate and one subnet, followed by both evaluators.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;

use ipnet::IpNet;
use tidegate::azure::facts::Facts;
use tidegate::azure::{Dataplane, Flow, ServiceTags, Trace, Verdict};
use tidegate::estate::{Estate, Id, Subnet};
use tidegate::net::Transport;
use tidegate::reach::{Evaluator, FlowMap, Standing};
use tidegate::space::{Block, Kind, Known, Names, Ranges, Targets, every_port, number_of};

use super::corners;

/// How many comparisons one question may take.
const STEPS: u64 = 2_000_000;

/// Said of flows that sets of them do not follow.
const NOT_FOLLOWED: &str = "not followed as sets";

/// An estate whose flows from one subnet both evaluators have followed.
pub(super) struct Both<'a> {
    pub(super) plane: &'a Dataplane<'a>,
    pub(super) evaluator: Evaluator<'a>,
    pub(super) map: FlowMap,
}

/// What two answers are to each other.
#[derive(Debug)]
pub(super) enum Answers {
    Same,
    /// The flow alone is uncertain, and sets of flows are certain.
    SetsKnowMore(Verdict),
    Different(String),
}

/// How many flows were compared.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(super) flows: usize,
    /// Of those the ones of which sets know more, as service tag files say too.
    pub(super) confirmed: usize,
    /// And those that no file says anything about.
    pub(super) unconfirmed: usize,
}

impl Counts {
    pub(super) fn add(&mut self, other: &Self) {
        self.flows += other.flows;
        self.confirmed += other.confirmed;
        self.unconfirmed += other.unconfirmed;
    }
}

impl<'a> Both<'a> {
    pub(super) fn of(plane: &'a Dataplane<'a>, subnet: Id<Subnet>) -> Self {
        let mut evaluator = Evaluator::new(plane, &[]);
        let map = evaluator.from_subnet(subnet).unwrap();
        Self {
            plane,
            evaluator,
            map,
        }
    }

    /// Compares the answers about a flow.
    pub(super) fn compare(&self, flow: &Flow) -> Answers {
        let block = as_block(flow);
        let atoms = self.evaluator.atoms();
        let standing = self.map.standing(&block, atoms, STEPS).unwrap();
        let trace = self.plane.trace(flow);
        match (trace.verdict, &standing) {
            (one, Standing::All(all)) if one == *all => Answers::Same,
            (Verdict::Uncertain, Standing::Mixed) => Answers::Same,
            (Verdict::Uncertain, Standing::All(all)) => Answers::SetsKnowMore(*all),
            (_, Standing::All(Verdict::Uncertain)) if self.is_not_followed(&block) => Answers::Same,
            _ => Answers::Different(self.told(flow, &trace, &standing)),
        }
    }

    /// Compares the answers about many flows. Where sets know more, a file for each thing that service tags may hold
    /// has to bear them out.
    pub(super) fn compare_all(&self, flows: &[Flow]) -> Result<Counts, String> {
        let mut counts = Counts {
            flows: flows.len(),
            ..Counts::default()
        };
        let mut to_confirm: Vec<(&Flow, Verdict)> = Vec::new();
        for flow in flows {
            match self.compare(flow) {
                Answers::Same => {}
                Answers::SetsKnowMore(verdict) => to_confirm.push((flow, verdict)),
                Answers::Different(text) => return Err(text),
            }
        }
        to_confirm.sort_by_key(|(flow, _)| flow.to.address);
        for alike in to_confirm.chunk_by(|a, b| a.0.to.address == b.0.to.address) {
            self.confirm(alike, &mut counts)?;
        }
        Ok(counts)
    }

    /// Flows to one address of which sets know more.
    fn confirm(&self, flows: &[(&Flow, Verdict)], counts: &mut Counts) -> Result<(), String> {
        let address = flows.first().and_then(|(flow, _)| flow.to.address);
        let files = address.map_or_else(Vec::new, |it| files(self.plane.estate, it));
        let mut certain = BTreeSet::new();
        for file in &files {
            let plane = Dataplane::new(self.plane.estate, Facts::builtin(), Some(file))
                .with_fqdn_tags(self.plane.fqdn_tags.clone());
            for (at, (flow, verdict)) in flows.iter().enumerate() {
                let trace = plane.trace(flow);
                if trace.verdict == *verdict {
                    certain.insert(at);
                } else if trace.verdict != Verdict::Uncertain {
                    let told = self.told(flow, &trace, &Standing::All(*verdict));
                    return Err(format!("with a service tag file: {told}\n{file:?}"));
                }
            }
        }
        counts.confirmed += certain.len();
        counts.unconfirmed += flows.len() - certain.len();
        Ok(())
    }

    fn is_not_followed(&self, flow: &Block) -> bool {
        let atoms = self.evaluator.atoms();
        let mut pieces = self.map.pieces.iter();
        pieces.any(|piece| {
            let mut doubts = piece.doubts.iter();
            piece.flows.meets(flow, atoms) && doubts.any(|doubt| doubt.contains(NOT_FOLLOWED))
        })
    }

    /// A flow about which the two differ, with all that a reader needs.
    pub(super) fn told(&self, flow: &Flow, trace: &Trace, standing: &Standing) -> String {
        let mut text = format!(
            "{:?} as a single flow, {standing:?} as sets: {flow:?}\n",
            trace.verdict
        );
        for blocker in &trace.blockers {
            let (cause, element) = (blocker.cause, &blocker.element);
            let outcome = blocker.outcome;
            writeln!(text, "  {outcome:?} {cause}: {element} {}", blocker.text).unwrap();
        }
        let (block, atoms) = (as_block(flow), self.evaluator.atoms());
        let pieces = self.map.pieces.iter();
        for piece in pieces.filter(|piece| piece.flows.meets(&block, atoms)) {
            let known = piece.flows.known.all().iter();
            let known = known.map(|(atom, inside)| (atoms.name(*atom).1, *inside));
            let known: Vec<_> = known.collect();
            let (fate, doubts, via) = (piece.fate, &piece.doubts, &piece.via);
            writeln!(text, "  {fate:?} via {via:?} if {known:?}: {doubts:?}").unwrap();
        }
        text
    }
}

fn protocol(transport: Transport) -> u128 {
    match transport {
        Transport::Icmp => 1,
        Transport::Tcp => 6,
        Transport::Udp => 17,
        Transport::Esp => 50,
        // Any is no flow.
        Transport::Ah | Transport::Any => 51,
    }
}

/// The flow as a set: from any source port, and whatever is not known.
pub(super) fn as_block(flow: &Flow) -> Block {
    let one = |number: u128| Ranges::span(number, number);
    let source = flow.from.address();
    let (kind, targets) = match (&flow.to.name, flow.to.address) {
        (Some(name), _) => (
            Kind::V4ToName,
            Targets::Names(Names::exactly(name.as_str())),
        ),
        (None, address) => (
            if source.is_ipv4() { Kind::V4 } else { Kind::V6 },
            Targets::Addresses(one(number_of(address.unwrap()))),
        ),
    };
    Block {
        kind,
        protocols: one(protocol(flow.transport)),
        ports: if flow.transport.has_ports() {
            one(flow.port.into())
        } else {
            every_port()
        },
        targets,
        sources: one(number_of(source)),
        source_ports: every_port(),
        known: Known::default(),
    }
}

/// For everything that the tags of an estate may hold of an address a file that says so: nothing, or it with a short
/// or a long prefix. All of Azure's addresses take in those of each service.
fn files(estate: &Estate, address: IpAddr) -> Vec<ServiceTags> {
    let tags: Vec<String> = corners::service_tags(estate).into_iter().collect();
    let lengths = [
        None,
        Some(12),
        Some(if address.is_ipv4() { 32 } else { 128 }),
    ];
    let mut all = vec![Vec::new()];
    for _ in &tags {
        let more = |chosen: &Vec<Option<u8>>| {
            let chosen = chosen.clone();
            lengths.map(move |length| chosen.iter().copied().chain([length]).collect::<Vec<_>>())
        };
        all = all.iter().flat_map(more).collect();
    }
    let cloud = |tag: &&String| tag.starts_with("azurecloud");
    all.retain(|lengths| {
        let mut held = tags.iter().zip(lengths).filter(|(_, it)| it.is_some());
        let mut whole = tags.iter().zip(lengths).filter(|(tag, _)| cloud(tag));
        whole.all(|(_, length)| length.is_some()) || !held.any(|(tag, _)| !cloud(&tag))
    });
    all.iter()
        .map(|lengths| file(address, &tags, lengths))
        .collect()
}

fn file(address: IpAddr, tags: &[String], lengths: &[Option<u8>]) -> ServiceTags {
    let values: Vec<String> = tags
        .iter()
        .zip(lengths)
        .map(|(tag, length)| {
            let held = length.map(|length| IpNet::new(address, length).unwrap().trunc());
            let elsewhere = "192.0.2.0/28".parse().unwrap();
            let prefix = held.unwrap_or(elsewhere);
            format!(
                r#"{{"name": "{tag}", "id": "{tag}", "properties": {{"changeNumber": 1, "region": "", "regionId": 0, "platform": "Azure", "systemService": "", "addressPrefixes": ["{prefix}"], "networkFeatures": []}}}}"#
            )
        })
        .collect();
    let text = format!(
        r#"{{"changeNumber": 1, "cloud": "Public", "values": [{}]}}"#,
        values.join(",")
    );
    ServiceTags::parse(&text).unwrap()
}
