//! Smaller rules do the same: single flows that are followed through both networks fare alike.

use tidegate::azure::facts::Facts;
use tidegate::azure::{Dataplane, Verdict};
use tidegate::estate::{Endpoint, Estate, Id, NetworkRule, Rules, SecurityRule, Subnet};
use tidegate::net::{Destination, PortRange};
use tidegate::verify::{Freedom, Left, optimize};

use super::both::Counts;
use super::{corners, wider};

/// What was done to some networks.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Rules there were.
    pub(super) rules: usize,
    /// Rules that are left.
    pub(super) left: usize,
    /// Lists that were put back, because the smaller one was not proved.
    pub(super) put_back: usize,
    /// Flows followed through both.
    pub(super) flows: usize,
    /// Of those the ones of which only the smaller network tells for certain.
    pub(super) clearer: usize,
}

/// Says things twice, narrower, and in pieces, as networks that have grown do.
pub(super) fn overgrown(estate: &Estate, turn: usize) -> Estate {
    let mut grown = estate.clone();
    for id in estate.nsgs.ids() {
        let rules = &mut grown.nsgs[id].rules;
        let more: Vec<SecurityRule> = rules
            .iter()
            .enumerate()
            .filter(|(at, _)| (at + turn).is_multiple_of(2))
            .map(|(at, rule)| {
                let mut again = rule.clone();
                again.name = format!("{}-again", rule.name).into();
                // Right behind it, far behind it, or before it.
                again.priority.value = match (at + turn) % 3 {
                    0 => rule.priority.value + 1,
                    1 => rule.priority.value + 2_000,
                    _ => rule.priority.value - 1,
                };
                if turn % 5 < 3 {
                    again.destination_ports = vec![PortRange::single(443)];
                }
                again
            })
            .collect();
        rules.extend(more);
    }
    let policies: Vec<_> = grown.firewall_policies.ids().collect();
    for id in policies {
        let groups = grown.firewall_policies[id].groups.iter_mut();
        for collection in groups.flat_map(|group| &mut group.collections) {
            overgrow(&mut collection.rules, turn);
        }
    }
    let firewalls: Vec<_> = grown.firewalls.ids().collect();
    for id in firewalls {
        for collection in &mut grown.firewalls[id].collections {
            overgrow(&mut collection.rules, turn);
        }
    }
    grown
}

fn overgrow(rules: &mut Rules, turn: usize) {
    match rules {
        Rules::Network(rules) => {
            let pieces: Vec<NetworkRule> = rules.iter_mut().filter_map(other_half).collect();
            rules.extend(pieces);
            let mut again = rules.clone();
            again.truncate(turn % 3);
            for rule in &mut again {
                rule.info.name = format!("{}-again", rule.info.name).into();
            }
            rules.extend(again);
        }
        Rules::Application(rules) => {
            let mut again = rules.clone();
            again.truncate(turn % 3);
            for rule in &mut again {
                rule.info.name = format!("{}-again", rule.info.name).into();
                rule.protocols.truncate(1);
            }
            rules.extend(again);
        }
        Rules::Nat(_) => {}
    }
}

/// Leaves a rule one half of its first prefix; the other half becomes a rule of its own.
fn other_half(rule: &mut NetworkRule) -> Option<NetworkRule> {
    let first = rule.destinations.first_mut()?;
    let Endpoint::Plain(Destination::Prefix(prefix)) = first else {
        return None;
    };
    let mut halves = prefix.subnets(prefix.prefix_len() + 1).ok()?;
    let (one, other) = (halves.next()?, halves.next()?);
    *first = Endpoint::Plain(Destination::Prefix(one));
    let mut half = rule.clone();
    half.info.name = format!("{}-half", rule.info.name).into();
    half.destinations = vec![Endpoint::Plain(Destination::Prefix(other))];
    Some(half)
}

/// Makes the rules of an estate smaller and follows flows through both.
pub(super) fn follow(estate: &Estate, subnet: Id<Subnet>, turn: usize) -> Result<Done, String> {
    let before = Dataplane::new(estate, Facts::builtin(), None).with_fqdn_tags(wider::fqdn_tags());
    let freedom = Freedom {
        may_join: !turn.is_multiple_of(4),
        ..Freedom::default()
    };
    let optimized = optimize(&before, &freedom);
    if !optimized.difference.changes.is_empty() {
        let changes = optimized.difference.changes.iter();
        let changes: Vec<_> = changes
            .map(|it| (it.direction, it.certain, it.was, it.is, &it.flows))
            .collect();
        let steps = optimized.lists.iter().flat_map(|list| &list.steps);
        let steps: Vec<String> = steps
            .map(|step| format!("{}: {:?}", step.rule.name, step.what))
            .collect();
        return Err(format!("taken as sets: {changes:#?}\n{steps:#?}"));
    }
    let (rules, left) = optimized.rules();
    let put_back = optimized
        .lists
        .iter()
        .filter(|list| matches!(list.left, Some(Left::NotProved | Left::TooLarge)));
    let mut done = Done {
        rules,
        left,
        put_back: put_back.count(),
        ..Done::default()
    };
    let after = Dataplane::new(&optimized.network, Facts::builtin(), None)
        .with_fqdn_tags(wider::fqdn_tags());
    for flow in corners::flows(estate, subnet, 300, turn) {
        let (was, is) = (before.trace(&flow).verdict, after.trace(&flow).verdict);
        done.flows += 1;
        if was != is {
            if was != Verdict::Uncertain {
                return Err(format!(
                    "{was:?} becomes {is:?}: {flow:?}\n{:#?}",
                    optimized.lists
                ));
            }
            done.clearer += 1;
        }
    }
    Ok(done)
}

impl Done {
    pub(super) fn add(&mut self, other: &Self) {
        self.rules += other.rules;
        self.left += other.left;
        self.put_back += other.put_back;
        self.flows += other.flows;
        self.clearer += other.clearer;
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            flows: self.flows,
            ..Counts::default()
        }
    }
}
