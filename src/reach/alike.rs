//! Whether the rules of two networks do the same with every flow, whatever is not known of tags, groups and conditions.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::azure::FirewallOrder;
use crate::azure::facts::Facts;
use crate::azure::rule_sets::{RuleSet, with_those_above};
use crate::estate::{Access, Action, Direction, Estate, Nsg};
use crate::space::{
    Acting, Atoms, Block, Kind, Names, Ranges, Targets, TooLarge, differ, every_v4,
};

use super::STEPS;
use super::firewall_rules::FirewallRules;
use super::kinds::decided_by_network_rules;
use super::security_rules::parts_of;

/// Whether two security groups certainly do the same with every flow of a direction.
///
/// # Errors
/// When it is too large to decide.
pub fn security_rules_alike(
    one: (&Estate, &Nsg),
    other: (&Estate, &Nsg),
    direction: Direction,
) -> Result<bool, TooLarge> {
    let mut atoms = Atoms::default();
    // Protocols without ports care for the ports of a rule, or do not: the groups are alike either way.
    for care in [true, false] {
        let mut read = |(estate, nsg): (&Estate, &Nsg)| -> Vec<Acting<Access>> {
            let rules = nsg.rules.iter();
            let mut rules: Vec<_> = rules.filter(|rule| rule.direction == direction).collect();
            rules.sort_by_key(|rule| rule.priority.value);
            let acting = rules.iter().map(|rule| {
                let parts = parts_of(estate, rule, &mut atoms).into_iter();
                let parts = parts.filter(|part| !(care && part.is_doubtful));
                Acting {
                    blocks: parts.map(|part| part.block).collect(),
                    way: rule.access,
                }
            });
            acting.collect()
        };
        let (one, other) = (read(one), read(other));
        if differ(&one, &other, &atoms, STEPS)?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the network rules of two sets, with those of the policies above, certainly do the same with every packet.
///
/// # Errors
/// When it is too large to decide.
pub fn network_rules_alike<'a>(
    one: (&'a Estate, &RuleSet<'a>),
    other: (&'a Estate, &RuleSet<'a>),
    facts: &Facts,
) -> Result<bool, TooLarge> {
    let mut atoms = Atoms::default();
    let mut names = NamesAsPorts::default();
    let mut read = |(estate, set): (&'a Estate, &RuleSet<'a>)| -> Option<Vec<Acting<Action>>> {
        let rules = FirewallRules::network_over(estate, facts, set, std::mem::take(&mut atoms));
        let order = FirewallOrder::of_sets(&with_those_above(estate, set));
        let each = order.network.iter().zip(&rules.matches).zip(&rules.known);
        let acting = each.map(|((placed, matches), known)| {
            let blocks = matches.may.iter().map(|block| names.packets(block));
            let blocks: Option<Vec<Block>> = blocks.collect();
            Some(Acting {
                blocks: blocks.filter(|_| *known)?,
                way: placed.action,
            })
        });
        let acting = acting.collect();
        atoms = rules.atoms;
        acting
    };
    let (Some(one), Some(other)) = (read(one), read(other)) else {
        return Ok(false);
    };
    Ok(differ(&one, &other, &atoms, STEPS)?.is_none())
}

/// Whether the application rules of two sets, with those of the policies above, certainly do the same with every request
/// that no network rule decides. The network rules are the same.
///
/// # Errors
/// When it is too large to decide.
pub fn application_rules_alike<'a>(
    one: (&'a Estate, &RuleSet<'a>),
    other: (&'a Estate, &RuleSet<'a>),
    facts: &Facts,
) -> Result<bool, TooLarge> {
    let mut atoms = Atoms::default();
    let mut read = |(estate, set): (&'a Estate, &RuleSet<'a>)| {
        let rules = FirewallRules::application_over(estate, set, std::mem::take(&mut atoms));
        let order = FirewallOrder::of_sets(&with_those_above(estate, set));
        // Rules whose requests network rules decide never decide anything.
        let by_network = decided_by_network_rules(estate, facts, set);
        let each = order
            .application
            .iter()
            .zip(&rules.matches)
            .zip(&rules.known);
        let asked = each
            .enumerate()
            .filter(|(at, _)| !matches!(by_network.get(*at), Some(Some(_))));
        let acting = asked.map(|(_, ((placed, matches), known))| {
            known.then(|| Acting {
                blocks: matches.may.clone(),
                way: (placed.action, placed.rule.terminate_tls.is_some()),
            })
        });
        let acting: Option<Vec<_>> = acting.collect();
        atoms = rules.atoms;
        acting
    };
    let (Some(one), Some(other)) = (read(one), read(other)) else {
        return Ok(false);
    };
    Ok(differ(&one, &other, &atoms, STEPS)?.is_none())
}

/// Names of destinations as numbers beside the addresses: a packet to a name has an address too, so rules about names
/// and rules about addresses may both match it. Network rules leave source ports alone, so the numbers take their place.
#[derive(Debug, Default)]
struct NamesAsPorts(FxHashMap<SmolStr, u64>);

impl NamesAsPorts {
    /// The packets of a block; none where that cannot be said.
    fn packets(&mut self, block: &Block) -> Option<Block> {
        let any = Ranges::span(0, u64::MAX.into());
        let source_ports = match &block.targets {
            Targets::Names(names) if *names == Names::all() => any,
            Targets::Names(names) => {
                let numbers = names.each()?.into_iter().map(|name| {
                    let next = self.0.len() as u64;
                    let number = u128::from(*self.0.entry(name).or_insert(next));
                    (number, number)
                });
                Ranges::of(numbers)
            }
            Targets::Addresses(_) => any,
        };
        let targets = match &block.targets {
            Targets::Names(_) => Targets::Addresses(every_v4()),
            addresses @ Targets::Addresses(_) => addresses.clone(),
        };
        Some(Block {
            kind: Kind::V4,
            source_ports,
            targets,
            ..block.clone()
        })
    }
}
