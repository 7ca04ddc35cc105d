//! Firewall rules whose flows the security groups of their senders stop before, so that they let nothing through.

use rustc_hash::FxHashMap;

use crate::azure::gaps;
use crate::azure::rule_sets::RuleSet;
use crate::estate::{Access, Action, Direction, Estate, Id, Nsg, RuleInfo, Subnet};
use crate::space::{
    Atoms, Block, Deciding, Kind, Matches, Ranges, Targets, TooLarge, Work, all_decided, every_v4,
    v4_of,
};

use super::firewall_rules::{Blocks, application_rule, network};
use super::protocols::TCP;
use super::security_rules::matches_of;

/// How many comparisons may be made for one rule. What takes more is not told of.
const STEPS: u64 = 50_000;

/// An allowing rule of a firewall, and the groups that stop all its flows.
#[derive(Debug)]
pub struct StoppedBefore<'a> {
    /// The rule.
    pub rule: &'a RuleInfo,
    /// The kind of the rule, in words.
    pub kind: &'static str,
    /// The groups.
    pub groups: Vec<Id<Nsg>>,
}

/// The subnets of an estate, and what their groups let out.
#[derive(Debug)]
pub struct Senders<'a> {
    estate: &'a Estate,
    /// Addresses of subnets that have a group which denies something.
    closed: Ranges,
    subnets: Vec<(Ranges, Option<Id<Nsg>>)>,
    groups: FxHashMap<Id<Nsg>, Vec<(Access, Matches)>>,
    atoms: Atoms,
}

impl<'a> Senders<'a> {
    /// Those of an estate. A group of which not all rules are known stops nothing.
    #[must_use]
    pub fn of(estate: &'a Estate) -> Self {
        let subnets: Vec<(Ranges, Option<Id<Nsg>>)> = estate
            .subnets
            .iter()
            .map(|(id, subnet)| {
                let prefixes = subnet.prefixes.iter().map(|prefix| prefix.value);
                (v4_of(prefixes), closing_group(estate, id, subnet))
            })
            .collect();
        let closed = subnets.iter().filter(|(_, group)| group.is_some());
        let closed = closed.flat_map(|(addresses, _)| addresses.ranges().iter().copied());
        Self {
            estate,
            closed: Ranges::of(closed),
            subnets,
            groups: FxHashMap::default(),
            atoms: Atoms::default(),
        }
    }

    /// The rules of a set that let nothing through, because every sender that they name is stopped before.
    pub fn stop(&mut self, set: &RuleSet<'a>) -> Vec<StoppedBefore<'a>> {
        let mut found = Vec::new();
        if self.closed.is_empty() {
            return found;
        }
        let estate = self.estate;
        for placed in set.network_rules() {
            if placed.collection.action == Action::Allow {
                let blocks = network(estate, placed.rule, &mut self.atoms);
                let info = &placed.rule.info;
                found.extend(self.stopped(info, "network rule", &blocks));
            }
        }
        for placed in set.application_rules() {
            if placed.collection.action == Action::Allow {
                let blocks = application_rule(estate, placed.rule, &mut self.atoms);
                let info = &placed.rule.info;
                found.extend(self.stopped(info, "application rule", &blocks));
            }
        }
        found
    }

    fn stopped(
        &mut self,
        rule: &'a RuleInfo,
        kind: &'static str,
        blocks: &Blocks,
    ) -> Option<StoppedBefore<'a>> {
        let may: Vec<&Block> = blocks.may.iter().filter(|it| !it.is_empty()).collect();
        let near = may.iter().all(|it| it.sources.is_within(&self.closed));
        if !blocks.is_known || may.is_empty() || !near {
            return None;
        }
        let mut groups = Vec::new();
        for block in may {
            groups.extend(self.groups_that_stop(&as_packets(block)).ok().flatten()?);
        }
        groups.sort_unstable();
        groups.dedup();
        Some(StoppedBefore { rule, kind, groups })
    }

    /// The groups that together stop all flows of a block, whichever subnet has their sender.
    fn groups_that_stop(&mut self, block: &Block) -> Result<Option<Vec<Id<Nsg>>>, TooLarge> {
        let mut groups = Vec::new();
        for (addresses, group) in &self.subnets {
            let sources = block.sources.and(addresses);
            if sources.is_empty() {
                continue;
            }
            let Some(group) = group else {
                return Ok(None);
            };
            let rules = self
                .groups
                .entry(*group)
                .or_insert_with(|| outbound(self.estate, *group, &mut self.atoms));
            let part = Block {
                sources,
                ..block.clone()
            };
            let deciding = rules.iter().map(|(access, matches)| Deciding {
                matches,
                way: *access,
                known: true,
                asked: false,
            });
            let mut work = Work::new(&self.atoms, STEPS);
            if all_decided(&part, Access::Deny, deciding.enumerate(), &mut work)?.is_none() {
                return Ok(None);
            }
            groups.push(*group);
        }
        Ok(Some(groups))
    }
}

/// The group of a subnet, if it is certain and denies something on the way out.
fn closing_group(estate: &Estate, id: Id<Subnet>, subnet: &Subnet) -> Option<Id<Nsg>> {
    let group = subnet.nsg.as_ref().and_then(|nsg| nsg.id)?;
    let open = gaps::security_group(estate, id).or_else(|| gaps::security_rules(estate, group));
    let mut rules = estate.nsgs[group].rules.iter();
    let denies =
        rules.any(|rule| rule.direction == Direction::Outbound && rule.access == Access::Deny);
    (open.is_none() && denies).then_some(group)
}

fn outbound(estate: &Estate, group: Id<Nsg>, atoms: &mut Atoms) -> Vec<(Access, Matches)> {
    let rules = estate.nsgs[group].rules.iter();
    let mut rules: Vec<_> = rules
        .filter(|rule| rule.direction == Direction::Outbound)
        .collect();
    rules.sort_by_key(|rule| rule.priority.value);
    let rules = rules.into_iter();
    rules
        .map(|rule| (rule.access, matches_of(estate, rule, atoms)))
        .collect()
}

/// Flows as a group sees them: a name is some address, what a firewall reads inside is TCP.
fn as_packets(block: &Block) -> Block {
    match &block.targets {
        Targets::Addresses(_) => block.clone(),
        Targets::Names(_) => {
            let packets = Ranges::span(0, 255);
            let inside = !block.protocols.is_within(&packets);
            Block {
                kind: Kind::V4,
                targets: Targets::Addresses(every_v4()),
                protocols: if inside {
                    Ranges::span(TCP, TCP)
                } else {
                    block.protocols.clone()
                },
                ..block.clone()
            }
        }
    }
}
