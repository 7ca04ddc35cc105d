//! Sets of numbers as ranges: IPv4 addresses, ports.
//!
//! Ranges are in order and neither overlap nor touch, so equal sets are equal values.

use std::net::Ipv4Addr;

use ipnet::IpNet;

use crate::net::{AddressRange, PortRange};

/// A set of numbers of 32 bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(in crate::lint) struct RangeSet(Vec<(u32, u32)>);

/// An aligned block of numbers: all that share their first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::lint) struct Block {
    first: u32,
    length: u8,
}

impl Block {
    /// How many bits its members share.
    pub(in crate::lint) fn length(self) -> u8 {
        self.length
    }

    /// The block of fewer bits around it.
    pub(in crate::lint) fn shortened(self, length: u8) -> Self {
        let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
        Self {
            first: self.first & mask,
            length,
        }
    }
}

impl RangeSet {
    /// The set of all members of some ranges, both ends included.
    pub(in crate::lint) fn new(ranges: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut sorted: Vec<(u32, u32)> = ranges.into_iter().collect();
        sorted.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(sorted.len());
        for (first, last) in sorted {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// Every IPv4 address.
    pub(in crate::lint) fn everything() -> Self {
        Self(vec![(0, u32::MAX)])
    }

    /// The ports of some ranges. There is no port 0, so it makes no difference.
    pub(in crate::lint) fn ports(ranges: &[PortRange]) -> Self {
        Self::new(ranges.iter().map(|range| {
            let (first, last) = range.bounds();
            (u32::from(first.max(1)), u32::from(last.max(1)))
        }))
    }

    /// The IPv4 addresses of some prefixes.
    pub(in crate::lint) fn prefixes(prefixes: impl IntoIterator<Item = IpNet>) -> Self {
        Self::new(prefixes.into_iter().filter_map(prefix_bounds))
    }

    /// Whether it has no members.
    pub(in crate::lint) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it holds every number.
    pub(in crate::lint) fn is_everything(&self) -> bool {
        self.0 == [(0, u32::MAX)]
    }

    /// How many members it has.
    pub(in crate::lint) fn count(&self) -> u64 {
        let lengths = self.0.iter();
        lengths
            .map(|(first, last)| u64::from(last - first) + 1)
            .sum()
    }

    /// Whether it holds every member of another set.
    pub(in crate::lint) fn contains(&self, other: &Self) -> bool {
        other.0.iter().all(|(first, last)| {
            let after = self.0.partition_point(|range| range.0 <= *first);
            let around = after.checked_sub(1).and_then(|at| self.0.get(at));
            around.is_some_and(|range| range.1 >= *last)
        })
    }

    /// Whether it shares a member with another set.
    pub(in crate::lint) fn overlaps(&self, other: &Self) -> bool {
        let (few, many) = if self.0.len() <= other.0.len() {
            (self, other)
        } else {
            (other, self)
        };
        few.0.iter().any(|(first, last)| {
            let at = many.0.partition_point(|range| range.1 < *first);
            many.0.get(at).is_some_and(|range| range.0 <= *last)
        })
    }

    /// Its members that are not in another set.
    pub(in crate::lint) fn without(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        for (first, last) in &self.0 {
            let mut next = Some(*first);
            let from = other.0.partition_point(|range| range.1 < *first);
            for taken in other.0.iter().skip(from) {
                let Some(begin) = next.filter(|_| taken.0 <= *last) else {
                    break;
                };
                if taken.0 > begin {
                    left.push((begin, taken.0 - 1));
                }
                next = taken.1.checked_add(1).filter(|next| next <= last);
            }
            left.extend(next.map(|begin| (begin, *last)));
        }
        Self(left)
    }

    /// The fewest aligned blocks that together are the set, in order. A block that lies in the set lies in one of
    /// them.
    pub(in crate::lint) fn blocks(&self) -> impl Iterator<Item = Block> + '_ {
        self.0.iter().flat_map(|(first, last)| Blocks {
            next: Some(*first),
            last: *last,
        })
    }
}

struct Blocks {
    next: Option<u32>,
    last: u32,
}

impl Iterator for Blocks {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        let first = self.next?;
        let left = u64::from(self.last) - u64::from(first) + 1;
        // The largest power of two that both begins here and ends in time.
        let bits = first.trailing_zeros().min(left.ilog2());
        let size = 1_u64 << bits;
        let after = u64::from(first) + size;
        self.next = u32::try_from(after)
            .ok()
            .filter(|after| *after <= self.last);
        Some(Block {
            first,
            length: 32 - u8::try_from(bits).unwrap_or(32),
        })
    }
}

/// First and last address of an IPv4 prefix.
pub(in crate::lint) fn prefix_bounds(prefix: IpNet) -> Option<(u32, u32)> {
    match prefix {
        IpNet::V4(prefix) => Some((bits(prefix.network()), bits(prefix.broadcast()))),
        IpNet::V6(_) => None,
    }
}

/// First and last address of an IPv4 range.
pub(in crate::lint) fn range_bounds(range: AddressRange) -> Option<(u32, u32)> {
    match range.bounds() {
        (std::net::IpAddr::V4(first), std::net::IpAddr::V4(last)) => {
            Some((bits(first), bits(last)))
        }
        _ => None,
    }
}

fn bits(address: Ipv4Addr) -> u32 {
    address.to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ranges: &[(u32, u32)]) -> RangeSet {
        RangeSet::new(ranges.iter().copied())
    }

    fn members(set: &RangeSet) -> Vec<u32> {
        (0..40)
            .filter(|n| set.contains(&self::set(&[(*n, *n)])))
            .collect()
    }

    #[test]
    fn lists_that_touch_are_one() {
        let halves = ["0.0.0.0/1", "128.0.0.0/1"].map(|text| text.parse().unwrap());
        assert!(RangeSet::prefixes(halves).is_everything());
        assert_eq!(set(&[(5, 9), (1, 4), (8, 12)]), set(&[(1, 12)]));
        assert_eq!(set(&[(1, 12), (14, 14)]).count(), 13);
    }

    /// Every pair of small sets, against lists of members.
    #[test]
    fn operations_agree_with_members() {
        let ranges = [(0, 3), (2, 8), (5, 5), (9, 20), (15, 30), (31, 31)];
        let sets: Vec<RangeSet> = (0..64_u32)
            .map(|mask| {
                let chosen = ranges.iter().enumerate();
                RangeSet::new(
                    chosen
                        .filter(|(at, _)| mask >> at & 1 == 1)
                        .map(|(_, r)| *r),
                )
            })
            .collect();
        for a in &sets {
            for b in &sets {
                let (x, y) = (members(a), members(b));
                assert_eq!(
                    a.contains(b),
                    y.iter().all(|n| x.contains(n)),
                    "{a:?} {b:?}"
                );
                assert_eq!(
                    a.overlaps(b),
                    y.iter().any(|n| x.contains(n)),
                    "{a:?} {b:?}"
                );
                let left: Vec<u32> = x.iter().copied().filter(|n| !y.contains(n)).collect();
                assert_eq!(members(&a.without(b)), left, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn blocks_are_the_set_again() {
        let whole = RangeSet::everything();
        assert_eq!(whole.blocks().map(Block::length).collect::<Vec<_>>(), [0]);
        let lengths: Vec<u8> = set(&[(3, 12), (u32::MAX, u32::MAX)])
            .blocks()
            .map(Block::length)
            .collect();
        assert_eq!(lengths, [32, 30, 30, 32, 32]);
        let block = set(&[(8, 11)]).blocks().next().unwrap();
        assert_eq!(block.shortened(0), whole.blocks().next().unwrap());
        assert_eq!(
            block.shortened(29),
            set(&[(8, 15)]).blocks().next().unwrap()
        );
    }
}
