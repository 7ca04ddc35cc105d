//! The JSON that Bicep builds from what is written as Bicep: resources by symbolic names, which refer to each other by
//! them (Azure's template language version 2.0).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::arm::{render, resource_id};
use super::template::Template;

/// The template in the shape that `bicep build` gives it.
#[must_use]
pub fn built(template: &Template) -> String {
    let Ok(Value::Object(mut document)) = serde_json::from_str(&render(template)) else {
        return String::new();
    };
    let ids = template.resources.iter().map(|it| resource_id(&it.target));
    let names = (0..).map(|number| format!("resource{number}"));
    let symbols: BTreeMap<String, String> = ids.zip(names.clone()).collect();
    document.insert("languageVersion".to_owned(), "2.0".into());
    if let Some(Value::Array(resources)) = document.remove("resources") {
        let named = names.zip(resources).map(|(name, mut resource)| {
            depend_on_symbols(&mut resource, &symbols);
            refer_to_symbols(&mut resource, &symbols);
            (name, resource)
        });
        let resources: Map<String, Value> = named.collect();
        document.insert("resources".to_owned(), Value::Object(resources));
    }
    for value in document.values_mut() {
        refer_to_symbols(value, &symbols);
    }
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

fn depend_on_symbols(resource: &mut Value, symbols: &BTreeMap<String, String>) {
    let Some(Value::Array(needed)) = resource.get_mut("dependsOn") else {
        return;
    };
    for one in needed {
        let id = one
            .as_str()
            .and_then(|text| text.strip_prefix('[')?.strip_suffix(']'));
        if let Some(symbol) = id.and_then(|id| symbols.get(id)) {
            *one = symbol.as_str().into();
        }
    }
}

/// Writes `reference('symbol')` where what it refers to is a resource of the template.
fn refer_to_symbols(value: &mut Value, symbols: &BTreeMap<String, String>) {
    match value {
        Value::String(text) if text.starts_with('[') && text.contains("reference(") => {
            for (id, symbol) in symbols {
                let by_symbol = format!("reference('{symbol}')");
                *text = text.replace(&format!("reference({id})"), &by_symbol);
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|it| refer_to_symbols(it, symbols)),
        Value::Object(fields) => {
            fields
                .values_mut()
                .for_each(|it| refer_to_symbols(it, symbols));
        }
        _ => {}
    }
}
