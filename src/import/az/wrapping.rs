//! What examples, recorders and scripts put around an answer of Azure's.

use crate::import::json::Json;
use crate::import::{ResourceId, Text};

/// Where recorders keep the address that was asked.
const REQUESTS: [&[&str]; 4] = [&["request", "uri"], &["request", "url"], &["uri"], &["url"]];

/// Where scripts name the interface that they asked.
const INTERFACES: [&[&str]; 4] = [
    &["networkInterface", "id"],
    &["networkInterface"],
    &["networkInterfaceId"],
    &["nic"],
];

/// The answer in what a recorder wrote.
pub(super) fn body_of_record(value: Json<'_>) -> Option<Json<'_>> {
    value.at(&["response", "body"])
}

/// The interface that a wrapping names: by its id, in the address that was asked, or among the parameters of a request.
pub(super) fn interface_named_in(value: Json<'_>) -> Option<ResourceId> {
    let text = |path: &&[&str]| value.at(path).and_then(Json::as_str);
    let mut texts = INTERFACES.iter().chain(&REQUESTS).filter_map(text);
    texts
        .find_map(|text| interface_in(&text))
        .or_else(|| interface_of_parameters(value.get("parameters")?))
}

/// The interface in an id or an address, which may go on behind it.
fn interface_in(text: &str) -> Option<ResourceId> {
    let path = text.split(['?', '#']).next()?;
    let segments: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
    let is = |word: &'static str| move |segment: &&str| segment.eq_ignore_ascii_case(word);
    let start = segments.iter().position(is("subscriptions"))?;
    let at = segments.iter().position(is("networkInterfaces"))?;
    let id = segments.get(start..at + 2)?;
    ResourceId::parse(&Text::from(id.join("/").as_str()))
}

fn interface_of_parameters(parameters: Json<'_>) -> Option<ResourceId> {
    let text = |key: &str| parameters.get(key).and_then(Json::as_str);
    let name = text("networkInterfaceName")?;
    let mut id = String::new();
    for (word, key) in [
        ("subscriptions", "subscriptionId"),
        ("resourceGroups", "resourceGroupName"),
    ] {
        if let Some(value) = text(key) {
            id.push_str(&format!("/{word}/{value}"));
        }
    }
    id.push_str(&format!(
        "/providers/Microsoft.Network/networkInterfaces/{name}"
    ));
    ResourceId::parse(&Text::from(id.as_str()))
}
