//! Tables of resources and what becomes of them: `fixtures/import/estate/`.
//!
//! A fixture is a list of resources as templates and exports have them. A string with `${…}` has holes; one that is
//! nothing but a hole is a value that is not known, and `${reference ID path/in/it}` one that `reference()` reads.

mod dump;

use std::sync::Arc;

use crate::base::SourceMap;
use crate::import::json::{self, Json, Kind};
use crate::import::{
    Data, Member, Object, Part, PublicName, Reference, Resource, ResourceId, ServiceForm, Symbol,
    Text, Value, Why,
};
use crate::net::Cloud;

use super::build;

/// Storage and vaults, with fewer names than they have.
fn forms() -> Vec<ServiceForm> {
    let form = |resource: &str, kind: &str, names: &[(&str, &str)]| ServiceForm {
        resource: resource.into(),
        kind: kind.into(),
        named_by: None,
        names: names
            .iter()
            .map(|(suffix, group)| PublicName {
                suffix: (*suffix).into(),
                group: (*group).into(),
                cloud: match suffix.ends_with(".cn") {
                    true => Cloud::China,
                    false => Cloud::Public,
                },
            })
            .collect(),
    };
    vec![
        form(
            "microsoft.storage/storageaccounts",
            "storage",
            &[
                ("blob.core.windows.net", "blob"),
                ("dfs.core.windows.net", "dfs"),
                ("blob.core.chinacloudapi.cn", "blob"),
            ],
        ),
        form(
            "microsoft.keyvault/vaults",
            "keyvault",
            &[("vault.azure.net", "vault")],
        ),
        form(
            "microsoft.eventhub/namespaces",
            "eventhub",
            &[("servicebus.windows.net", "namespace")],
        ),
    ]
}

fn cloud_of(region: &str) -> Option<Cloud> {
    match region {
        "westeurope" => Some(Cloud::Public),
        "chinanorth3" => Some(Cloud::China),
        _ => None,
    }
}

fn symbol(text: &str) -> Arc<Symbol> {
    let mut words = text.split_whitespace();
    let reference = (words.next() == Some("reference")).then(|| Reference {
        target: words.next().unwrap_or_default().into(),
        path: words
            .next()
            .unwrap_or_default()
            .split('/')
            .map(Into::into)
            .collect(),
    });
    Arc::new(Symbol {
        text: text.into(),
        why: Why::RunTime,
        reference,
    })
}

fn text(written: &str) -> Text {
    let mut parts = Vec::new();
    let mut rest = written;
    while let Some((before, behind)) = rest.split_once("${") {
        let (hole, after) = behind.split_once('}').unwrap_or((behind, ""));
        parts.push(Part::Known(before.into()));
        parts.push(Part::Hole(symbol(hole)));
        rest = after;
    }
    parts.push(Part::Known(rest.into()));
    Text::from_parts(parts)
}

fn value(json: Json<'_>) -> Value {
    let data = match json.kind() {
        Kind::Null => Data::Null,
        Kind::True => Data::Bool(true),
        Kind::False => Data::Bool(false),
        Kind::Number => json.source().parse().map_or(Data::Float(0.0), Data::Int),
        Kind::String | Kind::EscapedString => {
            let text = text(&json.as_str().unwrap());
            match &text.parts()[..] {
                [Part::Hole(symbol)] => Data::Unknown(Arc::clone(symbol)),
                _ => Data::Text(text),
            }
        }
        Kind::Array => Data::Array(json.items().map(value).collect()),
        Kind::Object => Data::Object(Arc::new(Object {
            members: json
                .members()
                .map(|(key, member)| Member {
                    key: key.as_str().unwrap().as_ref().into(),
                    key_span: key.content_span(),
                    value: value(member),
                })
                .collect(),
        })),
    };
    Value::new(data, json.content_span())
}

fn plain(value: Option<Value>) -> Option<Text> {
    value.and_then(|value| value.text())
}

/// Resources of a list, with those that lie in `resources`.
pub(super) fn resources(json: Json<'_>, parent: Option<&ResourceId>, found: &mut Vec<Resource>) {
    let whole = value(json);
    let get = |key: &str| whole.get(key).cloned();
    let id = match plain(get("id")).and_then(|id| ResourceId::parse(&id)) {
        Some(id) => Some(id),
        None => (|| {
            let kind = whole.get("type")?.known_text()?.to_ascii_lowercase();
            let name = plain(get("name"))?;
            let (kind, names) = match parent {
                Some(parent) if !kind.contains("microsoft.") => {
                    let mut names = parent.names.clone();
                    names.push(name);
                    (format!("{}/{kind}", parent.kind), names)
                }
                _ => (kind, name.split('/')),
            };
            Some(ResourceId {
                subscription: plain(get("subscription")),
                group: plain(get("resourceGroup")),
                kind: kind.into(),
                names,
                extends: None,
            })
        })(),
    };
    let Some(id) = id else { return };
    for child in json.get("resources").into_iter().flat_map(Json::items) {
        resources(child, Some(&id), found);
    }
    found.push(Resource {
        name_span: json
            .get("name")
            .or(json.get("id"))
            .map_or(json.span(), Json::content_span),
        span: json.span(),
        existing: json.get("id").is_some(),
        condition: whole.get("condition").and_then(|it| it.unknown().cloned()),
        depends_on: Vec::new(),
        id,
        whole,
    });
}

pub(super) fn read(sources: &mut SourceMap, name: &str, text: &str) -> Vec<Resource> {
    let file = sources.add(name, text.into());
    let mut found = Vec::new();
    let Ok(document) = json::parse(file, &text.into()) else {
        return found;
    };
    for root in document.roots() {
        if root.is_array() {
            for item in root.items() {
                resources(item, None, &mut found);
            }
        } else {
            resources(root, None, &mut found);
        }
    }
    found
}

#[test]
fn resources_make_an_estate() {
    insta::with_settings!({
        snapshot_path => "../../../fixtures/import/estate",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::glob!("../../../fixtures/import/estate", "*.json", |path| {
            let text = std::fs::read_to_string(path).unwrap();
            let mut sources = SourceMap::default();
            let resources = read(&mut sources, "main.json", &text);
            let built = build(&resources, &forms(), &cloud_of);
            insta::assert_snapshot!(dump::dump(&built, &sources));
        });
    });
}

#[test]
fn a_template_and_an_export_in_two_files_are_one_resource() {
    let template = r#"[{"type": "Microsoft.Network/routeTables", "name": "rt", "properties": {"routes": [
        {"name": "a", "properties": {"addressPrefix": "10.0.0.0/8", "nextHopType": "None"}}]}},
      {"type": "Microsoft.Network/virtualNetworks/subnets", "name": "v/s", "properties": {"addressPrefix": "10.1.0.0/24",
        "routeTable": {"id": "/providers/Microsoft.Network/routeTables/RT"}}}]"#;
    let export = r#"[{"id": "/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/routeTables/RT", "name": "RT",
      "properties": {"disableBgpRoutePropagation": true, "routes": [
        {"name": "A", "properties": {"addressPrefix": "10.0.0.0/8", "nextHopType": "None"}},
        {"name": "b", "properties": {"addressPrefix": "11.0.0.0/8", "nextHopType": "None"}}]}}]"#;
    let mut sources = SourceMap::default();
    let mut found = read(&mut sources, "main.json", template);
    found.extend(read(&mut sources, "export.json", export));
    let built = build(&found, &forms(), &cloud_of);
    let tables: Vec<_> = built.estate.route_tables.iter().collect();
    let [(id, table)] = tables.as_slice() else {
        panic!("{} route tables", tables.len());
    };
    let names: Vec<&str> = table
        .routes
        .iter()
        .map(|route| route.name.as_str())
        .collect();
    assert_eq!(
        (names.as_slice(), table.gateway_propagation),
        (&["a", "b"][..], false)
    );
    assert!(!table.meta.home.is_existing());
    let (_, subnet) = built.estate.subnets.iter().next().unwrap();
    assert_eq!(subnet.route_table.as_ref().unwrap().id, Some(*id));
    assert_eq!(built.findings, []);
}

#[test]
fn values_written_elsewhere_keep_both_places() {
    let text = r#"[{"type": "Microsoft.Network/ipGroups", "name": "g", "properties": {"ipAddresses": ["10.0.0.0/99"]}}]"#;
    let mut sources = SourceMap::default();
    let mut found = read(&mut sources, "main.json", text);
    let parameters = sources.add("parameters.json", "10.0.0.0/99".into());
    let written = sources.span(parameters, 0, 11);
    let addresses = found[0]
        .property(&["ipAddresses"])
        .unwrap()
        .items()
        .unwrap();
    let mut address = addresses[0].clone();
    let used = address.span;
    address.written = Some(written);
    let member = |key: &str, value: Value| Member {
        key: key.into(),
        key_span: used,
        value,
    };
    let object = |members| Value::new(Data::Object(Arc::new(Object { members })), used);
    let list = Value::new(Data::Array([address].into()), used);
    let properties = object(vec![member("ipAddresses", list)]);
    found[0].whole = object(vec![member("properties", properties)]);
    let built = build(&found, &forms(), &cloud_of);
    assert_eq!(built.places.get(&used), Some(&written));
    assert_eq!(built.findings[0].related[0].span, written);
}
