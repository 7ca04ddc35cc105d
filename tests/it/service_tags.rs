//! The files that Microsoft publishes load, and say what is known of them; when `TIDEGATE_SHARED` names the folder
//! that keeps some.

use std::fs;
use std::net::IpAddr;

use camino::{Utf8Path, Utf8PathBuf};
use tidegate::azure::facts::Facts;
use tidegate::azure::{Membership, ServiceTags, membership};
use tidegate::net::{Cloud, ServiceTag};
use tidegate::verify::service_tags::{Addresses, FactsDiffer, describe_tag, tags_difference};

/// The environment variable that names the folder with what is kept outside this project.
const VARIABLE: &str = "TIDEGATE_SHARED";
const FOLDER: &str = "data/service-tags";

/// Tags of an address in every file of a cloud.
const KNOWN: &[(&str, &str, &[&str])] = &[
    (
        "Public",
        "168.61.49.99",
        &[
            "HDInsight",
            "HDInsight.EastUS",
            "AzureCloud.eastus",
            "AzureCloud",
        ],
    ),
    (
        "Public",
        "52.239.140.10",
        &["Storage", "Storage.WestEurope", "AzureCloud.westeurope"],
    ),
    (
        "Public",
        "13.69.109.230",
        &[
            "AzureMonitor",
            "AzureMonitor.WestEurope",
            "AzureMonitor.Core",
        ],
    ),
    ("China", "40.73.102.187", &["ActionGroup", "AzureCloud"]),
    (
        "AzureGovernment",
        "13.72.19.232",
        &["ActionGroup", "AzureCloud"],
    ),
];

/// Addresses that no file has.
const NOWHERE: &[&str] = &[
    "8.8.8.8",
    "168.63.129.16",
    "10.0.0.1",
    "192.0.2.1",
    "2001:db8::1",
];

/// The published files; `None` when the environment names no folder.
///
/// A folder that is named but has none is an error, so that no check is lost unnoticed.
fn published() -> Option<Vec<(Utf8PathBuf, ServiceTags)>> {
    let Some(folder) = std::env::var_os(VARIABLE) else {
        println!("skipped: {VARIABLE} is not set");
        return None;
    };
    let folder = Utf8PathBuf::from_os_string(folder).unwrap().join(FOLDER);
    let mut files: Vec<_> = folder
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension() == Some("json"))
        .map(|path| {
            let tags = load(&path);
            (path, tags)
        })
        .collect();
    assert!(!files.is_empty(), "{folder} has no file");
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Some(files)
}

fn load(path: &Utf8Path) -> ServiceTags {
    let text = fs::read_to_string(path).unwrap();
    ServiceTags::parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn cloud(tags: &ServiceTags) -> Cloud {
    match tags.cloud() {
        "Public" => Cloud::Public,
        "China" => Cloud::China,
        "AzureGovernment" => Cloud::UsGovernment,
        cloud => panic!("a cloud that nobody knows: {cloud}"),
    }
}

fn prefixes(tags: &ServiceTags, name: &str) -> Vec<ipnet::IpNet> {
    tags.prefixes(&ServiceTag::new(name)).unwrap().collect()
}

#[test]
fn published_files_say_what_is_known() {
    for (path, tags) in published().into_iter().flatten() {
        cloud(&tags);
        assert!(tags.change_number() > 300, "{path}");
        assert!(tags.names().count() > 250, "{path}");
        for name in tags.names() {
            assert!(!prefixes(&tags, name).is_empty(), "{path}: {name}");
        }
        for (cloud, address, expected) in KNOWN {
            if *cloud == tags.cloud() {
                let address: IpAddr = address.parse().unwrap();
                let found: Vec<&str> = tags.tags_of(address).collect();
                for tag in *expected {
                    assert!(
                        found.contains(tag),
                        "{path}: {address} has {found:?}, not {tag}"
                    );
                    assert_eq!(tags.holds(&ServiceTag::new(*tag), address), Some(true));
                }
            }
        }
        for address in NOWHERE {
            let found: Vec<&str> = tags.tags_of(address.parse().unwrap()).collect();
            assert_eq!(found, [""; 0], "{path}: {address}");
        }
    }
}

#[test]
fn published_prefixes_are_found_by_their_first_address() {
    for (path, tags) in published().into_iter().flatten() {
        for name in tags.names() {
            let tag = ServiceTag::new(name);
            for prefix in prefixes(&tags, name) {
                let first = prefix.network();
                let longest = tags.longest_prefix(&tag, first).unwrap();
                assert!(
                    longest.contains(&first) && longest.prefix_len() >= prefix.prefix_len(),
                    "{path}: {prefix} of {name}"
                );
            }
        }
    }
}

/// What is concluded without a file never contradicts the file, as long as everything stated is true and the answer
/// does not rest on the statement being complete.
#[test]
fn conclusions_without_a_file_agree_with_published_files() {
    let facts = Facts::builtin();
    for (path, tags) in published().into_iter().flatten() {
        let asked: Vec<ServiceTag> = tags.names().map(ServiceTag::new).collect();
        let mut concluded = 0;
        // Some addresses of some tags suffice: neighbours have the same tags.
        for stated in asked.iter().step_by(asked.len() / 50) {
            for prefix in prefixes(&tags, stated.as_str())
                .into_iter()
                .step_by(40)
                .take(8)
            {
                let address = prefix.network();
                for tag in &asked {
                    let stated = std::slice::from_ref(stated);
                    let answer = membership(tag, Some(address), stated, None, facts);
                    let expected = match answer.membership {
                        Membership::Yes => Some(true),
                        Membership::No if !answer.reason.is_assumption() => Some(false),
                        Membership::No | Membership::Unknown => continue,
                    };
                    assert_eq!(
                        tags.holds(tag, address),
                        expected,
                        "{path}: {address}: {}",
                        answer.reason
                    );
                    concluded += 1;
                }
            }
        }
        assert!(concluded > 50, "{path}: {concluded}");
    }
}

/// What the facts say about which tags lie in `AzureCloud` holds in every published file.
#[test]
fn regional_tags_lie_in_their_datacentre() {
    let facts = Facts::builtin();
    for (path, tags) in published().into_iter().flatten() {
        // A prime step meets every service and every region in some file.
        for name in tags.names().step_by(13) {
            let tag = ServiceTag::new(name);
            if facts
                .service_tag(name)
                .is_none_or(|found| found.region.is_none())
            {
                continue;
            }
            for prefix in prefixes(&tags, name).into_iter().step_by(5) {
                let address = prefix.network();
                let stated = std::slice::from_ref(&tag);
                for datacentre in tags.names().filter(|name| name.starts_with("AzureCloud")) {
                    let datacentre = ServiceTag::new(datacentre);
                    let answer = membership(&datacentre, Some(address), stated, None, facts);
                    let held = tags.holds(&datacentre, address) == Some(true);
                    let contradicts = match answer.membership {
                        Membership::Yes => !held,
                        Membership::No => held,
                        Membership::Unknown => false,
                    };
                    assert!(!contradicts, "{path}: {address}: {}", answer.reason);
                }
            }
        }
    }
}

/// What changed between two published files leads from one to the other, and nothing changes from a file to itself.
#[test]
fn published_files_are_compared() {
    let files = published().unwrap_or_default();
    for (path, old) in &files {
        let same = tags_difference(old, old, &[]).unwrap();
        assert!(!same.is_change() && same.rewritten.is_empty(), "{path}");
        for (_, new) in files.iter().filter(|(_, new)| new.cloud() == old.cloud()) {
            let found = tags_difference(old, new, &[]).unwrap();
            for changed in &found.changed {
                let before = Addresses::of(&prefixes(old, &changed.name));
                let after = Addresses::of(&prefixes(new, &changed.name));
                let led = before.minus(&changed.lost).or(&changed.gained);
                assert_eq!(led, after, "{path}: {}", changed.name);
            }
        }
    }
}

/// What is told of a tag holds, and the facts agree with the files that they were read from.
#[test]
fn published_tags_are_described() {
    let facts = Facts::builtin();
    for (path, tags) in published().into_iter().flatten() {
        for name in tags.names().step_by(17) {
            let described = describe_tag(&tags, &ServiceTag::new(name)).unwrap();
            assert!(!described.addresses.is_empty(), "{path}: {name}");
            for holder in &described.holders {
                let held = Addresses::of(&prefixes(&tags, holder.name));
                assert!(described.addresses.is_within(&held), "{path}: {name}");
            }
        }
        // The facts are those of newer files than this one.
        if path.as_str().contains("2024") {
            continue;
        }
        for name in facts.service_tag_names() {
            if let Some(described) = describe_tag(&tags, &ServiceTag::new(name)) {
                let fact = facts.service_tag(name).map(|known| known.fact);
                let differ = FactsDiffer::of(cloud(&tags), &described, fact);
                assert!(differ.is_none(), "{path}: {name}: {differ:?}");
            }
        }
    }
}
