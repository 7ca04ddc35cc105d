//! The resources of a template: where they stand, how often, under which condition, and their ids.

use std::rc::Rc;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::diag::{Finding, Id};
use crate::import::json::Json;
use crate::import::{Symbol, Text};

use super::loops::indices;
use super::machine::Machine;
use super::names::{Anchor, Named, named};
use super::place::as_text;
use super::scope::{Binding, Context, Frame, LoopKind, ScopeRef};

/// How deep resources may lie in one another. Types have a few parts only.
const MAX_PARENTS: usize = 16;

/// The type of a deployment, in lower case.
pub(super) const DEPLOYMENT: &str = "microsoft.resources/deployments";

/// A resource as a template has it.
#[derive(Debug, Clone)]
pub(super) struct Entry<'d> {
    pub(super) json: Json<'d>,
    /// Its symbolic name.
    pub(super) symbol: Option<SmolStr>,
    /// The entry that it lies in.
    pub(super) parent: Option<usize>,
    /// Its whole type in lower case, when that is a literal.
    pub(super) kind: Option<SmolStr>,
}

/// One round of a resource.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) frame: Frame,
    pub(super) named: Named,
    /// What must hold for it to be there, when that is not known.
    pub(super) condition: Option<Arc<Symbol>>,
    pub(super) deployed: Deployed,
}

/// Whether an instance is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deployed {
    Yes,
    /// Its condition says no.
    No,
}

/// An instance of a resource in all templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Handle {
    pub(super) scope: usize,
    pub(super) entry: usize,
    pub(super) instance: usize,
}

impl<'d> Entry<'d> {
    pub(super) fn is_existing(&self) -> bool {
        self.json.get("existing").and_then(Json::as_bool) == Some(true)
    }

    pub(super) fn is_deployment(&self) -> bool {
        self.kind.as_deref() == Some(DEPLOYMENT)
    }
}

/// The resources of a template with those that lie in them.
pub(super) fn entries<'d>(scope: &ScopeRef<'d>) -> Rc<[Entry<'d>]> {
    let entries = scope.entries.get_or_init(|| {
        let mut entries = Vec::new();
        if let Some(resources) = scope.template.get("resources") {
            collect(resources, None, 0, &mut entries);
        }
        entries.into()
    });
    Rc::clone(entries)
}

fn collect<'d>(
    resources: Json<'d>,
    parent: Option<usize>,
    depth: usize,
    entries: &mut Vec<Entry<'d>>,
) {
    if depth > MAX_PARENTS {
        return;
    }
    let listed = resources.items().map(|json| (None, json));
    let symbolic = resources
        .members()
        .map(|(key, json)| (key.as_str().map(SmolStr::from), json));
    for (symbol, json) in listed.chain(symbolic) {
        if !json.is_object() {
            continue;
        }
        let kind = json.get("type").and_then(Json::as_str);
        let kind = kind.filter(|kind| !kind.starts_with('['));
        let kind = kind.and_then(|own| {
            let own = own.to_ascii_lowercase();
            let Some(parent) = parent else {
                return Some(own.into());
            };
            let around = entries.get(parent)?.kind.as_ref()?;
            let whole = own
                .split('/')
                .next()
                .is_some_and(|first| first.contains('.'));
            Some(if whole {
                own.into()
            } else {
                SmolStr::from(format!("{around}/{own}"))
            })
        });
        let at = entries.len();
        entries.push(Entry {
            json,
            symbol,
            parent,
            kind,
        });
        if let Some(children) = json.get("resources") {
            collect(children, Some(at), depth + 1, entries);
        }
    }
}

impl<'d> Machine<'_, 'd> {
    /// The rounds of a resource. Nothing while they are being computed.
    pub(super) fn instances(&mut self, home: &ScopeRef<'d>, at: usize) -> Option<Rc<[Instance]>> {
        if let Some(known) = home.instances.borrow().get(&at) {
            return known.clone();
        }
        home.instances.borrow_mut().insert(at, None);
        let computed: Rc<[Instance]> = self
            .elsewhere(|machine| machine.compute_instances(home, at))
            .into();
        home.instances
            .borrow_mut()
            .insert(at, Some(Rc::clone(&computed)));
        Some(computed)
    }

    fn compute_instances(&mut self, home: &ScopeRef<'d>, at: usize) -> Vec<Instance> {
        let entries = entries(home);
        let Some(entry) = entries.get(at) else {
            return Vec::new();
        };
        let context = Context::of(home);
        let parents = match entry.parent {
            Some(parent) => match self.instances(home, parent) {
                Some(parents) => parents
                    .iter()
                    .map(|parent| (parent.frame.clone(), Some(parent.clone())))
                    .collect(),
                None => return Vec::new(),
            },
            None => vec![(context.frame.clone(), None)],
        };
        let mut instances = Vec::new();
        for (frame, parent) in parents {
            let around = context.framed(&frame);
            for (frame, maybe) in self.frames(entry, &around) {
                if self.exhausted() {
                    return instances;
                }
                let inner = context.framed(&frame);
                instances.extend(self.instance(entry, &inner, parent.as_ref(), maybe));
            }
        }
        instances
    }

    /// What the loop of a resource binds, and what must hold for there to be a round at all.
    fn frames(
        &mut self,
        entry: &Entry<'d>,
        context: &Context<'d>,
    ) -> Vec<(Frame, Option<Arc<Symbol>>)> {
        let Some(copy) = entry.json.get("copy").filter(|copy| copy.is_object()) else {
            return vec![(context.frame.clone(), None)];
        };
        let name = copy.get("name").map(|name| self.value(name, context));
        let name = name.and_then(|name| name.known_text().cloned());
        let rounds = self.rounds(copy, context);
        let bound = |(index, maybe)| {
            let binding = Binding::Loop {
                name: name.clone(),
                index,
                of: LoopKind::Resource,
            };
            (context.frame.with(binding), maybe)
        };
        indices(&rounds, name.as_ref())
            .into_iter()
            .map(bound)
            .collect()
    }

    fn instance(
        &mut self,
        entry: &Entry<'d>,
        context: &Context<'d>,
        parent: Option<&Instance>,
        maybe: Option<Arc<Symbol>>,
    ) -> Option<Instance> {
        let (deployed, condition) = self.condition(entry.json, context);
        let doubt = u32::from(condition.is_some());
        let silence = u32::from(deployed == Deployed::No);
        self.doubts += doubt;
        self.silence += silence;
        let named = self.identify(entry, context, parent);
        self.doubts -= doubt;
        self.silence -= silence;
        Some(Instance {
            frame: context.frame.clone(),
            named: named?,
            condition: condition.or(maybe),
            deployed,
        })
    }

    /// Whether something with a `condition` is there.
    pub(super) fn condition(
        &mut self,
        json: Json<'d>,
        context: &Context<'d>,
    ) -> (Deployed, Option<Arc<Symbol>>) {
        let Some(condition) = json.get("condition") else {
            return (Deployed::Yes, None);
        };
        let value = self.value(condition, context);
        match value.known_bool() {
            Some(true) => (Deployed::Yes, None),
            Some(false) => (Deployed::No, None),
            None => match value.unknown() {
                Some(symbol) => (Deployed::Yes, Some(Arc::clone(symbol))),
                None => {
                    let message = "a condition is a truth value".to_owned();
                    self.report_wrong(message, condition.content_span(), None);
                    (Deployed::Yes, None)
                }
            },
        }
    }

    /// The id of a resource.
    fn identify(
        &mut self,
        entry: &Entry<'d>,
        context: &Context<'d>,
        parent: Option<&Instance>,
    ) -> Option<Named> {
        let json = entry.json;
        let kind = self.value(json.get("type")?, context);
        let Some(kind) = kind.known_text() else {
            let message = "the type of a resource is not known, so the resource is left out";
            let place = json.get("type")?.content_span();
            self.report(Finding::new(Id::TG0028, message).at(place, "not known"));
            return None;
        };
        let name = self.value(json.get("name")?, context);
        let name = as_text(&name)?;
        let extended = match json.get("scope") {
            Some(scope) if !kind.eq_ignore_ascii_case(DEPLOYMENT) => self.extended(scope, context),
            _ => None,
        };
        let place = self.deployment_place(json, kind, context);
        let place = place.as_ref().unwrap_or(&context.home.place);
        let anchor = match (extended, parent) {
            (Some(text), _) => Anchor::Extended(text),
            (None, Some(parent)) => Anchor::Parent(&parent.named),
            (None, None) => Anchor::Place(place),
        };
        named(kind, &name, &anchor)
    }

    /// The id that `scope` names, made whole.
    fn extended(&mut self, scope: Json<'d>, context: &Context<'d>) -> Option<Text> {
        let value = self.value(scope, context);
        let text = value.text()?;
        Some(whole_id(&text, context))
    }
}

/// An id that may begin with the type, made whole with the place.
pub(super) fn whole_id(text: &Text, context: &Context<'_>) -> Text {
    let begins = match text {
        Text::Known(text) => Some(text.clone()),
        Text::Mixed(_) => text
            .split('/')
            .first()
            .and_then(|first| first.known().cloned()),
    };
    match begins {
        Some(first) if !first.is_empty() && !first.starts_with('/') && first.contains('.') => {
            let prefix = context.home.place.prefix();
            super::place::joined(&[&prefix, &"/providers/".into(), text])
        }
        _ => text.clone(),
    }
}
