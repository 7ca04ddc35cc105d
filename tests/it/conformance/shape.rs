//! Names, API versions and expressions.

use std::collections::BTreeSet;

use serde_json::Value;

use super::expression::{self, Expression};
use super::template::{Template, texts};

/// A name has a segment for each level of its type, and the API version is a date.
pub(super) fn names_fit_their_types(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    for resource in template.resources() {
        let (levels, segments) = (levels(resource.kind()), resource.segments().len());
        if segments != levels {
            complaints.push(format!(
                "{}: the name has {segments} segments, its type {levels}",
                resource.id()
            ));
        }
        if resource.segments().iter().any(|segment| segment == "''") {
            complaints.push(format!("{}: an empty name", resource.id()));
        }
        let version = resource.0["apiVersion"].as_str().unwrap_or("");
        let date = version.get(..10).unwrap_or("");
        if date.parse::<tidegate::base::Date>().is_err() {
            complaints.push(format!("{}: `{version}` is no API version", resource.id()));
        }
    }
    complaints
}

/// How many names a resource of this type has.
pub(super) fn levels(kind: &str) -> usize {
    kind.matches('/').count()
}

/// No two resources of a type have one name, and no two members of a list.
pub(super) fn names_are_unique(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut seen = BTreeSet::new();
    for resource in template.resources() {
        let scope = resource.0["scope"]
            .as_str()
            .unwrap_or("")
            .to_ascii_lowercase();
        if !seen.insert((resource.id(), scope)) {
            complaints.push(format!("{} is there twice", resource.id()));
        }
        same_names(
            &resource.id().to_string(),
            &resource.0["properties"],
            &mut complaints,
        );
    }
    complaints
}

fn same_names(path: &str, value: &Value, complaints: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            let mut seen = BTreeSet::new();
            for item in items {
                if let Some(name) = item["name"].as_str()
                    && !seen.insert(name.to_ascii_lowercase())
                {
                    complaints.push(format!("{path}: `{name}` is there twice"));
                }
                same_names(path, item, complaints);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                same_names(&format!("{path}.{key}"), value, complaints);
            }
        }
        _ => {}
    }
}

/// Every expression can be read, calls functions that there are, and names parameters that are declared.
pub(super) fn expressions_are_well_formed(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    texts(
        "",
        "",
        &template.json,
        &mut |path, _, text| match expression::of_text(text) {
            Some(Ok(expression)) => {
                let wrong = expression
                    .calls()
                    .into_iter()
                    .filter_map(|(function, arguments)| wrong_call(template, function, arguments));
                complaints.extend(wrong.map(|wrong| format!("{path}: `{text}`: {wrong}")));
            }
            Some(Err(error)) => complaints.push(format!("{path}: `{text}`: {error}")),
            None => {}
        },
    );
    complaints
}

/// What is wrong with a call, if something is.
fn wrong_call(template: &Template, function: &str, arguments: &[Expression]) -> Option<String> {
    let fits = match function {
        "resourceGroup" => arguments.is_empty(),
        "empty" | "not" | "parameters" => arguments.len() == 1,
        "reference" => matches!(arguments.len(), 1 | 2),
        "guid" | "subscriptionResourceId" | "resourceId" => arguments.len() >= 2,
        _ => return Some(format!("there is no function `{function}`")),
    };
    if !fits {
        return Some(format!("`{function}` takes another number of arguments"));
    }
    match (function, arguments) {
        ("parameters", [Expression::Text(name)]) => {
            let declared = template.json["parameters"].get(name).is_some();
            (!declared).then(|| format!("no parameter `{name}`"))
        }
        ("parameters", _) => Some("the name of a parameter is a text".to_owned()),
        _ => None,
    }
}
