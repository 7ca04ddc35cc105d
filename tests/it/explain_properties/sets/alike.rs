//! Lists of rules that are told to do the same do so with every flow: one of two networks is spoilt, and where no list is
//! told to differ, single flows fare alike in both.

use tidegate::azure::facts::Facts;
use tidegate::azure::rule_sets::rule_sets;
use tidegate::azure::{Dataplane, Verdict};
use tidegate::estate::{Access, Action, Direction, Estate, Id, RuleCollection, Rules, Subnet};
use tidegate::net::PortRange;
use tidegate::reach::{application_rules_alike, network_rules_alike, security_rules_alike};

use super::both::Counts;
use super::{corners, wider};

/// What was noticed of spoilt networks.
#[derive(Debug, Default)]
pub(super) struct Noticed {
    /// Networks whose rules are told to differ.
    pub(super) different: usize,
    /// Networks whose rules are told to be alike.
    pub(super) alike: usize,
    /// Networks of those that differ in which a single flow shows it.
    pub(super) shown: usize,
    /// Networks that are not told to be like themselves, because it is not known what some of their rules match.
    pub(super) unknown: usize,
}

impl Noticed {
    pub(super) fn add(&mut self, other: &Self) {
        self.different += other.different;
        self.alike += other.alike;
        self.shown += other.shown;
        self.unknown += other.unknown;
    }
}

/// Changes one thing about one rule of a list.
fn spoil_list<T>(rules: &mut Vec<T>, turn: usize, narrow: impl Fn(&mut T)) {
    if rules.is_empty() {
        return;
    }
    let at = turn % rules.len();
    match turn % 3 {
        0 => drop(rules.remove(at)),
        1 => rules.swap(0, at),
        _ => narrow(&mut rules[at]),
    }
}

/// Changes one thing about the rules of a network.
fn spoil(estate: &Estate, turn: usize) -> Estate {
    let mut spoilt = estate.clone();
    let nsgs: Vec<_> = estate.nsgs.ids().collect();
    if let (Some(id), 0) = (nsgs.get(turn / 2 % nsgs.len().max(1)), turn % 2) {
        let rules = &mut spoilt.nsgs[*id].rules;
        let priorities: Vec<_> = rules.iter().map(|rule| rule.priority).collect();
        spoil_list(rules, turn / 2, |rule| {
            rule.access = match rule.access {
                Access::Allow => Access::Deny,
                Access::Deny => Access::Allow,
            };
        });
        // The order is that of the priorities.
        for (rule, priority) in rules.iter_mut().zip(priorities) {
            rule.priority = priority;
        }
        return spoilt;
    }
    let count = (0..)
        .take_while(|at| collection(&mut spoilt, *at).is_some())
        .count();
    let Some(collection) = collection(&mut spoilt, turn / 2 % count.max(1)) else {
        return spoilt;
    };
    match &mut collection.rules {
        _ if turn.is_multiple_of(5) => {
            collection.action = match collection.action {
                Action::Allow => Action::Deny,
                Action::Deny => Action::Allow,
                Action::Dnat => Action::Dnat,
            };
        }
        Rules::Network(rules) => spoil_list(rules, turn / 2, |rule| {
            rule.ports = vec![PortRange::single(443)];
        }),
        Rules::Application(rules) => spoil_list(rules, turn / 2, |rule| {
            rule.protocols.truncate(1);
        }),
        Rules::Nat(_) => {}
    }
    spoilt
}

/// A collection of an estate by its number.
fn collection(estate: &mut Estate, number: usize) -> Option<&mut RuleCollection> {
    let policies = estate.firewall_policies.ids().flat_map(|id| {
        let groups = estate.firewall_policies[id].groups.iter().enumerate();
        groups.flat_map(move |(group, it)| {
            (0..it.collections.len()).map(move |at| (Ok((id, group)), at))
        })
    });
    let firewalls = estate
        .firewalls
        .ids()
        .flat_map(|id| (0..estate.firewalls[id].collections.len()).map(move |at| (Err(id), at)));
    let (place, at) = policies.chain(firewalls).nth(number)?;
    match place {
        Ok((id, group)) => estate.firewall_policies[id].groups[group]
            .collections
            .get_mut(at),
        Err(id) => estate.firewalls[id].collections.get_mut(at),
    }
}

/// Whether all lists of rules of two networks are told to be alike.
fn are_alike(one: &Estate, other: &Estate) -> bool {
    let facts = Facts::builtin();
    let groups = one.nsgs.ids().all(|id| {
        [Direction::Inbound, Direction::Outbound].iter().all(|way| {
            let pair = ((one, &one.nsgs[id]), (other, &other.nsgs[id]));
            security_rules_alike(pair.0, pair.1, *way).unwrap()
        })
    });
    let (ones, others) = (rule_sets(one), rule_sets(other));
    groups
        && ones.iter().zip(&others).all(|(set, same)| {
            network_rules_alike((one, set), (other, same), facts).unwrap()
                && application_rules_alike((one, set), (other, same), facts).unwrap()
        })
}

pub(super) fn follow(
    estate: &Estate,
    subnet: Id<Subnet>,
    turn: usize,
) -> Result<(Noticed, Counts), String> {
    let spoilt = spoil(estate, turn);
    let alike = are_alike(estate, &spoilt);
    if !are_alike(estate, estate) {
        let unknown = Noticed {
            unknown: 1,
            ..Noticed::default()
        };
        return Ok((unknown, Counts::default()));
    }
    let plane =
        |estate| Dataplane::new(estate, Facts::builtin(), None).with_fqdn_tags(wider::fqdn_tags());
    let (before, after) = (plane(estate), plane(&spoilt));
    let mut noticed = Noticed {
        different: usize::from(!alike),
        alike: usize::from(alike),
        ..Noticed::default()
    };
    let flows = corners::flows(estate, subnet, 1_000, turn);
    for flow in &flows {
        let (was, is) = (before.trace(flow).verdict, after.trace(flow).verdict);
        let certain = was != Verdict::Uncertain && is != Verdict::Uncertain;
        if was == is || !certain {
            continue;
        }
        if alike {
            return Err(format!(
                "{was:?} is {is:?} in rules that are alike: {flow:?}"
            ));
        }
        noticed.shown = 1;
    }
    let counts = Counts {
        flows: flows.len(),
        ..Counts::default()
    };
    Ok((noticed, counts))
}
