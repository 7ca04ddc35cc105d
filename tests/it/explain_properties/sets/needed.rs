//! What is needed and what is let through, as sets, held against single flows.
//!
//! A deficit or an excess that sets do not see has to be none for every flow that is asked about, and an example of one
//! that they see has to be one for the single flow. The same holds of claims that are proved.

use std::net::IpAddr;

use tidegate::azure::{Dataplane, Flow, Target, Trace, Verdict};
use tidegate::estate::{Estate, Id, Subnet};
use tidegate::net::Destination;
use tidegate::reach::{Balance, Evaluator, FlowMap, Missing, Need, witness};
use tidegate::space::{Block, Holding, Known, Ranges, Side, TooLarge, Work, number_of};

use super::asked::{Answer, Ask};
use super::both::as_block;
use super::corners::BY_NETWORK;

/// How many comparisons one question may take.
const STEPS: u64 = 2_000_000;

/// What names have in them that public DNS only sends others on to.
const ALIASES: [&str; 2] = [".privatelink.", ".internal.cloudapp.net"];

/// How often both evaluators were asked, and what was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Flows that are needed and arrive.
    pub(crate) delivered: usize,
    /// Flows that are needed and do not.
    pub(crate) lacking: usize,
    /// Flows that nobody needs and that are let through.
    pub(crate) excess: usize,
    /// Flows of claims that hold, and examples of claims that do not.
    pub(crate) proved: usize,
    pub(crate) refuted: usize,
    /// Flows of which a single one knows less than sets.
    pub(crate) unsure: usize,
}

impl Found {
    pub(crate) fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.lacking += other.lacking;
        self.excess += other.excess;
        self.proved += other.proved;
        self.refuted += other.refuted;
        self.unsure += other.unsure;
    }

    /// Enough was found of each kind, and single flows bear out nearly all of it.
    pub(crate) fn is_telling(&self, least: usize) -> bool {
        let kinds = [self.delivered, self.lacking, self.excess];
        let all: usize = kinds.iter().sum::<usize>() + self.proved + self.refuted;
        kinds.iter().all(|found| *found >= least) && self.unsure * 20 < all
    }
}

/// Holds what is asked for from a subnet against what arrives there. Besides the corners of what is asked for, these
/// flows are followed.
pub(crate) fn hold(
    plane: &Dataplane<'_>,
    subnet: Id<Subnet>,
    asks: &[Ask],
    others: &[Flow],
) -> Result<Found, String> {
    let tags = asks.iter().filter_map(|ask| match &ask.destination {
        Destination::ServiceTag(tag) => Some(tag.clone()),
        _ => None,
    });
    let mut evaluator = Evaluator::new(plane, &tags.collect::<Vec<_>>());
    let too_large = |TooLarge| "too large".to_owned();
    let map = evaluator.from_subnet(subnet).map_err(too_large)?;
    let mut needs = Vec::new();
    for (of, ask) in asks.iter().enumerate() {
        let flows = evaluator.wanted(subnet, &ask.destination, ask.service);
        let flows = flows.map_err(|unset| format!("{unset:?}"))?;
        needs.push(Need { of, flows });
    }
    let balance = evaluator.balance(&map, &needs).map_err(too_large)?;
    let held = Held {
        plane,
        evaluator,
        map,
        asks,
        needs,
        balance,
    };
    let mut found = Found::default();
    let mut followed = Vec::new();
    for (of, ask) in asks.iter().enumerate() {
        let flows = ask.flows(plane, subnet).into_iter();
        let flows: Vec<Followed> = flows.map(|flow| held.followed(flow)).collect();
        for one in &flows {
            held.delivery(of, one, &mut found)?;
        }
        held.claims(of, &flows, &mut found)?;
        followed.extend(flows);
    }
    let others = others.iter();
    followed.extend(others.map(|flow| held.followed(flow.clone())));
    for one in &followed {
        held.openness(one, &mut found)?;
    }
    held.examples(&mut found)?;
    Ok(found)
}

/// A subnet with what it needs, and the balance of both.
pub(super) struct Held<'a> {
    pub(super) plane: &'a Dataplane<'a>,
    pub(super) evaluator: Evaluator<'a>,
    pub(super) map: FlowMap,
    asks: &'a [Ask],
    pub(super) needs: Vec<Need>,
    pub(super) balance: Balance,
}

/// A flow, alone and as a set.
pub(super) struct Followed {
    flow: Flow,
    pub(super) trace: Trace,
    pub(super) block: Block,
}

impl Held<'_> {
    pub(super) fn followed(&self, flow: Flow) -> Followed {
        let atoms = self.evaluator.atoms();
        let mut known = Known::default();
        for tag in &flow.to.tags {
            let name = format!("tag {}", tag.as_str().to_ascii_lowercase());
            if let Some(atom) = atoms.find(Side::Destination, &name) {
                known = known.both(&Known::that(atom, true), atoms).unwrap_or(known);
            }
        }
        Followed {
            trace: self.plane.trace(&flow),
            block: Block {
                known,
                ..as_block(&flow)
            },
            flow,
        }
    }

    fn is_held<'b>(&self, block: &Block, by: impl IntoIterator<Item = &'b Block>) -> bool {
        let mut work = Work::new(self.evaluator.atoms(), STEPS);
        Holding::of(by).left(block, &mut work).unwrap().is_none()
    }

    /// A flow at a corner of what is asked for: it arrives unless the deficit has it.
    fn delivery(&self, of: usize, one: &Followed, found: &mut Found) -> Result<(), String> {
        let atoms = self.evaluator.atoms();
        if !self.is_held(&one.block, &self.needs[of].flows.must) {
            return match is_alias(&one.flow) {
                true => Ok(()),
                false => Err(self.told("is asked for and not among what must arrive", one)),
            };
        }
        let missing = self.balance.missing.iter().filter(|it| it.of == of);
        let near: Vec<&Missing> = missing
            .filter(|it| it.flows.meets(&one.block, atoms))
            .collect();
        let certain = |it: &&Missing| it.certain && one.block.is_within(&it.flows, atoms);
        let (arrives, lacks) = (near.is_empty(), near.iter().any(certain));
        match one.trace.verdict {
            Verdict::Denied | Verdict::NoReturn if arrives => {
                return Err(self.told("does not arrive and is in no deficit", one));
            }
            Verdict::Allowed if lacks => {
                return Err(self.told("arrives and is in a deficit", one));
            }
            Verdict::Denied | Verdict::NoReturn => found.lacking += 1,
            Verdict::Allowed => found.delivered += 1,
            Verdict::Uncertain => found.unsure += usize::from(arrives || lacks),
        }
        Ok(())
    }

    /// Whether somebody asks for a flow, also by another name of where it goes.
    fn is_asked(&self, one: &Followed) -> Answer {
        let asks = self.asks.iter().filter(|ask| ask.is_over(&one.flow));
        let by_itself = asks
            .clone()
            .map(|ask| ask.leads_to(self.plane, &one.flow.to));
        let other_names = names_of(self.plane.estate, one.flow.to.address);
        let resolved = one.trace.resolved.map(|address| Target {
            address: Some(address),
            ..Target::default()
        });
        let others: Vec<Target> = other_names.into_iter().chain(resolved).collect();
        let by_others = asks.flat_map(|ask| others.iter().map(|to| ask.leads_to(self.plane, to)));
        by_itself.chain(by_others).max().unwrap_or(Answer::No)
    }

    /// A flow that leaves the networks: it is asked for, or the excess has it.
    fn openness(&self, one: &Followed, found: &mut Found) -> Result<(), String> {
        let end = one.flow.to.address.or(one.trace.resolved);
        let leaves = end.is_none_or(|end| is_outside(self.plane.estate, end));
        if one.trace.verdict != Verdict::Allowed || !leaves || is_alias(&one.flow) {
            return Ok(());
        }
        let surplus = || self.balance.surplus.iter().map(|it| &it.flows);
        // A name whose addresses nobody states may lead there.
        let needs = self.needs.iter().flat_map(Need::all);
        let perhaps = needs.filter(|it| it.known != Known::default());
        match self.is_asked(one) {
            Answer::No if self.is_held(&one.block, surplus().chain(perhaps)) => {
                found.excess += 1;
                Ok(())
            }
            // What sets do not follow is told as not known.
            Answer::No
                if self.is_held(&one.block, self.balance.open.iter().map(|it| &it.flows)) =>
            {
                found.unsure += 1;
                Ok(())
            }
            Answer::No => Err(self.told("is let through, not asked for, and no excess", one)),
            Answer::Yes if self.is_held(&one.block, surplus()) => {
                Err(self.told("is asked for and an excess", one))
            }
            Answer::Yes | Answer::Perhaps => Ok(()),
        }
    }

    /// A flow of a set. There is none where the set rests on something else than service tags: a single flow cannot
    /// state that.
    pub(super) fn example(&self, flows: &Block) -> Option<Flow> {
        let atoms = self.evaluator.atoms();
        let mut known = flows.known.all().iter();
        let can_be_stated = known.all(|(atom, _)| {
            let (side, name) = atoms.name(*atom);
            let tag = name.strip_prefix("tag ");
            side == Side::Destination && tag.is_some_and(|it| !BY_NETWORK.contains(&it))
        });
        let flow = witness(self.plane, self.map.subnet, flows, atoms)?;
        let sender = flow.from.address();
        let usable = usable(self.plane.estate, self.map.subnet, sender.is_ipv4());
        let can_be_there = usable.holds(number_of(sender)) || !usable.meets(&flows.sources);
        assert!(can_be_there, "{sender} is an address that Azure keeps");
        can_be_stated.then_some(flow)
    }

    /// An example of each deficit and excess.
    fn examples(&self, found: &mut Found) -> Result<(), String> {
        let subnet = self.map.subnet;
        for missing in self.balance.missing.iter().filter(|it| it.certain) {
            let Some(flow) = self.example(&missing.flows) else {
                continue;
            };
            let one = self.followed(flow);
            let ask = &self.asks[missing.of];
            if ask.has(self.plane, &one.flow) == Answer::No {
                return Err(self.told("is in a deficit of what does not ask for it", &one));
            }
            match one.trace.verdict {
                Verdict::Allowed => return Err(self.told("is in a deficit and arrives", &one)),
                Verdict::Uncertain => found.unsure += 1,
                Verdict::Denied | Verdict::NoReturn => found.refuted += 1,
            }
        }
        for surplus in &self.balance.surplus {
            let Some(flow) = self.example(&surplus.flows) else {
                continue;
            };
            let one = self.followed(flow);
            let end = one.flow.to.address.or(one.trace.resolved);
            if !end.is_none_or(|end| is_apart(self.plane.estate, subnet, end)) {
                return Err(self.told("stays inside and is an excess", &one));
            }
            if self.is_asked(&one) == Answer::Yes {
                return Err(self.told("is an excess and asked for", &one));
            }
            match one.trace.verdict {
                Verdict::Allowed => found.refuted += 1,
                Verdict::Uncertain => found.unsure += 1,
                Verdict::Denied | Verdict::NoReturn => {
                    return Err(self.told("is an excess and not let through", &one));
                }
            }
        }
        Ok(())
    }

    pub(super) fn told(&self, what: &str, one: &Followed) -> String {
        let Followed { flow, trace, block } = one;
        let blockers = trace.blockers.iter();
        let blockers: Vec<String> = blockers
            .map(|it| format!("{:?} {}: {} {}", it.outcome, it.cause, it.element, it.text))
            .collect();
        let pieces = self.map.pieces.iter();
        let pieces = pieces.filter(|it| it.flows.meets(block, self.evaluator.atoms()));
        let pieces: Vec<_> = pieces
            .map(|it| (it.fate, &it.via, &it.doubts, self.known_of(&it.flows)))
            .collect();
        let known = self.known_of(block);
        let (verdict, asks) = (trace.verdict, self.asks);
        format!(
            "{what}: {verdict:?} {flow:?}\n{blockers:#?}\nas sets, if {known:?}: {pieces:?}\nasked: {asks:?}"
        )
    }

    /// What a set rests on, in words.
    fn known_of(&self, block: &Block) -> Vec<(&str, bool)> {
        let atoms = self.evaluator.atoms();
        let known = block.known.all().iter();
        known
            .map(|(atom, inside)| (atoms.name(*atom).1, *inside))
            .collect()
    }
}

/// Whether a flow is to a name that nobody asks for: public DNS only sends others on to it.
fn is_alias(flow: &Flow) -> bool {
    let name = flow.to.name.as_ref();
    name.is_some_and(|name| ALIASES.iter().any(|end| name.as_str().contains(end)))
}

/// The names that an estate has for an address.
fn names_of(estate: &Estate, address: Option<IpAddr>) -> Vec<Target> {
    let services = estate.services.iter().filter(|(_, service)| {
        let mut own = service.addresses.iter();
        own.any(|it| Some(it.value) == address)
    });
    let services = services.map(|(_, service)| service.fqdn.value.clone());
    let pools = estate.pools.iter().map(|(_, pool)| &pool.api_server);
    let pools = pools.filter(|it| it.public_ip.is_some_and(|it| Some(it.value) == address));
    let pools = pools.filter_map(|it| it.fqdn.as_ref().map(|it| it.value.clone()));
    let names = services.chain(pools);
    names
        .map(|name| Target {
            name: Some(name),
            ..Target::default()
        })
        .collect()
}

/// The addresses of a subnet that its machines may have: Azure keeps the first four and the last one.
fn usable(estate: &Estate, subnet: Id<Subnet>, is_ipv4: bool) -> Ranges {
    let prefixes = estate.subnets[subnet].prefixes.iter().map(|it| it.value);
    let prefixes = prefixes.filter(|prefix| prefix.addr().is_ipv4() == is_ipv4);
    let ends = prefixes.map(|it| (number_of(it.network()) + 4, number_of(it.broadcast()) - 1));
    Ranges::of(ends)
}

/// Whether an address is in none of the networks, and no machine of Azure's own answers there.
fn is_outside(estate: &Estate, address: IpAddr) -> bool {
    let vnets = estate.vnets.iter().flat_map(|(_, vnet)| &vnet.prefixes);
    let pods = estate.pools.iter().flat_map(|(_, pool)| &pool.pod_prefixes);
    let mut inside = vnets.chain(pods);
    !inside.any(|prefix| prefix.value.contains(&address)) && !is_special(address)
}

/// Whether an address is not in the network of a subnet, and no machine of Azure's own answers there.
fn is_apart(estate: &Estate, subnet: Id<Subnet>, address: IpAddr) -> bool {
    let own = &estate.vnets[estate.subnets[subnet].vnet].prefixes;
    let mut own = own.iter();
    !own.any(|prefix| prefix.value.contains(&address)) && !is_special(address)
}

/// The Azure host, the own machine, many machines at once, and what no router of the Internet forwards to.
fn is_special(address: IpAddr) -> bool {
    let host: IpAddr = "168.63.129.16".parse().unwrap();
    let is_local = match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unicast_link_local() || v6.is_unique_local(),
    };
    address == host || is_local || address.is_multicast() || address.is_unspecified()
}
