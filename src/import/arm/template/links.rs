//! Linked templates: the file beside the template that a link means.

use std::cell::{Cell, OnceCell};

use camino::{Utf8Path, Utf8PathBuf};

use crate::diag::{Finding, Id};
use crate::import::json::{self, Document, Json};
use crate::import::project::no_json;
use crate::import::{Data, Part, Text, Value, Why};

use super::machine::Machine;
use super::scope::Context;

/// How many files one template may link.
const MAX_FILES: usize = 1_000;

/// How many segments of a link are looked for beside the template.
const MAX_SEGMENTS: usize = 8;

/// How deep values may lie in a template that an expression gives.
const MAX_JSON_DEPTH: usize = 100;

/// Documents that were read on the way. They stay where they are until the end.
#[derive(Default)]
pub(super) struct Shelf {
    documents: OnceCell<Box<[OnceCell<Document>]>>,
    used: Cell<usize>,
}

impl Shelf {
    /// Puts a document on the shelf, unless that is full.
    fn put(&self, document: Document) -> Option<&Document> {
        let documents = self
            .documents
            .get_or_init(|| (0..MAX_FILES).map(|_| OnceCell::new()).collect());
        let slot = documents.get(self.used.get())?;
        self.used.set(self.used.get() + 1);
        Some(slot.get_or_init(|| document))
    }
}

impl Shelf {
    /// All documents, in the order in which they were read.
    pub(super) fn into_documents(self) -> Vec<Document> {
        let slots = self.documents.into_inner().unwrap_or_default();
        slots.into_iter().filter_map(OnceCell::into_inner).collect()
    }
}

impl<'d> Machine<'_, 'd> {
    /// The file that a link means, and its folder. What is not found is a finding.
    pub(super) fn linked(
        &mut self,
        link: Json<'d>,
        context: &Context<'d>,
    ) -> Result<(&'d Document, Utf8PathBuf), Why> {
        let place = link
            .get("relativePath")
            .or_else(|| link.get("uri"))
            .or_else(|| link.get("id"));
        let text = place.map(|place| self.value(place, context));
        let text = text.as_ref().and_then(linked_path);
        let span = place.map_or(link.span(), Json::content_span);
        let Some(text) = text else {
            return self.not_found("nothing", span);
        };
        let segments = known_segments(&text);
        let folders = [
            context.home.folder.clone(),
            self.scopes
                .first()
                .map(|root| root.folder.clone())
                .unwrap_or_default(),
        ];
        for folder in &folders {
            for from in 0..segments.len() {
                let path = segments
                    .get(from..)
                    .unwrap_or_default()
                    .iter()
                    .fold(folder.clone(), |path, segment| path.join(segment));
                let Some(path) = normal(&path) else {
                    continue;
                };
                if let Some(document) = self.file(&path)? {
                    let folder = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
                    return Ok((document, folder));
                }
            }
        }
        self.not_found(&text.to_string(), span)
    }

    /// A linked template.
    pub(super) fn linked_template(
        &mut self,
        link: Json<'d>,
        context: &Context<'d>,
    ) -> Result<(&'d Document, Utf8PathBuf), Why> {
        let (document, folder) = self.linked(link, context)?;
        if super::is_template(document) {
            return Ok((document, folder));
        }
        let message = "the linked file is no template";
        self.report(Finding::new(Id::TG0028, message).at(link.span(), "linked here"));
        Err(Why::NotUnderstood)
    }

    fn not_found<T>(&mut self, what: &str, span: crate::base::Span) -> Result<T, Why> {
        let message = format!("the linked file `{what}` was not found beside the template");
        let finding = Finding::new(Id::TG0030, message)
            .at(span, "linked here")
            .help("put the file beside the template, under the path that the link ends with");
        self.report(finding);
        Err(Why::NotFound)
    }

    /// A file beside the template, read once. Nothing when there is none.
    fn file(&mut self, path: &Utf8Path) -> Result<Option<&'d Document>, Why> {
        if let Some(known) = self.linked.get(path.as_str()) {
            return Ok(*known);
        }
        let Ok(text) = self.options.reader.read(path) else {
            self.linked.insert(path.to_string(), None);
            return Ok(None);
        };
        let document = self.shelve(path.to_owned(), text)?;
        self.linked.insert(path.to_string(), Some(document));
        Ok(Some(document))
    }

    /// Takes a text in as a file.
    pub(super) fn shelve(&mut self, path: Utf8PathBuf, text: String) -> Result<&'d Document, Why> {
        let known = self.sources.find(&path);
        let same = known.and_then(|id| self.sources.get(id));
        let id = match (known, same) {
            (Some(id), Some(file)) if file.text() == text => id,
            _ => self.sources.add(path, text),
        };
        let text = self.sources.get(id).map(|file| file.shared_text());
        let text = text.ok_or(Why::TooLarge)?;
        match json::parse(id, &text) {
            Ok(document) => self.shelf.put(document).ok_or(Why::TooLarge),
            Err(problem) => {
                self.report(no_json(problem));
                Err(Why::NotUnderstood)
            }
        }
    }
}

/// The text of a link. Of one that is resolved against an address that is not known, what is resolved.
fn linked_path(value: &Value) -> Option<Text> {
    let text = value.text()?;
    let Some(symbol) = value
        .unknown()
        .filter(|symbol| symbol.text.starts_with("uri("))
    else {
        return Some(text);
    };
    let is_file = |quoted: &&str| {
        let path = quoted.split('?').next().unwrap_or_default();
        path.to_ascii_lowercase().ends_with(".json")
    };
    // Every second piece between quotes is a literal.
    let literals = symbol.text.split('\'').skip(1).step_by(2);
    let path = literals.filter(is_file).last();
    Some(path.map_or(text, Text::from))
}

/// The last segments of a link that are known, in order, without the query.
fn known_segments(text: &Text) -> Vec<String> {
    let mut segments: Vec<String> = Vec::new();
    let mut pieces = text.split('/');
    // A token behind the name may hold slashes of its own; the name ends at the question mark or a hole.
    if let Some(end) = pieces.iter().position(ends_name) {
        pieces.truncate(end + 1);
    }
    for piece in pieces.iter().rev() {
        let parts = piece.parts();
        let mut known: String = String::new();
        let mut whole = true;
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Known(text) => known.push_str(text),
                Part::Hole(_) if index == 0 => whole = false,
                // What follows a name is a token.
                Part::Hole(_) if known.ends_with(".json") => break,
                Part::Hole(_) => return segments,
            }
        }
        let known = known.split('?').next().unwrap_or_default();
        if !known.is_empty() {
            segments.insert(0, known.to_owned());
        }
        if !whole || segments.len() >= MAX_SEGMENTS {
            break;
        }
    }
    segments
}

fn ends_name(piece: &Text) -> bool {
    piece.parts().iter().any(|part| match part {
        Part::Known(text) => {
            let text = text.to_ascii_lowercase();
            text.contains(".json?") || text.ends_with(".json")
        }
        Part::Hole(_) => false,
    })
}

/// A path without `.` and `..` in the middle. Nothing when it is no path of a file.
fn normal(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut out = Utf8PathBuf::new();
    for component in path.components() {
        match component.as_str() {
            "." => {}
            ".." if out.file_name().is_some() => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out.file_name().is_some().then_some(out)
}

/// A value as JSON text, with expressions where it is not known.
pub(super) fn as_json(value: &Value) -> String {
    let mut out = String::new();
    write_json(&mut out, value, 0);
    out
}

fn write_json(out: &mut String, value: &Value, depth: usize) {
    use std::fmt::Write;
    let text = |out: &mut String, text: &str| {
        let _ = write!(out, "{}", serde_json::Value::from(text));
    };
    if depth > MAX_JSON_DEPTH {
        out.push_str("null");
        return;
    }
    match &value.data {
        Data::Null => out.push_str("null"),
        Data::Bool(value) => {
            let _ = write!(out, "{value}");
        }
        Data::Int(value) => {
            let _ = write!(out, "{value}");
        }
        Data::Float(value) => {
            let _ = write!(out, "{}", serde_json::Value::from(*value));
        }
        Data::Text(Text::Known(known)) => text(out, known),
        Data::Text(mixed) => text(out, &format!("[{}]", super::spelling::spell_text(mixed))),
        Data::Unknown(symbol) => text(out, &format!("[{}]", symbol.text)),
        Data::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(out, item, depth + 1);
            }
            out.push(']');
        }
        Data::Object(object) => {
            out.push('{');
            for (index, member) in object.members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                text(out, &member.key);
                out.push(':');
                write_json(out, &member.value, depth + 1);
            }
            out.push('}');
        }
    }
}
