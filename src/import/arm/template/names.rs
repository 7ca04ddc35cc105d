//! Names and types → ids of resources, and the functions that make ids.

use smol_str::{SmolStr, format_smolstr};

use crate::import::arm::functions::{self, Scope};
use crate::import::{Data, Part, ResourceId, Symbol, Text, Value};

use super::calls::Call;
use super::machine::{Fault, Machine};
use super::place::{Level, Place, joined};
use super::scope::Context;
use super::spelling::spell_text;

/// The id of a resource, as a text and taken apart.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) id: ResourceId,
    pub(super) text: Text,
    /// The name as the template has it, with those of its parents.
    pub(super) name: Text,
}

/// What a resource hangs on.
pub(super) enum Anchor<'a> {
    /// A place.
    Place(&'a Place),
    /// Another resource, which it is a part of.
    Parent(&'a Named),
    /// Another resource, which it extends, or the id of a group or subscription.
    Extended(Text),
}

/// The id of a resource by its type, its names, and what it hangs on.
pub(super) fn named(kind: &str, name: &Text, anchor: &Anchor<'_>) -> Option<Named> {
    let kinds: Vec<&str> = kind.split('/').filter(|part| !part.is_empty()).collect();
    let (provider, kinds) = match anchor {
        Anchor::Parent(parent) => {
            let whole = parent.id.kind.as_str();
            let is_whole = kind.len() > whole.len()
                && kind.get(..whole.len())?.eq_ignore_ascii_case(whole)
                && kind.get(whole.len()..)?.starts_with('/');
            if is_whole {
                return named_part(kind, name, parent);
            }
            if kinds.first()?.contains('.') {
                // A resource of another provider inside extends the one around it.
                return named(kind, name, &Anchor::Extended(parent.text.clone()));
            }
            (None, kinds)
        }
        _ => {
            let (provider, kinds) = kinds.split_first()?;
            (Some(*provider), kinds.to_vec())
        }
    };
    let names = fitted(name, kinds.len());
    let base = match anchor {
        Anchor::Place(place) => place.prefix(),
        Anchor::Parent(parent) => parent.text.clone(),
        Anchor::Extended(text) => text.clone(),
    };
    if provider.is_some_and(|provider| provider.eq_ignore_ascii_case("Microsoft.Resources"))
        && kinds
            .iter()
            .map(|kind| kind.to_ascii_lowercase())
            .eq(["resourcegroups"])
    {
        return Some(group(name, &base));
    }
    let mut pieces = base.parts();
    if let Some(provider) = provider {
        pieces.push(Part::Known(format_smolstr!("/providers/{provider}")));
    }
    for (kind, name) in kinds.iter().zip(&names) {
        if kind.eq_ignore_ascii_case("providers") {
            // The old spelling of extensions has the provider among the names.
            pieces.push(Part::Known("/providers/".into()));
        } else {
            pieces.push(Part::Known(format_smolstr!("/{kind}/")));
        }
        pieces.extend(name.parts());
    }
    let text = Text::from_parts(pieces);
    let name = match anchor {
        Anchor::Parent(parent) => joined(&[&parent.name, &"/".into(), name]),
        _ => name.clone(),
    };
    Some(Named {
        id: ResourceId::parse(&text)?,
        text,
        name,
    })
}

/// A part of a resource that is written inside it with its whole type; the name may be whole too.
fn named_part(kind: &str, name: &Text, parent: &Named) -> Option<Named> {
    let rest = kind.get(parent.id.kind.len() + 1..)?;
    let all = kind.split('/').count().saturating_sub(1);
    let names = name.split('/');
    let name = match names.len() {
        count if count == all && count > 1 => {
            let own = names.get(parent.id.names.len()..)?;
            let slash = Text::from("/");
            let mut pieces: Vec<&Text> = Vec::new();
            for (index, piece) in own.iter().enumerate() {
                if index > 0 {
                    pieces.push(&slash);
                }
                pieces.push(piece);
            }
            joined(&pieces)
        }
        _ => name.clone(),
    };
    named(rest, &name, &Anchor::Parent(parent))
}

fn group(name: &Text, base: &Text) -> Named {
    let text = joined(&[base, &"/resourceGroups/".into(), name]);
    let segments = base.split('/');
    Named {
        id: ResourceId {
            subscription: segments.get(2).cloned(),
            group: Some(name.clone()),
            kind: "microsoft.resources/resourcegroups".into(),
            names: vec![name.clone()],
            extends: None,
        },
        text,
        name: name.clone(),
    }
}

/// The segments of a name, one for each part of the type. A hole may stand for several of them.
fn fitted(name: &Text, count: usize) -> Vec<Text> {
    // Names of old extensions begin with a slash, because the type does so too.
    let mut names: Vec<Text> = name.split('/');
    if names.len() > 1 && names.first().is_some_and(|first| *first == Text::from("")) {
        names.remove(0);
    }
    if names.len() >= count {
        return names;
    }
    let spelled = spell_text(name);
    let why = name.hole().map(|symbol| symbol.why.clone());
    (0..count)
        .map(|index| match &why {
            Some(why) => {
                let text = format_smolstr!("split({spelled}, '/')[{index}]");
                Text::from_parts([Part::Hole(Symbol::new(text, why.clone()))])
            }
            None => names.get(index).cloned().unwrap_or_else(|| "".into()),
        })
        .collect()
}

/// An id as an expression: short when it lies in the group of the deployment.
pub(super) fn spell_id(text: &Text, place: &Place) -> SmolStr {
    let Some(id) = ResourceId::parse(text) else {
        return spell_text(text);
    };
    let own = id.subscription.as_ref() == Some(&place.subscription)
        && id.group.as_ref() == Some(&place.group);
    if !own || id.extends.is_some() {
        return spell_text(text);
    }
    let kind = kind_as_written(text).unwrap_or_else(|| id.kind.clone());
    let mut out = format!("resourceId('{kind}'");
    for name in &id.names {
        out.push_str(", ");
        out.push_str(&spell_text(name));
    }
    out.push(')');
    out.into()
}

/// The type in an id, in the case in which it is written.
fn kind_as_written(text: &Text) -> Option<SmolStr> {
    let segments = text.split('/');
    let at = segments.iter().rposition(|segment| {
        segment
            .known()
            .is_some_and(|known| known.eq_ignore_ascii_case("providers"))
    })?;
    let mut kind = segments.get(at + 1)?.known()?.to_string();
    for part in segments.get(at + 2..)?.iter().step_by(2) {
        kind.push('/');
        kind.push_str(part.known()?);
    }
    Some(kind.into())
}

impl<'d> Machine<'_, 'd> {
    /// `resourceId` and `subscriptionResourceId`, with the subscription and group of the place where none is given.
    pub(super) fn id_call(
        &mut self,
        lower: &str,
        call: Call<'_>,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let mut values = self.arguments(call, context)?;
        let place = &context.scope.place;
        if lower == "resourceid" {
            let scope = Scope {
                subscription: (place.level <= Level::Subscription)
                    .then(|| place.subscription.clone()),
                group: (place.level == Level::Group).then(|| place.group.clone()),
            };
            let result = functions::resource_id(&values, &scope, call.span());
            return result.map_err(|error| call.wrong(error.message));
        }
        if values.first().is_some_and(is_kind) {
            let subscription = Data::Text(place.subscription.clone());
            values.insert(0, Value::new(subscription, call.span()));
        }
        Self::known_function(call, &values).unwrap_or(Err(Fault::TooLarge))
    }
}

/// Whether a value is the type of a resource.
fn is_kind(value: &Value) -> bool {
    value.known_text().is_some_and(|text| {
        text.split_once('/')
            .is_some_and(|(provider, _)| provider.contains('.'))
    })
}
