//! References from one resource to another.

use crate::base::{FileId, Span};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Ref, Unknown};
use crate::import::{Data, ResourceId, Symbol, Text, Value};

use super::Builder;
use super::entity::Found;
use super::slot::Element;

/// What a `{"id": …}`, or an id alone, refers to.
#[derive(Debug)]
pub(super) enum Target {
    /// A resource of the input.
    Entity(usize),
    /// A resource outside the input.
    Outside(ResourceId),
    /// Something that is not known, or no id.
    Unknown(Text),
}

/// The text of a `{"id": …}` or of an id alone, and its place.
pub(super) fn id_text(value: &Value) -> Option<(Text, &Value)> {
    let value = match &value.data {
        Data::Object(_) => value.get("id")?,
        _ => value,
    };
    Some((value.text()?, value))
}

/// The id in a `{"id": …}`, or alone.
pub(super) fn parse_id(value: &Value) -> Option<ResourceId> {
    let (text, _) = id_text(value)?;
    ResourceId::parse(&text)
}

/// The id of what `reference()` reads, and the path in it.
pub(super) fn read_of(symbol: &Symbol) -> Option<(ResourceId, &[smol_str::SmolStr])> {
    let reference = symbol.reference.as_ref()?;
    Some((ResourceId::parse(&reference.target)?, &reference.path))
}

impl<'e> Builder<'e> {
    /// What a value refers to. Nothing for `null` and for what can be no reference.
    pub(super) fn target(&mut self, value: &Value) -> Option<(Target, Span)> {
        let (text, place) = id_text(value)?;
        self.place(place);
        if let Some(index) = place
            .unknown()
            .and_then(|symbol| self.listed_part(symbol, place.span.file))
        {
            return Some((Target::Entity(index), place.span));
        }
        let target = match ResourceId::parse(&text) {
            Some(id) => match self.entities.find(&id, place.span.file) {
                Found::One(index) => Target::Entity(index),
                Found::Several => Target::Unknown(text),
                Found::None => Target::Outside(id),
            },
            None => {
                if text.known().is_some_and(|known| !known.is_empty()) {
                    self.refuse(place, "the id of a resource");
                }
                Target::Unknown(text)
            }
        };
        Some((target, place.span))
    }

    /// A part that another resource lists, as in `reference(VNET).subnets[0].id`.
    fn listed_part(&self, symbol: &Symbol, file: FileId) -> Option<usize> {
        let (id, path) = read_of(symbol)?;
        let [list, at, last] = path else { return None };
        if !last.eq_ignore_ascii_case("id") {
            return None;
        }
        let Found::One(index) = self.entities.find(&id, file) else {
            return None;
        };
        let whole = self.entities.get(index)?;
        let part = list.to_ascii_lowercase();
        let mut parts = self.entities.children(whole, &part);
        parts.nth(at.parse().ok()?).map(|(index, _)| index)
    }

    /// A reference to an element of one kind. One outside the input is noted, once for each target.
    pub(super) fn reference<T: Element>(&mut self, value: &Value) -> Option<Ref<T>> {
        let (target, span) = self.target(value)?;
        Some(self.ref_to(target, span, Self::note_missing))
    }

    /// A reference that is not noted when it leads outside the input.
    pub(super) fn quiet_reference<T: Element>(&mut self, value: &Value) -> Option<Ref<T>> {
        let (target, span) = self.target(value)?;
        Some(self.ref_to(target, span, |_, _, _| {}))
    }

    fn ref_to<T: Element>(
        &mut self,
        target: Target,
        span: Span,
        outside: impl FnOnce(&mut Self, &ResourceId, Span),
    ) -> Ref<T> {
        match target {
            Target::Entity(index) => self.ref_of(index, span),
            Target::Outside(id) => {
                outside(self, &id, span);
                self.nothing(id.to_string(), span)
            }
            Target::Unknown(text) => self.nothing(text.to_string(), span),
        }
    }

    /// A reference to the element of a resource of the input.
    pub(super) fn ref_of<T: Element>(&self, index: usize, span: Span) -> Ref<T> {
        let name = self
            .entities
            .get(index)
            .map(|entity| entity.id.to_string())
            .unwrap_or_default();
        Ref {
            id: self.slot_of(index),
            name: name.into(),
            origin: span.into(),
        }
    }

    /// A reference to nothing known.
    pub(super) fn nothing<T>(&self, name: impl Into<smol_str::SmolStr>, span: Span) -> Ref<T> {
        Ref {
            id: None,
            name: name.into(),
            origin: span.into(),
        }
    }

    /// As `reference`; but why it is not known, where nothing of the target is: it may be none.
    pub(super) fn unless_open<T: Element>(
        &mut self,
        value: &Value,
    ) -> Result<Option<Ref<T>>, Unknown> {
        let place = match &value.data {
            Data::Object(_) => value.get("id").unwrap_or(value),
            _ => value,
        };
        match &place.data {
            Data::Unknown(symbol) if self.listed_part(symbol, place.span.file).is_none() => {
                Err(self.unknown(place, symbol))
            }
            _ => Ok(self.reference(value)),
        }
    }

    /// References in a list. Elements that are not known are references to nothing known.
    pub(super) fn references<T: Element>(&mut self, value: Option<&Value>) -> Vec<Ref<T>> {
        let Some(value) = value else {
            return Vec::new();
        };
        match value.items() {
            Some(items) => items
                .iter()
                .filter_map(|item| self.reference(item))
                .collect(),
            None => value
                .unknown()
                .map(|symbol| self.nothing(symbol.text.clone(), value.span))
                .into_iter()
                .collect(),
        }
    }

    fn note_missing(&mut self, id: &ResourceId, span: Span) {
        let key = id.key();
        if let Some(finding) = self
            .missing
            .get(&key)
            .and_then(|at| self.findings.get_mut(*at))
        {
            if finding.related.is_empty() {
                *finding = finding.clone().related(span, "and here");
            }
            return;
        }
        let kind = id.kind.rsplit('/').next().unwrap_or_default();
        let message = format!("`{id}` is not part of the input");
        let finding =
            Finding::new(FindingId::TG0033, message).at(span, format!("refers to one of `{kind}`"));
        self.missing.insert(key, self.findings.len());
        self.findings.push(finding);
    }

    /// The network that a subnet's id names.
    pub(super) fn vnet_of_subnet(&mut self, value: &Value) -> Option<Ref<crate::estate::Vnet>> {
        let (target, span) = self.target(value)?;
        Some(match target {
            Target::Entity(index) => match self.entities.get(index).and_then(|it| it.parent) {
                Some(parent) => self.ref_of(parent, span),
                None => self.nothing("", span),
            },
            Target::Outside(id) => {
                let Some(vnet) = id.parent() else {
                    return Some(self.nothing(id.to_string(), span));
                };
                match self.entities.find(&vnet, span.file) {
                    Found::One(index) => self.ref_of(index, span),
                    Found::Several | Found::None => {
                        self.note_missing(&vnet, span);
                        self.nothing(vnet.to_string(), span)
                    }
                }
            }
            Target::Unknown(text) => self.nothing(text.to_string(), span),
        })
    }
}
