//! What changes between two random estates: nothing between an estate and itself however it is written, the opposite the
//! other way round, and every certain change is one that single flows show.

use proptest::prelude::*;
use tidegate::azure::facts::Facts;
use tidegate::azure::{Dataplane, Flow, Sender, Verdict};
use tidegate::estate::{Estate, Rules};
use tidegate::space::Names;
use tidegate::verify::{Difference, Direction, Subnets, difference};

use super::build::{self, Order};
use super::cases;
use super::plan::{Plan, plan};

fn plane(estate: &Estate) -> Dataplane<'_> {
    Dataplane::new(estate, Facts::builtin(), None)
}

fn between(before: &Estate, after: &Estate) -> Difference {
    difference(&plane(before), &plane(after), Subnets::All)
}

/// The first plan with a part of the second one.
fn mixed(first: &Plan, second: &Plan, part: usize) -> Plan {
    let mut mixed = first.clone();
    match part {
        0 => mixed
            .firewall
            .collections
            .clone_from(&second.firewall.collections),
        1 => mixed.firewall = second.firewall.clone(),
        2 => mixed.spokes.clone_from(&second.spokes),
        3 => mixed.gateway.clone_from(&second.gateway),
        _ => mixed = second.clone(),
    }
    mixed
}

fn rename_rules(estate: &mut Estate) {
    let nsgs: Vec<_> = estate.nsgs.ids().collect();
    for id in nsgs {
        for rule in &mut estate.nsgs[id].rules {
            rule.name = format!("other-{}", rule.name).into();
        }
    }
    let policies: Vec<_> = estate.firewall_policies.ids().collect();
    for id in policies {
        let groups = estate.firewall_policies[id].groups.iter_mut();
        for collection in groups.flat_map(|group| &mut group.collections) {
            match &mut collection.rules {
                Rules::Network(rules) => {
                    for rule in rules {
                        rule.info.name = format!("other-{}", rule.info.name).into();
                    }
                }
                Rules::Application(rules) => {
                    for rule in rules {
                        rule.info.name = format!("other-{}", rule.info.name).into();
                    }
                }
                Rules::Nat(_) => {}
            }
        }
    }
}

fn is_none(difference: &Difference) -> bool {
    !difference.is_certain() && !difference.is_open()
}

/// How much changes in a direction: whether anything does, pairs of public addresses and ports, and names.
fn amount(difference: &Difference, direction: Direction) -> (bool, u128, Names) {
    let changes: Vec<_> = difference
        .changes
        .iter()
        .filter(|change| change.direction == direction)
        .collect();
    let of_one = |change: &&tidegate::verify::Change| {
        // The same flows of several subnets are one change.
        change.openness.pairs * change.subnets.len() as u128
    };
    let names = changes.iter().map(|change| &change.openness.names);
    (
        !changes.is_empty(),
        changes.iter().map(of_one).sum(),
        names.fold(Names::none(), |all, one| all.or(one)),
    )
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn an_estate_is_like_itself_however_it_is_written(plan in plan(), order in 1..u64::MAX) {
        let estate = build::estate(&plan, Order(0));
        let same = between(&estate, &estate);
        prop_assert!(is_none(&same), "{same:#?}");
        let mut shuffled = build::estate(&plan, Order(order));
        let told = between(&estate, &shuffled);
        prop_assert!(is_none(&told), "shuffled: {told:#?}");
        rename_rules(&mut shuffled);
        let told = between(&estate, &shuffled);
        prop_assert!(is_none(&told), "renamed: {told:#?}");
    }

    #[test]
    fn the_other_way_round_is_the_opposite(first in plan(), second in plan(), part in 0..5_usize) {
        let before = build::estate(&first, Order(0));
        let after = build::estate(&mixed(&first, &second, part), Order(0));
        let (there, back) = (between(&before, &after), between(&after, &before));
        for (direction, opposite) in [
            (Direction::Opened, Direction::Closed),
            (Direction::Closed, Direction::Opened),
            (Direction::OneWay, Direction::OneWay),
        ] {
            prop_assert_eq!(amount(&there, direction), amount(&back, opposite), "{:?}", direction);
        }
        prop_assert_eq!(there.is_certain(), back.is_certain());
        prop_assert_eq!(there.is_open(), back.is_open(), "{:#?}\n{:#?}", there, back);
    }

    #[test]
    fn single_flows_show_every_certain_change(
        first in plan(),
        second in plan(),
        part in 0..5_usize,
    ) {
        let before = build::estate(&first, Order(0));
        let after = build::estate(&mixed(&first, &second, part), Order(0));
        let told = between(&before, &after);
        let verdict = |estate: &Estate, flow: &Flow, subnet: &str| {
            let named = estate.subnets.ids().find(|id| estate.subnet_path(*id) == subnet);
            let from = Sender::Inside { subnet: named.unwrap(), address: flow.from.address() };
            plane(estate).trace(&Flow { from, ..flow.clone() }).verdict
        };
        for change in told.changes.iter().filter(|change| change.certain) {
            let example = change.example.as_ref().unwrap();
            let (was, is) = (
                verdict(&before, &example.flow, &change.subnets[0]),
                verdict(&after, &example.flow, &change.subnets[0]),
            );
            let shown = match change.direction {
                Direction::Opened => was > Verdict::Uncertain && is == Verdict::Allowed,
                Direction::Closed => was == Verdict::Allowed && is > Verdict::Uncertain,
                Direction::OneWay => was != is && was > Verdict::Uncertain && is > Verdict::Uncertain,
                Direction::Unclear | Direction::Clear => false,
            };
            prop_assert!(shown, "{was:?} {is:?} {change:#?}");
        }
        // And what a single flow shows is among the changes.
        let flow = build::flow(&first.flow, &before);
        if let Sender::Inside { subnet, .. } = flow.from {
            let path = before.subnet_path(subnet);
            let (was, is) = (verdict(&before, &flow, &path), verdict(&after, &flow, &path));
            let differs = (was == Verdict::Allowed && is > Verdict::Uncertain)
                || (was > Verdict::Uncertain && is == Verdict::Allowed);
            let announced = flow.announced == tidegate::azure::Announced::Target
                && flow.to.tags.is_empty()
                && flow.to.address.is_none_or(|_| flow.to.name.is_none());
            if differs && announced && flow.at_once.is_none() {
                let found = told.changes.iter().any(|change| change.subnets.contains(&path));
                prop_assert!(found || !told.too_large.is_empty(), "{was:?} {is:?} {flow:?}");
            }
        }
    }
}
