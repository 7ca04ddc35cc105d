//! Changed flows by what is responsible for them, each with a flow that was followed on both sides.

use std::collections::BTreeMap;

use crate::azure::{Cause, Dataplane, Element, Flow, Sender, Site, Trace, Verdict};
use crate::estate::{Id, Subnet};
use crate::reach::witness_in;
use crate::space::{Atoms, Block, Kind, Ranges, Targets, TooLarge, Wording, Work, v4_of, v6_of};

use super::excess::{Openness, openness, rules_of};
use super::moved::Moved;
use super::query::as_one;

/// How many sets of flows of one subnet are followed one by one.
const MOST_FOLLOWED: usize = 1_000;

/// How many comparisons it may take to put the flows of one change together.
const STEPS: u64 = 5_000_000;

/// In which direction flows change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// They are allowed now.
    Opened,
    /// They were allowed.
    Closed,
    /// They arrive or do not; their replies do not come back either way.
    OneWay,
    /// What becomes of them was known.
    Unclear,
    /// What becomes of them is known now.
    Clear,
}

impl Direction {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Opened,
        Self::Closed,
        Self::OneWay,
        Self::Unclear,
        Self::Clear,
    ];

    fn of(before: Verdict, after: Verdict) -> Self {
        match (before, after) {
            (_, Verdict::Uncertain) => Self::Unclear,
            (Verdict::Uncertain, _) => Self::Clear,
            (_, Verdict::Allowed) => Self::Opened,
            (Verdict::Allowed, _) => Self::Closed,
            _ => Self::OneWay,
        }
    }
}

/// Flows that become of something else, for the same reasons.
#[derive(Debug, Clone)]
pub struct Change {
    /// In which direction.
    pub direction: Direction,
    /// What becomes of all of them in the first network.
    pub was: Verdict,
    /// What becomes of all of them in the second network.
    pub is: Verdict,
    /// The flow to show was followed on both sides, and the same came out.
    pub certain: bool,
    /// From which subnets.
    pub subnets: Vec<String>,
    /// The flows in words, a line each.
    pub flows: Vec<String>,
    /// A flow to show; of many changes at once the last ones have none.
    pub example: Option<Example>,
    /// How much it is, without what rests on a condition.
    pub openness: Openness,
    /// Some of it rests on a condition, such as a service tag without its file: how much that is, is not known.
    pub unlisted: bool,
}

/// A flow, followed on both sides.
#[derive(Debug, Clone)]
pub struct Example {
    /// The flow, in the second network.
    pub flow: Flow,
    /// What becomes of it in the first network.
    pub before: Told,
    /// What becomes of it in the second network.
    pub after: Told,
}

/// What becomes of a flow, and because of what.
#[derive(Debug, Clone)]
pub struct Told {
    /// What becomes of it.
    pub verdict: Verdict,
    /// Rules that let it through, those first that are of the kind that decides on the other side; or what stops it.
    pub elements: Vec<Element>,
    /// Why it does not arrive.
    pub blocker: Option<(Cause, String)>,
    /// What was assumed.
    pub assumed: Vec<String>,
}

/// Two subnets that are the same one.
pub(super) struct Pair<'p> {
    pub(super) before: &'p Dataplane<'p>,
    pub(super) after: &'p Dataplane<'p>,
    pub(super) subnets: (Id<Subnet>, Id<Subnet>),
    pub(super) atoms: &'p Atoms,
    /// Addresses that somewhere in the Internet may have.
    pub(super) public: &'p Ranges,
}

/// What changes are told apart by.
type Key = (Verdict, Verdict, bool, Reason, Reason);

/// The element and cause that decide on one side, as far as another estate may have them too.
type Reason = (String, Option<Cause>);

/// Changes of all subnets.
#[derive(Debug, Default)]
pub(super) struct Changes {
    all: Vec<Change>,
    places: BTreeMap<(Key, Vec<String>), usize>,
}

impl Changes {
    /// Takes in the changes of one subnet. Where it takes too much to put flows together, they are told in parts.
    ///
    /// # Errors
    /// When there were such flows.
    pub(super) fn take(&mut self, pair: &Pair<'_>, mut moved: Vec<Moved>) -> Result<(), TooLarge> {
        moved.sort_by_cached_key(|it| (std::cmp::Reverse(pair.size(&it.flows)), it.flows.clone()));
        let mut groups: Vec<(Vec<&Block>, Option<Example>)> = Vec::new();
        let mut places: BTreeMap<Key, usize> = BTreeMap::new();
        for (at, one) in moved.iter().enumerate() {
            let followed = if at < MOST_FOLLOWED {
                pair.follow(&one.flows)
            } else {
                None
            };
            let agrees = followed
                .as_ref()
                .is_some_and(|it| it.shows(one.before, one.after));
            let is_known = one.before != Verdict::Uncertain && one.after != Verdict::Uncertain;
            let reason = |side: fn(&Example) -> &Told| {
                followed
                    .as_ref()
                    .map(|it| side(it).reason())
                    .unwrap_or_default()
            };
            let key = (
                one.before,
                one.after,
                agrees && is_known,
                reason(|it| &it.before),
                reason(|it| &it.after),
            );
            let place = *places.entry(key).or_insert(groups.len());
            match groups.get_mut(place) {
                Some((blocks, _)) => blocks.push(&one.flows),
                None => groups.push((vec![&one.flows], followed)),
            }
        }
        let mut whole = Ok(());
        let mut keys: Vec<(Key, usize)> = places.into_iter().collect();
        keys.sort_by_key(|(_, place)| *place);
        for ((key, _), (blocks, example)) in keys.into_iter().zip(groups) {
            let (flows, put_together) = pair.words(&blocks);
            let listed = blocks.iter().copied().filter(|it| is_listed(it));
            let listed: Vec<&Block> = listed.collect();
            if !put_together {
                whole = Err(TooLarge);
            }
            let change = Change {
                direction: Direction::of(key.0, key.1),
                was: key.0,
                is: key.1,
                certain: key.2,
                subnets: vec![pair.after.estate.subnet_path(pair.subnets.1)],
                flows,
                example,
                openness: openness(pair.after, &listed, Some(pair.public)),
                unlisted: listed.len() < blocks.len(),
            };
            self.add(key, change);
        }
        whole
    }

    /// The same flows from another subnet are the same change.
    fn add(&mut self, key: Key, change: Change) {
        let place = *self
            .places
            .entry((key, change.flows.clone()))
            .or_insert(self.all.len());
        match self.all.get_mut(place) {
            Some(known) => known.subnets.extend(change.subnets),
            None => self.all.push(change),
        }
    }

    /// What is certain first, then by how much it is.
    pub(super) fn ranked(self) -> Vec<Change> {
        let mut all = self.all;
        let rank = |it: &Change| (it.unlisted, it.openness.rank(), it.flows.len());
        all.sort_by(|a, b| {
            let groups = (a.direction, !a.certain).cmp(&(b.direction, !b.certain));
            groups
                .then_with(|| rank(b).cmp(&rank(a)))
                .then_with(|| (&a.subnets, &a.flows).cmp(&(&b.subnets, &b.flows)))
        });
        all
    }
}

impl Example {
    /// Whether what came out on both sides is what is said of all flows.
    fn shows(&self, was: Verdict, is: Verdict) -> bool {
        let (before, after) = (self.before.verdict, self.after.verdict);
        match Direction::of(was, is) {
            Direction::OneWay => (before, after) == (was, is),
            _ => arrives(before) == arrives(was) && arrives(after) == arrives(is),
        }
    }
}

/// Whether the fields alone say which flows they are.
fn is_listed(block: &Block) -> bool {
    block.known.all().iter().all(|(_, inside)| !inside)
}

/// A flow without a reply and one that is stopped are both of no use to who sends it.
fn arrives(verdict: Verdict) -> Option<bool> {
    match verdict {
        Verdict::Allowed => Some(true),
        Verdict::NoReturn | Verdict::Denied => Some(false),
        Verdict::Uncertain => None,
    }
}

impl Pair<'_> {
    /// By what the largest sets of flows are followed first: pairs of public addresses and ports, then names.
    fn size(&self, block: &Block) -> (u128, bool) {
        match &block.targets {
            Targets::Addresses(ranges) if block.kind == Kind::V4 => {
                let addresses = ranges.and(self.public).count();
                let ports = block.ports.count().saturating_mul(block.protocols.count());
                (addresses.saturating_mul(ports), false)
            }
            Targets::Addresses(_) => (0, false),
            Targets::Names(_) => (0, true),
        }
    }

    /// The words, and whether the flows could be put together.
    fn words(&self, blocks: &[&Block]) -> (Vec<String>, bool) {
        const LINES: usize = 6;
        let mut prefixes = Vec::new();
        let sides = [(self.before, self.subnets.0), (self.after, self.subnets.1)];
        for (plane, subnet) in sides {
            let own = plane.estate.subnets[subnet].prefixes.iter();
            prefixes.extend(own.map(|prefix| prefix.value));
        }
        let (v4, v6) = (v4_of(prefixes.iter().copied()), v6_of(prefixes));
        let words = Wording::new(self.atoms)
            .sources(v4, v6)
            .lines(LINES)
            .parts(6);
        let mut work = Work::new(self.atoms, STEPS);
        let all = blocks.iter().map(|block| (*block).clone());
        match as_one(all.collect(), &mut work) {
            Ok(flows) => (words.flows(&flows), true),
            Err(TooLarge) => {
                let shown = blocks.iter().take(LINES);
                let mut lines: Vec<String> = shown.map(|block| words.block(block)).collect();
                let more = blocks.len().saturating_sub(LINES);
                if more > 0 {
                    lines.push(format!("and {more} more"));
                }
                (lines, false)
            }
        }
    }

    /// Follows one of some flows on both sides.
    fn follow(&self, flows: &Block) -> Option<Example> {
        let regions = [self.after.regions(), self.before.regions()].concat();
        let flow = witness_in(self.after, &regions, self.subnets.1, flows, self.atoms)?;
        let trace = |plane: &Dataplane<'_>, subnet: Id<Subnet>| {
            let address = flow.from.address();
            let prefixes = &plane.estate.subnets[subnet].prefixes;
            let has_it = prefixes.iter().any(|it| it.value.contains(&address));
            let from = Sender::Inside { subnet, address };
            // A machine that no subnet can have sends nothing.
            has_it.then(|| {
                plane.trace(&Flow {
                    from,
                    ..flow.clone()
                })
            })
        };
        let (was, is) = (
            trace(self.before, self.subnets.0),
            trace(self.after, self.subnets.1),
        );
        Some(Example {
            before: Told::of(was.as_ref(), is.as_ref()),
            after: Told::of(is.as_ref(), was.as_ref()),
            flow,
        })
    }
}

impl Told {
    /// What becomes of a flow on one side. Of all that it passes, that comes first which decides on the other side.
    fn of(own: Option<&Trace>, other: Option<&Trace>) -> Self {
        let Some(trace) = own else {
            return Self {
                verdict: Verdict::Denied,
                elements: Vec::new(),
                blocker: None,
                assumed: Vec::new(),
            };
        };
        let assumed = trace.assumptions.iter().map(|it| it.text.clone());
        let mut told = Self {
            verdict: trace.verdict,
            elements: Vec::new(),
            blocker: None,
            assumed: assumed.collect(),
        };
        if let Some(blocker) = trace.decisive() {
            told.elements.push(blocker.element.clone());
            told.blocker = Some((blocker.cause, blocker.text.clone()));
            return told;
        }
        let decides = other.and_then(Trace::decisive);
        let decides = decides.map(|it| layer(&it.element.site));
        told.elements = rules_of(trace);
        let is_told = |element: &Element| Some(layer(&element.site)) == decides;
        if !told.elements.iter().any(is_told) {
            // Where a flow is does not let it through.
            let passed = trace.path.iter();
            let passed = passed.filter(|it| !matches!(it.site, Site::Subnet(_) | Site::Vnet(_)));
            told.elements.extend(passed.cloned());
        }
        told.elements.sort_by_key(|element| !is_told(element));
        told
    }

    fn reason(&self) -> Reason {
        let element = self.elements.first();
        let name = element.map(|it| it.name.clone()).unwrap_or_default();
        (name, self.blocker.as_ref().map(|(cause, _)| *cause))
    }
}

/// What of a network an element belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Groups,
    Routes,
    Firewalls,
    Exits,
    Other,
}

fn layer(site: &Site) -> Layer {
    match site {
        Site::Nsg(_) | Site::SecurityRule(..) | Site::DefaultRule(..) => Layer::Groups,
        Site::RouteTable(_) | Site::Route(..) | Site::Peering(_) | Site::Gateway(_) => {
            Layer::Routes
        }
        Site::Firewall(_) | Site::FirewallPolicy(_) | Site::FirewallRule(_) | Site::IpGroup(_) => {
            Layer::Firewalls
        }
        Site::NatGateway(_) | Site::LoadBalancer(_) => Layer::Exits,
        _ => Layer::Other,
    }
}
