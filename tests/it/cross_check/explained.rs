//! The reasons of differences, and whether they are still those that there are.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Deserialize;

use super::{Comparison, Side, Wanted, matches};
use crate::support::project;

/// The differences and their reasons.
const EXPLAINED: &str = "tests/it/cross_check/explained.yaml";

/// The most names of a group that are printed.
const SHOWN: usize = 12;

/// A group of differences with one reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanation {
    /// The comparison.
    list: String,
    /// The side that has the names.
    only: String,
    /// The names, as patterns.
    names: Vec<String>,
    /// The only port.
    port: Option<u16>,
    /// The only places.
    #[serde(default)]
    places: Vec<String>,
    /// How many there are, a name once for each place and port.
    count: usize,
    /// Why.
    reason: String,
}

impl Explanation {
    fn explains(&self, wanted: &Wanted) -> bool {
        let names = &self.names;
        names.iter().any(|pattern| matches(pattern, &wanted.name))
            && (self.places.is_empty() || self.places.contains(&wanted.place))
            && self
                .port
                .is_none_or(|port| wanted.ports == Some((port, port)))
    }
}

fn explanations() -> Vec<Explanation> {
    let text = std::fs::read_to_string(project(EXPLAINED)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// Prints the differences with their reasons, and fails for those that have none and for reasons without any.
pub(super) fn hold(comparisons: &[Comparison]) {
    let wrong: String = comparisons.iter().map(told).collect();
    assert!(wrong.is_empty(), "{wrong}");
}

/// Prints the differences of one comparison, and tells what is wrong with their explanations.
///
/// The first explanation that fits a name is its explanation.
fn told(comparison: &Comparison) -> String {
    let explanations = explanations();
    let mut wrong = String::new();
    for (index, name) in comparison.sides.iter().enumerate() {
        let Side {
            same,
            covered,
            only,
        } = comparison.side(index);
        let all = same + covered + only.len();
        println!(
            "{}, names of {name}: {all}; {same} the same, {covered} covered by a pattern, {} only there",
            comparison.name,
            only.len()
        );
        let of_side = |it: &&Explanation| it.list == comparison.name && it.only.as_str() == *name;
        let own: Vec<&Explanation> = explanations.iter().filter(of_side).collect();
        let mut groups: Vec<Vec<&Wanted>> = vec![Vec::new(); own.len()];
        for wanted in only {
            match own.iter().position(|it| it.explains(wanted)) {
                Some(group) => groups[group].push(wanted),
                None => {
                    let _ = writeln!(
                        wrong,
                        "{}: only in {name} of {}: {wanted}",
                        comparison.name, wanted.place
                    );
                }
            }
        }
        for (explanation, group) in own.iter().zip(&groups) {
            let Explanation {
                names,
                count,
                reason,
                ..
            } = explanation;
            println!("  {} only in {name}: {reason}", group.len());
            let distinct: BTreeSet<String> = group.iter().map(|it| it.to_string()).collect();
            for text in distinct.iter().take(SHOWN) {
                println!("      {text}");
            }
            if distinct.len() > SHOWN {
                println!("      and {} more", distinct.len() - SHOWN);
            }
            if group.len() != *count {
                let _ = writeln!(
                    wrong,
                    "{}: {names:?} only in {name}: {} and not {count}",
                    comparison.name,
                    group.len()
                );
            }
        }
    }
    wrong
}

#[test]
fn explanations_are_of_comparisons() {
    let known = [
        ("hdinsight", ["list", "catalog"]),
        ("hdinsight-tag", ["tag", "all"]),
        ("hdinsight-regions", ["regions", "tag"]),
        ("hdinsight-files", ["files", "catalog"]),
        ("azure-local", ["list", "catalog"]),
        ("azure-local-arc", ["list", "catalog"]),
        ("azure-local-oem", ["list", "catalog"]),
        ("aks-hci", ["list", "catalog"]),
    ];
    for it in explanations() {
        let sides = known.iter().find(|(list, _)| *list == it.list);
        let found = sides.is_some_and(|(_, sides)| sides.contains(&it.only.as_str()));
        assert!(found, "{it:?}");
        assert!(it.count > 0 && !it.reason.is_empty(), "{it:?}");
    }
}
