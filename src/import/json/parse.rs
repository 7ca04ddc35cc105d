//! From text to nodes, in one pass over the bytes.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Document, Duplicate, Kind, MAX_DEPTH, Node, Problem};
use crate::base::{FileId, Span};

/// Reads a text.
///
/// # Errors
/// At the first place that is no JSON.
pub fn parse(file: FileId, text: &Arc<str>) -> Result<Document, Problem> {
    let mut reader = Reader {
        file,
        text,
        bytes: text.as_bytes(),
        at: 0,
        // Templates have a value every twenty bytes or so.
        nodes: Vec::with_capacity(text.len() / 20),
        comments: Vec::new(),
        duplicates: Vec::new(),
        open: Vec::new(),
    };
    reader.document()?;
    Ok(Document {
        file,
        text: Arc::clone(text),
        nodes: reader.nodes,
        comments: reader.comments,
        duplicates: reader.duplicates,
    })
}

/// The text of a string that was written with escapes.
pub(super) fn unescape(content: &str) -> String {
    let mut text = String::with_capacity(content.len());
    let mut rest = content;
    while let Some((before, escaped)) = rest.split_once('\\') {
        text.push_str(before);
        let mut characters = escaped.chars();
        match characters.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('u') => {
                let (character, length) = unicode(escaped);
                text.push(character);
                rest = escaped.get(length..).unwrap_or("");
                continue;
            }
            Some(other) => text.push(other),
            None => {}
        }
        rest = characters.as_str();
    }
    text.push_str(rest);
    text
}

/// The character of `uXXXX` or of a surrogate pair, and how many bytes it takes.
fn unicode(escaped: &str) -> (char, usize) {
    let unit = |at: usize| -> Option<u32> {
        let digits = escaped.get(at..at + 4)?;
        u32::from_str_radix(digits, 16).ok()
    };
    let replacement = (char::REPLACEMENT_CHARACTER, 5);
    match unit(1) {
        Some(high @ 0xd800..=0xdbff) => {
            let low = if escaped.get(5..7) == Some("\\u") {
                unit(7)
            } else {
                None
            };
            match low {
                Some(low @ 0xdc00..=0xdfff) => {
                    let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    (char::from_u32(code).unwrap_or(replacement.0), 11)
                }
                _ => replacement,
            }
        }
        Some(code) => (char::from_u32(code).unwrap_or(replacement.0), 5),
        None => replacement,
    }
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A value at the top, or the end.
    Top,
    /// A value.
    Value,
    /// The first element, or `]`.
    FirstElement,
    /// The first key, or `}`.
    FirstKey,
    /// A comma, or the closing bracket.
    AfterValue,
}

struct Reader<'t> {
    file: FileId,
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    nodes: Vec<Node>,
    comments: Vec<Span>,
    duplicates: Vec<Duplicate>,
    /// The lists and objects that are open, by their nodes.
    open: Vec<usize>,
}

fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Problem> {
        let mut state = State::Top;
        loop {
            self.skip_blank()?;
            let Some(byte) = self.peek() else {
                return match self.open.last() {
                    None if state == State::Top && !self.nodes.is_empty() => Ok(()),
                    None => Err(self.problem("the file is empty")),
                    Some(_) => Err(self.unclosed()),
                };
            };
            state = match (state, byte) {
                (State::FirstElement, b']') | (State::FirstKey, b'}') => self.close(),
                (State::AfterValue, b',') => {
                    self.at += 1;
                    self.after_comma()?
                }
                (State::AfterValue, b']' | b'}') if self.closes(byte) => self.close(),
                (State::AfterValue, _) => return Err(self.separator_missing()),
                (State::FirstKey, _) => self.key()?,
                (State::Top | State::Value | State::FirstElement, _) => self.value(byte)?,
            };
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn inside(&self, kind: Kind) -> bool {
        let innermost = self.open.last().and_then(|at| self.nodes.get(*at));
        innermost.is_some_and(|node| node.kind == kind)
    }

    fn closes(&self, byte: u8) -> bool {
        self.inside(if byte == b']' {
            Kind::Array
        } else {
            Kind::Object
        })
    }

    /// Behind a comma: another element or key, or the closing bracket, which Azure takes there too.
    fn after_comma(&mut self) -> Result<State, Problem> {
        self.skip_blank()?;
        match self.peek() {
            Some(byte @ (b']' | b'}')) if self.closes(byte) => Ok(State::AfterValue),
            Some(_) if self.inside(Kind::Object) => self.key(),
            _ => Ok(State::Value),
        }
    }

    fn value(&mut self, first: u8) -> Result<State, Problem> {
        let start = self.at;
        match first {
            b'{' => self.open(Kind::Object),
            b'[' => self.open(Kind::Array),
            b'"' => {
                let kind = self.string()?;
                self.leaf(kind, start);
                Ok(self.after_value())
            }
            b'-' | b'0'..=b'9' => {
                self.number()?;
                self.leaf(Kind::Number, start);
                Ok(self.after_value())
            }
            _ => {
                let kind = self.word()?;
                self.leaf(kind, start);
                Ok(self.after_value())
            }
        }
    }

    fn after_value(&self) -> State {
        if self.open.is_empty() {
            State::Top
        } else {
            State::AfterValue
        }
    }

    fn leaf(&mut self, kind: Kind, start: usize) {
        let next = narrow(self.nodes.len() + 1);
        self.nodes.push(Node {
            kind,
            start: narrow(start),
            end: narrow(self.at),
            next,
        });
    }

    fn open(&mut self, kind: Kind) -> Result<State, Problem> {
        if self.open.len() == MAX_DEPTH {
            let message = format!("values lie more than {MAX_DEPTH} levels deep in one another");
            return Err(self.problem(message));
        }
        self.open.push(self.nodes.len());
        self.at += 1;
        self.leaf(kind, self.at - 1);
        Ok(match kind {
            Kind::Object => State::FirstKey,
            _ => State::FirstElement,
        })
    }

    fn close(&mut self) -> State {
        self.at += 1;
        if let Some(opened) = self.open.pop() {
            self.find_duplicates(opened);
            let (end, next) = (narrow(self.at), narrow(self.nodes.len()));
            if let Some(node) = self.nodes.get_mut(opened) {
                (node.end, node.next) = (end, next);
            }
        }
        self.after_value()
    }

    fn key(&mut self) -> Result<State, Problem> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.problem("expected a key in double quotes, or `}`"));
        }
        let kind = self.string()?;
        self.leaf(kind, start);
        self.skip_blank()?;
        if self.peek() != Some(b':') {
            return Err(self.problem("expected `:` behind the key"));
        }
        self.at += 1;
        Ok(State::Value)
    }

    fn string(&mut self) -> Result<Kind, Problem> {
        let start = self.at;
        self.at += 1;
        let mut kind = Kind::String;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or(&[]);
            let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
            self.at += plain.unwrap_or(rest.len());
            match self.peek() {
                Some(b'\\') => {
                    kind = Kind::EscapedString;
                    self.at += 1;
                    self.escape()?;
                }
                Some(_) => {
                    self.at += 1;
                    return Ok(kind);
                }
                None => {
                    let mut problem = self.problem("this string is never closed");
                    problem.span = self.span(start, start + 1);
                    return Err(problem);
                }
            }
        }
    }

    /// One escape, behind its backslash.
    fn escape(&mut self) -> Result<(), Problem> {
        let length = match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 1,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 1..self.at + 5);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(self.problem("expected four hexadecimal digits behind `\\u`"));
                }
                5
            }
            // The end of the file is reported as a string that is never closed.
            None => 0,
            Some(_) => {
                return Err(self.problem("there is no such escape; write `\\\\` for a backslash"));
            }
        };
        self.at += length;
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<(), Problem> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let digits = self.digits();
        let mut sound = digits == 1 || (digits > 1 && !leading_zero);
        if self.peek() == Some(b'.') {
            self.at += 1;
            sound &= self.digits() > 0;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            sound &= self.digits() > 0;
        }
        if sound {
            Ok(())
        } else {
            let mut problem = self.problem("this is no number of JSON");
            problem.span = self.span(start, self.at.max(start + 1));
            Err(problem)
        }
    }

    fn word(&mut self) -> Result<Kind, Problem> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        for (word, kind) in [
            ("null", Kind::Null),
            ("true", Kind::True),
            ("false", Kind::False),
        ] {
            let behind = rest.get(word.len());
            let ends = !behind.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            if rest.starts_with(word.as_bytes()) && ends {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.problem("expected a value"))
    }

    fn skip_blank(&mut self) -> Result<(), Problem> {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'/' => self.comment()?,
                _ => break,
            }
        }
        Ok(())
    }

    fn comment(&mut self) -> Result<(), Problem> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or("");
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            match rest.find("*/") {
                // `/*/` opens a comment and does not close it.
                Some(at) if at >= 2 => at + 2,
                Some(_) => match rest.get(3..).and_then(|inner| inner.find("*/")) {
                    Some(at) => at + 5,
                    None => return Err(self.problem("this comment is never closed")),
                },
                None => return Err(self.problem("this comment is never closed")),
            }
        } else {
            return Err(self.problem("expected a value"));
        };
        self.at += length;
        let span = self.span(start, self.at);
        self.comments.push(span);
        Ok(())
    }

    /// Notes keys of an object that stand there twice, in this very spelling.
    fn find_duplicates(&mut self, opened: usize) {
        if self
            .nodes
            .get(opened)
            .is_none_or(|node| node.kind != Kind::Object)
        {
            return;
        }
        let mut keys: Vec<Node> = Vec::new();
        let mut at = opened + 1;
        while let (Some(key), Some(value)) = (self.nodes.get(at), self.nodes.get(at + 1)) {
            keys.push(*key);
            at = (value.next as usize).max(at + 2);
        }
        let text_of = |key: &Node| self.text.get(key.start as usize..key.end as usize);
        let few = 8;
        let mut found = Vec::new();
        if keys.len() <= few {
            for (index, key) in keys.iter().enumerate() {
                let mut before = keys.iter().take(index);
                if let Some(first) = before.find(|other| text_of(other) == text_of(key)) {
                    found.push((*first, *key));
                }
            }
        } else {
            let mut seen: FxHashMap<Option<&str>, Node> = FxHashMap::default();
            for key in &keys {
                if let Some(first) = seen.insert(text_of(key), *key) {
                    found.push((first, *key));
                }
            }
        }
        for (first, second) in found {
            let place = |node: Node| self.span(node.start as usize, node.end as usize);
            let duplicate = Duplicate {
                first: place(first),
                second: place(second),
            };
            self.duplicates.push(duplicate);
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span {
            file: self.file,
            start: narrow(self.text.floor_char_boundary(start)),
            end: narrow(self.text.ceil_char_boundary(end)),
        }
    }

    /// A problem at the character that stands here.
    fn problem(&self, message: impl Into<String>) -> Problem {
        let end = (self.at + 1).min(self.text.len());
        Problem {
            message: message.into(),
            span: self.span(self.at.min(end), end),
            related: None,
        }
    }

    fn opening(&self) -> Option<Span> {
        let node = self.open.last().and_then(|at| self.nodes.get(*at))?;
        Some(self.span(node.start as usize, node.start as usize + 1))
    }

    fn unclosed(&self) -> Problem {
        let (what, bracket) = if self.inside(Kind::Array) {
            ("list", ']')
        } else {
            ("object", '}')
        };
        let mut problem = self.problem(format!(
            "the file ends before this {what} does: `{bracket}` is missing"
        ));
        if let Some(opening) = self.opening() {
            problem.related = Some((problem.span, "the file ends here"));
            problem.span = opening;
        }
        problem
    }

    fn separator_missing(&self) -> Problem {
        let bracket = if self.inside(Kind::Array) { ']' } else { '}' };
        let mut problem = self.problem(format!("expected `,` or `{bracket}`"));
        problem.related = self.opening().map(|span| (span, "opened here"));
        problem
    }
}

#[cfg(test)]
mod tests {
    use super::super::Json;
    use super::*;

    fn read(text: &str) -> Result<Document, Problem> {
        parse(FileId::default(), &Arc::from(text))
    }

    /// The value as `serde_json` would have it.
    fn value(json: Json<'_>) -> serde_json::Value {
        match json.kind() {
            Kind::Null => serde_json::Value::Null,
            Kind::True | Kind::False => json.as_bool().unwrap().into(),
            Kind::Number => serde_json::from_str(json.source()).unwrap(),
            Kind::String | Kind::EscapedString => json.as_str().unwrap().into(),
            Kind::Array => json.items().map(value).collect(),
            Kind::Object => json
                .members()
                .map(|(key, inner)| (key.as_str().unwrap().into_owned(), value(inner)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    #[test]
    fn reads_what_serde_json_reads() {
        for text in [
            r#"{"a": [1, -2.5e3, true, false, null, "x\n\"\u00e4\ud834\udd1e"], "b": {"c": {}}, "d": []}"#,
            "[]",
            "  7 ",
            r#""only a string""#,
            "[[[[]]], {\"\": 0}]",
        ] {
            let document = read(text).unwrap();
            let expected: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(value(document.root().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_json_at_the_right_place() {
        for (text, at, message) in [
            ("", 0, "the file is empty"),
            ("// only this", 12, "the file is empty"),
            (
                "{\"a\": 1",
                0,
                "the file ends before this object does: `}` is missing",
            ),
            ("[1 2]", 3, "expected `,` or `]`"),
            ("{\"a\" 1}", 5, "expected `:` behind the key"),
            ("{a: 1}", 1, "expected a key in double quotes, or `}`"),
            ("[1,,2]", 3, "expected a value"),
            ("[01]", 1, "this is no number of JSON"),
            ("[1.]", 1, "this is no number of JSON"),
            ("[\"abc", 1, "this string is never closed"),
            (
                "[\"\\x\"]",
                3,
                "there is no such escape; write `\\\\` for a backslash",
            ),
            (
                "[\"\\u12\"]",
                3,
                "expected four hexadecimal digits behind `\\u`",
            ),
            ("[nul]", 1, "expected a value"),
            ("[1}", 2, "expected `,` or `]`"),
            ("{} ]", 3, "expected a value"),
            ("/* {}", 0, "this comment is never closed"),
            ("/*/ {}", 0, "this comment is never closed"),
        ] {
            let problem = read(text).unwrap_err();
            assert_eq!(
                (problem.span.start, problem.message.as_str()),
                (at, message),
                "{text}"
            );
        }
    }

    #[test]
    fn takes_what_azure_takes() {
        let document =
            read("// first\n{ \"a\": [1, 2,], /* in */ \"b\": \"two\nlines\", }\n").unwrap();
        assert_eq!(document.comments().len(), 2);
        let root = document.root().unwrap();
        assert_eq!(root.get("A").unwrap().items().count(), 2);
        assert_eq!(root.get("b").unwrap().as_str().unwrap(), "two\nlines");
    }

    #[test]
    fn several_values_follow_one_another() {
        let document = read("{\"a\":1}\n{\"a\":2}\n").unwrap();
        let numbers: Vec<&str> = document
            .roots()
            .map(|root| root.get("a").unwrap().source())
            .collect();
        assert_eq!(numbers, ["1", "2"]);
    }

    #[test]
    fn depth_is_bounded_and_costs_no_stack() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        let problem = read(&deep).unwrap_err();
        assert_eq!(
            problem.message,
            "values lie more than 256 levels deep in one another"
        );
        assert_eq!(problem.span.start, 256);
        assert!(read(&("[".repeat(256) + &"]".repeat(256))).is_ok());
    }

    #[test]
    fn keys_that_stand_twice_are_noted() {
        let places = |text: &str| -> Vec<(u32, u32)> {
            let document = read(text).unwrap();
            let duplicates = document.duplicates().iter();
            duplicates
                .map(|d| (d.first.start, d.second.start))
                .collect()
        };
        assert_eq!(places(r#"{"a": 1, "b": 2, "a": 3}"#), [(1, 17)]);
        assert_eq!(places(r#"{"a": {"a": 1}, "b": ["a", "a"]}"#), []);
        let many: Vec<String> = (0..20).map(|n| format!("\"k{}\": 0", n % 19)).collect();
        assert_eq!(places(&format!("{{{}}}", many.join(", "))).len(), 1);
        assert_eq!(
            read(r#"{"a": 1, "a": 3}"#)
                .unwrap()
                .root()
                .unwrap()
                .get("a")
                .unwrap()
                .source(),
            "3"
        );
    }

    #[test]
    fn places_are_those_of_the_text() {
        let document = read("{\"ä\": \"10.0.0.0/16\"}").unwrap();
        let inner = document.root().unwrap().get("ä").unwrap();
        let span = inner.content_span();
        let content = document.text().get(span.start as usize..span.end as usize);
        assert_eq!(content, Some("10.0.0.0/16"));
        assert_eq!(inner.source(), "\"10.0.0.0/16\"");
    }
}
