//! Changes of resources → edits of the templates that state them.
//!
//! Only what stands in a template as a value is edited. What an expression, a loop or a file of parameters gives, what
//! stands for several resources, and what another program wrote is left alone: then there is no repair, since half
//! of one breaks more than it mends.

use std::collections::BTreeMap;

use crate::base::{FileId, SourceMap, Span};
use crate::diag::{Change, Edit, Finding, Fix, Path, Proposal, Safety, Setting};

use super::json::edit::{self, Fresh};
use super::json::{self, Document, Json, Kind as JsonKind};
use super::kind::{Kind, kind_of};
use super::project::{File, Imported};

/// Parts of a template that are no part of any resource: what stands there may be used in many places.
const SHARED: [&str; 4] = ["variables", "parameters", "outputs", "copy"];

/// The templates that changes are made to.
#[derive(Debug)]
pub struct Templates<'a> {
    sources: &'a SourceMap,
    files: &'a [File],
    /// Linked templates, read again when a change is about them.
    linked: BTreeMap<FileId, Option<Document>>,
}

impl<'a> Templates<'a> {
    /// Those among some files, and whatever they link.
    #[must_use]
    pub fn new(sources: &'a SourceMap, files: &'a [File]) -> Self {
        Self {
            sources,
            files,
            linked: BTreeMap::new(),
        }
    }

    /// The template in a file. An export is a picture of what is there, and nothing is gained by touching it up.
    fn get(&mut self, id: FileId) -> Option<&Document> {
        if let Some(file) = self.files.iter().find(|file| file.id == id) {
            let document = file.document.as_ref();
            return document.filter(|_| file.kind == Kind::Template);
        }
        let read = || {
            let text = self.sources.get(id)?.shared_text();
            let document = json::parse(id, &text).ok()?;
            (kind_of(&document) == Kind::Template).then_some(document)
        };
        self.linked.entry(id).or_insert_with(read).as_ref()
    }
}

impl Imported {
    /// Makes fixes of what a finding proposes, as far as templates state it.
    pub fn fix(&self, finding: &mut Finding, templates: &mut Templates<'_>) {
        finding.fixes.clear();
        for proposal in std::mem::take(&mut finding.proposals) {
            finding.fixes.extend(self.fix_of(&proposal, templates));
        }
    }

    fn fix_of(&self, proposal: &Proposal, templates: &mut Templates<'_>) -> Option<Fix> {
        let mut edits: Vec<Edit> = Vec::new();
        let mut safety = proposal.safety;
        for change in &proposal.changes {
            let document = templates.get(place_of(change).file)?;
            let template = Template {
                network: self,
                document,
            };
            let made = template.make(change)?;
            if made.safety == Safety::Unsafe {
                safety = Safety::Unsafe;
            }
            edits.extend(made.edits);
        }
        (!edits.is_empty() && are_apart(&edits)).then(|| Fix {
            title: proposal.title.clone(),
            safety,
            edits,
        })
    }
}

fn place_of(change: &Change) -> Span {
    match change {
        Change::Value { at, .. } | Change::Without { at } => *at,
        Change::Property { of, .. } | Change::More { of, .. } | Change::Unset { of, .. } => *of,
    }
}

/// Whether no two edits touch the same place.
fn are_apart(edits: &[Edit]) -> bool {
    let mut spans: Vec<Span> = edits.iter().map(|edit| edit.span).collect();
    spans.sort();
    let pairs = spans.iter().zip(spans.iter().skip(1));
    pairs
        .into_iter()
        .all(|(a, b)| a.file != b.file || (a.end <= b.start && a != b))
}

/// The edits of one change.
struct Made {
    edits: Vec<Edit>,
    safety: Safety,
}

impl Made {
    fn safely(edits: Vec<Edit>) -> Self {
        Self {
            edits,
            safety: Safety::Safe,
        }
    }
}

/// A template, and the network that was read from it.
struct Template<'a> {
    network: &'a Imported,
    document: &'a Document,
}

impl<'a> Template<'a> {
    fn make(&self, change: &Change) -> Option<Made> {
        match change {
            Change::Value { at, to } => self.set(self.value(*at)?, to),
            Change::Property { of, path, to } => self.set_property(self.element(*of)?, path, to),
            Change::More { of, path, text } => self.add(self.element(*of)?, path, text),
            Change::Unset { of, path } => self.unset(self.element(*of)?, path),
            Change::Without { at } => self.take_out(*at),
        }
    }

    /// The values from the root to a place, when all of them are parts of one resource that may be changed.
    fn way(&self, place: Span) -> Option<Vec<Json<'a>>> {
        let mut way = vec![self.document.root()?];
        while let Some(last) = way.last().copied() {
            let inner = match last.kind() {
                JsonKind::Array => last.items().find(|item| item.span().contains(place)),
                JsonKind::Object => {
                    let mut members = last.members();
                    let found = members.find(|(_, value)| value.span().contains(place));
                    if let Some((key, _)) = found
                        && !self.may_pass(last, &key.as_str()?)
                    {
                        return None;
                    }
                    found.map(|(_, value)| value)
                }
                _ => None,
            };
            match inner {
                Some(inner) => way.push(inner),
                None => return Some(way),
            }
        }
        None
    }

    /// Whether what lies under a key of an object stands for one thing, and for somebody to write.
    fn may_pass(&self, object: Json<'_>, key: &str) -> bool {
        let is_key = |name: &&str| name.eq_ignore_ascii_case(key);
        let generated = object.at(&["metadata", "_generator"]).is_some();
        !generated
            && !SHARED.iter().any(is_key)
            && !is_repeated(object, key)
            && !self.stands_for_several(object)
    }

    /// Whether an object states a resource that is stated elsewhere too, or several, or one that only exists.
    fn stands_for_several(&self, object: Json<'_>) -> bool {
        let name = object.get("name").map(Json::content_span);
        let mut spans = name.into_iter().chain([object.span()]);
        spans.any(|span| self.network.shared.binary_search(&span).is_ok())
    }

    /// The object of an element, by the place of its name, or its own where it has no name.
    fn element(&self, place: Span) -> Option<Json<'a>> {
        let way = self.way(place)?;
        let (last, before) = way.split_last()?;
        let named = |object: &Json<'_>| object.get("name").is_some_and(|it| it.is_same(*last));
        let element = if last.is_object() {
            Some(*last).filter(|it| it.span() == place)
        } else {
            let object = before.last().copied();
            object.filter(|object| last.content_span() == place && named(object))
        }?;
        (!self.stands_for_several(element)).then_some(element)
    }

    /// The value at a place.
    fn value(&self, place: Span) -> Option<Json<'a>> {
        let way = self.way(place)?;
        let last = way.last().copied()?;
        (last.content_span() == place).then_some(last)
    }

    /// The edits that give a value another one: in its place, or where the one expression that gives it leads.
    fn set(&self, value: Json<'a>, to: &Setting) -> Option<Made> {
        if fits(value, to) {
            return Some(Made::safely(vec![edit::replace(value, to)]));
        }
        let Source { value, safety } = self.source(value)?;
        let is_value = value.kind() != JsonKind::Null && fits(value, to);
        is_value.then(|| Made {
            edits: vec![edit::replace(value, to)],
            safety,
        })
    }

    fn set_property(&self, element: Json<'a>, path: Path, to: &Setting) -> Option<Made> {
        let mut object = element;
        let mut rest = path;
        while let Some((key, inner)) = rest.split_first() {
            if !object.is_object() || is_repeated(object, key) {
                return None;
            }
            match object.get(key) {
                Some(value) if inner.is_empty() => return self.set(value, to),
                Some(value) => object = value,
                None => {
                    let fresh = Fresh::nested(inner, to);
                    return edit::add_member(object, key, &fresh).map(Made::safely);
                }
            }
            rest = inner;
        }
        None
    }

    fn add(&self, element: Json<'a>, path: Path, text: &str) -> Option<Made> {
        let (_, list) = self.property(element, path)?;
        if !list.is_array() || list.items().any(|item| item.is_text(text)) {
            return None;
        }
        let edits = edit::add_item(list, &Setting::Text(text.to_owned()))?;
        Some(Made::safely(edits))
    }

    fn unset(&self, element: Json<'a>, path: Path) -> Option<Made> {
        let (object, value) = self.property(element, path)?;
        if is_expression(value) {
            return None;
        }
        edit::remove(object, value).map(Made::safely)
    }

    /// A property that is stated, and the object it is stated in.
    fn property(&self, element: Json<'a>, path: Path) -> Option<(Json<'a>, Json<'a>)> {
        let (last, before) = path.split_last()?;
        let step = |object: Json<'a>, key: &&str| {
            let inner = object.get(key).filter(|inner| inner.is_object());
            inner.filter(|_| !is_repeated(object, key))
        };
        let object = before.iter().try_fold(element, step)?;
        let value = object.get(last)?;
        (!is_repeated(object, last)).then_some((object, value))
    }

    /// Takes an element out of the list in which it stands. One that an expression has a part in may be needed as soon
    /// as that gives something else.
    fn take_out(&self, place: Span) -> Option<Made> {
        let mut way = self.way(place)?;
        let last = way.last().copied()?;
        let is_name = |object: &Json<'a>| object.get("name").is_some_and(|it| it.is_same(last));
        if way.iter().rev().nth(1).is_some_and(is_name) {
            way.pop();
        } else if last.content_span() != place {
            return None;
        }
        let element = way.pop()?;
        let list = way.pop().filter(|list| list.is_array())?;
        if has_expression(element) || self.stands_for_several(element) {
            return None;
        }
        edit::remove(list, element).map(Made::safely)
    }

    /// The variable, or the default of a parameter, that an expression names, where nothing else uses it.
    fn source(&self, value: Json<'a>) -> Option<Source<'a>> {
        let text = value.as_str()?;
        let written = *self.network.written.get(&value.content_span())?;
        if written.file != self.document.file() {
            return None;
        }
        let place = Declared::at(self.document, written)?;
        let call = format!("{}('{}')", place.section, place.name);
        let expression = dense(&text);
        let alone = expression == format!("[{call}]") && uses(self.document, &call) == 1;
        // What is computed from names may name it too.
        let computed = uses(self.document, &format!("{}(", place.section))
            != uses(self.document, &format!("{}('", place.section));
        (alone && !computed).then_some(Source {
            value: place.value,
            safety: place.safety,
        })
    }
}

/// What an expression gives, where it is written.
struct Source<'a> {
    value: Json<'a>,
    safety: Safety,
}

/// A variable, or a parameter with a default.
struct Declared<'a> {
    section: &'static str,
    name: String,
    value: Json<'a>,
    /// A parameter may be given another value, which its default does not show.
    safety: Safety,
}

impl<'a> Declared<'a> {
    /// What is declared at a place, when it is a value of its own and not a part of one.
    fn at(document: &'a Document, place: Span) -> Option<Self> {
        let mut keys: Vec<String> = Vec::new();
        let mut value = document.root()?;
        let mut parameter = value;
        while value.content_span() != place {
            if value.at(&["metadata", "_generator"]).is_some() {
                return None;
            }
            parameter = value;
            if value.is_array() {
                value = value.items().find(|item| item.span().contains(place))?;
                keys.push(String::new());
                continue;
            }
            let mut members = value.members();
            let (key, inner) = members.find(|(_, inner)| inner.span().contains(place))?;
            keys.push(key.as_str()?.to_ascii_lowercase());
            value = inner;
        }
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        match keys.as_slice() {
            [.., "variables", name] => Some(Self {
                section: "variables",
                name: (*name).to_owned(),
                value,
                safety: Safety::Safe,
            }),
            // Where only some values are allowed, the new one may not be.
            [.., "parameters", name, "defaultvalue"]
                if parameter.get("allowedValues").is_none() =>
            {
                Some(Self {
                    section: "parameters",
                    name: (*name).to_owned(),
                    value,
                    safety: Safety::Unsafe,
                })
            }
            _ => None,
        }
    }
}

/// Whether a value may be replaced by another one: both are of one kind, and no expression gives it.
fn fits(value: Json<'_>, to: &Setting) -> bool {
    match (value.kind(), to) {
        (JsonKind::Null, _) => true,
        (JsonKind::True | JsonKind::False, Setting::Switch(_)) => true,
        (JsonKind::String | JsonKind::EscapedString, Setting::Switch(_)) => {
            value.is_text("true") || value.is_text("false")
        }
        (JsonKind::String | JsonKind::EscapedString, Setting::Text(_)) => !is_expression(value),
        (JsonKind::Array, Setting::Texts(_)) => !has_expression(value),
        _ => false,
    }
}

fn is_expression(value: Json<'_>) -> bool {
    value.as_str().is_some_and(|text| text.starts_with('['))
}

fn has_expression(value: Json<'_>) -> bool {
    is_expression(value)
        || value.items().any(has_expression)
        || value.members().any(|(_, value)| has_expression(value))
}

/// Whether an object is one of many that a loop makes, or a loop gives what lies under a key of it.
fn is_repeated(object: Json<'_>, key: &str) -> bool {
    let Some(copy) = object.get("copy") else {
        return false;
    };
    let gives = |entry: Json<'_>| entry.get("name").is_none_or(|name| name.is_text(key));
    !copy.is_array() || copy.items().any(gives)
}

/// A text without white space and in lower case, as names and functions are compared.
fn dense(text: &str) -> String {
    let characters = text.chars().filter(|c| !c.is_whitespace());
    characters.map(|c| c.to_ascii_lowercase()).collect()
}

/// How often something is called in a document. What is given without white space may be written with some.
fn uses(document: &Document, call: &str) -> usize {
    dense(document.text()).matches(call).count()
}
