//! Two networks held against each other: the flows that become of something else.
//!
//! Subnets are the same when the names of network and subnet are, whatever their case. What is not known on both sides,
//! such as a service tag without its file, is the same thing when it has the same name.

use std::collections::BTreeMap;

use crate::azure::Dataplane;
use crate::estate::{Estate, Id, Subnet};
use crate::reach::{Evaluator, Fate, FlowMap, tags_of};
use crate::space::TooLarge;

use super::change::{Change, Changes, Direction, Pair};
use super::moved::compare;

/// What two networks differ in.
#[derive(Debug, Clone, Default)]
pub struct Difference {
    /// Subnets that were compared: `vnet/subnet`.
    pub compared: Vec<String>,
    /// Subnets that only the first network has.
    pub only_before: Vec<String>,
    /// Subnets that only the second network has.
    pub only_after: Vec<String>,
    /// Flows that become of something else, the most first.
    pub changes: Vec<Change>,
    /// Subnets with flows of which nothing is known on either side, for different reasons.
    pub doubted: Vec<Doubted>,
    /// Some flows are not known on either side, for the same reasons.
    pub unknown_on_both: bool,
    /// Subnets of which there was too much to compare.
    pub too_large: Vec<String>,
}

/// What is not known of a subnet, where that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Doubted {
    /// The subnet.
    pub subnet: String,
    /// What is not known of the first network only.
    pub before: Vec<String>,
    /// What is not known of the second network only.
    pub after: Vec<String>,
}

impl Difference {
    /// Whether something certainly changes.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        let lone = !self.only_before.is_empty() || !self.only_after.is_empty();
        lone || self.changes.iter().any(|change| change.certain)
    }

    /// Whether something may change, and that is not known.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.too_large.is_empty()
            || !self.doubted.is_empty()
            || self.changes.iter().any(|change| !change.certain)
    }

    /// The changes of a direction, certain or not.
    pub fn of(&self, direction: Direction, certain: bool) -> impl Iterator<Item = &Change> {
        let changes = self.changes.iter();
        changes.filter(move |it| it.direction == direction && it.certain == certain)
    }
}

/// Which subnets are compared.
#[derive(Debug, Clone, Copy)]
pub enum Subnets<'s> {
    /// All that machines of somebody's may be in: not those whose names Azure keeps for itself.
    All,
    /// These, by network and name.
    These(&'s [String]),
}

/// Holds two networks against each other.
#[must_use]
pub fn difference(
    before: &Dataplane<'_>,
    after: &Dataplane<'_>,
    subnets: Subnets<'_>,
) -> Difference {
    let (of_before, of_after) = (named(before, subnets), named(after, subnets));
    let mut difference = Difference::default();
    let lone = |here: &BTreeMap<String, Id<Subnet>>,
                there: &BTreeMap<String, Id<Subnet>>,
                estate: &Estate| {
        let lone = here.iter().filter(|(key, _)| !there.contains_key(*key));
        lone.map(|(_, id)| estate.subnet_path(*id)).collect()
    };
    difference.only_before = lone(&of_before, &of_after, before.estate);
    difference.only_after = lone(&of_after, &of_before, after.estate);
    let mut first = Evaluator::new(before, &tags_of(after.estate, &[]));
    // All of the first network, then the second beside it, so that what has one name is one unknown in both.
    let flows_before: BTreeMap<&String, _> = of_before
        .iter()
        .filter(|(key, _)| of_after.contains_key(*key))
        .map(|(key, old)| (key, first.from_subnet(*old)))
        .collect();
    let mut second = first.beside(after, &[]);
    let mut changes = Changes::default();
    for (key, old) in &of_before {
        let Some(new) = of_after.get(key) else {
            continue;
        };
        let path = after.estate.subnet_path(*new);
        let is = second.from_subnet(*new);
        let (Some(Ok(was)), Ok(is)) = (flows_before.get(key), is) else {
            difference.too_large.push(path);
            continue;
        };
        difference.compared.push(path.clone());
        let compared = compare(&was.pieces, &is.pieces, second.atoms());
        let pair = Pair {
            before,
            after,
            subnets: (*old, *new),
            atoms: second.atoms(),
            public: second.public_v4(),
        };
        let told = changes.take(&pair, compared.moved);
        if compared.too_large || told == Err(TooLarge) {
            difference.too_large.push(path.clone());
        }
        let doubted = doubted(path, was, &is);
        let is_same = doubted.before.is_empty() && doubted.after.is_empty();
        if !is_same {
            difference.doubted.push(doubted);
        } else {
            difference.unknown_on_both |= has_doubts(was) && has_doubts(&is);
        }
    }
    difference.changes = changes.ranked();
    difference
}

fn has_doubts(map: &FlowMap) -> bool {
    map.of_fate(Fate::Uncertain).next().is_some()
}

/// What is not known on one side only, as long as there is something on both.
fn doubted(subnet: String, before: &FlowMap, after: &FlowMap) -> Doubted {
    let of = |map: &FlowMap| -> Vec<String> {
        let doubts = map.of_fate(Fate::Uncertain).flat_map(|it| &it.doubts);
        let mut doubts: Vec<String> = doubts.map(ToString::to_string).collect();
        doubts.sort();
        doubts.dedup();
        doubts
    };
    let (was, is) = (of(before), of(after));
    let mut doubted = Doubted {
        subnet,
        before: Vec::new(),
        after: Vec::new(),
    };
    // Where one side knows everything, its flows are among the changes.
    if has_doubts(before) && has_doubts(after) {
        let without = |these: &[String], those: &[String]| {
            let lone = these.iter().filter(|it| !those.contains(it));
            lone.cloned().collect()
        };
        doubted.before = without(&was, &is);
        doubted.after = without(&is, &was);
    }
    doubted
}

/// The subnets to compare, by names that do not depend on case.
fn named(plane: &Dataplane<'_>, subnets: Subnets<'_>) -> BTreeMap<String, Id<Subnet>> {
    let all = plane.estate.subnets.iter();
    let all = all.map(|(id, subnet)| {
        (
            plane.estate.subnet_path(id).to_ascii_lowercase(),
            id,
            subnet,
        )
    });
    let chosen = all.filter(|(path, _, subnet)| match subnets {
        Subnets::All => plane.facts.reserved_subnet(&subnet.meta.name).is_none(),
        Subnets::These(these) => these.iter().any(|it| it.eq_ignore_ascii_case(path)),
    });
    chosen.map(|(path, id, _)| (path, id)).collect()
}
