//! Smaller security groups.

use crate::azure::gaps;
use crate::base::Origin;
use crate::estate::{Direction, Estate, Id, Nsg, SecurityRule};
use crate::reach::{SecurityRules, security_rules_alike};
use crate::space::TooLarge;

use super::merge::{Listed, every_list, join};
use super::{Freedom, Left, Named, Step, What};

fn named(rule: &SecurityRule) -> Named {
    Named {
        name: rule.name.clone(),
        origin: rule.origin,
    }
}

/// Why the rules of a group have to stay as they are.
pub(super) fn bound(estate: &Estate, nsg: Id<Nsg>) -> Option<Left> {
    gaps::security_rules(estate, nsg).map(Left::Unknown)
}

/// Makes the rules of a direction fewer. What is done is told.
pub(super) fn shrink(
    estate: &mut Estate,
    nsg: Id<Nsg>,
    direction: Direction,
    freedom: &Freedom,
) -> Vec<Step> {
    let mut steps = take_away(estate, nsg, direction, freedom);
    if freedom.may_join {
        for list in every_list() {
            steps.extend(merge(estate, nsg, direction, freedom, list));
        }
    }
    for rule in &mut estate.nsgs[nsg].rules {
        if rule.direction == direction && freedom.is_free(rule.origin) {
            steps.extend(super::shortened(rule, named(rule)));
        }
    }
    steps
}

fn take_away(
    estate: &mut Estate,
    nsg: Id<Nsg>,
    direction: Direction,
    freedom: &Freedom,
) -> Vec<Step> {
    let group = &estate.nsgs[nsg];
    let rules = SecurityRules::of(estate, group, direction);
    let place = |rule: &SecurityRule| group.rules.iter().position(|it| std::ptr::eq(it, rule));
    let names = |by: &[&SecurityRule]| by.iter().map(|rule| named(rule)).collect();
    let mut going: Vec<(usize, Step)> = Vec::new();
    let mut goes = |rule: &SecurityRule, what: What| {
        let at = place(rule).filter(|_| freedom.is_free(rule.origin));
        let rule = named(rule);
        going.extend(at.map(|at| (at, Step { rule, what })));
    };
    for (rule, by) in rules.never_asked() {
        if let Ok(by) = by {
            goes(rule, What::NeverAsked { by: names(&by) });
        }
    }
    for (rule, by) in rules.needless() {
        goes(rule, What::SaidLater { by: names(&by) });
    }
    going.sort_by_key(|(at, _)| *at);
    let gone: Vec<usize> = going.iter().map(|(at, _)| *at).collect();
    let mut at = 0..;
    estate.nsgs[nsg]
        .rules
        .retain(|_| at.next().is_some_and(|at| gone.binary_search(&at).is_err()));
    going.into_iter().map(|(_, step)| step).collect()
}

/// Joins rules that are alike in all but one list, where no rule between does otherwise with any flow of the one that
/// moves.
fn merge(
    estate: &mut Estate,
    nsg: Id<Nsg>,
    direction: Direction,
    freedom: &Freedom,
    list: usize,
) -> Vec<Step> {
    let rules = SecurityRules::of(estate, &estate.nsgs[nsg], direction);
    let order = rules.rules();
    let same_condition = |one: Origin, other: Origin| {
        estate.gaps.condition_of(one) == estate.gaps.condition_of(other)
    };
    let may_move = |from: usize, into: usize| {
        let (Some(rule), Some(target)) = (order.get(from), order.get(into)) else {
            return false;
        };
        let mut between = (into + 1..from).zip(order.iter().skip(into + 1));
        freedom.is_free(rule.origin)
            && freedom.is_free(target.origin)
            && same_condition(rule.origin, target.origin)
            && between.all(|(at, it)| it.access == rule.access || !rules.meet(at, from))
    };
    let mut sorted: Vec<SecurityRule> = order.iter().map(|rule| (*rule).clone()).collect();
    let joined = join(&mut sorted, list, may_move);
    let told = super::told(&joined, order, |rule| named(rule));
    let gone: Vec<usize> = joined.iter().map(|it| it.from).collect();
    let stay = sorted.into_iter().enumerate();
    let stay = stay.filter(|(at, _)| gone.binary_search(at).is_err());
    let stay: Vec<SecurityRule> = stay.map(|(_, rule)| rule).collect();
    if !joined.is_empty() {
        let rules = &mut estate.nsgs[nsg].rules;
        rules.retain(|rule| rule.direction != direction);
        rules.extend(stay);
    }
    told
}

/// Whether both networks' groups do the same.
pub(super) fn alike(
    before: &Estate,
    after: &Estate,
    nsg: Id<Nsg>,
    direction: Direction,
) -> Result<bool, TooLarge> {
    let (one, other) = (&before.nsgs[nsg], &after.nsgs[nsg]);
    security_rules_alike((before, one), (after, other), direction)
}

/// How many rules a direction has, and how many entries these.
pub(super) fn size(estate: &Estate, nsg: Id<Nsg>, direction: Direction) -> (usize, usize) {
    let rules = estate.nsgs[nsg].rules.iter();
    let rules = rules.filter(|rule| rule.direction == direction);
    rules.fold((0, 0), |(count, entries), rule| {
        (count + 1, entries + rule.entries())
    })
}

/// Puts the rules of a direction back.
pub(super) fn restore(from: &Estate, to: &mut Estate, nsg: Id<Nsg>, direction: Direction) {
    let rules = &mut to.nsgs[nsg].rules;
    rules.retain(|rule| rule.direction != direction);
    let old = from.nsgs[nsg].rules.iter();
    rules.extend(old.filter(|rule| rule.direction == direction).cloned());
}
