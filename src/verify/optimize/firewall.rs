//! Smaller sets of firewall rules.

use std::collections::BTreeMap;

use crate::azure::facts::Facts;
use crate::azure::rule_sets::{Owner, RuleSet, with_those_above};
use crate::azure::{FirewallOrder, RulePlace, gaps};
use crate::estate::{Action, Estate, Gaps, RuleCollection, RuleInfo, Rules};
use crate::reach::{
    FirewallRules, Role, application_rules_alike, decided_by_network_rules, network_rules_alike,
};
use crate::space::TooLarge;

use super::merge::{Joined, Listed, every_list, join};
use super::{Freedom, Left, Named, RuleKind, Step, What};

fn named(info: &RuleInfo) -> Named {
    Named {
        name: info.name.clone(),
        origin: info.origin,
    }
}

fn set(estate: &Estate, owner: Owner) -> RuleSet<'_> {
    match owner {
        Owner::Policy(id) => RuleSet::of_policy(estate, id),
        Owner::Firewall(id) => RuleSet::of_firewall(estate, id),
    }
}

/// Why the rules of an owner have to stay as they are.
pub(super) fn bound(estate: &Estate, facts: &Facts, owner: Owner, kind: RuleKind) -> Option<Left> {
    let set = set(estate, owner);
    let open = gaps::settings(estate, owner).or_else(|| gaps::rules(estate, &set));
    if let Some(why) = open {
        return Some(Left::Unknown(why));
    }
    let rules = match kind {
        RuleKind::Network => FirewallRules::network(estate, facts, &set),
        RuleKind::Application => FirewallRules::application(estate, &set),
    };
    let unclear = rules.unclear();
    unclear.map(|info| Left::Unclear(named(info)))
}

/// Makes the rules of one kind fewer. What is done is told.
pub(super) fn shrink(
    estate: &mut Estate,
    facts: &Facts,
    owner: Owner,
    kind: RuleKind,
    freedom: &Freedom,
) -> Vec<Step> {
    let mut steps = take_away(estate, facts, owner, kind, freedom);
    let Estate {
        firewalls,
        firewall_policies,
        gaps,
        ..
    } = estate;
    let collections: Vec<&mut RuleCollection> = match owner {
        Owner::Firewall(id) => firewalls[id].collections.iter_mut().collect(),
        Owner::Policy(id) => {
            let groups = firewall_policies[id].groups.iter_mut();
            groups.flat_map(|group| &mut group.collections).collect()
        }
    };
    for collection in collections {
        match (&mut collection.rules, kind) {
            (Rules::Network(rules), RuleKind::Network) => {
                steps.extend(simplify(rules, gaps, freedom, |rule| &rule.info));
            }
            (Rules::Application(rules), RuleKind::Application) => {
                steps.extend(simplify(rules, gaps, freedom, |rule| &rule.info));
            }
            _ => {}
        }
    }
    steps
}

/// A rule in the order, as far as it matters here.
struct Asked<'e> {
    info: &'e RuleInfo,
    place: RulePlace,
    /// What it does, and whether it opens TLS.
    way: (Action, bool),
}

fn take_away(
    estate: &mut Estate,
    facts: &Facts,
    owner: Owner,
    kind: RuleKind,
    freedom: &Freedom,
) -> Vec<Step> {
    let set = set(estate, owner);
    let order = FirewallOrder::of_sets(&with_those_above(estate, &set));
    let asked: Vec<Asked<'_>> = match kind {
        RuleKind::Network => order
            .network
            .iter()
            .map(|placed| Asked {
                info: &placed.rule.info,
                place: placed.place,
                way: (placed.action, false),
            })
            .collect(),
        RuleKind::Application => order
            .application
            .iter()
            .map(|placed| Asked {
                info: &placed.rule.info,
                place: placed.place,
                way: (placed.action, placed.rule.terminate_tls.is_some()),
            })
            .collect(),
    };
    let (rules, by_network) = match kind {
        RuleKind::Network => (FirewallRules::network(estate, facts, &set), Vec::new()),
        RuleKind::Application => (
            FirewallRules::application(estate, &set),
            decided_by_network_rules(estate, facts, &set),
        ),
    };
    let names = |by: &[usize]| {
        let by = by.iter().filter_map(|at| asked.get(*at));
        by.map(|rule| named(rule.info)).collect::<Vec<Named>>()
    };
    let network_names = |by: &[usize]| {
        let by = by.iter().filter_map(|at| order.network.get(*at));
        by.map(|placed| named(&placed.rule.info)).collect()
    };
    let mut told: BTreeMap<usize, What> = BTreeMap::new();
    let mut roles: Vec<Role> = Vec::with_capacity(asked.len());
    for (at, (rule, never)) in asked.iter().zip(rules.never_asked()).enumerate() {
        if rule.place.owner != owner || !freedom.is_free(rule.info.origin) {
            roles.push(Role::Kept);
            continue;
        }
        let what = match (never, by_network.get(at)) {
            (Ok(Some(by)), _) => Some(What::NeverAsked { by: names(&by) }),
            (_, Some(Some(by))) => Some(What::DecidedBefore {
                by: network_names(by),
            }),
            _ => None,
        };
        roles.push(if what.is_some() {
            Role::Gone
        } else {
            Role::Asked
        });
        told.extend(what.map(|what| (at, what)));
    }
    let ways: Vec<_> = asked.iter().map(|rule| rule.way).zip(roles).collect();
    for (at, by) in rules.needless(&ways).into_iter().enumerate() {
        told.extend(by.map(|by| (at, What::SaidLater { by: names(&by) })));
    }
    let mut gone: Vec<RulePlace> = Vec::new();
    let mut steps = Vec::new();
    for (at, what) in told {
        if let Some(rule) = asked.get(at) {
            gone.push(rule.place);
            let rule = named(rule.info);
            steps.push(Step { rule, what });
        }
    }
    gone.sort_unstable();
    remove(estate, owner, &gone);
    steps
}

/// Takes rules away, and collections and groups that have no other.
fn remove(estate: &mut Estate, owner: Owner, gone: &[RulePlace]) {
    fn without(collections: &mut Vec<RuleCollection>, is_gone: &dyn Fn(usize, usize) -> bool) {
        let mut at = 0..;
        collections.retain_mut(|collection| {
            let Some(at) = at.next() else { return true };
            let before = collection.rules.len();
            let mut place = 0..;
            let mut stays = || place.next().is_some_and(|place| !is_gone(at, place));
            match &mut collection.rules {
                Rules::Network(rules) => rules.retain(|_| stays()),
                Rules::Application(rules) => rules.retain(|_| stays()),
                Rules::Nat(_) => {}
            }
            before == 0 || !collection.rules.is_empty()
        });
    }
    if gone.is_empty() {
        return;
    }
    let is_gone = |group: usize, collection: usize, rule: usize| {
        let place = RulePlace {
            owner,
            group,
            collection,
            rule,
        };
        gone.binary_search(&place).is_ok()
    };
    match owner {
        Owner::Firewall(id) => without(&mut estate.firewalls[id].collections, &|at, rule| {
            is_gone(0, at, rule)
        }),
        Owner::Policy(id) => {
            let mut group = 0..;
            estate.firewall_policies[id].groups.retain_mut(|it| {
                let Some(group) = group.next() else {
                    return true;
                };
                let before = it.collections.len();
                without(&mut it.collections, &|at, rule| is_gone(group, at, rule));
                before == 0 || !it.collections.is_empty()
            });
        }
    }
}

/// Joins and shortens the rules of a collection, which all do the same, so that their order means nothing. Only rules
/// that open TLS are apart from the others.
fn simplify<R: Listed>(
    rules: &mut Vec<R>,
    gaps: &Gaps,
    freedom: &Freedom,
    info: impl Fn(&R) -> &RuleInfo,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let is_uniform = rules
        .windows(2)
        .all(|pair| matches!(pair, [one, other] if one.rest() == other.rest()));
    if freedom.may_join && is_uniform {
        for list in every_list() {
            let before = rules.clone();
            let may_move = |from: usize, into: usize| {
                let (Some(rule), Some(target)) = (before.get(from), before.get(into)) else {
                    return false;
                };
                let (rule, target) = (info(rule).origin, info(target).origin);
                freedom.is_free(rule)
                    && freedom.is_free(target)
                    && gaps.condition_of(rule) == gaps.condition_of(target)
            };
            let joined: Vec<Joined> = join(rules, list, may_move);
            steps.extend(super::told(&joined, &before, |rule| named(info(rule))));
            let mut at = 0..;
            rules.retain(|_| {
                at.next()
                    .is_some_and(|at| joined.iter().all(|it| it.from != at))
            });
        }
    }
    for rule in rules {
        let own = named(info(rule));
        if freedom.is_free(own.origin) {
            steps.extend(super::shortened(rule, own));
        }
    }
    steps
}

/// Whether both networks' rules of a kind do the same.
pub(super) fn alike(
    before: &Estate,
    after: &Estate,
    facts: &Facts,
    owner: Owner,
    kind: RuleKind,
) -> Result<bool, TooLarge> {
    let (one, other) = (set(before, owner), set(after, owner));
    match kind {
        RuleKind::Network => network_rules_alike((before, &one), (after, &other), facts),
        RuleKind::Application => application_rules_alike((before, &one), (after, &other), facts),
    }
}

/// How many rules of a kind there are, and how many entries these have.
pub(super) fn size(estate: &Estate, owner: Owner, kind: RuleKind) -> (usize, usize) {
    let sum = |(count, entries): (usize, usize), more: usize| (count + 1, entries + more);
    let set = set(estate, owner);
    match kind {
        RuleKind::Network => set
            .network_rules()
            .map(|placed| placed.rule.entries())
            .fold((0, 0), sum),
        RuleKind::Application => set
            .application_rules()
            .map(|placed| placed.rule.entries())
            .fold((0, 0), sum),
    }
}

/// Puts all rules of an owner back.
pub(super) fn restore(from: &Estate, to: &mut Estate, owner: Owner) {
    match owner {
        Owner::Policy(id) => {
            let groups = from.firewall_policies[id].groups.clone();
            to.firewall_policies[id].groups = groups;
        }
        Owner::Firewall(id) => {
            let collections = from.firewalls[id].collections.clone();
            to.firewalls[id].collections = collections;
        }
    }
}
