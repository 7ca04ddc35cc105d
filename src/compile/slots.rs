//! Priorities that stay where they are.
//!
//! A priority is taken from a hash of the name of what it belongs to. When two names meet in one place, the one that
//! comes first keeps it and the other goes on to the next free one: what is added at the end never moves anything, and
//! what is added elsewhere moves something only if it meets it.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Gives every name a number of its own in the range, none of them `taken`; in the order of the names given.
/// When the range is full, the last number is given again: the check of limits reports such an estate.
pub(super) fn assign(
    names: &[String],
    range: RangeInclusive<u32>,
    taken: &BTreeSet<u32>,
) -> Vec<u32> {
    let (first, last) = (*range.start(), *range.end());
    let size = last - first + 1;
    let mut used: BTreeSet<u32> = taken
        .iter()
        .copied()
        .filter(|slot| range.contains(slot))
        .collect();
    let mut slots = Vec::with_capacity(names.len());
    for name in names {
        let is_full = u32::try_from(used.len()).is_ok_and(|used| used >= size);
        if is_full {
            slots.push(last);
            continue;
        }
        let wanted = u32::try_from(fnv1a(name) % u64::from(size)).unwrap_or(0);
        let mut candidates = (0..size).map(|step| first + (wanted + step) % size);
        let slot = candidates.find(|slot| !used.contains(slot)).unwrap_or(last);
        used.insert(slot);
        slots.push(slot);
    }
    slots
}

/// Which of `count` parts a name belongs to.
pub(super) fn shard(name: &str, count: usize) -> usize {
    let count = u64::try_from(count).unwrap_or(1).max(1);
    usize::try_from(fnv1a(name) % count).unwrap_or(0)
}

/// The FNV-1a hash: the same on every machine and in every version, which the standard library's is not.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_name_moves_nobody() {
        let names: Vec<String> = (0..20).map(|n| format!("pool-{n}")).collect();
        let before = assign(&names, 1000..=60_000, &BTreeSet::new());
        let mut more = names.clone();
        more.insert(7, "another".to_owned());
        let mut after = assign(&more, 1000..=60_000, &BTreeSet::new());
        after.remove(7);
        assert_eq!(before, after);
        assert_eq!(before.iter().collect::<BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn a_full_range_still_answers() {
        let names: Vec<String> = (0..5).map(|n| n.to_string()).collect();
        let slots = assign(&names, 1..=3, &BTreeSet::from([2]));
        assert_eq!(slots.len(), 5);
        assert!(slots.iter().all(|slot| (1..=3).contains(slot)));
    }
}
