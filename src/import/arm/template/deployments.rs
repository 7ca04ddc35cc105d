//! Nested deployments: inline with inner or outer scope, computed, linked; to other groups and subscriptions.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::diag::{Finding, Id};
use crate::import::json::{Document, Json};
use crate::import::{Data, Symbol, Text, Value, Why};

use super::machine::Machine;
use super::parameters::{give_expressions, give_files, give_literals, give_value};
use super::place::{Level, Place};
use super::resources::{Deployed, Handle, Instance, entries};
use super::scope::{Child, Context, Given, Scope, ScopeRef};
use super::spelling::{both, spell_text};

/// How deep deployments may lie in one another. The deepest of Azure's published templates has six.
const MAX_NESTING: usize = 16;

/// How many deployments one template may have.
const MAX_DEPLOYMENTS: usize = 10_000;

/// The template of a document, and the parameters that stand beside it in the body of a request.
pub(super) fn template_of(document: &Document) -> Option<(Json<'_>, Option<Json<'_>>)> {
    let root = document.root()?;
    let is_template = |json: &Json<'_>| {
        let holds = json
            .get("resources")
            .is_some_and(|all| all.is_array() || all.is_object());
        let named = json
            .get("$schema")
            .and_then(Json::as_str)
            .is_some_and(|schema| {
                schema
                    .to_ascii_lowercase()
                    .contains("deploymenttemplate.json")
            });
        holds && (named || json.get("contentVersion").is_some())
    };
    if is_template(&root) {
        return Some((root, None));
    }
    let properties = root.get("properties")?;
    let template = properties.get("template").filter(is_template)?;
    Some((template, properties.get("parameters")))
}

/// A template and how its names are understood.
struct Source<'d> {
    template: Json<'d>,
    folder: Utf8PathBuf,
    reads: Reads,
}

/// Where expressions of a nested template are evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    Inner,
    Outer,
}

impl<'d> Machine<'_, 'd> {
    /// The scope of the template that was asked for.
    pub(super) fn enter_root(
        &mut self,
        document: &'d Document,
        parameter_files: &'d [Document],
    ) -> Option<ScopeRef<'d>> {
        let (template, beside) = template_of(document)?;
        let schema = template.get("$schema").and_then(Json::as_str);
        let level = Level::of_schema(&schema.unwrap_or_default());
        let mut given = FxHashMap::default();
        if let Some(values) = beside {
            give_literals(&mut given, values);
        }
        give_files(&mut given, parameter_files);
        let file = self.sources.get(document.file());
        let folder = file.and_then(|file| file.path().parent());
        let folder = folder.unwrap_or(Utf8Path::new("")).to_owned();
        let place = Place::root(level, self.options.deployment);
        Some(self.add_scope(Scope {
            id: 0,
            template,
            outer: None,
            place,
            name: None,
            depth: 0,
            condition: None,
            given,
            given_unknown: None,
            folder,
            memo: RefCell::default(),
            entries: OnceCell::new(),
            instances: RefCell::default(),
            children: RefCell::default(),
        }))
    }

    fn add_scope(&mut self, scope: Scope<'d>) -> ScopeRef<'d> {
        let scope = Rc::new(scope);
        self.scopes.push(Rc::clone(&scope));
        scope
    }

    /// Enters all deployments below the root, level by level.
    pub(super) fn enter_deployments(&mut self) {
        let mut next = 0;
        while let Some(scope) = self.scopes.get(next).cloned() {
            next += 1;
            for (at, entry) in entries(&scope).iter().enumerate() {
                if !entry.is_deployment() || entry.is_existing() {
                    continue;
                }
                let count = self.instances(&scope, at).map_or(0, |all| all.len());
                for instance in 0..count {
                    self.child(Handle {
                        scope: scope.id,
                        entry: at,
                        instance,
                    });
                }
            }
        }
        self.all_entered = true;
    }

    /// What a deployment deploys, entered once.
    pub(super) fn child(&mut self, handle: Handle) -> Option<Child> {
        let (home, entry, instance) = self.look(handle)?;
        let key = (handle.entry, handle.instance);
        if let Some(known) = home.children.borrow().get(&key) {
            return Some(known.clone());
        }
        let text = format!("reference({})", spell_text(&instance.named.text));
        let closed = |why: Why| Child::Closed(Symbol::new(text.clone(), why));
        home.children.borrow_mut().insert(key, closed(Why::RunTime));
        if instance.deployed == Deployed::No {
            return Some(closed(Why::RunTime));
        }
        if home.depth >= MAX_NESTING || self.scopes.len() >= MAX_DEPLOYMENTS {
            let message = "deployments lie too deep in one another, or are too many";
            self.report_too_large(message, entry.json.span());
            let child = closed(Why::TooLarge);
            home.children.borrow_mut().insert(key, child.clone());
            return Some(child);
        }
        let doubt = u32::from(instance.condition.is_some());
        self.doubts += doubt;
        let child = self.elsewhere(|machine| machine.enter(&home, entry.json, &instance));
        self.doubts -= doubt;
        let child = match child {
            Ok(scope) => Child::Entered(scope.id),
            Err(why) => closed(why),
        };
        home.children.borrow_mut().insert(key, child.clone());
        Some(child)
    }

    fn enter(
        &mut self,
        home: &ScopeRef<'d>,
        json: Json<'d>,
        instance: &Instance,
    ) -> Result<ScopeRef<'d>, Why> {
        let context = Context::of(home).framed(&instance.frame);
        let Some(properties) = json.get("properties").filter(|json| json.is_object()) else {
            let message = "the template of a deployment is not known";
            self.report(Finding::new(Id::TG0028, message).at(json.span(), "not known"));
            return Err(Why::NotUnderstood);
        };
        let source = self.source(properties, instance, &context)?;
        let mut given = FxHashMap::default();
        let given_unknown = self.give(properties, &mut given, &context);
        let kind = super::resources::DEPLOYMENT;
        let place = self.deployment_place(json, kind, &context);
        let mut place = place.unwrap_or_else(|| home.place.clone());
        if place.level != Level::Group
            && let Some(location) = json.get("location")
        {
            place.location = self.value(location, &context).text();
        }
        let outer = (source.reads == Reads::Outer).then_some(context);
        let name = instance.named.id.name();
        Ok(self.add_scope(Scope {
            id: self.scopes.len(),
            template: source.template,
            outer,
            place,
            name: Some(name),
            depth: home.depth + 1,
            condition: both(instance.condition.as_ref(), home.condition.as_ref()),
            given,
            given_unknown,
            folder: source.folder,
            memo: RefCell::default(),
            entries: OnceCell::new(),
            instances: RefCell::default(),
            children: RefCell::default(),
        }))
    }

    /// The template of a deployment.
    fn source(
        &mut self,
        properties: Json<'d>,
        instance: &Instance,
        context: &Context<'d>,
    ) -> Result<Source<'d>, Why> {
        let home = &context.home;
        if let Some(link) = properties.get("templateLink") {
            let (document, folder) = self.linked_template(link, context)?;
            let (template, _) = template_of(document).ok_or(Why::NotUnderstood)?;
            return Ok(Source {
                template,
                folder,
                reads: Reads::Inner,
            });
        }
        let Some(template) = properties.get("template") else {
            let message = "the deployment has neither `template` nor `templateLink`".to_owned();
            self.report_wrong(message, properties.span(), None);
            return Err(Why::Wrong);
        };
        let inner = properties
            .at(&["expressionEvaluationOptions", "scope"])
            .is_some_and(|scope| scope.is_text("inner"));
        // Expressions in what `json()` gives are plain text outside, so only the deployment itself evaluates them.
        let reads = if inner || !template.is_object() {
            Reads::Inner
        } else {
            Reads::Outer
        };
        let template = if template.is_object() {
            template
        } else {
            let value = self.value(template, context);
            let document = self.written_template(&value, &instance.named.id.name(), home)?;
            document.root().ok_or(Why::NotUnderstood)?
        };
        Ok(Source {
            template,
            folder: home.folder.clone(),
            reads,
        })
    }

    /// The values that a deployment passes on. What is not known as a whole is returned.
    fn give(
        &mut self,
        properties: Json<'d>,
        given: &mut FxHashMap<SmolStr, Given<'d>>,
        context: &Context<'d>,
    ) -> Option<Arc<Symbol>> {
        if let Some(link) = properties.get("parametersLink") {
            match self.linked(link, context) {
                Ok((document, _)) => {
                    give_files(given, std::slice::from_ref(document));
                }
                Err(why) => return Some(Symbol::new("parametersLink", why)),
            }
        }
        let values = properties.get("parameters")?;
        if values.is_object() {
            give_expressions(given, values, context);
            return None;
        }
        let value = self.value(values, context);
        give_value(given, &value)
    }

    /// What a deployment deploys to, when it is one and says so.
    pub(super) fn deployment_place(
        &mut self,
        json: Json<'d>,
        kind: &str,
        context: &Context<'d>,
    ) -> Option<Place> {
        if !kind.eq_ignore_ascii_case(super::resources::DEPLOYMENT) {
            return None;
        }
        let mut text = |key: &str| -> Option<Text> {
            let value = self.value(json.get(key)?, context);
            value.text()
        };
        let here = &context.home.place;
        if let Some(scope) = text("scope") {
            return Some(place_of(&scope, here));
        }
        let (subscription, group) = (text("subscriptionId"), text("resourceGroup"));
        if subscription.is_none() && group.is_none() {
            return None;
        }
        let place = match subscription {
            Some(subscription) => Place {
                level: Level::Subscription,
                ..here.in_subscription(subscription)
            },
            None => here.clone(),
        };
        Some(match group {
            Some(group) => {
                let own = here.level == Level::Group && group == here.group && place.own_group;
                Place {
                    level: here.level,
                    own_group: own,
                    ..place
                }
                .in_group(group)
            }
            None => place,
        })
    }

    /// A template that an expression gave, as a document of its own.
    fn written_template(
        &mut self,
        value: &Value,
        name: &Text,
        home: &ScopeRef<'d>,
    ) -> Result<&'d Document, Why> {
        let Data::Object(_) = &value.data else {
            return Err(value
                .unknown()
                .map_or(Why::NotUnderstood, |symbol| symbol.why.clone()));
        };
        let text = super::links::as_json(value);
        let file = self.sources.get(home.template.document().file());
        let path = file.map_or("template", |file| file.path().as_str());
        let path = Utf8PathBuf::from(format!("{path} (template of {name})"));
        self.shelve(path, text)
    }
}

/// The place that a deployment's `scope` names.
fn place_of(scope: &Text, here: &Place) -> Place {
    let segments = scope.split('/');
    let segments: Vec<&Text> = segments
        .iter()
        .filter(|segment| **segment != Text::from(""))
        .collect();
    let after = |word: &str| {
        let at = segments.iter().position(|segment| {
            segment
                .known()
                .is_some_and(|known| known.eq_ignore_ascii_case(word))
        })?;
        segments.get(at + 1).map(|segment| (*segment).clone())
    };
    let at = |level: Level| Place {
        level,
        own_group: false,
        ..here.clone()
    };
    if segments.is_empty() {
        return at(Level::Tenant);
    }
    if after("managementGroups").is_some() {
        return at(Level::ManagementGroup);
    }
    let place = match after("subscriptions") {
        Some(subscription) => Place {
            level: Level::Subscription,
            ..here.in_subscription(subscription)
        },
        None => here.clone(),
    };
    match after("resourceGroups") {
        Some(group) => place.in_group(group),
        None => place,
    }
}
