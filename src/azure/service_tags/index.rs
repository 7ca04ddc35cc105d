//! Finds the prefixes that cover an address: one probe for each prefix length in use.

use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

/// The place of a tag in its file.
pub(super) type TagNumber = u32;

/// The prefix lengths in use, longest first, by family.
#[derive(Debug, Clone, Default)]
pub(super) struct Lengths {
    v4: Vec<u8>,
    v6: Vec<u8>,
}

impl Lengths {
    pub(super) fn of<'p>(prefixes: impl IntoIterator<Item = &'p IpNet>) -> Self {
        let (mut v4, mut v6) = ([false; 33], [false; 129]);
        for prefix in prefixes {
            let used = match prefix {
                IpNet::V4(_) => v4.get_mut(usize::from(prefix.prefix_len())),
                IpNet::V6(_) => v6.get_mut(usize::from(prefix.prefix_len())),
            };
            if let Some(used) = used {
                *used = true;
            }
        }
        Self {
            v4: descending(&v4),
            v6: descending(&v6),
        }
    }

    /// The networks of these lengths that an address is in, longest prefix first.
    fn networks(&self, address: IpAddr) -> impl Iterator<Item = IpNet> {
        let lengths = match address {
            IpAddr::V4(_) => &self.v4,
            IpAddr::V6(_) => &self.v6,
        };
        let networks = lengths
            .iter()
            .filter_map(move |length| IpNet::new(address, *length).ok());
        networks.map(|prefix| prefix.trunc())
    }
}

fn descending(used: &[bool]) -> Vec<u8> {
    let lengths = (0..).zip(used).filter(|(_, used)| **used);
    let mut lengths: Vec<u8> = lengths.map(|(length, _)| length).collect();
    lengths.reverse();
    lengths
}

/// All prefixes with their tags.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// The tags of each prefix, ascending, one prefix after the other.
    tags: Vec<TagNumber>,
    /// Where the tags of a prefix are.
    places: FxHashMap<IpNet, Range<usize>>,
    lengths: Lengths,
}

impl Index {
    pub(super) fn new<'p>(tags: impl Iterator<Item = (TagNumber, &'p [IpNet])>) -> Self {
        let mut entries: Vec<_> = tags
            .flat_map(|(tag, prefixes)| prefixes.iter().map(move |prefix| (*prefix, tag)))
            .collect();
        entries.sort_unstable();
        let mut places = FxHashMap::default();
        let mut start = 0;
        for of_one_prefix in entries.chunk_by(|(a, _), (b, _)| a == b) {
            let end = start + of_one_prefix.len();
            places.extend(
                of_one_prefix
                    .first()
                    .map(|(prefix, _)| (*prefix, start..end)),
            );
            start = end;
        }
        Self {
            lengths: Lengths::of(entries.iter().map(|(prefix, _)| prefix)),
            tags: entries.into_iter().map(|(_, tag)| tag).collect(),
            places,
        }
    }

    /// The longest prefix of a tag, whose lengths are given, that covers an address.
    pub(super) fn longest(
        &self,
        tag: TagNumber,
        lengths: &Lengths,
        address: IpAddr,
    ) -> Option<IpNet> {
        let mut networks = lengths.networks(address);
        networks.find(|network| self.tags_with(network).binary_search(&tag).is_ok())
    }

    /// The tags that hold an address, in their order, each once.
    pub(super) fn tags_of(&self, address: IpAddr) -> Vec<TagNumber> {
        let networks = self.lengths.networks(address);
        let tags = networks.flat_map(|network| self.tags_with(&network));
        let mut tags: Vec<TagNumber> = tags.copied().collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// The tags that list exactly this prefix.
    fn tags_with(&self, prefix: &IpNet) -> &[TagNumber] {
        let tags = self.places.get(prefix);
        tags.and_then(|place| self.tags.get(place.clone()))
            .unwrap_or_default()
    }
}
