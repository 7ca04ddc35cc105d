//! Which of many blocks may have a flow in common with one: by where they go.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::block::{Block, Kind, Targets};

/// Ranges by their beginnings, with the largest end of every part of the list.
#[derive(Debug, Default)]
struct Intervals {
    /// First, last, and whose.
    spans: Vec<(u128, u128, usize)>,
    /// At the middle of each part, the largest end in that part.
    ends: Vec<u128>,
}

impl Intervals {
    fn of(mut spans: Vec<(u128, u128, usize)>) -> Self {
        spans.sort_unstable();
        let ends = vec![0; spans.len()];
        let mut intervals = Self { spans, ends };
        intervals.measure(0, intervals.spans.len());
        intervals
    }

    /// The largest end of a part. Parts are halves of halves, so the depth is that of a balanced tree.
    fn measure(&mut self, from: usize, to: usize) -> u128 {
        if from >= to {
            return 0;
        }
        let middle = from.midpoint(to);
        let halves = self.measure(from, middle).max(self.measure(middle + 1, to));
        let own = self.spans.get(middle).map_or(0, |span| span.1);
        let end = own.max(halves);
        if let Some(slot) = self.ends.get_mut(middle) {
            *slot = end;
        }
        end
    }

    fn meeting(&self, (first, last): (u128, u128), from: usize, to: usize, met: &mut Vec<usize>) {
        if from >= to {
            return;
        }
        let middle = from.midpoint(to);
        if self.ends.get(middle).is_none_or(|end| *end < first) {
            return;
        }
        self.meeting((first, last), from, middle, met);
        let Some((start, end, whose)) = self.spans.get(middle) else {
            return;
        };
        if *start <= last {
            if *end >= first {
                met.push(*whose);
            }
            self.meeting((first, last), middle + 1, to, met);
        }
    }
}

/// Names by the texts that they end with, backwards and in order.
#[derive(Debug, Default)]
struct Endings {
    sorted: Vec<(SmolStr, usize)>,
    /// Where those of each text begin.
    begin: FxHashMap<SmolStr, usize>,
}

impl Endings {
    fn of(mut sorted: Vec<(SmolStr, usize)>) -> Self {
        sorted.sort_unstable();
        let mut begin = FxHashMap::default();
        for (at, (text, _)) in sorted.iter().enumerate() {
            begin.entry(text.clone()).or_insert(at);
        }
        Self { sorted, begin }
    }

    /// Those whose text begins this one, or is begun by it.
    fn meeting(&self, text: &str, met: &mut Vec<usize>) {
        let from = self.sorted.partition_point(|(own, _)| own.as_str() < text);
        let behind = self.sorted.iter().skip(from);
        let longer = behind.take_while(|(own, _)| own.starts_with(text));
        met.extend(longer.map(|(_, whose)| *whose));
        for (end, _) in text.char_indices() {
            let shorter = text.get(..end).unwrap_or("");
            let Some(from) = self.begin.get(shorter) else {
                continue;
            };
            let behind = self.sorted.iter().skip(*from);
            let same = behind.take_while(|(own, _)| own == shorter);
            met.extend(same.map(|(_, whose)| *whose));
        }
    }
}

/// Blocks, each of somebody, by where they go.
#[derive(Debug, Default)]
pub struct Index {
    v4: Intervals,
    v6: Intervals,
    v4_to_names: Endings,
    v6_to_names: Endings,
}

impl Index {
    /// Takes blocks, each with a number of its own.
    #[must_use]
    pub fn of<'b>(blocks: impl IntoIterator<Item = (&'b Block, usize)>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        let (mut v4_to_names, mut v6_to_names) = (Vec::new(), Vec::new());
        for (block, whose) in blocks {
            match &block.targets {
                Targets::Names(names) => {
                    let endings = if block.kind == Kind::V4ToName {
                        &mut v4_to_names
                    } else {
                        &mut v6_to_names
                    };
                    endings.extend(names.endings().map(|ending| (ending.clone(), whose)));
                }
                Targets::Addresses(addresses) => {
                    let spans = if block.kind == Kind::V4 {
                        &mut v4
                    } else {
                        &mut v6
                    };
                    let ranges = addresses.ranges().iter();
                    spans.extend(ranges.map(|(first, last)| (*first, *last, whose)));
                }
            }
        }
        Self {
            v4: Intervals::of(v4),
            v6: Intervals::of(v6),
            v4_to_names: Endings::of(v4_to_names),
            v6_to_names: Endings::of(v6_to_names),
        }
    }

    /// Adds those whose blocks may meet one; in no order, and some of them several times.
    pub fn meeting(&self, block: &Block, met: &mut Vec<usize>) {
        match &block.targets {
            Targets::Names(names) => {
                let endings = if block.kind == Kind::V4ToName {
                    &self.v4_to_names
                } else {
                    &self.v6_to_names
                };
                for ending in names.endings() {
                    endings.meeting(ending, met);
                }
            }
            Targets::Addresses(addresses) => {
                let intervals = if block.kind == Kind::V4 {
                    &self.v4
                } else {
                    &self.v6
                };
                for range in addresses.ranges() {
                    intervals.meeting(*range, 0, intervals.spans.len(), met);
                }
            }
        }
    }
}
