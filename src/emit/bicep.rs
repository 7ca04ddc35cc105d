//! Bicep.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::template::{Expr, Resource, Target, Template, Value};
use crate::estate::Home;

pub(super) fn render(template: &Template) -> String {
    let mut out = String::from("// Written by tidegate. Change the policy, not this file.\n");
    for parameter in &template.parameters {
        let _ = write!(out, "\n@description({})\n", quoted(&parameter.description));
        let _ = match &parameter.default {
            Some(default) => writeln!(out, "param {} string = {}", parameter.name, quoted(default)),
            None => writeln!(out, "param {} string", parameter.name),
        };
    }
    for (_, target) in existing(template) {
        declare_existing(&mut out, target, template);
    }
    for resource in &template.resources {
        declare(&mut out, resource);
    }
    for output in &template.outputs {
        let _ = write!(
            out,
            "\noutput {} string = {}\n",
            output.name,
            expression(&output.value)
        );
    }
    out
}

/// Every resource that is referred to and not part of the template, by symbol.
fn existing(template: &Template) -> BTreeMap<&str, &Target> {
    let mut found = BTreeMap::new();
    for resource in &template.resources {
        let targets = references(resource).into_iter().chain(&resource.depends_on);
        for target in targets.filter(|target| target.home.is_existing()) {
            found.insert(target.symbol.as_str(), target);
        }
        // A scope inside its parent needs a symbol, which nothing else gives it.
        let scope = resource.scope.iter().filter(|scope| scope.inside.is_some());
        found.extend(scope.map(|scope| (scope.symbol.as_str(), scope)));
    }
    found
}

/// What the text of a resource refers to by symbol; Bicep makes dependencies of these by itself.
fn references(resource: &Resource) -> Vec<&Target> {
    let mut found = Vec::new();
    found.extend(resource.target.parent.as_deref());
    if let Some(scope) = &resource.scope {
        note(scope, &mut found);
    }
    let values = resource.top_level.iter().chain(&resource.properties);
    values.for_each(|(_, value)| visit(value, &mut found));
    if let Some(expr) = &resource.target.computed_name {
        visit_expr(expr, &mut found);
    }
    found
}

fn visit<'a>(value: &'a Value, found: &mut Vec<&'a Target>) {
    match value {
        Value::List(items) => items.iter().for_each(|item| visit(item, found)),
        Value::Object(fields) => fields.iter().for_each(|(_, value)| visit(value, found)),
        Value::Expr(expr) => visit_expr(expr, found),
        Value::Text(_) | Value::Integer(_) | Value::Bool(_) => {}
    }
}

fn visit_expr<'a>(expr: &'a Expr, found: &mut Vec<&'a Target>) {
    match expr {
        Expr::Id(target)
        | Expr::PrincipalOf(target)
        | Expr::FirewallPrivateIp(target)
        | Expr::HubFirewallPrivateIp(target) => {
            note(target, found);
        }
        Expr::Guid(parts) => parts.iter().for_each(|part| visit_expr(part, found)),
        _ => {}
    }
}

/// A part is referred to through what it is inside of.
fn note<'a>(target: &'a Target, found: &mut Vec<&'a Target>) {
    found.push(target.inside.as_ref().map_or(target, |(parent, _)| parent));
}

fn declare_existing(out: &mut String, target: &Target, template: &Template) {
    let version = template
        .api_versions
        .get(target.kind)
        .map_or("", String::as_str);
    let _ = write!(
        out,
        "\nresource {} '{}@{version}' existing = {{\n",
        target.symbol, target.kind
    );
    if let Some((parent, _)) = &target.inside {
        let _ = writeln!(out, "  parent: {}", parent.symbol);
        let _ = writeln!(out, "  name: {}", quoted(last(&target.name)));
        out.push_str("}\n");
        return;
    }
    let _ = writeln!(out, "  name: {}", quoted(&target.name.join("/")));
    if let Home::Existing {
        resource_group,
        subscription,
    } = &target.home
    {
        let scope = match (subscription, resource_group) {
            (Some(subscription), Some(group)) => Some(format!(
                "resourceGroup({}, {})",
                quoted(subscription),
                quoted(group)
            )),
            (Some(subscription), None) => Some(format!(
                "resourceGroup({}, resourceGroup().name)",
                quoted(subscription)
            )),
            (None, Some(group)) => Some(format!("resourceGroup({})", quoted(group))),
            (None, None) => None,
        };
        if let Some(scope) = scope {
            let _ = writeln!(out, "  scope: {scope}");
        }
    }
    out.push_str("}\n");
}

fn declare(out: &mut String, resource: &Resource) {
    let condition = resource
        .condition
        .as_ref()
        .map(|expr| format!("if ({}) ", expression(expr)))
        .unwrap_or_default();
    let _ = write!(
        out,
        "\n// {}\nresource {} '{}@{}' = {condition}{{\n",
        resource.origin, resource.target.symbol, resource.target.kind, resource.api_version
    );
    let name = match (&resource.target.computed_name, &resource.target.parent) {
        (Some(expr), _) => expression(expr),
        (None, Some(parent)) => {
            let _ = writeln!(out, "  parent: {}", parent.symbol);
            quoted(last(&resource.target.name))
        }
        (None, None) => quoted(&resource.target.name.join("/")),
    };
    let _ = writeln!(out, "  name: {name}");
    if let Some(scope) = &resource.scope {
        let _ = writeln!(out, "  scope: {}", scope.symbol);
    }
    if let Some(location) = &resource.location {
        field(out, 1, "location", location);
    }
    for (key, value) in &resource.top_level {
        field(out, 1, key, value);
    }
    let implied = references(resource);
    let depends_on: Vec<&Target> = resource
        .depends_on
        .iter()
        .filter(|target| !implied.iter().any(|known| known.symbol == target.symbol))
        .collect();
    if !depends_on.is_empty() {
        out.push_str("  dependsOn: [\n");
        for target in depends_on {
            let _ = writeln!(out, "    {}", target.symbol);
        }
        out.push_str("  ]\n");
    }
    if !resource.properties.is_empty() {
        out.push_str("  properties: ");
        object(out, 1, &resource.properties);
        out.push('\n');
    }
    out.push_str("}\n");
}

fn last(name: &[String]) -> &str {
    name.last().map_or("", String::as_str)
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn field(out: &mut String, depth: usize, key: &str, value: &Value) {
    indent(out, depth);
    if key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        out.push_str(key);
    } else {
        out.push_str(&quoted(key));
    }
    out.push_str(": ");
    write_value(out, depth, value);
    out.push('\n');
}

fn object(out: &mut String, depth: usize, fields: &[(&'static str, Value)]) {
    if fields.is_empty() {
        out.push_str("{}");
        return;
    }
    out.push_str("{\n");
    for (key, value) in fields {
        field(out, depth + 1, key, value);
    }
    indent(out, depth);
    out.push('}');
}

fn write_value(out: &mut String, depth: usize, value: &Value) {
    match value {
        Value::Text(text) => out.push_str(&quoted(text)),
        Value::Integer(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Bool(value) => {
            let _ = write!(out, "{value}");
        }
        Value::Expr(expr) => out.push_str(&expression(expr)),
        Value::Object(fields) => object(out, depth, fields),
        Value::List(items) if items.is_empty() => out.push_str("[]"),
        Value::List(items) => {
            out.push_str("[\n");
            for item in items {
                indent(out, depth + 1);
                write_value(out, depth + 1, item);
                out.push('\n');
            }
            indent(out, depth);
            out.push(']');
        }
    }
}

fn expression(expr: &Expr) -> String {
    match expr {
        Expr::Text(text) => quoted(text),
        Expr::Id(target) => match &target.inside {
            // Naming the parent makes the reference a dependency too.
            Some((parent, path)) => format!("'${{{}.id}}/{path}'", parent.symbol),
            None => format!("{}.id", target.symbol),
        },
        Expr::Parameter(name) => name.clone(),
        Expr::HasValue(name) => format!("!empty({name})"),
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
        Expr::PrincipalOf(target) => format!("{}.properties.principalId", target.symbol),
        Expr::HubFirewallPrivateIp(target) => {
            format!(
                "{}.properties.hubIPAddresses.privateIPAddress",
                target.symbol
            )
        }
        Expr::FirewallPrivateIp(target) => {
            format!(
                "{}.properties.ipConfigurations[0].properties.privateIPAddress",
                target.symbol
            )
        }
    }
}

/// A text: single quotes, with quotes, backslashes and interpolation escaped.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('\'');
    out.replace("${", "\\${")
}
