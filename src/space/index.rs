//! Which of many blocks may have a flow in common with one.
//!
//! Each field is cut into a bounded number of pieces where its blocks begin and end. Of each piece, and of each half,
//! quarter and so on of all pieces, there is a row of bits: which blocks have something in it. What a block may meet is
//! then few rows put together for each field, and what all fields leave. Names are found by what they end with.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::block::{Block, Kind, Targets};
use super::ranges::Ranges;

/// How many pieces a field is cut into at most. Where it has more beginnings and ends, pieces hold several, and more
/// blocks are found than meet.
const PIECES: usize = 256;

/// Blocks that one row of bits holds in one word.
const WORD: usize = 64;

/// Blocks by one field of numbers.
#[derive(Debug, Default)]
struct Field {
    /// Where the pieces begin, the first at zero.
    begins: Vec<u128>,
    /// The number of pieces as the next power of two.
    pieces: usize,
    /// How many words a row has.
    words: usize,
    /// The rows, as a tree: the first is not used, the second has all blocks, and those of the halves of row `n` are
    /// rows `2n` and `2n + 1`.
    rows: Vec<u64>,
}

impl Field {
    fn of(sets: &[&Ranges]) -> Self {
        let mut begins: Vec<u128> = vec![0];
        for (first, last) in sets.iter().flat_map(|set| set.ranges()) {
            begins.push(*first);
            begins.extend(last.checked_add(1));
        }
        begins.sort_unstable();
        begins.dedup();
        let each = begins.len().div_ceil(PIECES);
        let begins: Vec<u128> = begins.into_iter().step_by(each.max(1)).collect();
        let pieces = begins.len().next_power_of_two();
        let words = sets.len().div_ceil(WORD);
        let mut field = Self {
            begins,
            pieces,
            words,
            rows: vec![0; 2 * pieces * words],
        };
        let mut column = vec![0u64; 2 * pieces];
        for (word, sets) in sets.chunks(WORD).enumerate() {
            column.fill(0);
            for (bit, set) in sets.iter().enumerate() {
                for range in set.ranges() {
                    let (from, to) = field.pieces_of(range);
                    let own = column.get_mut(pieces + from..=pieces + to);
                    for slot in own.unwrap_or_default() {
                        *slot |= 1 << bit;
                    }
                }
            }
            for row in (1..pieces).rev() {
                let half = |row: usize| column.get(row).copied().unwrap_or(0);
                let both = half(2 * row) | half(2 * row + 1);
                if let Some(slot) = column.get_mut(row) {
                    *slot = both;
                }
            }
            let rows = field.rows.chunks_exact_mut(words);
            for (row, bits) in rows.zip(&column) {
                if let Some(slot) = row.get_mut(word) {
                    *slot = *bits;
                }
            }
        }
        field
    }

    /// The first and the last piece that a range has something of.
    fn pieces_of(&self, (first, last): &(u128, u128)) -> (usize, usize) {
        let piece = |number: &u128| {
            let behind = self.begins.partition_point(|begin| begin <= number);
            behind.saturating_sub(1)
        };
        (piece(first), piece(last))
    }

    /// Takes out of the bits the blocks that have nothing in any piece of a set.
    fn keep(&self, set: &Ranges, bits: &mut [u64], scratch: &mut Vec<u64>) {
        if let [range] = set.ranges()
            && let (piece, last) = self.pieces_of(range)
            && piece == last
        {
            for (bits, row) in bits.iter_mut().zip(self.row(self.pieces + piece)) {
                *bits &= *row;
            }
            return;
        }
        scratch.clear();
        scratch.resize(bits.len(), 0);
        for range in set.ranges() {
            let (from, to) = self.pieces_of(range);
            if from == 0 && to + 1 == self.begins.len() {
                // Every block has something in it.
                return;
            }
            let (mut from, mut behind) = (self.pieces + from, self.pieces + to + 1);
            while from < behind {
                if from & 1 == 1 {
                    self.add(from, scratch);
                    from += 1;
                }
                if behind & 1 == 1 {
                    behind -= 1;
                    self.add(behind, scratch);
                }
                from /= 2;
                behind /= 2;
            }
        }
        for (bits, found) in bits.iter_mut().zip(scratch) {
            *bits &= *found;
        }
    }

    fn row(&self, row: usize) -> &[u64] {
        self.rows.get(row * self.words..).unwrap_or_default()
    }

    fn add(&self, row: usize, bits: &mut [u64]) {
        for (bits, row) in bits.iter_mut().zip(self.row(row)) {
            *bits |= *row;
        }
    }
}

/// Names by the texts that they end with, backwards and in order.
#[derive(Debug, Default)]
struct Endings {
    texts: Vec<(SmolStr, Ending)>,
    /// Where a text is.
    places: FxHashMap<SmolStr, usize>,
}

/// Whose names end with one text.
#[derive(Debug)]
enum Ending {
    Few(Vec<usize>),
    /// A row of bits, where that is shorter.
    Many(Vec<u64>),
}

impl Ending {
    fn add(&self, bits: &mut [u64]) {
        match self {
            Self::Few(all) => all.iter().for_each(|at| mark(*at, bits)),
            Self::Many(row) => {
                for (bits, row) in bits.iter_mut().zip(row) {
                    *bits |= *row;
                }
            }
        }
    }
}

fn mark(at: usize, bits: &mut [u64]) {
    if let Some(word) = bits.get_mut(at / WORD) {
        *word |= 1 << (at % WORD);
    }
}

impl Endings {
    /// Of texts, each of one of so many blocks.
    fn of(mut all: Vec<(&SmolStr, usize)>, count: usize) -> Self {
        all.sort_unstable();
        all.dedup();
        let words = count.div_ceil(WORD);
        let mut endings = Self::default();
        for same in all.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((text, _)) = same.first() else {
                continue;
            };
            let whose = same.iter().map(|(_, whose)| *whose);
            let ending = if same.len() <= words {
                Ending::Few(whose.collect())
            } else {
                let mut row = vec![0; words];
                whose.for_each(|at| mark(at, &mut row));
                Ending::Many(row)
            };
            let place = endings.texts.len();
            endings.places.insert((*text).clone(), place);
            endings.texts.push(((*text).clone(), ending));
        }
        endings
    }

    /// Adds those whose text begins this one, or is begun by it.
    fn add(&self, text: &str, bits: &mut [u64]) {
        if text.is_empty() {
            bits.fill(u64::MAX);
            return;
        }
        let from = self.texts.partition_point(|(own, _)| own.as_str() < text);
        let behind = self.texts.iter().skip(from);
        let longer = behind.take_while(|(own, _)| own.starts_with(text));
        longer.for_each(|(_, ending)| ending.add(bits));
        for (end, _) in text.char_indices() {
            let shorter = text.get(..end).unwrap_or("");
            let place = self.places.get(shorter);
            if let Some((_, ending)) = place.and_then(|place| self.texts.get(*place)) {
                ending.add(bits);
            }
        }
    }
}

/// Blocks of one kind.
#[derive(Debug, Default)]
struct OfKind {
    /// The places of its blocks in the list of all, in order. Bits are numbered by these.
    places: Vec<usize>,
    protocols: Field,
    ports: Field,
    sources: Field,
    /// Of blocks to addresses.
    targets: Field,
    /// Of blocks to names.
    endings: Endings,
}

impl OfKind {
    fn of(blocks: &[(usize, &Block)]) -> Self {
        let field = |of: fn(&Block) -> &Ranges| {
            Field::of(
                &blocks
                    .iter()
                    .map(|(_, block)| of(block))
                    .collect::<Vec<_>>(),
            )
        };
        let none = Ranges::none();
        let addresses: Vec<&Ranges> = blocks
            .iter()
            .map(|(_, block)| match &block.targets {
                Targets::Addresses(addresses) => addresses,
                Targets::Names(_) => &none,
            })
            .collect();
        let mut endings = Vec::new();
        for (at, (_, block)) in blocks.iter().enumerate() {
            if let Targets::Names(names) = &block.targets {
                endings.extend(names.endings().map(|ending| (ending, at)));
            }
        }
        Self {
            places: blocks.iter().map(|(place, _)| *place).collect(),
            protocols: field(|block| &block.protocols),
            ports: field(|block| &block.ports),
            sources: field(|block| &block.sources),
            targets: Field::of(&addresses),
            endings: Endings::of(endings, blocks.len()),
        }
    }

    fn meeting(&self, block: &Block, before: usize, found: &mut Found) {
        let count = self.places.partition_point(|place| *place < before);
        let words = count.div_ceil(WORD);
        let Found {
            bits,
            scratch,
            places,
        } = found;
        bits.clear();
        match &block.targets {
            Targets::Addresses(addresses) => {
                bits.resize(words, u64::MAX);
                self.targets.keep(addresses, bits, scratch);
            }
            Targets::Names(names) => {
                bits.resize(words, 0);
                for ending in names.endings() {
                    self.endings.add(ending, bits);
                }
            }
        }
        self.sources.keep(&block.sources, bits, scratch);
        self.ports.keep(&block.ports, bits, scratch);
        self.protocols.keep(&block.protocols, bits, scratch);
        for (word, bits) in bits.iter().enumerate() {
            let mut left = *bits;
            while left != 0 {
                let at = word * WORD + left.trailing_zeros() as usize;
                left &= left - 1;
                places.extend(self.places.get(at).filter(|place| **place < before));
            }
        }
    }
}

/// What was found, and the room that it took; to be used again.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The places of the blocks that may meet, in order.
    pub(super) places: Vec<usize>,
    bits: Vec<u64>,
    scratch: Vec<u64>,
}

/// Blocks of a list.
#[derive(Debug)]
pub struct Index {
    kinds: Vec<(Kind, OfKind)>,
}

impl Index {
    /// Takes the blocks of a list.
    #[must_use]
    pub fn of<'b>(blocks: impl Iterator<Item = &'b Block> + Clone) -> Self {
        let of_kind = |kind: Kind| {
            let all = blocks.clone().enumerate();
            let own: Vec<(usize, &Block)> = all.filter(|(_, block)| block.kind == kind).collect();
            (kind, OfKind::of(&own))
        };
        Self {
            kinds: Kind::ALL.into_iter().map(of_kind).collect(),
        }
    }

    /// The places of the blocks that may meet one, in order.
    #[must_use]
    pub fn near(&self, block: &Block) -> Vec<usize> {
        let mut found = Found::default();
        self.meeting(block, usize::MAX, &mut found);
        found.places
    }

    /// Finds those of the first blocks of the list that may meet one, so many of them as are asked.
    pub(super) fn meeting(&self, block: &Block, before: usize, found: &mut Found) {
        found.places.clear();
        let own = self.kinds.iter().find(|(kind, _)| *kind == block.kind);
        if let Some((_, own)) = own {
            own.meeting(block, before, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Known, Names};
    use super::*;

    fn numbers(most: u128) -> impl Strategy<Value = Ranges> {
        prop::collection::vec((0..=most, 0..=most / 8), 1..4)
            .prop_map(|all| Ranges::of(all.into_iter().map(|(first, more)| (first, first + more))))
    }

    fn block() -> impl Strategy<Value = Block> {
        const PATTERNS: [&str; 6] = ["*", "*.a.b", "a.b", "*b", "c.d", "*d"];
        // Enough beginnings and ends that pieces hold several.
        let targets = prop_oneof![
            numbers(100_000).prop_map(|addresses| (Kind::V4, Targets::Addresses(addresses))),
            numbers(u128::MAX / 9).prop_map(|addresses| (Kind::V6, Targets::Addresses(addresses))),
            (0..PATTERNS.len()).prop_map(|at| {
                let pattern = PATTERNS[at].parse().unwrap();
                (Kind::V4ToName, Targets::Names(Names::of(&pattern)))
            }),
        ];
        (numbers(20), numbers(900), targets, numbers(5_000)).prop_map(
            |(protocols, ports, (kind, targets), sources)| Block {
                kind,
                protocols,
                ports,
                targets,
                sources,
                source_ports: Ranges::span(1, 65_535),
                known: Known::default(),
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn what_meets_is_found_and_in_order(
            blocks in prop::collection::vec(block(), 1..300),
            asked in prop::collection::vec((block(), 0..310usize), 20),
        ) {
            let index = Index::of(blocks.iter());
            let mut found = Found::default();
            for (block, before) in asked {
                index.meeting(&block, before, &mut found);
                prop_assert!(found.places.is_sorted_by(|a, b| a < b));
                let mut expected = Vec::new();
                for (at, other) in blocks.iter().enumerate().take(before) {
                    if other.fields_meet(&block) {
                        expected.push(at);
                    }
                }
                prop_assert!(expected.iter().all(|at| found.places.contains(at)));
                prop_assert!(found.places.iter().all(|at| *at < before && blocks[*at].kind == block.kind));
            }
        }
    }

    #[test]
    fn where_pieces_are_few_only_what_meets_is_found() {
        let block = |n: u128| Block {
            kind: Kind::V4,
            protocols: Ranges::span(6 + n % 2, 6 + n % 2),
            ports: Ranges::span(n % 5, n % 5),
            targets: Targets::Addresses(Ranges::span(n % 7, n % 7)),
            sources: Ranges::span(n % 3, n % 3),
            source_ports: Ranges::span(1, 65_535),
            known: Known::default(),
        };
        let blocks: Vec<Block> = (0..420).map(block).collect();
        let index = Index::of(blocks.iter());
        let mut found = Found::default();
        for (n, asked) in blocks.iter().enumerate() {
            index.meeting(asked, blocks.len(), &mut found);
            assert_eq!(found.places, [n % 210, n % 210 + 210]);
            index.meeting(asked, n, &mut found);
            assert_eq!(found.places.len(), n / 210);
        }
    }
}
