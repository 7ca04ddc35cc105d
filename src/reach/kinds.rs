//! Application rules of a firewall whose traffic its network rules decide together: all network rules are asked before.

use crate::azure::FirewallOrder;
use crate::azure::facts::Facts;
use crate::azure::rule_sets::{RuleSet, with_those_above};
use crate::estate::Estate;
use crate::space::{Block, Cover, Index, Kind, Ranges, Targets, TooLarge, Work, cover, every_v4};

use super::firewall_rules::{FirewallRules, application_rule};
use super::protocols::TCP;

/// How many comparisons may be made for one rule. What takes more is not told of.
const STEPS: u64 = 200_000;

/// Of each application rule of a set and of the policies above it, in order, the network rules by their places that
/// together match all packets that it may match. A name may be any address of IPv4.
#[must_use]
pub fn decided_by_network_rules<'a>(
    estate: &'a Estate,
    facts: &Facts,
    set: &RuleSet<'a>,
) -> Vec<Option<Vec<usize>>> {
    let order = FirewallOrder::of_sets(&with_those_above(estate, set));
    if order.application.is_empty() || order.network.is_empty() {
        return Vec::new();
    }
    let mut network = FirewallRules::network(estate, facts, set);
    let addresses = network.matches.iter().flat_map(|rule| &rule.surely);
    let addresses = addresses.filter_map(|block| match &block.targets {
        Targets::Addresses(addresses) if block.kind == Kind::V4 => Some(addresses.ranges()),
        _ => None,
    });
    // Mostly they lead to some addresses, and names may be others.
    if Ranges::of(addresses.flatten().copied()) != every_v4() {
        return Vec::new();
    }
    let read: Vec<_> = order
        .application
        .iter()
        .map(|placed| application_rule(estate, placed.rule, &mut network.atoms))
        .collect();
    let blocks = network.matches.iter().enumerate().flat_map(|(at, rule)| {
        let to_addresses = rule.surely.iter().filter(|block| block.kind == Kind::V4);
        to_addresses.map(move |block| (block, at))
    });
    let blocks: Vec<(&Block, usize)> = blocks.collect();
    let index = Index::of(blocks.iter().map(|(block, _)| *block));
    let decided = |wanted: &Block| -> Result<Option<Vec<usize>>, TooLarge> {
        let met = index.near(wanted);
        let near = met.iter().filter_map(|place| blocks.get(*place).copied());
        let near = near.filter(|(block, _)| {
            block.ports.meets(&wanted.ports) && block.sources.meets(&wanted.sources)
        });
        let near: Vec<(&Block, usize)> = near.collect();
        let only: Vec<&Block> = near.iter().map(|(block, _)| *block).collect();
        let mut work = Work::new(&network.atoms, STEPS);
        Ok(match cover(wanted, &only, &mut work)? {
            Cover::Left(_) => None,
            Cover::Held(used) => {
                let used = used.iter().filter_map(|place| near.get(*place));
                Some(used.map(|(_, at)| *at).collect())
            }
        })
    };
    let each = read.iter().map(|rule| {
        let may = rule.may.iter().filter(|block| !block.is_empty());
        let mut by = Vec::new();
        for block in may.filter(|_| rule.is_known) {
            by.extend(decided(&as_packets(block)).ok().flatten()?);
        }
        by.sort_unstable();
        by.dedup();
        (!by.is_empty()).then_some(by)
    });
    each.collect()
}

/// The packets of an application rule.
fn as_packets(block: &Block) -> Block {
    Block {
        kind: Kind::V4,
        protocols: Ranges::span(TCP, TCP),
        targets: Targets::Addresses(every_v4()),
        ..block.clone()
    }
}
