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
}

impl LineIndex {
    /// Reads the text once.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let after_newlines = text
            .bytes()
            .zip(1u32..)
            .filter_map(|(byte, next)| (byte == b'\n').then_some(next));
        Self {
            starts: std::iter::once(0).chain(after_newlines).collect(),
        }
    }

    /// The line and column of a byte offset in the same text.
    ///
    /// An offset past the end or inside a character gives the nearest place before it.
    #[must_use]
    pub fn line_column(&self, text: &str, offset: u32) -> LineColumn {
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0) as usize;
        let line_text = text.get(start..).unwrap_or("");
        let before = line_text
            .char_indices()
            .take_while(|(at, _)| start + at < offset as usize)
            .count();
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
}
