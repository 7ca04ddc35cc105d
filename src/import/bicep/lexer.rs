//! The words, texts and signs of a Bicep file.
//!
//! Total: any bytes give tokens. A text in quotes is one token with all that is interpolated into it.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a keyword or a number.
    Word,
    /// A text with its quotes.
    Text,
    /// The end of a line.
    Break,
    /// One other character, a byte of ASCII.
    Sign(u8),
}

/// A token. Both ends lie on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// All tokens of a text, and its comments with their slashes.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) tokens: Vec<Token>,
    pub(super) comments: Vec<Range<usize>>,
}

/// Reads a text.
pub(super) fn tokens(text: &str) -> Tokens {
    let bytes = text.as_bytes();
    let mut read = Tokens::default();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let next = bytes.get(at + 1).copied();
        let (kind, end) = match (byte, next) {
            (b' ' | b'\t' | b'\r', _) => (None, at + 1),
            (b'\n', _) => (Some(Kind::Break), at + 1),
            (b'/', Some(b'/')) => {
                let end = line_end(bytes, at);
                read.comments.push(at..end);
                (None, end)
            }
            (b'/', Some(b'*')) => {
                let end = find(bytes, at + 2, b"*/").map_or(bytes.len(), |found| found + 2);
                read.comments.push(at..end);
                (None, end)
            }
            // `#disable-next-line` and its like are for the compiler.
            (b'#', _) => (None, line_end(bytes, at)),
            (b'\'', _) => (Some(Kind::Text), text_end(bytes, at)),
            _ if is_word(byte) => (Some(Kind::Word), word_end(bytes, at)),
            _ => (Some(Kind::Sign(byte)), at + 1),
        };
        if let Some(kind) = kind {
            let start = at;
            read.tokens.push(Token { kind, start, end });
        }
        at = end;
    }
    read
}

/// Bytes of characters beyond ASCII belong to words, so that no token ends inside a character.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

fn word_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    start + rest.iter().take_while(|byte| is_word(**byte)).count()
}

fn line_end(bytes: &[u8], start: usize) -> usize {
    find(bytes, start, b"\n").unwrap_or(bytes.len())
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let found = rest.windows(what.len()).position(|window| window == what)?;
    Some(from + found)
}

/// The end of a text that starts with a quote. One on a single line ends with it when its quote is missing.
fn text_end(bytes: &[u8], start: usize) -> usize {
    const LONG: &[u8] = b"'''";
    if bytes
        .get(start..)
        .is_some_and(|rest| rest.starts_with(LONG))
    {
        let Some(mut end) = find(bytes, start + LONG.len(), LONG).map(|at| at + LONG.len()) else {
            return bytes.len();
        };
        // Of more than three quotes the last three end the text.
        while bytes.get(end) == Some(&b'\'') {
            end += 1;
        }
        return end;
    }
    // How many braces are open in each interpolation around.
    let mut interpolations: Vec<usize> = Vec::new();
    let mut in_text = true;
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at).copied() {
        at += 1;
        match (in_text, byte) {
            (true, b'\\') => at += 1,
            (true, b'\n') => return at - 1,
            (true, b'\'') if interpolations.is_empty() => return at,
            (true, b'\'') => in_text = false,
            (true, b'$') if bytes.get(at) == Some(&b'{') => {
                interpolations.push(0);
                in_text = false;
                at += 1;
            }
            (false, b'\'') => in_text = true,
            (false, b'{') => {
                if let Some(open) = interpolations.last_mut() {
                    *open += 1;
                }
            }
            (false, b'}') => match interpolations.last_mut() {
                Some(open) if *open > 0 => *open -= 1,
                _ => {
                    interpolations.pop();
                    in_text = true;
                }
            },
            _ => {}
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<&str> {
        let tokens = tokens(text).tokens;
        tokens
            .iter()
            .map(|token| text.get(token.start..token.end).unwrap())
            .collect()
    }

    #[test]
    fn texts_are_whole_with_what_is_interpolated() {
        for (text, expected) in [
            ("a: 'b'", vec!["a", ":", "'b'"]),
            ("'a${b}c' d", vec!["'a${b}c'", "d"]),
            (
                "'${x ? 'y' : '${z}'}' w",
                vec!["'${x ? 'y' : '${z}'}'", "w"],
            ),
            ("'${f({a: 'b'})}' w", vec!["'${f({a: 'b'})}'", "w"]),
            (r"'it\'s' w", vec![r"'it\'s'", "w"]),
            ("'''a\n'b' ''' w", vec!["'''a\n'b' '''", "w"]),
            ("'open\nw", vec!["'open", "\n", "w"]),
            ("a // b 'c\nd /* e\n */ f", vec!["a", "\n", "d", "f"]),
            ("#disable-next-line x\nd", vec!["\n", "d"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn tokens_follow_one_another_on_character_boundaries(text in "[a'${}/*\\\\é\n# :]{0,40}") {
            let mut last = 0;
            for token in tokens(&text).tokens {
                prop_assert!(token.start >= last && token.end > token.start);
                prop_assert!(text.get(token.start..token.end).is_some());
                last = token.end;
            }
        }
    }
}
