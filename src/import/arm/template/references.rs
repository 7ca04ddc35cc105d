//! `reference()` and its kin: what is in the input is looked up, the rest is a symbol that says what it reads.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use crate::import::json::{Json, Kind};
use crate::import::{Data, Member, Object, Reference, ResourceId, Symbol, Text, Value, Why};

use super::access::{Key, Step, extended};
use super::calls::Call;
use super::machine::{Fault, Machine};
use super::names::spell_id;
use super::resources::{Deployed, Entry, Handle, Instance, entries, whole_id};
use super::scope::{Context, ScopeRef};

/// What `reference()` is about.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The id, or what is said instead of one.
    pub(super) text: Text,
    /// The resource, when it is in the input.
    pub(super) handle: Option<Handle>,
}

/// What of a resource is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Its properties.
    Properties,
    /// All of it.
    Full,
}

/// Whether a value is an object or a list of some. Azure adds members to those, such as the ids of subnets, so what a
/// template states of them is not all that `reference()` gives.
fn holds_objects(value: &Value) -> bool {
    match &value.data {
        Data::Object(_) => true,
        Data::Array(items) => items
            .iter()
            .any(|item| matches!(item.data, Data::Object(_))),
        _ => false,
    }
}

impl<'d> Machine<'_, 'd> {
    /// `reference(…)` with the steps behind it.
    pub(super) fn reference(
        &mut self,
        call: Call<'_>,
        steps: &[Step],
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let values = self.arguments(call, context)?;
        let Some(first) = values.first().and_then(Value::text) else {
            return Err(call.wrong("`reference` takes the name or the id of a resource"));
        };
        let target = self.target(&first, context);
        let full = values
            .get(2)
            .and_then(Value::known_text)
            .is_some_and(|form| form.eq_ignore_ascii_case("Full"));
        let form = if full { Form::Full } else { Form::Properties };
        self.read(&target, form, steps, call, context)
    }

    fn read(
        &mut self,
        target: &Target,
        form: Form,
        steps: &[Step],
        call: Call<'_>,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let (form, steps) = match (form, steps.split_first()) {
            (Form::Full, Some((first, rest))) if is_name(&first.key, "properties") => {
                (Form::Properties, rest)
            }
            _ => (form, steps),
        };
        if let Some(handle) = target.handle {
            let known = match form {
                Form::Properties => self.output_of(handle, steps, call)?,
                Form::Full => None,
            };
            let known = match known {
                Some(value) => Some(value),
                None => self.static_property(handle, form, steps),
            };
            if let Some(value) = known {
                return Ok(value);
            }
        }
        let place = &context.scope.place;
        let id = spell_id(&target.text, place);
        let text = match form {
            Form::Properties => format_smolstr!("reference({id})"),
            Form::Full => format_smolstr!("reference({id}, 'Full')"),
        };
        let symbol = Symbol {
            text,
            why: Why::RunTime,
            reference: Some(Reference {
                target: target.text.clone(),
                path: Vec::new(),
            }),
        };
        let keys = steps.iter().map(|step| &step.key);
        let symbol = keys.fold(symbol, |symbol, key| extended(&symbol, key));
        Ok(Value::new(Data::Unknown(Arc::new(symbol)), call.span()))
    }

    /// The resource that a name or an id means.
    pub(super) fn target(&mut self, text: &Text, context: &Context<'d>) -> Target {
        let found = self.by_name(text, context);
        let (text, handle) = match found {
            Some(handle) => (
                self.named_text(handle).unwrap_or_else(|| text.clone()),
                Some(handle),
            ),
            None => (whole_id(text, context), None),
        };
        // One that exists may be deployed by another template of the input.
        let deployed = handle.filter(|handle| !self.is_existing(*handle));
        let handle = deployed.or_else(|| {
            let id = ResourceId::parse(&text)?;
            self.by_id(&id, context)
        });
        Target { text, handle }
    }

    fn scope_at(&self, at: usize) -> Option<ScopeRef<'d>> {
        self.scopes.get(at).cloned()
    }

    /// The entry and the instance of a handle.
    pub(super) fn look(&mut self, handle: Handle) -> Option<(ScopeRef<'d>, Entry<'d>, Instance)> {
        let home = self.scope_at(handle.scope)?;
        let entry = entries(&home).get(handle.entry)?.clone();
        let instances = self.instances(&home, handle.entry)?;
        let instance = instances.get(handle.instance)?.clone();
        Some((home, entry, instance))
    }

    fn named_text(&mut self, handle: Handle) -> Option<Text> {
        self.look(handle)
            .map(|(_, _, instance)| instance.named.text)
    }

    fn is_existing(&self, handle: Handle) -> bool {
        let entry = |home: ScopeRef<'d>| entries(&home).get(handle.entry).cloned();
        let entry = self.scope_at(handle.scope).and_then(entry);
        entry.is_some_and(|entry| entry.is_existing())
    }

    /// By symbolic name, `name[index]`, or name.
    fn by_name(&mut self, text: &Text, context: &Context<'d>) -> Option<Handle> {
        let homes = [&context.home, &context.scope];
        let homes = if context.home.id == context.scope.id {
            homes.get(..1)?
        } else {
            &homes
        };
        let shown = text.to_string();
        let (symbol, index) = match shown
            .strip_suffix(']')
            .and_then(|rest| rest.split_once('['))
        {
            Some((symbol, index)) => (symbol, Some(index)),
            None => (shown.as_str(), None),
        };
        for home in homes {
            let entries = entries(home);
            let at = entries.iter().position(|entry| {
                let own = entry.symbol.as_deref();
                own.is_some_and(|own| own.eq_ignore_ascii_case(symbol))
            });
            if let Some(entry) = at {
                let instance = index.and_then(|index| index.parse().ok()).unwrap_or(0);
                return self.handle(home, entry, instance);
            }
        }
        if shown.contains('/') {
            return None;
        }
        let key = text.key();
        for home in homes {
            for at in 0..entries(home).len() {
                let Some(instances) = self.instances(home, at) else {
                    continue;
                };
                let same = |instance: &Instance| {
                    instance.named.name.key() == key || instance.named.id.name() == *text
                };
                if let Some(instance) = instances.iter().position(same) {
                    return self.handle(home, at, instance);
                }
            }
        }
        None
    }

    /// The ids of what a template names: of a loop, those of all its rounds.
    pub(super) fn all_named(&mut self, text: &Text, context: &Context<'d>) -> Vec<Text> {
        let one = self.target(text, context).text;
        let Some(known) = text.known().filter(|known| !known.contains(['/', '['])) else {
            return vec![one];
        };
        let home = &context.home;
        let is_meant = |entry: &Entry<'d>| {
            let copy = entry.json.at(&["copy", "name"]);
            entry
                .symbol
                .as_ref()
                .is_some_and(|own| own.eq_ignore_ascii_case(known))
                || copy.is_some_and(|copy| copy.is_text(known))
        };
        let Some(at) = entries(home).iter().position(is_meant) else {
            return vec![one];
        };
        match self.instances(home, at) {
            Some(all) => all.iter().map(|each| each.named.text.clone()).collect(),
            None => vec![one],
        }
    }

    fn handle(&mut self, home: &ScopeRef<'d>, entry: usize, instance: usize) -> Option<Handle> {
        let count = self.instances(home, entry)?.len();
        // A loop that runs an unknown number of times has one instance for all.
        let instance = if count == 1 { 0 } else { instance };
        (instance < count).then_some(Handle {
            scope: home.id,
            entry,
            instance,
        })
    }

    /// By id: first in the template at hand, then in all.
    fn by_id(&mut self, id: &ResourceId, context: &Context<'d>) -> Option<Handle> {
        let all = self.index_of(&id.kind, context);
        let candidates = all.get(&id.key())?.clone();
        let mut best: Option<Handle> = None;
        for handle in candidates {
            let Some((_, _, instance)) = self.look(handle) else {
                continue;
            };
            if instance.deployed == Deployed::No || !in_one_place(&instance.named.id, id) {
                continue;
            }
            if handle.scope == context.home.id {
                return Some(handle);
            }
            best = best.or(Some(handle));
        }
        best
    }

    /// All resources of a type that are deployed, by their keys.
    fn index_of(
        &mut self,
        kind: &SmolStr,
        context: &Context<'d>,
    ) -> Rc<FxHashMap<SmolStr, Vec<Handle>>> {
        if let Some(known) = self.index.get(kind) {
            return Rc::clone(known);
        }
        // While it is being made, what asks for it sees nothing: names cannot need `reference()`.
        self.index.insert(kind.clone(), Rc::default());
        let homes: Vec<ScopeRef<'d>> = if self.all_entered {
            self.scopes.clone()
        } else {
            vec![Rc::clone(&context.home)]
        };
        let mut index: FxHashMap<SmolStr, Vec<Handle>> = FxHashMap::default();
        for home in homes {
            for (at, entry) in entries(&home).iter().enumerate() {
                let other = entry.kind.as_ref().is_some_and(|own| own != kind);
                if other
                    && !entry
                        .kind
                        .as_ref()
                        .is_some_and(|own| own.contains("/providers/"))
                    || entry.is_existing()
                {
                    continue;
                }
                let Some(instances) = self.instances(&home, at) else {
                    continue;
                };
                for (instance, known) in instances.iter().enumerate() {
                    let handle = Handle {
                        scope: home.id,
                        entry: at,
                        instance,
                    };
                    index.entry(known.named.id.key()).or_default().push(handle);
                }
            }
        }
        let index = Rc::new(index);
        if self.all_entered {
            self.index.insert(kind.clone(), Rc::clone(&index));
        } else {
            self.index.remove(kind);
        }
        index
    }

    /// A property that the template itself states: what is asked for and what is answered have the same shape.
    fn static_property(&mut self, handle: Handle, form: Form, steps: &[Step]) -> Option<Value> {
        let path: Vec<SmolStr> = steps.iter().map_while(|step| step.key.segment()).collect();
        if steps.is_empty() || path.len() < steps.len() {
            return None;
        }
        let (home, entry, instance) = self.look(handle)?;
        let last = path.last()?;
        // Azure gives a firewall its address, whatever a template says.
        let given_by_azure = instance.named.id.is("microsoft.network/azurefirewalls")
            && last.eq_ignore_ascii_case("privateIPAddress");
        if given_by_azure || entry.is_existing() || entry.is_deployment() {
            return None;
        }
        let mark = (handle, SmolStr::from(path.join("/").to_ascii_lowercase()));
        if self.following.contains(&mark) {
            return None;
        }
        self.following.push(mark);
        let context = Context::of(&home).framed(&instance.frame);
        let root = match form {
            Form::Properties => entry.json.get("properties"),
            Form::Full => Some(entry.json),
        };
        let value = root.and_then(|root| self.follow(root, steps, &context));
        self.following.pop();
        value
    }

    fn follow(&mut self, root: Json<'d>, steps: &[Step], context: &Context<'d>) -> Option<Value> {
        let mut at = root;
        let mut rest = steps;
        while let Some((step, others)) = rest.split_first() {
            at = match (&step.key, at.kind()) {
                (Key::Name(name), Kind::Object) if at.get("copy").is_none() => at.get(name)?,
                (Key::At(index), Kind::Array) => at.items().nth(usize::try_from(*index).ok()?)?,
                _ => break,
            };
            rest = others;
        }
        self.doubts += 1;
        let value = self.elsewhere(|machine| machine.value(at, context));
        self.doubts -= 1;
        let value = Self::walk(value, rest).ok()?;
        let circular = matches!(&value.data, Data::Unknown(symbol) if symbol.why == Why::TooLarge);
        (!value.is_null() && !circular && !holds_objects(&value)).then_some(value)
    }

    /// `references('name')`: what `reference()` gives for each round of a loop.
    pub(super) fn references(
        &mut self,
        call: Call<'_>,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let name = self.argument(call, 0, context)?;
        let Some(text) = name.text() else {
            return Err(call.wrong("`references` takes the symbolic name of a loop"));
        };
        let open = || {
            let text = format!("references({})", super::spelling::spell(&name));
            Self::unknown(text, Why::RunTime, call.span())
        };
        let Some(first) = self.by_name(&text, context) else {
            return Ok(open());
        };
        let Some((home, entry, _)) = self.look(first) else {
            return Ok(open());
        };
        let Some(instances) = self.instances(&home, first.entry) else {
            return Ok(open());
        };
        let mut items = Vec::new();
        for (instance, known) in instances.iter().enumerate() {
            let is_open = |index: Option<&super::scope::Index>| {
                matches!(index, Some(super::scope::Index::Any(_)))
            };
            if is_open(known.frame.index(None)) {
                return Ok(open());
            }
            if known.deployed == Deployed::No {
                continue;
            }
            let handle = Handle { instance, ..first };
            let target = Target {
                text: known.named.text.clone(),
                handle: Some(handle),
            };
            items.push(if entry.is_deployment() {
                self.outputs_object(handle, call)?
            } else {
                self.read(&target, Form::Properties, &[], call, context)?
            });
        }
        Ok(Value::new(Data::Array(items.into()), call.span()))
    }

    /// `resourceInfo('name')`: what is known of a resource without asking Azure.
    pub(super) fn resource_info(
        &mut self,
        call: Call<'_>,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let name = self.argument(call, 0, context)?;
        let found = name.text().and_then(|text| self.by_name(&text, context));
        let Some((_, entry, instance)) = found.and_then(|handle| self.look(handle)) else {
            let text = format!("resourceInfo({})", super::spelling::spell(&name));
            return Ok(Self::unknown(text, Why::RunTime, call.span()));
        };
        let span = call.span();
        let member = |key: &str, data: Data| Member {
            key: key.into(),
            key_span: span,
            value: Value::new(data, span),
        };
        let version = entry.json.get("apiVersion").and_then(Json::as_str);
        let mut members = vec![
            member("id", Data::Text(instance.named.text.clone())),
            member("name", Data::Text(instance.named.name.clone())),
            member("type", Data::Text(instance.named.id.kind.clone().into())),
        ];
        members.extend(
            version.map(|version| member("apiVersion", Data::Text(SmolStr::from(version).into()))),
        );
        Ok(Value::new(Data::Object(Arc::new(Object { members })), span))
    }
}

/// Whether two ids lie in the same group and subscription, as far as they say it.
fn in_one_place(a: &ResourceId, b: &ResourceId) -> bool {
    let agree = |a: &Option<Text>, b: &Option<Text>| match (a, b) {
        (Some(a), Some(b)) => a.key() == b.key(),
        _ => true,
    };
    agree(&a.subscription, &b.subscription) && agree(&a.group, &b.group)
}

/// Whether a step leads to a property of this name.
pub(super) fn is_name(key: &Key, name: &str) -> bool {
    matches!(key, Key::Name(own) if own.eq_ignore_ascii_case(name))
}
