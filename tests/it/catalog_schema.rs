//! The JSON Schemas of `docs/schema/`: they hold for the files in `rules/egress/`, and refuse what the loaders refuse.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use tidegate::base::SourceMap;
use tidegate::intent::catalog::{self, FqdnTags, History, Regions};

use super::support::{files, project};

/// A schema and how a file of it is loaded.
struct Kind {
    schema: Value,
    validator: Validator,
    loads: fn(&str) -> bool,
}

impl Kind {
    fn of(name: &str) -> Self {
        let path = format!("docs/schema/{}.schema.json", name.replace('/', "-"));
        let text = std::fs::read_to_string(project(&path)).unwrap();
        let schema: Value = serde_json::from_str(&text).unwrap();
        let loads = match name {
            "egress-catalog/1" => |text: &str| loaded(text, |s, f| catalog::load(s, f).is_ok()),
            "egress-history/1" => |text: &str| loaded(text, |s, f| History::load(s, f).is_ok()),
            "region-catalog/1" => |text: &str| loaded(text, |s, f| Regions::load(s, f).is_ok()),
            "fqdn-tag-catalog/1" => |text: &str| loaded(text, |s, f| FqdnTags::load(s, f).is_ok()),
            other => panic!("no loader for {other}"),
        };
        Self {
            validator: jsonschema::validator_for(&schema).unwrap(),
            schema,
            loads,
        }
    }
}

fn loaded(text: &str, load: impl Fn(&SourceMap, tidegate::base::FileId) -> bool) -> bool {
    let mut sources = SourceMap::default();
    let file = sources.add("spoiled.yaml", text.to_owned());
    load(&sources, file)
}

/// The built-in files with the schema that each names, short ones first.
fn built_in() -> Vec<(String, Value, Kind)> {
    let mut all = Vec::new();
    for path in files("rules/egress", ".yaml") {
        let text = std::fs::read_to_string(project(path.as_str())).unwrap();
        let value: Value = serde_saphyr::from_str(&text).unwrap();
        let kind = Kind::of(value["schema"].as_str().unwrap());
        all.push((path.to_string(), value, kind));
    }
    all.sort_by_key(|(_, value, _)| value.to_string().len());
    all
}

#[test]
fn every_built_in_file_is_of_its_schema() {
    let mut schemas = BTreeSet::new();
    for (path, value, kind) in built_in() {
        let errors: Vec<String> = kind
            .validator
            .iter_errors(&value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{path}: {errors:#?}");
        assert!((kind.loads)(&value.to_string()), "{path} as JSON");
        schemas.insert(value["schema"].to_string());
    }
    // What the program prints is held to its schema where it is printed.
    let published = files("docs/schema", ".schema.json");
    let published = published.iter().filter(|it| {
        !["egress-probe", "egress-observed"]
            .iter()
            .any(|own| it.as_str().contains(own))
    });
    assert_eq!(
        published.count(),
        schemas.len(),
        "a schema that no file is of"
    );
}

/// Each key that the schema demands is removed, each of its words becomes another, and each object gets a key more,
/// once for every kind of object: the schema refuses it, and so does the loader.
#[test]
fn what_a_schema_refuses_no_loader_takes() {
    let mut spoiled = 0;
    let mut seen = BTreeSet::new();
    for (path, value, kind) in built_in() {
        let mut places = Vec::new();
        walk(&kind.schema, &kind.schema, &value, "", &mut places);
        for place in places {
            let once = format!("{}{}", value["schema"], place.object);
            for mutation in place.mutations() {
                if !seen.insert(format!("{once} {mutation:?}")) {
                    continue;
                }
                let mut changed = value.clone();
                let object = changed.pointer_mut(&place.pointer).unwrap();
                mutation.apply(object.as_object_mut().unwrap());
                let what = format!("{path} {} {mutation:?}", place.pointer);
                assert!(!kind.validator.is_valid(&changed), "schema takes {what}");
                assert!(!(kind.loads)(&changed.to_string()), "loader takes {what}");
                spoiled += 1;
            }
        }
    }
    println!("{spoiled} files that are of no schema");
    assert!(spoiled > 200, "{spoiled}");
}

/// An object of a file and the schema of such objects.
struct Place<'s> {
    pointer: String,
    object: String,
    schema: &'s Map<String, Value>,
    keys: BTreeSet<String>,
}

#[derive(Debug)]
enum Mutation {
    Without(String),
    Word(String),
    Unknown,
}

impl Place<'_> {
    fn mutations(&self) -> Vec<Mutation> {
        let required = self.schema.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        let words = self.schema["properties"].as_object().unwrap().iter();
        let words = words.filter(|(key, schema)| {
            self.keys.contains(*key)
                && (schema.get("enum").is_some() || schema.get("const").is_some())
        });
        required
            .map(|key| Mutation::Without(key.to_owned()))
            .chain(words.map(|(key, _)| Mutation::Word(key.clone())))
            .chain([Mutation::Unknown])
            .collect()
    }
}

impl Mutation {
    fn apply(&self, object: &mut Map<String, Value>) {
        match self {
            Self::Without(key) => {
                object.remove(key);
            }
            Self::Word(key) => {
                object.insert(key.clone(), json!("nonsense"));
            }
            Self::Unknown => {
                object.insert("nonsense".to_owned(), json!("nonsense"));
            }
        }
    }
}

fn walk<'s>(
    root: &'s Value,
    schema: &'s Value,
    value: &Value,
    at: &str,
    places: &mut Vec<Place<'s>>,
) {
    let (schema, object) = match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => (
            root.pointer(reference.trim_start_matches('#')).unwrap(),
            reference.to_owned(),
        ),
        None => (schema, at.to_owned()),
    };
    match value {
        Value::Object(map) => {
            let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
                return;
            };
            places.push(Place {
                pointer: at.to_owned(),
                object,
                schema: schema.as_object().unwrap(),
                keys: map.keys().cloned().collect(),
            });
            for (key, value) in map {
                if let Some(schema) = properties.get(key) {
                    walk(root, schema, value, &format!("{at}/{key}"), places);
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else {
                return;
            };
            for (index, item) in items.iter().enumerate() {
                walk(root, schema, item, &format!("{at}/{index}"), places);
            }
        }
        _ => {}
    }
}
