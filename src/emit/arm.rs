//! ARM template JSON.

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

use super::template::{Expr, Resource, Target, Template, Value};
use crate::estate::Home;

const SCHEMA: &str =
    "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";

pub(super) fn render(template: &Template) -> String {
    // Serializing to a string fails only for maps with keys that are no texts, and there are none.
    let mut text = serde_json::to_string_pretty(&Document(template)).unwrap_or_default();
    text.push('\n');
    text
}

/// Writes a map from pairs.
fn map<S: Serializer, V: Serialize>(
    serializer: S,
    pairs: impl IntoIterator<Item = (impl AsRef<str>, V)>,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (key, value) in pairs {
        map.serialize_entry(key.as_ref(), &value)?;
    }
    map.end()
}

struct Document<'a>(&'a Template);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let template = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("$schema", SCHEMA)?;
        map.serialize_entry("contentVersion", "1.0.0.0")?;
        map.serialize_entry("metadata", &Metadata(template))?;
        if !template.parameters.is_empty() {
            map.serialize_entry("parameters", &Parameters(template))?;
        }
        map.serialize_entry("resources", &Resources(&template.resources))?;
        if !template.outputs.is_empty() {
            map.serialize_entry("outputs", &Outputs(template))?;
        }
        map.end()
    }
}

struct Metadata<'a>(&'a Template);

impl Serialize for Metadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let generator = Value::Object(vec![
            ("name", Value::text("tidegate")),
            ("version", Value::text(env!("CARGO_PKG_VERSION"))),
        ]);
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("_generator", &Json(&generator))?;
        map.serialize_entry("origins", &Origins(&self.0.resources))?;
        map.end()
    }
}

/// For every resource, the words of the policy that it comes from.
struct Origins<'a>(&'a [Resource]);

impl Serialize for Origins<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        map(
            serializer,
            self.0
                .iter()
                .map(|resource| (path(resource), literal(&resource.origin))),
        )
    }
}

/// Type and name, as a key for people.
fn path(resource: &Resource) -> String {
    let kind = resource
        .target
        .kind
        .rsplit('/')
        .next()
        .unwrap_or(resource.target.kind);
    format!("{kind} {}", resource.target.name.join("/"))
}

struct Parameters<'a>(&'a Template);

impl Serialize for Parameters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        map(
            serializer,
            self.0.parameters.iter().map(|parameter| {
                let mut fields = vec![("type", Value::text("string"))];
                if let Some(default) = &parameter.default {
                    fields.push(("defaultValue", Value::text(default)));
                }
                let description = Value::text(&parameter.description);
                fields.push((
                    "metadata",
                    Value::Object(vec![("description", description)]),
                ));
                (&parameter.name, Owned(Value::Object(fields)))
            }),
        )
    }
}

struct Outputs<'a>(&'a Template);

impl Serialize for Outputs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        map(
            serializer,
            self.0.outputs.iter().map(|output| {
                let value = Value::Expr(output.value.clone());
                (
                    &output.name,
                    Owned(Value::Object(vec![
                        ("type", Value::text("string")),
                        ("value", value),
                    ])),
                )
            }),
        )
    }
}

struct Resources<'a>(&'a [Resource]);

impl Serialize for Resources<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for resource in self.0 {
            seq.serialize_element(&ResourceJson(resource))?;
        }
        seq.end()
    }
}

struct ResourceJson<'a>(&'a Resource);

impl Serialize for ResourceJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let resource = self.0;
        let mut map = serializer.serialize_map(None)?;
        if let Some(condition) = &resource.condition {
            map.serialize_entry("condition", &in_brackets(condition))?;
        }
        map.serialize_entry("type", resource.target.kind)?;
        map.serialize_entry("apiVersion", &resource.api_version)?;
        if let Some(scope) = &resource.scope {
            map.serialize_entry("scope", &format!("[{}]", resource_id(scope)))?;
        }
        map.serialize_entry("name", &name(&resource.target))?;
        if let Some(location) = &resource.location {
            map.serialize_entry("location", &Json(location))?;
        }
        for (key, value) in &resource.top_level {
            map.serialize_entry(key, &Json(value))?;
        }
        if !resource.depends_on.is_empty() {
            let ids: Vec<String> = resource
                .depends_on
                .iter()
                .map(|target| format!("[{}]", resource_id(target)))
                .collect();
            map.serialize_entry("dependsOn", &ids)?;
        }
        if !resource.properties.is_empty() {
            map.serialize_entry("properties", &Fields(&resource.properties))?;
        }
        map.end()
    }
}

/// The `name` of a resource: its segments with slashes between, or the expression that makes it.
fn name(target: &Target) -> String {
    match &target.computed_name {
        Some(expr) => in_brackets(expr),
        None => target.name.join("/"),
    }
}

struct Fields<'a>(&'a [(&'static str, Value)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        map(
            serializer,
            self.0.iter().map(|(key, value)| (key, Json(value))),
        )
    }
}

struct Owned(Value);

impl Serialize for Owned {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Json(&self.0).serialize(serializer)
    }
}

struct Json<'a>(&'a Value);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Text(text) => serializer.serialize_str(&literal(text)),
            Value::Integer(number) => serializer.serialize_u32(*number),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Expr(expr) => serializer.serialize_str(&in_brackets(expr)),
            Value::Object(fields) => Fields(fields).serialize(serializer),
            Value::List(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(&Json(item))?;
                }
                seq.end()
            }
        }
    }
}

/// A text that ARM does not take for an expression.
fn literal(text: &str) -> String {
    if text.starts_with('[') && text.ends_with(']') {
        format!("[{text}")
    } else {
        text.to_owned()
    }
}

fn in_brackets(expr: &Expr) -> String {
    match expr {
        Expr::Text(text) => literal(text),
        other => format!("[{}]", expression(other)),
    }
}

fn expression(expr: &Expr) -> String {
    match expr {
        Expr::Text(text) => quoted(text),
        Expr::Id(target) => resource_id(target),
        Expr::Parameter(name) => format!("parameters({})", quoted(name)),
        Expr::HasValue(name) => format!("not(empty(parameters({})))", quoted(name)),
        Expr::ResourceGroupLocation => "resourceGroup().location".to_owned(),
        Expr::ResourceGroupId => "resourceGroup().id".to_owned(),
        Expr::BuiltInRole(guid) => {
            format!(
                "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', {})",
                quoted(guid)
            )
        }
        Expr::Guid(parts) => {
            let parts: Vec<String> = parts.iter().map(expression).collect();
            format!("guid({})", parts.join(", "))
        }
        Expr::PrincipalOf(target) => format!("reference({}).principalId", with_version(target)),
        Expr::HubFirewallPrivateIp(target) => {
            format!(
                "reference({}).hubIPAddresses.privateIPAddress",
                resource_id(target)
            )
        }
        Expr::FirewallPrivateIp(target) => {
            format!(
                "reference({}).ipConfigurations[0].properties.privateIPAddress",
                resource_id(target)
            )
        }
    }
}

/// The arguments of `reference` for a resource that may not be part of the template.
fn with_version(target: &Target) -> String {
    match &target.api_version {
        Some(version) => format!("{}, {}", resource_id(target), quoted(version)),
        None => resource_id(target),
    }
}

pub(super) fn resource_id(target: &Target) -> String {
    let mut arguments = Vec::new();
    if let Home::Existing {
        resource_group,
        subscription,
    } = &target.home
    {
        arguments.extend(subscription.as_ref().map(|id| quoted(id)));
        match (resource_group, subscription) {
            (Some(group), _) => arguments.push(quoted(group)),
            (None, Some(_)) => arguments.push("resourceGroup().name".to_owned()),
            (None, None) => {}
        }
    }
    arguments.push(quoted(target.kind));
    match &target.computed_name {
        Some(expr) => arguments.push(expression(expr)),
        None => arguments.extend(target.name.iter().map(|segment| quoted(segment))),
    }
    format!("resourceId({})", arguments.join(", "))
}

/// A text in an expression: single quotes, doubled inside.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
