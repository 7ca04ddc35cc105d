//! From byte offsets to lines and columns.

/// A place as an editor shows it. Both numbers count from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// The start of every line of a text.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// Whether every character is one byte. Then nothing needs to be counted, even on the one line of a large file.
    is_ascii: bool,
}

impl LineIndex {
    /// Reads the text once.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes());
        let after_newlines = newlines.filter_map(|at| u32::try_from(at + 1).ok());
        Self {
            starts: std::iter::once(0).chain(after_newlines).collect(),
            is_ascii: text.is_ascii(),
        }
    }

    /// The line and column of a byte offset in the same text.
    ///
    /// An offset past the end or inside a character gives the nearest place before it.
    #[must_use]
    pub fn line_column(&self, text: &str, offset: u32) -> LineColumn {
        self.place(text, offset, |before| before.chars().count())
    }

    /// The same with the column in UTF-16 code units, as SARIF and many editors count.
    #[must_use]
    pub fn line_column_utf16(&self, text: &str, offset: u32) -> LineColumn {
        // Characters of four bytes take two units. Counting bytes is quick, even on the one line of a large file.
        let is_wide = |byte: &u8| *byte >= 0xf0;
        self.place(text, offset, |before| {
            before.chars().count()
                + before
                    .as_bytes()
                    .iter()
                    .filter(|byte| is_wide(byte))
                    .count()
        })
    }

    fn place(&self, text: &str, offset: u32, width: impl Fn(&str) -> usize) -> LineColumn {
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0) as usize;
        let end = text.floor_char_boundary(offset as usize);
        let before = if self.is_ascii {
            end.saturating_sub(start)
        } else {
            width(text.get(start..end).unwrap_or(""))
        };
        LineColumn {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1),
        }
    }

    /// The byte offset at which a line (from 1) starts; the last line's start for a line past the end.
    #[must_use]
    pub fn line_start(&self, line: u32) -> u32 {
        let wanted = (line.max(1) - 1) as usize;
        self.starts
            .get(wanted)
            .or(self.starts.last())
            .copied()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_not_bytes() {
        let text = "aä\nb\n\nc";
        let index = LineIndex::new(text);
        let at = |offset| {
            let place = index.line_column(text, offset);
            (place.line, place.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(1), (1, 2));
        assert_eq!(at(3), (1, 3));
        assert_eq!(at(4), (2, 1));
        assert_eq!(at(6), (3, 1));
        assert_eq!(at(7), (4, 1));
        assert_eq!(at(99), (4, 2));
        assert_eq!(index.line_start(2), 4);
        assert_eq!(index.line_start(99), 7);
    }

    #[test]
    fn utf16_counts_surrogates_as_two() {
        let text = "ä😀x";
        let index = LineIndex::new(text);
        let columns = |offset| {
            let utf16 = index.line_column_utf16(text, offset).column;
            (index.line_column(text, offset).column, utf16)
        };
        assert_eq!([0, 2, 6, 7].map(columns), [(1, 1), (2, 2), (3, 4), (4, 5)]);
        assert_eq!(
            columns(3),
            (2, 2),
            "inside a character: the place before it"
        );
    }
}
