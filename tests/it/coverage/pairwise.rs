//! Covering arrays: few rows that hold every pair of values of any two factors.

use std::collections::BTreeSet;

/// Two factors, the first before the second, with a value of each.
type Pair = ((usize, usize), (usize, usize));

/// Rows that hold every pair of values. A factor has as many values as its size says, and a row the place of one for
/// each factor.
///
/// Each row begins with a pair that no row holds yet. Every other factor then takes the value that adds the most pairs;
/// of equals the one whose turn it is, so that what no pair decides varies as well.
pub(super) fn covering(sizes: &[usize]) -> Vec<Vec<usize>> {
    let mut left = pairs(sizes);
    let mut rows: Vec<Vec<usize>> = Vec::new();
    while let Some(&(first, second)) = left.iter().next() {
        let mut chosen: Vec<Option<usize>> = vec![None; sizes.len()];
        chosen[first.0] = Some(first.1);
        chosen[second.0] = Some(second.1);
        for factor in 0..sizes.len() {
            if chosen[factor].is_some() {
                continue;
            }
            let turn = rows.len() + factor;
            let values = (0..sizes[factor]).map(|step| (turn + step) % sizes[factor]);
            let added = |value: usize| {
                let others = chosen.iter().enumerate();
                let others = others.filter_map(|(other, it)| Some((other, (*it)?)));
                others
                    .filter(|other| left.contains(&pair(*other, (factor, value))))
                    .count()
            };
            // Of several that add as much, `max_by_key` gives the last.
            chosen[factor] = values.rev().max_by_key(|value| added(*value));
        }
        let row: Vec<usize> = chosen.into_iter().flatten().collect();
        left.retain(|(a, b)| row[a.0] != a.1 || row[b.0] != b.1);
        rows.push(row);
    }
    rows
}

fn pair(a: (usize, usize), b: (usize, usize)) -> Pair {
    if a.0 < b.0 { (a, b) } else { (b, a) }
}

fn pairs(sizes: &[usize]) -> BTreeSet<Pair> {
    let values = |factor: usize| (0..sizes[factor]).map(move |value| (factor, value));
    let factors = || 0..sizes.len();
    let of_two = factors().flat_map(|a| factors().skip(a + 1).map(move |b| (a, b)));
    of_two
        .flat_map(|(a, b)| values(a).flat_map(move |of_a| values(b).map(move |of_b| (of_a, of_b))))
        .collect()
}

#[test]
fn every_pair_is_in_a_row() {
    for sizes in [
        vec![2, 2],
        vec![3, 2, 4, 1],
        vec![2; 24],
        vec![10, 2, 2, 3, 2],
    ] {
        let rows = covering(&sizes);
        for (a, b) in pairs(&sizes) {
            assert!(
                rows.iter().any(|row| row[a.0] == a.1 && row[b.0] == b.1),
                "{sizes:?}: {a:?} with {b:?}"
            );
        }
        assert!(rows.iter().all(|row| row.len() == sizes.len()));
        assert_eq!(rows, covering(&sizes), "the same at every run");
    }
    assert!(covering(&[2; 24]).len() <= 14);
}
