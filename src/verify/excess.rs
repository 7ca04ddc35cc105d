//! The excess: what is let through and needed by nobody, by the rule that lets it through.

use crate::azure::{Dataplane, Element, Flow, Site, Trace, Verdict};
use crate::estate::{Id, Subnet};
use crate::reach::{Evaluator, Fate, FlowMap, Need, Surplus, witness};
use crate::space::{Block, Kind, Names, Ranges, Targets, TooLarge};

use super::missing::{together, wording};

/// How many sets of flows are followed to find the rules that let them through.
const MOST_FOLLOWED: usize = 400;

/// What one rule lets through and nobody needs.
#[derive(Debug, Clone)]
pub struct Excess {
    /// The rule that lets it through, and what else it passes; none where nothing stands in its way.
    pub by: Vec<Element>,
    /// From where.
    pub subnet: Id<Subnet>,
    /// The flows in words, a line each.
    pub flows: Vec<String>,
    /// A flow to show.
    pub flow: Flow,
    /// What the evaluator of single flows says of it.
    pub verdict: Verdict,
    /// How much it is.
    pub openness: Openness,
    /// Nobody needs anything that the rule lets through.
    pub needless: bool,
}

/// How much is open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Openness {
    /// How many public addresses.
    pub addresses: u128,
    /// How many pairs of a public address, a protocol and a port.
    pub pairs: u128,
    /// Names, as patterns.
    pub names: Names,
    /// Ends of names that everybody gets one below, such as `blob.core.windows.net`, below which all names are open.
    pub shared: Vec<String>,
}

impl Openness {
    /// What is open the widest comes first.
    #[must_use]
    pub fn rank(&self) -> (u128, usize, bool) {
        (self.pairs, self.shared.len(), !self.names.is_empty())
    }
}

/// What is let through and needed by nobody, grouped by the rule that does.
pub(super) fn excesses(
    plane: &Dataplane<'_>,
    evaluator: &Evaluator<'_>,
    subnet: Id<Subnet>,
    map: &FlowMap,
    surplus: &[Surplus],
    needs: &[Need],
) -> Result<Vec<Excess>, TooLarge> {
    let atoms = evaluator.atoms();
    let words = wording(plane, subnet, atoms);
    let mut groups: Vec<(Vec<Element>, Vec<&Block>, Flow, Trace)> = Vec::new();
    for one in surplus.iter().take(MOST_FOLLOWED) {
        let Some(flow) = witness(plane, subnet, &one.flows, atoms) else {
            continue;
        };
        let trace = plane.trace(&flow);
        let by = rules_of(&trace);
        let key = |by: &[Element]| by.first().map(|it| (it.site.clone(), it.name.clone()));
        match groups.iter_mut().find(|(known, ..)| key(known) == key(&by)) {
            Some((_, blocks, ..)) => blocks.push(&one.flows),
            None => groups.push((by, vec![&one.flows], flow, trace)),
        }
    }
    let rest: Vec<&Block> = surplus
        .iter()
        .skip(MOST_FOLLOWED)
        .map(|it| &it.flows)
        .collect();
    if let Some((_, blocks, ..)) = groups.last_mut() {
        blocks.extend(rest);
    }
    let mut all = Vec::new();
    for (by, blocks, flow, trace) in groups {
        let origins: Vec<_> = by.first().map(|it| it.origin).into_iter().collect();
        let mut pieces = map.of_fate(Fate::Allowed);
        let needless = !origins.is_empty()
            && !pieces.any(|it| {
                let mut needed = needs.iter().flat_map(Need::all);
                it.by.iter().any(|origin| origins.contains(origin))
                    && needed.any(|need| need.meets(&it.flows, atoms))
            });
        all.push(Excess {
            flows: words.flows(&together(blocks.iter().copied(), atoms)?),
            openness: openness(plane, &blocks, None),
            by,
            subnet,
            flow,
            verdict: trace.verdict,
            needless,
        });
    }
    all.sort_by_key(|it| std::cmp::Reverse(it.openness.rank()));
    Ok(all)
}

/// The rules that let a flow through, a firewall's before a group's, and then the routes.
pub(super) fn rules_of(trace: &Trace) -> Vec<Element> {
    let rank = |element: &Element| match element.site {
        Site::FirewallRule(_) => 0,
        Site::SecurityRule(..) => 1,
        Site::DefaultRule(..) => 2,
        Site::Route(..) => 3,
        _ => 4,
    };
    let mut by = trace.matched.clone();
    by.sort_by_key(rank);
    by
}

/// How much some flows are; of addresses, those count that are among these, where some are given.
pub(super) fn openness(
    plane: &Dataplane<'_>,
    blocks: &[&Block],
    among: Option<&Ranges>,
) -> Openness {
    let mut addresses = Ranges::none();
    let mut open = Openness::default();
    for block in blocks {
        match &block.targets {
            Targets::Addresses(ranges) if block.kind == Kind::V4 => {
                let ranges = among.map_or_else(|| ranges.clone(), |among| ranges.and(among));
                addresses = addresses.or(&ranges);
                let pairs = ranges.count().saturating_mul(block.ports.count());
                let pairs = pairs.saturating_mul(block.protocols.count());
                open.pairs = open.pairs.saturating_add(pairs);
            }
            Targets::Addresses(_) => {}
            Targets::Names(names) => open.names = open.names.or(names),
        }
    }
    open.addresses = addresses.count();
    open.shared = shared_below(plane, &open.names);
    open
}

/// The ends of names of platform services below which almost every name is in a set.
pub(super) fn shared_below(plane: &Dataplane<'_>, names: &Names) -> Vec<String> {
    let ends = plane.facts.service_names(plane.estate.cloud);
    let mut shared: Vec<String> = ends
        .filter(|end| {
            // A name that nobody wrote stands for all that nobody wrote.
            names.holds(&format!("some-account-of-a-stranger.{}", end.suffix))
        })
        .map(|end| end.suffix.clone())
        .collect();
    shared.sort();
    shared.dedup();
    shared
}
