//! The objects of a JSON file without their order and layout: what a finding in one can be recognised by.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::{FileId, Span};
use crate::import::json::{Document, Json, parse};

/// An object, or a member of one.
#[derive(Debug, Clone, Copy)]
struct Node {
    start: u32,
    end: u32,
    /// The node that it lies in.
    around: Option<usize>,
    /// The key of a member, or the name of an object.
    label: Option<Span>,
    kind: NodeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NodeKind {
    Member,
    Object,
}

/// All objects and members of a file, in reading order.
#[derive(Debug)]
pub(super) struct JsonOutline {
    file: FileId,
    text: Arc<str>,
    nodes: Vec<Node>,
    /// The plain values of objects that were asked for.
    plain: HashMap<usize, Vec<String>>,
}

/// A value that waits for its turn.
struct Waiting<'d> {
    key: Option<Json<'d>>,
    value: Json<'d>,
    around: Option<usize>,
}

impl JsonOutline {
    pub(super) fn new(document: &Document, text: Arc<str>) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        let next = |key, value, around| Waiting { key, value, around };
        let mut waiting: Vec<Waiting<'_>> = document
            .roots()
            .map(|root| next(None, root, None))
            .collect();
        waiting.reverse();
        while let Some(Waiting { key, value, around }) = waiting.pop() {
            let mut around = around;
            if let Some(key) = key {
                nodes.push(Node {
                    start: key.span().start,
                    end: value.span().end,
                    around,
                    label: Some(key.content_span()),
                    kind: NodeKind::Member,
                });
                around = Some(nodes.len() - 1);
            }
            if value.is_object() {
                let name = value.get("name").filter(|name| name.as_str().is_some());
                nodes.push(Node {
                    start: value.span().start,
                    end: value.span().end,
                    around,
                    label: name.map(Json::content_span),
                    kind: NodeKind::Object,
                });
                around = Some(nodes.len() - 1);
            }
            // Only one of the two has anything. The last one in is the first one out.
            let first = waiting.len();
            let members = value.members();
            waiting.extend(members.map(|(key, value)| next(Some(key), value, around)));
            waiting.extend(value.items().map(|item| next(None, item, around)));
            if let Some(added) = waiting.get_mut(first..) {
                added.reverse();
            }
        }
        Self {
            file: document.file(),
            text,
            nodes,
            plain: HashMap::new(),
        }
    }

    /// The keys and names around a place, and the plain values of the innermost object that has a name.
    pub(super) fn around(&mut self, place: Span) -> Vec<String> {
        let after = self.nodes.partition_point(|node| node.start <= place.start);
        let mut at = after.checked_sub(1);
        let mut labels = Vec::new();
        let mut named = None;
        while let Some((index, node)) = at.and_then(|at| Some((at, *self.nodes.get(at)?))) {
            at = node.around;
            if node.end < place.end {
                continue;
            }
            if let Some(label) = node.label {
                labels.push(self.slice(label.start, label.end).to_owned());
                if node.kind == NodeKind::Object {
                    named = named.or(Some(index));
                }
            }
        }
        labels.reverse();
        if let Some(named) = named {
            labels.extend(self.plain_values(named));
        }
        labels
    }

    fn slice(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// The plain values of an object and of its `properties`, in the order of their keys.
    fn plain_values(&mut self, index: usize) -> Vec<String> {
        if let Some(known) = self.plain.get(&index) {
            return known.clone();
        }
        let node = self.nodes.get(index);
        let text: Arc<str> = node
            .map_or("", |node| self.slice(node.start, node.end))
            .into();
        let document = parse(self.file, &text);
        let mut values = Vec::new();
        if let Some(object) = document.as_ref().ok().and_then(Document::root) {
            values.extend(plain_members(object));
            values.extend(object.get("properties").into_iter().flat_map(plain_members));
        }
        values.sort_unstable();
        self.plain.insert(index, values.clone());
        values
    }
}

/// The members of an object that hold no objects, but for those that change with its place among others.
fn plain_members(object: Json<'_>) -> Vec<String> {
    const LEFT_OUT: [&str; 4] = ["apiVersion", "priority", "dependsOn", "comments"];
    let is_plain = |value: Json<'_>| !value.is_object() && !value.is_array();
    let members = object.members().filter(|(key, value)| {
        let plain = is_plain(*value) || (value.is_array() && value.items().all(is_plain));
        plain && !LEFT_OUT.iter().any(|left_out| key.is_text(left_out))
    });
    let shown = |(key, value): (Json<'_>, Json<'_>)| {
        let mut items: Vec<&str> = value.items().map(Json::source).collect();
        items.sort_unstable();
        let text = match value.is_array() {
            true => items.join(","),
            false => value.source().to_owned(),
        };
        format!("{}={text}", key.as_str().unwrap_or_default())
    };
    members.map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SourceMap;

    #[test]
    fn names_and_keys_are_around_a_place() {
        let text: Arc<str> = r#"{"resources": [
            {"name": "a", "location": "x", "properties": {"rules": [
                {"name": "r", "properties": {"priority": 1, "ports": ["2", "1"], "access": "Allow"}}
            ]}},
            {"name": "b"}
        ]}"#
        .into();
        let mut sources = SourceMap::default();
        let file = sources.add("a.json", text.to_string());
        let document = parse(file, &text).unwrap();
        let mut outline = JsonOutline::new(&document, Arc::clone(&text));
        let mut around = |of: &str| {
            let at = text.find(of).unwrap();
            outline
                .around(sources.span(file, at, at + of.len()))
                .join(" / ")
        };
        assert_eq!(
            around("\"Allow\""),
            "resources / a / properties / rules / r / properties / access / access=\"Allow\" / name=\"r\" / \
             ports=\"1\",\"2\""
        );
        assert_eq!(
            around("\"a\""),
            "resources / a / name / location=\"x\" / name=\"a\""
        );
        assert_eq!(around("\"b\""), "resources / b / name / name=\"b\"");
        assert_eq!(around("resources"), "resources");
    }
}
