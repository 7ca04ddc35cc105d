//! What changed between two files, for programs. It leaves nothing out.

use ipnet::IpNet;
use serde::Serialize;
use smol_str::SmolStr;

use crate::verify::service_tags::{Addresses, Alone, Changed};

use super::ChangeView;
use super::page_json::{FileJson, file_json};

#[derive(Serialize)]
struct Root<'v> {
    version: u32,
    before: FileJson<'v>,
    after: FileJson<'v>,
    result: &'static str,
    other_cloud: bool,
    reversed: bool,
    added: Vec<AloneJson<'v>>,
    removed: Vec<AloneJson<'v>>,
    changed: Vec<ChangedJson<'v>>,
    rewritten: &'v [String],
    alike: usize,
}

#[derive(Serialize)]
struct AloneJson<'v> {
    name: &'v str,
    region: &'v str,
    system_service: &'v str,
    change_number: Option<u64>,
    features: Vec<&'v str>,
    addresses: SetJson,
}

#[derive(Serialize)]
struct ChangedJson<'v> {
    name: &'v str,
    gained: SetJson,
    lost: SetJson,
    features_gained: Vec<&'v str>,
    features_lost: Vec<&'v str>,
    change_number: Both<Option<u64>>,
    region: Both<&'v str>,
    system_service: Both<&'v str>,
}

#[derive(Serialize)]
struct Both<T> {
    before: T,
    after: T,
}

#[derive(Serialize)]
struct SetJson {
    ipv4: String,
    ipv6: String,
    prefixes: Vec<String>,
}

/// What changed as JSON.
#[must_use]
pub fn change_json(view: &ChangeView<'_>) -> String {
    let difference = view.difference;
    let root = Root {
        version: 1,
        before: file_json(&view.before),
        after: file_json(&view.after),
        result: match difference.is_change() {
            true => "changes",
            false => "no_change",
        },
        other_cloud: difference.other_cloud,
        reversed: difference.reversed,
        added: difference.added.iter().map(alone_json).collect(),
        removed: difference.removed.iter().map(alone_json).collect(),
        changed: difference.changed.iter().map(changed_json).collect(),
        rewritten: &difference.rewritten,
        alike: difference.alike,
    };
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text + "\n"
}

fn alone_json(tag: &Alone) -> AloneJson<'_> {
    AloneJson {
        name: &tag.name,
        region: &tag.statement.region,
        system_service: &tag.statement.system_service,
        change_number: tag.statement.change_number,
        features: texts(&tag.statement.features),
        addresses: set_json(&tag.addresses),
    }
}

fn changed_json(tag: &Changed) -> ChangedJson<'_> {
    let (was, is) = &tag.statements;
    ChangedJson {
        name: &tag.name,
        gained: set_json(&tag.gained),
        lost: set_json(&tag.lost),
        features_gained: texts(&tag.features_gained),
        features_lost: texts(&tag.features_lost),
        change_number: Both {
            before: was.change_number,
            after: is.change_number,
        },
        region: Both {
            before: &was.region,
            after: &is.region,
        },
        system_service: Both {
            before: &was.system_service,
            after: &is.system_service,
        },
    }
}

fn texts(words: &[SmolStr]) -> Vec<&str> {
    words.iter().map(SmolStr::as_str).collect()
}

fn set_json(set: &Addresses) -> SetJson {
    SetJson {
        ipv4: set.v4_count().to_string(),
        ipv6: set.v6_count().to_string(),
        prefixes: set.prefixes().iter().map(IpNet::to_string).collect(),
    }
}
