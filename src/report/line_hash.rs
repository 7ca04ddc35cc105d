//! The line hash by which GitHub recognises an alert, computed as its own upload does.
//!
//! For a line: the polynomial of base 37 over its first hundred UTF-16 code units and those of the lines that follow,
//! without blanks and tabs, with every line end as `\n`; then a colon and a count that tells equal lines apart.
//! Source: github/codeql-action, src/fingerprints.ts.

use std::collections::HashMap;

const LENGTH: usize = 100;
const BASE: u64 = 37;
const END_OF_FILE: u16 = 0xffff;

/// The hash of every line, the first line first.
pub(super) fn line_hashes(text: &str) -> Vec<String> {
    let (units, starts) = without_blanks(text);
    let mut seen: HashMap<u64, u32> = HashMap::new();
    let hash = |start: usize| {
        let from_start = units.iter().skip(start).copied();
        let padded = from_start.chain(std::iter::repeat(0)).take(LENGTH);
        let hash = padded.fold(0u64, |hash, unit| {
            hash.wrapping_mul(BASE).wrapping_add(u64::from(unit))
        });
        let count = seen.entry(hash).or_insert(0);
        *count += 1;
        format!("{hash:x}:{count}")
    };
    starts.into_iter().map(hash).collect()
}

/// The code units that count, and where in them each line begins.
fn without_blanks(text: &str) -> (Vec<u16>, Vec<usize>) {
    const TAB: u16 = 9;
    const LINE_FEED: u16 = 10;
    const CARRIAGE_RETURN: u16 = 13;
    const BLANK: u16 = 32;
    let mut units = Vec::with_capacity(text.len());
    let mut starts = Vec::new();
    let mut at_line_start = true;
    let mut after_return = false;
    for unit in text.encode_utf16().chain([END_OF_FILE]) {
        let second_half = after_return && unit == LINE_FEED;
        after_return = unit == CARRIAGE_RETURN;
        if second_half || unit == BLANK || unit == TAB {
            continue;
        }
        if at_line_start {
            starts.push(units.len());
        }
        let unit = if after_return { LINE_FEED } else { unit };
        at_line_start = unit == LINE_FEED;
        units.push(unit);
    }
    (units, starts)
}

#[cfg(test)]
mod tests {
    use super::line_hashes;

    /// Values that GitHub's own code gives.
    #[test]
    fn hashes_are_those_of_github() {
        assert_eq!(line_hashes(""), ["c129715d7a2bc9a3:1"]);
        assert_eq!(
            line_hashes(" a\nb\n  \t\tc\n d"),
            [
                "271789c17abda88f:1",
                "54703d4cd895b18:1",
                "180aee12dab6264:1",
                "a23a3dc5e078b07b:1"
            ]
        );
        let ends = [
            "e9496ae3ebfced30:1",
            "fb7c023a8b9ccb3f:1",
            "ce8ba1a563dcdaca:1",
            "e20e36e16fcb0cc8:1",
            "b3edc88f2938467e:1",
            "c8e28b0b4002a3a0:1",
            "c129715d7a2bc9a3:1",
        ];
        let text = " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n";
        for end in ["\n", "\r", "\r\n"] {
            assert_eq!(line_hashes(&text.replace('\n', end)), ends, "{end:?}");
        }
    }

    #[test]
    fn equal_lines_are_numbered() {
        let hashes = line_hashes(&"Lorem ipsum dolor sit amet.\n".repeat(10));
        assert_eq!(hashes[0], "a7f2ff13bc495cf2:1");
        assert_eq!(hashes[5], "a7f2ff13bc495cf2:6");
        assert_eq!(hashes[6], "a7f2ff1481e87703:1");
        assert_eq!(hashes.len(), 11);
    }
}
