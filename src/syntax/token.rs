//! Tokens. White space and comments are tokens too, so nothing of the text is lost.

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Blanks and line ends.
    Space,
    /// `//` to the end of the line.
    Comment,
    /// A keyword, name, number, address, pattern: anything without blanks and punctuation.
    Word,
    /// A text in double quotes.
    Text,
    /// A text whose closing quote is missing; it ends with its line.
    OpenText,
    /// `{`
    Open,
    /// `}`
    Close,
    /// `,`
    Comma,
    /// `=`
    Equals,
    /// `->`
    Arrow,
    /// `<->`
    BothWays,
    /// The end of the file; empty.
    End,
}

/// A token: its kind and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Token {
    /// The token's text.
    pub(super) fn text<'a>(&self, source: &'a str) -> &'a str {
        source
            .get(self.start as usize..self.end as usize)
            .unwrap_or("")
    }

    /// Whether it carries meaning, unlike white space and comments.
    pub(super) fn is_significant(&self) -> bool {
        !matches!(self.kind, Kind::Space | Kind::Comment)
    }
}

/// What some editors put at the beginning of a file. It means nothing.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Splits a text into tokens. The last one is [`Kind::End`].
pub(super) fn tokenize(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let at = |index: usize| bytes.get(index).copied();
    let mut tokens = Vec::with_capacity(bytes.len() / 4 + 1);
    let mut start = 0;
    if text.starts_with(BYTE_ORDER_MARK) {
        start = BYTE_ORDER_MARK.len_utf8();
        tokens.push(Token {
            kind: Kind::Space,
            start: 0,
            end: narrow(start),
        });
    }
    while let Some(first) = at(start) {
        let (kind, length) = match first {
            b'{' => (Kind::Open, 1),
            b'}' => (Kind::Close, 1),
            b',' => (Kind::Comma, 1),
            b'=' => (Kind::Equals, 1),
            b'"' => text_token(bytes.get(start..).unwrap_or_default()),
            b'/' if at(start + 1) == Some(b'/') => (
                Kind::Comment,
                run(bytes, start, |index| at(index) != Some(b'\n')),
            ),
            b'-' if at(start + 1) == Some(b'>') => (Kind::Arrow, 2),
            b'<' if at(start + 1) == Some(b'-') && at(start + 2) == Some(b'>') => {
                (Kind::BothWays, 3)
            }
            _ if is_space(first) => (
                Kind::Space,
                run(bytes, start, |index| at(index).is_some_and(is_space)),
            ),
            _ => (
                Kind::Word,
                run(bytes, start, |index| continues_word(&at, index, start)),
            ),
        };
        let end = start + length;
        tokens.push(Token {
            kind,
            start: narrow(start),
            end: narrow(end),
        });
        start = end;
    }
    tokens.push(Token {
        kind: Kind::End,
        start: narrow(start),
        end: narrow(start),
    });
    tokens
}

fn run(bytes: &[u8], start: usize, belongs: impl Fn(usize) -> bool) -> usize {
    (start + 1..bytes.len())
        .find(|&index| !belongs(index))
        .unwrap_or(bytes.len())
        - start
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// A word ends at white space, punctuation, a comment or an arrow. The `//` of a URL begins no comment, so that the
/// URL can be reported as one.
fn continues_word(at: &impl Fn(usize) -> Option<u8>, index: usize, start: usize) -> bool {
    let next = at(index + 1);
    match at(index) {
        None | Some(b'{' | b'}' | b',' | b'=' | b'"') => false,
        Some(b'/') => next != Some(b'/') || index.checked_sub(1).and_then(at) == Some(b':'),
        Some(b'-') => next != Some(b'>'),
        Some(b'<') => index == start || next != Some(b'-'),
        Some(byte) => !is_space(byte),
    }
}

fn text_token(bytes: &[u8]) -> (Kind, usize) {
    let mut escaped = false;
    for (index, &byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            b'\n' => return (Kind::OpenText, index),
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return (Kind::Text, index + 1),
            _ => {}
        }
    }
    (Kind::OpenText, bytes.len())
}

fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// The meaning of a text token: without its quotes, with `\"` and `\\` resolved.
pub(super) fn unquote(token_text: &str) -> String {
    let inner = token_text.strip_prefix('"').unwrap_or(token_text);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut out = String::with_capacity(inner.len());
    let mut escaped = false;
    for c in inner.chars() {
        if !escaped && c == '\\' {
            escaped = true;
            continue;
        }
        escaped = false;
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(Kind, &str)> {
        tokenize(text)
            .iter()
            .filter(|t| t.is_significant())
            .map(|t| (t.kind, t.text(text)))
            .collect()
    }

    #[test]
    fn words_hold_addresses_patterns_and_services() {
        let text = "require spark->*.x.com, fd00::/64 tcp/9092-9094 \"a \\\"b\\\"\" // why\n}";
        let expected = [
            (Kind::Word, "require"),
            (Kind::Word, "spark"),
            (Kind::Arrow, "->"),
            (Kind::Word, "*.x.com"),
            (Kind::Comma, ","),
            (Kind::Word, "fd00::/64"),
            (Kind::Word, "tcp/9092-9094"),
            (Kind::Text, "\"a \\\"b\\\"\""),
            (Kind::Close, "}"),
            (Kind::End, ""),
        ];
        assert_eq!(words(text), expected);
        let url = "https://a.b/c// why";
        assert_eq!(words(url), [(Kind::Word, "https://a.b/c"), (Kind::End, "")]);
        assert_eq!(unquote("\"a \\\"b\\\" \\\\\""), "a \"b\" \\");
    }

    #[test]
    fn tokens_join_to_the_text() {
        for text in [
            "",
            "a<->b",
            "a//b\n\"open\nx",
            "<",
            "-",
            "/",
            "ä{é}=,",
            "\"\\",
            "<-",
            "a<-b",
            "\u{feff}egress 1",
            "https://a.b//c",
        ] {
            let joined: String = tokenize(text).iter().map(|t| t.text(text)).collect();
            assert_eq!(joined, text);
        }
    }
}
