//! Edits of a JSON text that leave everything else as it is: white space, comments, line ends, the style of commas.
//!
//! Where it is not clear what an edit would do to a comment, there is none.

use crate::base::Span;
use crate::diag::{Edit, Setting};

use super::{Document, Json, Kind};

/// A value that is to be written.
#[derive(Debug, Clone)]
pub(in crate::import) enum Fresh<'a> {
    /// A value.
    Setting(&'a Setting),
    /// An object with one member.
    Object(&'a str, Box<Fresh<'a>>),
}

impl<'a> Fresh<'a> {
    /// The value inside objects, one for each key of a path.
    pub(in crate::import) fn nested(path: &[&'a str], setting: &'a Setting) -> Self {
        match path.split_first() {
            Some((key, rest)) => Self::Object(key, Box::new(Self::nested(rest, setting))),
            None => Self::Setting(setting),
        }
    }
}

/// Writes another value in the place of one.
pub(in crate::import) fn replace(value: Json<'_>, setting: &Setting) -> Edit {
    let style = Style {
        break_with: None,
        unit: "",
        colon: ": ",
    };
    Edit {
        span: value.span(),
        text: style.text(&Fresh::Setting(setting)),
    }
}

/// Adds a member to an object, behind the last one.
pub(in crate::import) fn add_member(
    object: Json<'_>,
    key: &str,
    value: &Fresh<'_>,
) -> Option<Vec<Edit>> {
    let container = Container::of(object)?;
    container.append(|style| format!("{}{}{}", quoted(key), style.colon, style.text(value)))
}

/// Adds an element to a list, behind the last one.
pub(in crate::import) fn add_item(list: Json<'_>, setting: &Setting) -> Option<Vec<Edit>> {
    let container = Container::of(list)?;
    container.append(|style| style.text(&Fresh::Setting(setting)))
}

/// Takes an element out of a list, or a member out of an object: the one that holds a value. The last one stays, since
/// an empty list may mean something else.
pub(in crate::import) fn remove(container: Json<'_>, value: Json<'_>) -> Option<Vec<Edit>> {
    let container = Container::of(container)?;
    let span = value.span();
    let mut children = container.children.iter();
    let at = children.position(|child| child.start <= span.start && span.end <= child.end)?;
    container.remove(at)
}

/// Takes the member out of its object whose key stands at a place.
pub(in crate::import) fn remove_member(document: &Document, key: Span) -> Option<Vec<Edit>> {
    let mut value = document.roots().find(|root| root.span().contains(key))?;
    loop {
        let mut members = value.members();
        if let Some((_, member)) = members.find(|(own, _)| own.span() == key) {
            return remove(value, member);
        }
        let mut items = value.items();
        let mut members = value.members().map(|(_, inner)| inner);
        let inner = items.find(|inner| inner.span().contains(key));
        value = inner.or_else(|| members.find(|inner| inner.span().contains(key)))?;
    }
}

/// How new text is laid out.
#[derive(Debug, Clone)]
struct Style<'d> {
    /// The line end and the indentation of a new line, when each child has one.
    break_with: Option<String>,
    /// One step of indentation.
    unit: &'d str,
    /// What stands between a key and its value.
    colon: &'d str,
}

impl Style<'_> {
    fn text(&self, value: &Fresh<'_>) -> String {
        match value {
            Fresh::Setting(Setting::Text(text)) => literal(text),
            Fresh::Setting(Setting::Switch(value)) => value.to_string(),
            Fresh::Setting(Setting::Texts(texts)) => {
                let texts: Vec<String> = texts.iter().map(|text| literal(text)).collect();
                let comma = if self.is_dense() { "," } else { ", " };
                format!("[{}]", texts.join(comma))
            }
            Fresh::Object(key, inner) => {
                let (open, close) = match &self.break_with {
                    Some(line) => (format!("{line}{}", self.unit), line.as_str()),
                    None => (String::new(), ""),
                };
                let inner = Style {
                    break_with: self.break_with.as_ref().map(|_| open.clone()),
                    ..self.clone()
                }
                .text(inner);
                format!("{{{open}{}{}{inner}{close}}}", quoted(key), self.colon)
            }
        }
    }

    /// Whether the text has no white space that it could do without.
    fn is_dense(&self) -> bool {
        self.break_with.is_none() && self.colon == ":"
    }
}

/// A string as JSON has it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A string that a template takes as it is: one that begins like an expression is escaped as templates do.
fn literal(text: &str) -> String {
    if text.starts_with('[') {
        quoted(&format!("[{text}"))
    } else {
        quoted(text)
    }
}

/// A list or an object, and where its children stand: the elements, or members with their keys.
struct Container<'d> {
    document: &'d Document,
    /// Between the brackets.
    inside: Part,
    children: Vec<Part>,
    colon: &'d str,
}

/// A range of bytes.
#[derive(Debug, Clone, Copy)]
struct Part {
    start: u32,
    end: u32,
}

impl From<Span> for Part {
    fn from(span: Span) -> Self {
        let Span { start, end, .. } = span;
        Self { start, end }
    }
}

impl<'d> Container<'d> {
    fn of(value: Json<'d>) -> Option<Self> {
        let document = value.document();
        let mut colon = ": ";
        let children: Vec<Part> = match value.kind() {
            Kind::Array => value.items().map(|item| item.span().into()).collect(),
            Kind::Object => {
                let mut children = Vec::new();
                for (key, value) in value.members() {
                    let (from, to) = (key.span().end, value.span().start);
                    let between = text_of(document, from, to);
                    if between.trim() == ":" && !between.contains('\n') {
                        colon = between;
                    }
                    children.push(key.span().to(value.span()).into());
                }
                children
            }
            _ => return None,
        };
        let span = value.span();
        Some(Self {
            document,
            inside: Part {
                start: span.start + 1,
                end: span.end.saturating_sub(1).max(span.start + 1),
            },
            children,
            colon,
        })
    }

    fn text(&self, start: u32, end: u32) -> &'d str {
        text_of(self.document, start, end)
    }

    fn edit(&self, start: u32, end: u32, text: String) -> Edit {
        let file = self.document.file();
        let span = Span { file, start, end };
        Edit { span, text }
    }

    /// The line from its first byte to a place.
    fn line_before(&self, at: u32) -> &'d str {
        let before = self.text(0, at);
        before.rsplit('\n').next().unwrap_or("")
    }

    /// The comment that begins at a place.
    fn comment_at(&self, at: u32) -> Option<Part> {
        let comments = self.document.comments();
        let index = comments.binary_search_by_key(&at, |comment| comment.start);
        let comment: Part = (*comments.get(index.ok()?)?).into();
        // The end of a line is no part of a comment, whatever it is made of.
        let text = self.text(comment.start, comment.end);
        let extra = text.len() - text.trim_end_matches('\r').len();
        Some(Part {
            end: comment.end - u32::try_from(extra).unwrap_or(0),
            ..comment
        })
    }

    fn has_comment(&self, start: u32, end: u32) -> bool {
        let mut comments = self.document.comments().iter();
        comments.any(|comment| start <= comment.start && comment.start < end)
    }

    /// The first place from here that is neither white space nor comment.
    fn next_place(&self, mut at: u32) -> u32 {
        loop {
            let rest = self.text(at, self.inside.end);
            let blank = rest.len() - rest.trim_start().len();
            at += u32::try_from(blank).unwrap_or(0);
            match self.comment_at(at) {
                Some(comment) if comment.end > at => at = comment.end,
                _ => return at,
            }
        }
    }

    /// The comma behind a place, when nothing but white space and comments lies between.
    fn comma_after(&self, at: u32) -> Option<u32> {
        let place = self.next_place(at);
        self.text(place, self.inside.end)
            .starts_with(',')
            .then_some(place)
    }

    /// Behind the comments that follow a place on its line.
    fn after_comments(&self, mut at: u32) -> u32 {
        loop {
            let rest = self.text(at, self.inside.end);
            let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let place = at + u32::try_from(blank).unwrap_or(0);
            match self.comment_at(place) {
                Some(comment) if !self.text(place, comment.end).contains('\n') => at = comment.end,
                _ => return at,
            }
        }
    }

    fn style(&self, break_with: Option<String>) -> Style<'d> {
        // What children are indented more than the closing bracket.
        let bracket = self.line_before(self.inside.end);
        let child = self
            .children
            .last()
            .map(|child| self.line_before(child.start));
        let unit = child.and_then(|child| child.strip_prefix(bracket));
        let is_indent = |unit: &&str| unit.trim().is_empty() && !unit.is_empty();
        Style {
            break_with,
            unit: unit.filter(is_indent).unwrap_or(self.unit_of_file()),
            colon: self.colon,
        }
    }

    /// The indentation of the first line that has one.
    fn unit_of_file(&self) -> &'d str {
        let lines = self.document.text().lines();
        let indents = lines.map(|line| (line, line.trim_start_matches([' ', '\t'])));
        indents
            .filter(|(line, rest)| line.len() > rest.len() && rest.starts_with(['"', '{', '[']))
            .find_map(|(line, rest)| line.strip_suffix(rest))
            .unwrap_or("  ")
    }

    fn line_end(&self) -> &'static str {
        if self.document.text().contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }

    fn append(&self, child: impl Fn(&Style<'_>) -> String) -> Option<Vec<Edit>> {
        let Some(last) = self.children.last() else {
            return self.fill(child);
        };
        let before = self.children.iter().rev().nth(1);
        let from = before.map_or(self.inside.start, |before| before.end);
        let gap = self.text(from, last.start);
        let own_line = self.line_before(last.start);
        if gap.contains('\n') && own_line.trim().is_empty() {
            let line = format!("{}{own_line}", self.line_end());
            let text = format!("{line}{}", child(&self.style(Some(line.clone()))));
            return Some(match self.comma_after(last.end) {
                Some(comma) => {
                    let at = self.after_comments(comma + 1);
                    vec![self.edit(at, at, format!("{text},"))]
                }
                None => {
                    let at = self.after_comments(last.end);
                    if at == last.end {
                        vec![self.edit(at, at, format!(",{text}"))]
                    } else {
                        let comma = self.edit(last.end, last.end, ",".to_owned());
                        vec![comma, self.edit(at, at, text)]
                    }
                }
            });
        }
        let style = self.style(None);
        let comma = match before {
            Some(_) if gap.trim() == "," && !gap.contains('\n') => gap,
            _ if style.is_dense() => ",",
            _ => ", ",
        };
        let text = format!("{comma}{}", child(&style));
        Some(vec![self.edit(last.end, last.end, text)])
    }

    /// The first child of an empty list or object. With a comment inside there is no telling where it belongs.
    fn fill(&self, child: impl Fn(&Style<'_>) -> String) -> Option<Vec<Edit>> {
        let (start, end) = (self.inside.start, self.inside.end);
        if !self.text(start, end).trim().is_empty() {
            return None;
        }
        let before = self.line_before(start.saturating_sub(1));
        let indent_length = before.len() - before.trim_start().len();
        let indent = before.get(..indent_length).unwrap_or("");
        // In a line with other brackets, and in a text without lines, it stays on the line.
        let in_line = before.contains(['{', '[']) || !self.document.text().contains('\n');
        if in_line {
            let text = child(&self.style(None));
            return Some(vec![self.edit(start, end, text)]);
        }
        let line = format!("{}{indent}", self.line_end());
        let inner = format!("{line}{}", self.unit_of_file());
        let text = child(&self.style(Some(inner.clone())));
        Some(vec![self.edit(start, end, format!("{inner}{text}{line}"))])
    }

    fn remove(&self, at: usize) -> Option<Vec<Edit>> {
        let child = *self.children.get(at)?;
        let previous = at.checked_sub(1).and_then(|at| self.children.get(at));
        let next = self.children.get(at + 1);
        if previous.is_none() && next.is_none() {
            return None;
        }
        let comma_before = match previous {
            Some(previous) => Some(self.comma_after(previous.end)?),
            None => None,
        };
        let from = comma_before.map_or(self.inside.start, |comma| comma + 1);
        // Comments on the line before belong to what stands there; others may be about this child, or about more.
        let own = self.after_comments(from);
        let same_line = !self.text(own, child.start).contains('\n');
        if self.has_comment(own, child.start) || (same_line && own > from) {
            return None;
        }
        let own_line = self.line_before(child.start);
        let first_on_line = own_line.trim().is_empty();
        let comma = self.comma_after(child.end);
        let end = comma.map_or(child.end, |comma| comma + 1);
        if self.has_comment(child.end, end) {
            return None;
        }
        let after = self.after_comments(end);
        let rest = self.text(after, self.inside.end);
        let ends_line = rest.trim_start_matches([' ', '\t']).is_empty()
            || rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
        // A comment behind it on its line is about it, when nothing else follows there.
        let end = if ends_line { after } else { end };
        if !ends_line && after > end {
            return None;
        }
        if let (None, Some(comma_before)) = (comma, comma_before) {
            return Some(self.remove_last(comma_before, own, end));
        }
        if first_on_line && ends_line {
            // The line break before it goes with it.
            let start = own.max(child.start - narrow(own_line.len()));
            let start = self.back_over_line_end(start, own);
            return Some(vec![self.edit(start, end, String::new())]);
        }
        let end = match next {
            Some(next) if !ends_line => next.start,
            _ => end,
        };
        let start = if ends_line { own } else { child.start };
        Some(vec![self.edit(start, end, String::new())])
    }

    /// The last child, without a comma behind it: the comma before it goes too.
    fn remove_last(&self, comma: u32, own: u32, end: u32) -> Vec<Edit> {
        if own == comma + 1 {
            return vec![self.edit(comma, end, String::new())];
        }
        vec![
            self.edit(comma, comma + 1, String::new()),
            self.edit(own, end, String::new()),
        ]
    }

    /// The place before the line end that ends at a place, not before a bound.
    fn back_over_line_end(&self, at: u32, bound: u32) -> u32 {
        let before = self.text(bound, at);
        let rest = before.strip_suffix('\n').unwrap_or(before);
        let rest = rest.strip_suffix('\r').unwrap_or(rest);
        bound + narrow(rest.len())
    }
}

fn text_of(document: &Document, start: u32, end: u32) -> &str {
    let range = start as usize..end as usize;
    document.text().get(range).unwrap_or("")
}

/// Lengths inside a document fit: its spans are 32 bits wide.
fn narrow(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FileId;
    use crate::import::json::parse;

    fn document(text: &str) -> Document {
        parse(FileId::default(), &text.into()).unwrap_or_else(|problem| panic!("{problem:?}"))
    }

    fn applied(text: &str, mut edits: Vec<Edit>) -> String {
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
        let mut text = text.to_owned();
        for edit in edits {
            text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
        document(&text);
        text
    }

    /// The text with `"new": true` added to the object under `o`.
    fn with_member(text: &str) -> Option<String> {
        let document = document(text);
        let object = document.root()?.get("o")?;
        let value = Setting::Switch(true);
        let edits = add_member(object, "new", &Fresh::Setting(&value))?;
        Some(applied(text, edits))
    }

    /// The text without the element of the list under `l` that is, or is named, `out`.
    fn without(text: &str) -> Option<String> {
        let document = document(text);
        let list = document.root()?.get("l")?;
        let is_out = |item: &Json<'_>| {
            item.is_text("out") || item.get("name").is_some_and(|name| name.is_text("out"))
        };
        let item = list.items().find(is_out)?;
        Some(applied(text, remove(list, item)?))
    }

    #[test]
    fn members_are_added_in_the_style_of_the_others() {
        for (before, after) in [
            (r#"{"o":{"a":1}}"#, r#"{"o":{"a":1,"new":true}}"#),
            (
                r#"{"o":{"a":1,"b":2}}"#,
                r#"{"o":{"a":1,"b":2,"new":true}}"#,
            ),
            (
                r#"{ "o": { "a": 1 } }"#,
                r#"{ "o": { "a": 1, "new": true } }"#,
            ),
            (r#"{"o": {"a": 1,}}"#, r#"{"o": {"a": 1, "new": true,}}"#),
            (r#"{"o": {}}"#, r#"{"o": {"new": true}}"#),
            (
                "{\n  \"o\": {\n    \"a\": 1\n  }\n}\n",
                "{\n  \"o\": {\n    \"a\": 1,\n    \"new\": true\n  }\n}\n",
            ),
            (
                "{\r\n\t\"o\": {\r\n\t\t\"a\" : 1,\r\n\r\n\t\t\"b\" : 2\r\n\t}\r\n}",
                "{\r\n\t\"o\": {\r\n\t\t\"a\" : 1,\r\n\r\n\t\t\"b\" : 2,\r\n\t\t\"new\" : true\r\n\t}\r\n}",
            ),
            (
                "{\n  \"o\": {\n    \"a\": 1, // first\n  }\n}",
                "{\n  \"o\": {\n    \"a\": 1, // first\n    \"new\": true,\n  }\n}",
            ),
            (
                "{\n  \"o\": {\n    \"a\": 1 /* one */ // first, last\n    // the end\n  }\n}",
                "{\n  \"o\": {\n    \"a\": 1, /* one */ // first, last\n    \"new\": true\n    // the end\n  }\n}",
            ),
            (
                "{\r\n  \"o\": {\r\n    \"a\": 1 // first\r\n  }\r\n}",
                "{\r\n  \"o\": {\r\n    \"a\": 1, // first\r\n    \"new\": true\r\n  }\r\n}",
            ),
            (
                "{\n  \"o\": {\n    \"a\": 1, \"b\": 2\n  }\n}",
                "{\n  \"o\": {\n    \"a\": 1, \"b\": 2, \"new\": true\n  }\n}",
            ),
            (
                "{\n    \"o\": {}\n}",
                "{\n    \"o\": {\n        \"new\": true\n    }\n}",
            ),
        ] {
            assert_eq!(with_member(before).as_deref(), Some(after), "{before}");
        }
        assert_eq!(with_member("{\"o\": { /* nothing yet */ }}"), None);
        assert_eq!(with_member("{\"o\": \"[variables('o')]\"}"), None);
    }

    #[test]
    fn objects_are_made_on_the_way() {
        let text = "{\n  \"p\": {\n    \"a\": 1\n  }\n}";
        let document = document(text);
        let object = document.root().and_then(|root| root.get("p")).unwrap();
        let value = Setting::Texts(vec!["10.0.0.4".to_owned(), "[x]".to_owned()]);
        let fresh = Fresh::nested(&["inner", "list"], &value);
        let edits = add_member(object, "outer", &fresh).unwrap();
        assert_eq!(
            applied(text, edits),
            "{\n  \"p\": {\n    \"a\": 1,\n    \"outer\": {\n      \"inner\": {\n        \"list\": [\"10.0.0.4\", \"[[x]\"]\n      }\n    }\n  }\n}"
        );
    }

    #[test]
    fn elements_are_taken_out_with_their_commas() {
        for (before, after) in [
            (r#"{"l":["out","b"]}"#, r#"{"l":["b"]}"#),
            (r#"{"l":["a","out"]}"#, r#"{"l":["a"]}"#),
            (r#"{"l": ["a", "out", "c"]}"#, r#"{"l": ["a", "c"]}"#),
            (r#"{"l": ["a", "out",]}"#, r#"{"l": ["a",]}"#),
            (
                "{\"l\": [\n  \"out\",\n  \"b\"\n]}",
                "{\"l\": [\n  \"b\"\n]}",
            ),
            (
                "{\"l\": [\r\n  \"a\",\r\n  \"out\"\r\n]}",
                "{\"l\": [\r\n  \"a\"\r\n]}",
            ),
            (
                "{\"l\": [\n  \"a\", // one\n  \"out\" // two\n]}",
                "{\"l\": [\n  \"a\" // one\n]}",
            ),
            (
                "{\"l\": [\n  \"a\",\n  \"out\", // two\n  // three\n  \"c\"\n]}",
                "{\"l\": [\n  \"a\",\n  // three\n  \"c\"\n]}",
            ),
            (
                "{\"l\": [\n  \"a\", \"out\",\n  \"c\"\n]}",
                "{\"l\": [\n  \"a\",\n  \"c\"\n]}",
            ),
            (
                "{\"l\": [\n  \"a\",\n  \"out\", \"c\"\n]}",
                "{\"l\": [\n  \"a\",\n  \"c\"\n]}",
            ),
            (
                "{\"l\": [{\"name\": \"a\"}, {\n  \"name\": \"out\" // why\n}]}",
                "{\"l\": [{\"name\": \"a\"}]}",
            ),
        ] {
            assert_eq!(without(before).as_deref(), Some(after), "{before}");
        }
        for kept in [
            // An empty list is another statement.
            r#"{"l": ["out"]}"#,
            // What a comment of its own is about, nobody knows.
            "{\"l\": [\n  \"a\",\n  // from here on\n  \"out\",\n  \"c\"\n]}",
            "{\"l\": [\"a\", /* this */ \"out\"]}",
            "{\"l\": [\"out\" /* this */, \"a\"]}",
            "{\"l\": [\"out\", /* that */ \"a\"]}",
        ] {
            assert_eq!(without(kept), None, "{kept}");
        }
    }

    #[test]
    fn a_member_goes_by_its_key() {
        let text = "{\n  \"a\": 1,\n  \"b\": {\"x\": 1, \"x\": 2}\n}";
        let document = document(text);
        let [duplicate] = document.duplicates() else {
            panic!("one key stands twice");
        };
        let edits = remove_member(&document, duplicate.first).unwrap();
        assert_eq!(
            applied(text, edits),
            "{\n  \"a\": 1,\n  \"b\": {\"x\": 2}\n}"
        );
    }

    #[test]
    fn values_are_replaced_with_their_quotes() {
        let text = r#"{"a": "Off", "b": null}"#;
        let document = document(text);
        let root = document.root().unwrap();
        let edits = vec![
            replace(root.get("a").unwrap(), &"Deny".into()),
            replace(root.get("b").unwrap(), &false.into()),
        ];
        assert_eq!(applied(text, edits), r#"{"a": "Deny", "b": false}"#);
    }
}
