//! Sets of whole numbers: addresses, ports, protocol numbers.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// An inclusive range, first and last.
pub type Range = (u128, u128);

/// A set of numbers as ordered ranges that neither overlap nor touch, so that equal sets are equal values.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Ranges(Kept);

/// Most sets are one range, which needs no room of its own. Each set is kept in one way only.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
enum Kept {
    #[default]
    None,
    One(Range),
    Several(Arc<[Range]>),
}

/// Lists up to this length are gone through; longer ones are searched.
const SHORT: usize = 8;

impl fmt::Debug for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ranges()).finish()
    }
}

impl PartialOrd for Ranges {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranges {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ranges().cmp(other.ranges())
    }
}

impl Ranges {
    /// No number.
    #[must_use]
    pub fn none() -> Self {
        Self(Kept::None)
    }

    /// All numbers from the first to the last. None when the last is smaller.
    #[must_use]
    pub fn span(first: u128, last: u128) -> Self {
        if first <= last {
            Self(Kept::One((first, last)))
        } else {
            Self::none()
        }
    }

    /// The numbers of some ranges, in any order, overlapping or not.
    #[must_use]
    pub fn of(ranges: impl IntoIterator<Item = Range>) -> Self {
        let mut sorted: Vec<Range> = ranges
            .into_iter()
            .filter(|(first, last)| first <= last)
            .collect();
        sorted.sort_unstable();
        sorted.dedup_by(|next, before| {
            let joins = next.0 <= before.1.saturating_add(1);
            if joins {
                before.1 = before.1.max(next.1);
            }
            joins
        });
        Self::kept(&sorted)
    }

    /// Of ranges in order that neither overlap nor touch.
    fn kept(ranges: &[Range]) -> Self {
        Self(match ranges {
            [] => Kept::None,
            [one] => Kept::One(*one),
            several => Kept::Several(several.into()),
        })
    }

    /// The ranges, in order.
    #[must_use]
    pub fn ranges(&self) -> &[Range] {
        match &self.0 {
            Kept::None => &[],
            Kept::One(one) => std::slice::from_ref(one),
            Kept::Several(several) => several,
        }
    }

    /// Whether no number is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Kept::None)
    }

    /// The smallest number.
    #[must_use]
    pub fn first(&self) -> Option<u128> {
        self.ranges().first().map(|range| range.0)
    }

    /// The largest number.
    #[must_use]
    pub fn last(&self) -> Option<u128> {
        self.ranges().last().map(|range| range.1)
    }

    /// How many numbers are in it; the largest `u128` when they are more.
    #[must_use]
    pub fn count(&self) -> u128 {
        let sizes = self
            .ranges()
            .iter()
            .map(|(first, last)| (last - first).saturating_add(1));
        sizes.fold(0, u128::saturating_add)
    }

    /// The number of a place, counted from zero.
    #[must_use]
    pub fn at(&self, place: u128) -> Option<u128> {
        let mut left = place;
        for (first, last) in self.ranges() {
            match last - first {
                more if left <= more => return Some(first + left),
                more => left -= more + 1,
            }
        }
        None
    }

    /// Whether a number is in it.
    #[must_use]
    pub fn holds(&self, number: u128) -> bool {
        self.at_or_before(number)
            .is_some_and(|(_, last)| number <= last)
    }

    /// The last range that begins at a number or before it.
    fn at_or_before(&self, number: u128) -> Option<Range> {
        let ranges = self.ranges();
        if ranges.len() <= SHORT {
            let mut backwards = ranges.iter().rev();
            return backwards.find(|(first, _)| *first <= number).copied();
        }
        let behind = ranges.partition_point(|(first, _)| *first <= number);
        ranges.get(behind.checked_sub(1)?).copied()
    }

    /// Whether all numbers of this set are in the other.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        if let (Kept::Several(own), Kept::Several(others)) = (&self.0, &other.0)
            && Arc::ptr_eq(own, others)
        {
            return true;
        }
        self.ranges().iter().all(|(first, last)| {
            let around = other.at_or_before(*first);
            around.is_some_and(|(_, end)| *last <= end)
        })
    }

    /// Whether a number is in both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let (few, many) = if self.ranges().len() <= other.ranges().len() {
            (self, other)
        } else {
            (other, self)
        };
        few.ranges().iter().any(|(first, last)| {
            let reaching = many.at_or_before(*last);
            reaching.is_some_and(|(_, end)| *first <= end)
        })
    }

    /// The numbers in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        if self.is_within(other) {
            return self.clone();
        }
        let (mut a, mut b) = (
            self.ranges().iter().peekable(),
            other.ranges().iter().peekable(),
        );
        let mut both = Vec::new();
        while let (Some(&&(first, last)), Some(&&(start, end))) = (a.peek(), b.peek()) {
            let (from, to) = (first.max(start), last.min(end));
            if from <= to {
                both.push((from, to));
            }
            if last <= end {
                a.next();
            } else {
                b.next();
            }
        }
        Self::kept(&both)
    }

    /// The numbers in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        if self.is_within(other) {
            return other.clone();
        }
        Self::of(self.ranges().iter().chain(other.ranges()).copied())
    }

    /// The numbers of this set that are not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        let mut cuts = other.ranges().iter().peekable();
        for &(first, last) in self.ranges() {
            let mut from = Some(first);
            while let Some(&&(start, end)) = cuts.peek() {
                let Some(open) = from.filter(|open| *open <= last) else {
                    break;
                };
                if end < open {
                    cuts.next();
                    continue;
                }
                if start > last {
                    break;
                }
                if start > open {
                    left.push((open, start - 1));
                }
                from = end.checked_add(1);
                if end > last {
                    break;
                }
                cuts.next();
            }
            if let Some(open) = from.filter(|open| *open <= last) {
                left.push((open, last));
            }
        }
        Self::kept(&left)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn some() -> impl Strategy<Value = Ranges> {
        prop::collection::vec((0u128..40, 0u128..8), 0..6)
            .prop_map(|all| Ranges::of(all.into_iter().map(|(first, more)| (first, first + more))))
    }

    fn members(set: &Ranges) -> Vec<u128> {
        (0..60).filter(|number| set.holds(*number)).collect()
    }

    proptest! {
        #[test]
        fn operations_are_those_of_sets(a in some(), b in some()) {
            let with = |keep: &dyn Fn(u128) -> bool| -> Vec<u128> { (0..60).filter(|n| keep(*n)).collect() };
            prop_assert_eq!(members(&a.and(&b)), with(&|n| a.holds(n) && b.holds(n)));
            prop_assert_eq!(members(&a.or(&b)), with(&|n| a.holds(n) || b.holds(n)));
            prop_assert_eq!(members(&a.minus(&b)), with(&|n| a.holds(n) && !b.holds(n)));
            prop_assert_eq!(a.meets(&b), !a.and(&b).is_empty());
            prop_assert_eq!(a.is_within(&b), a.minus(&b).is_empty());
            prop_assert_eq!(a.count(), members(&a).len() as u128);
            let placed: Vec<u128> = (0..70).map_while(|place| a.at(place)).collect();
            prop_assert_eq!(placed, members(&a));
        }

        #[test]
        fn equal_sets_are_equal_values(a in some(), b in some()) {
            prop_assert_eq!(a.minus(&b).or(&a.and(&b)), a.clone());
            prop_assert_eq!(a.or(&b).minus(&b), a.minus(&b));
            let normal = a.or(&b);
            prop_assert!(normal.ranges().windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }

    #[test]
    fn the_largest_number_is_no_edge() {
        let all = Ranges::span(0, u128::MAX);
        let last = Ranges::span(u128::MAX, u128::MAX);
        assert_eq!(all.minus(&last), Ranges::span(0, u128::MAX - 1));
        assert_eq!(all.minus(&last).or(&last), all);
        assert!(all.minus(&all).is_empty());
        assert_eq!(all.count(), u128::MAX);
        assert!(Ranges::span(2, 1).is_empty());
    }
}
