//! What becomes of assertions, from one subnet after the other: decided by sets of flows, with one flow to show, which is
//! followed alone as well. What the two ways of following do not agree on counts as not known.

use std::collections::BTreeMap;

use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use crate::azure::next_hop::Holder;
use crate::azure::{Flow, Trace, Verdict};
use crate::estate::{Id, Subnet};
use crate::intent::{Assertion, Demand, Devices, Subject, Via};
use crate::lint::Context;
use crate::net::{Destination, FqdnPattern, PortRange, Service, ServiceTag, Transport};
use crate::reach::{
    Evaluator, FlowMap, Need, Piece, Proof, Unset, Wanted, open_questions, witness,
};
use crate::space::{Block, Flows, Known, Names, Side, TooLarge, Wording, Work, v4_of, v6_of};

use super::passes::passes;

/// How many of the flows that break a claim are followed alone.
const MOST_FOLLOWED: usize = 6;

/// How many comparisons it may take to put flows into words.
const WORDED: u64 = 100_000;

/// What becomes of an assertion.
pub(super) enum Answer<'a> {
    /// It holds for all flows.
    Kept,
    /// A flow breaks it.
    Broken(Box<Broken<'a>>),
    /// It rests on what is not known.
    Open(Box<Open<'a>>),
    /// Nothing can be said, because addresses of the subnet are not known.
    NoAddresses,
    /// There is too much to compare.
    TooLarge,
}

/// A flow that breaks an assertion.
pub(super) struct Broken<'a> {
    pub(super) from: Id<Subnet>,
    pub(super) fault: Fault<'a>,
    pub(super) trace: Trace,
    /// What is reached or not, with an example where it is more than one flow.
    pub(super) what: String,
    /// All the flows that do, in words; nothing where it is the one.
    pub(super) flows: Vec<String>,
    /// What it rests on, in words.
    pub(super) rests_on: Vec<SmolStr>,
}

/// Flows of which it is not known whether they break an assertion.
pub(super) struct Open<'a> {
    pub(super) what: String,
    pub(super) doubts: Vec<SmolStr>,
    /// One of them, followed.
    pub(super) trace: Option<Trace>,
    /// They arrive; only whether they pass this is not known.
    pub(super) way: Option<&'a Via>,
}

/// How a flow breaks an assertion.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault<'a> {
    /// It does not get there.
    Stopped,
    /// It gets there, and no reply comes back.
    Unanswered,
    /// It gets there, and must not.
    LetThrough,
    /// It gets there, and nothing names it.
    Unnamed,
    /// It gets there without passing this.
    Past(&'a Via),
}

/// What an assertion says of each flow that it names.
#[derive(Debug, Clone, Copy)]
enum Claim<'a> {
    Reached(Option<&'a Via>),
    NeverReached,
    OnlyReached,
}

impl<'a> Claim<'a> {
    fn of(demand: &'a Demand) -> Self {
        match demand {
            Demand::Reaches { via } => Self::Reached(via.as_ref()),
            Demand::NeverReaches => Self::NeverReached,
            Demand::OnlyReaches => Self::OnlyReached,
        }
    }

    /// How a flow that was followed breaks it, if it does for certain.
    fn broken_by(self, trace: &Trace) -> Option<Fault<'a>> {
        match (self, trace.verdict) {
            (_, Verdict::Uncertain)
            | (Self::NeverReached | Self::OnlyReached, Verdict::NoReturn | Verdict::Denied)
            | (Self::Reached(None), Verdict::Allowed) => None,
            (Self::NeverReached, Verdict::Allowed) => Some(Fault::LetThrough),
            (Self::OnlyReached, Verdict::Allowed) => Some(Fault::Unnamed),
            (Self::Reached(_), Verdict::Denied) => Some(Fault::Stopped),
            (Self::Reached(_), Verdict::NoReturn) => Some(Fault::Unanswered),
            (Self::Reached(Some(via)), Verdict::Allowed) => {
                (passes(trace, via) == Some(false)).then_some(Fault::Past(via))
            }
        }
    }
}

/// The answers to the assertions of the intent: of each, by its place, and each of its subnets. Those that name what
/// alone is reached are answered together, at the first of them.
pub(super) fn decide<'a>(
    context: &Context<'a>,
    skip: impl Fn(&Assertion) -> bool,
) -> BTreeMap<usize, Vec<(Id<Subnet>, Answer<'a>)>> {
    let assertions = &context.intent.assertions;
    let mut by_subnet: BTreeMap<Id<Subnet>, Vec<usize>> = BTreeMap::new();
    for (at, assertion) in assertions.iter().enumerate() {
        if skip(assertion) {
            continue;
        }
        for subnet in subnets_of(context, assertion) {
            by_subnet.entry(subnet).or_default().push(at);
        }
    }
    let tags = tags_of(assertions);
    let mut evaluator = Evaluator::new(context.plane, &tags);
    let mut answers: BTreeMap<usize, Vec<(Id<Subnet>, Answer<'a>)>> = BTreeMap::new();
    for (subnet, of_subnet) in by_subnet {
        let map = evaluator.from_subnet(subnet).or_else(|TooLarge| {
            // What others used up of the work is not this one's.
            evaluator = Evaluator::new(context.plane, &tags);
            evaluator.from_subnet(subnet)
        });
        let mut scene = Scene {
            context,
            subnet,
            evaluator: &mut evaluator,
        };
        let mut only: Vec<&'static str> = Vec::new();
        for at in &of_subnet {
            let Some(assertion) = assertions.get(*at) else {
                continue;
            };
            let answer = match &map {
                _ if context.estate.subnets[subnet].prefixes.is_empty() => Ok(Answer::NoAddresses),
                Err(TooLarge) => Err(TooLarge),
                Ok(map) => match Claim::of(&assertion.demand) {
                    Claim::Reached(via) => scene.reached(map, assertion, via),
                    Claim::NeverReached => scene.never_reached(map, assertion),
                    Claim::OnlyReached => {
                        let kind = kind_of(&assertion.from);
                        if only.contains(&kind) {
                            continue;
                        }
                        only.push(kind);
                        let all = of_subnet.iter().filter_map(|at| assertions.get(*at));
                        let all = all.filter(|it| {
                            it.demand == Demand::OnlyReaches && kind_of(&it.from) == kind
                        });
                        scene.only_reached(map, &all.collect::<Vec<_>>())
                    }
                },
            };
            let answer = answer.unwrap_or(Answer::TooLarge);
            answers.entry(*at).or_default().push((subnet, answer));
        }
    }
    answers
}

/// Assertions of pools and those of subnets are read apart.
fn kind_of(subject: &Subject) -> &'static str {
    match subject {
        Subject::Pool(_) => "pool",
        Subject::Subnets(_) => "subnet",
    }
}

fn subnets_of(context: &Context<'_>, assertion: &Assertion) -> Vec<Id<Subnet>> {
    match &assertion.from {
        Subject::Pool(pool) => {
            let subnets = context.estate.pools[*pool].subnets.iter();
            subnets.filter_map(|subnet| subnet.id).collect()
        }
        Subject::Subnets(subnets) => subnets.clone(),
    }
}

fn tags_of(assertions: &[Assertion]) -> Vec<ServiceTag> {
    let destinations = assertions.iter().flat_map(|it| &it.destinations);
    let tags = destinations.filter_map(|it| match &it.value {
        Destination::ServiceTag(tag) => Some(tag.clone()),
        _ => None,
    });
    tags.collect()
}

/// One subnet, and what becomes of its flows.
struct Scene<'s, 'a> {
    context: &'s Context<'a>,
    subnet: Id<Subnet>,
    evaluator: &'s mut Evaluator<'a>,
}

/// What an assertion is about: a destination over a service.
#[derive(Clone, Copy)]
struct About<'d>(&'d Destination, Service);

impl<'a> Scene<'_, 'a> {
    fn reached(
        &mut self,
        map: &FlowMap,
        assertion: &'a Assertion,
        via: Option<&'a Via>,
    ) -> Result<Answer<'a>, TooLarge> {
        let claim = Claim::Reached(via);
        let mut open = None;
        for about in abouts(assertion) {
            let wanted = match self.wanted(about) {
                Ok(wanted) => wanted,
                Err(waits) => {
                    open.get_or_insert(waits);
                    continue;
                }
            };
            if wanted.must.is_empty() {
                let doubts = vec!["the subnet has no addresses that could ask for it".into()];
                open.get_or_insert_with(|| self.open(None, about, doubts));
            }
            for block in &wanted.must {
                let will_do = |piece: &Piece| via.map_or(Some(true), |via| is_via(piece, via));
                match map.all_pass(block, self.evaluator.atoms(), will_do)? {
                    Proof::Holds => {}
                    Proof::Broken(flows) => match self.confirmed(&flows, claim, Some(about)) {
                        Ok(broken) => return Ok(Answer::Broken(broken)),
                        Err(unsure) => {
                            open.get_or_insert(Open {
                                way: unsure.trace.as_ref().and_then(|it| way_only(it, via)),
                                ..unsure
                            });
                        }
                    },
                    Proof::Open { flows, doubts } => {
                        let arrive = map.all_pass(block, self.evaluator.atoms(), |_| Some(true))?;
                        let way = via.filter(|_| matches!(arrive, Proof::Holds));
                        let unsure = self.open(Some(&flows), about, doubts);
                        open.get_or_insert(Open { way, ..unsure });
                    }
                }
            }
        }
        Ok(open.map_or(Answer::Kept, |open| Answer::Open(Box::new(open))))
    }

    fn never_reached(
        &mut self,
        map: &FlowMap,
        assertion: &'a Assertion,
    ) -> Result<Answer<'a>, TooLarge> {
        let mut open = None;
        for about in abouts(assertion) {
            let unwanted = match self.wanted(about) {
                Ok(wanted) => wanted,
                Err(waits) => {
                    open.get_or_insert(waits);
                    continue;
                }
            };
            // Of a name that nobody states an address of, what is asked for by that name.
            let may = unwanted.may.iter();
            let may = may.filter(|it| it.kind.is_named() || it.known == Known::default());
            let blocks: Vec<Block> = unwanted.must.iter().chain(may).cloned().collect();
            let blocks = blocks.iter().filter_map(|block| self.meant(about, block));
            for block in blocks.collect::<Vec<_>>() {
                match map.none_passes(&block, self.evaluator.atoms())? {
                    Proof::Holds => {}
                    Proof::Broken(flows) => {
                        match self.confirmed(&flows, Claim::NeverReached, Some(about)) {
                            Ok(broken) => return Ok(Answer::Broken(broken)),
                            Err(unsure) => {
                                open.get_or_insert(unsure);
                            }
                        }
                    }
                    Proof::Open { flows, doubts } => {
                        let unsure = self.open(Some(&flows), about, doubts);
                        open.get_or_insert(unsure);
                    }
                }
            }
        }
        Ok(open.map_or(Answer::Kept, |open| Answer::Open(Box::new(open))))
    }

    /// What must not be reached of a destination: of everything, what lies outside the networks; of a prefix, not what the
    /// Azure host answers, unless it is nothing else.
    fn meant(&mut self, About(destination, _): About<'_>, block: &Block) -> Option<Block> {
        let is_everything = match destination {
            Destination::Anywhere => true,
            Destination::Prefix(prefix) => prefix.prefix_len() == 0,
            _ => false,
        };
        if is_everything {
            return self.evaluator.outward(self.subnet, block);
        }
        let host = self.context.facts.platform_addresses().iter();
        let host: Vec<_> = host.map(|fact| fact.prefix).collect();
        let (v4, v6) = (v4_of(host.iter().copied()), v6_of(host.iter().copied()));
        let rest = block.without_targets(&v4, &v6, &Names::none());
        Some(rest.unwrap_or_else(|| block.clone()))
    }

    fn only_reached(
        &mut self,
        map: &FlowMap,
        assertions: &[&'a Assertion],
    ) -> Result<Answer<'a>, TooLarge> {
        let mut flows = Wanted::default();
        let mut waits = None;
        for about in assertions.iter().flat_map(|assertion| abouts(assertion)) {
            match self.wanted(about) {
                Ok(wanted) => {
                    flows.must.extend(wanted.must);
                    flows.may.extend(wanted.may);
                }
                Err(open) => {
                    waits.get_or_insert(open);
                }
            }
        }
        let needs = [Need { of: 0, flows }];
        let surplus = self.evaluator.surplus(map, &needs)?;
        // Values that are not known yet may name any of it.
        if let Some(waits) = waits.filter(|_| !surplus.is_empty()) {
            return Ok(Answer::Open(Box::new(waits)));
        }
        let blocks = || surplus.iter().map(|it| &it.flows);
        let certain: Vec<Block> = blocks()
            .filter(|it| it.known == Known::default())
            .cloned()
            .collect();
        let mut open = None;
        if !certain.is_empty() {
            match self.confirmed(&certain, Claim::OnlyReached, None) {
                Ok(broken) => return Ok(Answer::Broken(broken)),
                Err(unsure) => open = Some(unsure),
            }
        }
        let atoms = self.evaluator.atoms();
        let by_tag: Vec<Block> = blocks()
            .filter(|it| it.known != Known::default())
            .filter(|it| {
                let mut said = it.known.all().iter();
                said.all(|(atom, _)| {
                    let (side, name) = atoms.name(*atom);
                    side == Side::Destination && name.starts_with("tag ")
                })
            })
            .cloned()
            .collect();
        if let Ok(mut broken) = self.confirmed(&by_tag, Claim::OnlyReached, None) {
            let atoms = self.evaluator.atoms();
            broken.rests_on = by_tag
                .first()
                .map(|it| open_questions(it, atoms))
                .unwrap_or_default();
            return Ok(Answer::Broken(broken));
        }
        if open.is_none()
            && let Some(block) = blocks().find(|it| it.known != Known::default())
        {
            let doubts = open_questions(block, self.evaluator.atoms());
            open = Some(self.open_flow(block, doubts));
        }
        if open.is_none()
            && let Some(piece) = self.evaluator.open(map, &needs)?.first()
        {
            open = Some(self.open_flow(&piece.flows, piece.doubts.clone()));
        }
        Ok(open.map_or(Answer::Kept, |open| Answer::Open(Box::new(open))))
    }

    /// The flows of a destination over a service; what stands in the way of knowing them, else.
    fn wanted(&mut self, about: About<'_>) -> Result<Wanted, Open<'a>> {
        let About(destination, service) = about;
        let wanted = self.evaluator.wanted(self.subnet, destination, service);
        wanted.map_err(|Unset::Waits(parameter)| {
            let doubts = vec![format_smolstr!("the value of parameter `{parameter}`")];
            self.open(None, about, doubts)
        })
    }

    /// A flow that breaks a claim when it is followed alone, too; or what is not known of the first that does not.
    fn confirmed(
        &self,
        flows: &[Block],
        claim: Claim<'a>,
        about: Option<About<'_>>,
    ) -> Result<Box<Broken<'a>>, Open<'a>> {
        let mut unsure = None;
        for block in flows.iter().take(MOST_FOLLOWED) {
            let Some(flow) = self.witness(block) else {
                continue;
            };
            let trace = self.context.plane.trace(&flow);
            let Some(fault) = claim.broken_by(&trace) else {
                let doubts = trace.assumptions.iter().take(1);
                let doubts = doubts.map(|it| it.text.to_smolstr()).collect();
                unsure.get_or_insert(Open {
                    what: what(about, Some(&flow)),
                    doubts,
                    trace: Some(trace),
                    way: None,
                });
                continue;
            };
            let is_one = about.is_some_and(|About(to, over)| is_single(to) && has_one_port(over));
            return Ok(Box::new(Broken {
                from: self.subnet,
                fault,
                trace,
                what: what(about, Some(&flow)),
                flows: if is_one {
                    Vec::new()
                } else {
                    self.words(flows)
                },
                rests_on: Vec::new(),
            }));
        }
        Err(unsure.unwrap_or_else(|| Open {
            what: what(about, None),
            doubts: Vec::new(),
            trace: None,
            way: None,
        }))
    }

    fn witness(&self, flows: &Block) -> Option<Flow> {
        let atoms = self.evaluator.atoms();
        witness(self.context.plane, self.subnet, flows, atoms)
    }

    fn open(&self, flows: Option<&Block>, about: About<'_>, doubts: Vec<SmolStr>) -> Open<'a> {
        let flow = flows.and_then(|it| self.witness(it));
        Open {
            what: what(Some(about), flow.as_ref()),
            doubts,
            trace: flow.map(|flow| self.context.plane.trace(&flow)),
            way: None,
        }
    }

    /// The same of flows that nothing names.
    fn open_flow(&self, flows: &Block, doubts: Vec<SmolStr>) -> Open<'a> {
        let flow = self.witness(flows);
        Open {
            what: what(None, flow.as_ref()),
            doubts,
            trace: flow.map(|flow| self.context.plane.trace(&flow)),
            way: None,
        }
    }

    fn words(&self, flows: &[Block]) -> Vec<String> {
        let atoms = self.evaluator.atoms();
        let prefixes = &self.context.estate.subnets[self.subnet].prefixes;
        let prefixes = || prefixes.iter().map(|prefix| prefix.value);
        let words = Wording::new(atoms)
            .sources(v4_of(prefixes()), v6_of(prefixes()))
            .lines(3)
            .parts(4);
        let mut work = Work::new(atoms, WORDED);
        match Flows::of_all(flows.iter().cloned(), &mut work) {
            Ok(flows) => words.flows(&flows),
            Err(TooLarge) => flows.iter().take(1).map(|it| words.block(it)).collect(),
        }
    }
}

/// Whether flows of a piece pass one of what a way asks for; nothing where nothing is called so.
fn is_via(piece: &Piece, via: &Via) -> Option<bool> {
    let is_asked = |holder: &Holder| match (&via.devices, holder) {
        (Devices::Firewalls(ids), Holder::Firewall(id)) => ids.contains(id),
        (Devices::Appliances(ids), Holder::Appliance(id)) => ids.contains(id),
        _ => false,
    };
    let is_missing = match &via.devices {
        Devices::Firewalls(ids) => ids.is_empty(),
        Devices::Appliances(ids) => ids.is_empty(),
    };
    (!is_missing).then(|| piece.via.iter().any(is_asked))
}

/// The way that is all that is not known of a flow that arrives.
fn way_only<'v>(trace: &Trace, via: Option<&'v Via>) -> Option<&'v Via> {
    via.filter(|_| trace.verdict == Verdict::Allowed)
}

fn abouts(assertion: &Assertion) -> impl Iterator<Item = About<'_>> {
    let services: Vec<Service> = if assertion.services.is_empty() {
        vec![Service::Net {
            transport: Transport::Any,
            ports: PortRange::ALL,
        }]
    } else {
        assertion.services.iter().map(|it| it.value).collect()
    };
    let destinations = assertion.destinations.iter();
    destinations.flat_map(move |to| {
        let services = services.clone().into_iter();
        services.map(|service| About(&to.value, service))
    })
}

/// What is reached or not: where one flow stands for many, with that one.
fn what(about: Option<About<'_>>, flow: Option<&Flow>) -> String {
    let example = flow.and_then(|flow| {
        let (address, name) = (flow.to.address, flow.to.name.as_ref());
        let to = name
            .map(ToString::to_string)
            .or_else(|| address.map(|address| address.to_string()))?;
        Some(match flow.port {
            0 => format!("{to} over {}", flow.transport.keyword()),
            port => format!("{to} over {}/{port}", flow.transport.keyword()),
        })
    });
    match (about, example) {
        (None, example) => example.unwrap_or_else(|| "something else".to_owned()),
        (Some(About(destination, service)), Some(example))
            if !is_single(destination) || !has_one_port(service) =>
        {
            format!("{destination} over {service}, such as {example}")
        }
        (Some(About(destination, service)), _) => format!("{destination} over {service}"),
    }
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
