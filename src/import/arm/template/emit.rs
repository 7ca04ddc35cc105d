//! The wanted resources of all templates, evaluated.

use std::sync::Arc;

use crate::import::json::Json;
use crate::import::{Resource, Symbol, Text};

use super::machine::Machine;
use super::resources::{DEPLOYMENT, Deployed, Entry, Instance, entries};
use super::scope::{Context, ScopeRef};
use super::spelling::both;

/// How many resources one file may expand to.
const MAX_RESOURCES: usize = 100_000;

/// What of a resource is no part of it: it says when and how often it is deployed.
const ABOUT: [&str; 6] = [
    "resources",
    "copy",
    "condition",
    "dependsOn",
    "comments",
    "existing",
];

impl<'d> Machine<'_, 'd> {
    /// All wanted resources.
    pub(super) fn emit(&mut self) -> Vec<Resource> {
        let mut resources = Vec::new();
        let mut at = 0;
        while let Some(home) = self.scopes.get(at).cloned() {
            at += 1;
            for (index, entry) in entries(&home).iter().enumerate() {
                let wanted = |kind: &str| kind != DEPLOYMENT && (self.options.wanted)(kind);
                if entry
                    .kind
                    .as_deref()
                    .is_some_and(|kind| !wanted(kind) && !kind.contains("/providers/"))
                {
                    continue;
                }
                self.network = true;
                let instances = self.instances(&home, index);
                for instance in instances.iter().flat_map(|all| all.iter()) {
                    if instance.deployed == Deployed::No || !wanted(&instance.named.id.kind) {
                        continue;
                    }
                    if resources.len() >= MAX_RESOURCES || self.exhausted() {
                        let message = format!(
                            "the template has more than {MAX_RESOURCES} resources, or takes too many steps"
                        );
                        self.report_too_large(message, entry.json.span());
                        return resources;
                    }
                    resources.push(self.resource(&home, entry, instance));
                }
                self.network = false;
            }
        }
        resources
    }

    fn resource(
        &mut self,
        home: &ScopeRef<'d>,
        entry: &Entry<'d>,
        instance: &Instance,
    ) -> Resource {
        let json = entry.json;
        let context = Context::of(home).framed(&instance.frame);
        let condition: Option<Arc<Symbol>> =
            both(instance.condition.as_ref(), home.condition.as_ref());
        self.doubts = u32::from(condition.is_some());
        self.resource = Some(json.span());
        let whole = self.object(json, &context, &ABOUT);
        self.resource = None;
        let depends_on = self.dependencies(json, &context);
        self.doubts = 0;
        Resource {
            id: instance.named.id.clone(),
            span: json.span(),
            name_span: json.get("name").map_or(json.span(), Json::content_span),
            whole,
            existing: entry.is_existing(),
            condition,
            depends_on,
        }
    }

    /// What a resource is deployed after, as ids.
    fn dependencies(&mut self, json: Json<'d>, context: &Context<'d>) -> Vec<Text> {
        let Some(all) = json.get("dependsOn") else {
            return Vec::new();
        };
        let mut texts = Vec::new();
        let mut add = |machine: &mut Self, text: Option<Text>| {
            if let Some(text) = text {
                texts.extend(machine.all_named(&text, context));
            }
        };
        if all.is_array() {
            for item in all.items() {
                let value = self.value(item, context);
                add(self, value.text());
            }
        } else {
            let value = self.value(all, context);
            for item in value.items().unwrap_or_default() {
                add(self, item.text());
            }
        }
        texts
    }
}
