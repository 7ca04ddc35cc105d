use proptest::prelude::*;

use crate::azure::ServiceTags;
use crate::azure::facts::{Facts, TagFeature};
use crate::net::{Cloud, ServiceTag};

use super::{Addresses, FactsDiffer, TagsDifference, describe_tag, tags_difference};

/// A file with these tags: name, region, features, prefixes with blanks between them.
fn file(number: u64, cloud: &str, tags: &[(&str, &str, &str, &str)]) -> ServiceTags {
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let values: Vec<serde_json::Value> = tags
        .iter()
        .map(|(name, region, features, prefixes)| {
            serde_json::json!({"name": name, "properties": {
                "region": region, "networkFeatures": words(features),
                "addressPrefixes": words(prefixes),
            }})
        })
        .collect();
    let text = serde_json::json!({"changeNumber": number, "cloud": cloud, "values": values});
    ServiceTags::parse(&text.to_string()).unwrap()
}

fn between(old: &ServiceTags, new: &ServiceTags) -> TagsDifference {
    tags_difference(old, new, &[]).unwrap()
}

#[test]
fn another_cut_of_the_same_addresses_is_no_change() {
    let old = file(
        1,
        "Public",
        &[("Sql", "", "NSG", "20.0.0.0/23 20.0.2.0/24")],
    );
    let new = file(
        2,
        "Public",
        &[("sql", "", "NSG", "20.0.2.0/24 20.0.1.0/24 20.0.0.0/24")],
    );
    let found = between(&old, &new);
    assert!(!found.is_change());
    assert_eq!((found.rewritten, found.alike), (vec!["sql".to_owned()], 0));
    let other_order = file(
        2,
        "Public",
        &[("Sql", "", "NSG", "20.0.2.0/24 20.0.0.0/23")],
    );
    let found = between(&old, &other_order);
    assert_eq!((found.rewritten.len(), found.alike), (0, 1));
}

#[test]
fn addresses_and_uses_that_come_and_go_are_told() {
    let old = file(
        1,
        "Public",
        &[
            ("Sql", "", "NSG FW", "20.0.0.0/23"),
            ("Gone", "", "", "20.9.0.0/24"),
        ],
    );
    let new = file(
        2,
        "Public",
        &[
            ("Sql", "", "NSG UDR", "20.0.1.0/24 2603::/120"),
            ("New", "", "", ""),
        ],
    );
    let found = between(&old, &new);
    let [sql] = found.changed.as_slice() else {
        panic!("one tag changed: {found:?}")
    };
    assert_eq!(sql.lost.prefixes(), ["20.0.0.0/24".parse().unwrap()]);
    assert_eq!(sql.gained.prefixes(), ["2603::/120".parse().unwrap()]);
    assert_eq!((sql.gained.v4_count(), sql.gained.v6_count()), (0, 256));
    assert_eq!(
        (sql.features_gained.as_slice(), sql.features_lost.as_slice()),
        (&["UDR".into()][..], &["FW".into()][..])
    );
    assert_eq!(found.added[0].name, "New");
    assert_eq!(found.removed[0].name, "Gone");
    assert!(!found.reversed && !found.other_cloud);
    assert!(between(&new, &old).reversed);
    let china = file(9, "China", &[]);
    let found = between(&china, &new);
    assert!(found.other_cloud && !found.reversed);
}

#[test]
fn names_choose_tags() {
    let old = file(
        1,
        "Public",
        &[
            ("Sql", "", "", "20.0.0.0/24"),
            ("Sql.WestEurope", "westeurope", "", "20.0.0.0/24"),
            ("Storage", "", "", "20.1.0.0/24"),
        ],
    );
    let new = file(2, "Public", &[]);
    let removed = |wanted: &[&str]| {
        let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
        let found = tags_difference(&old, &new, &wanted).map_err(|error| error.to_string())?;
        Ok::<_, String>(
            found
                .removed
                .into_iter()
                .map(|tag| tag.name)
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(removed(&["sql"]).unwrap(), ["Sql"]);
    assert_eq!(
        removed(&["SQL.*", "Storage"]).unwrap(),
        ["Sql.WestEurope", "Storage"]
    );
    assert_eq!(
        removed(&["Storge"]).unwrap_err(),
        "neither file has a service tag `Storge`; did you mean `Storage`?"
    );
    assert_eq!(
        removed(&["X.*"]).unwrap_err(),
        "neither file has a service tag `X.*`"
    );
}

#[test]
fn a_tag_is_told_with_its_relatives() {
    let file = file(
        1,
        "Public",
        &[
            ("Sql", "", "API NSG UDR FW VSE", "20.0.0.0/24 20.0.1.0/24"),
            (
                "Sql.WestEurope",
                "westeurope",
                "API NSG UDR FW",
                "20.0.1.0/24",
            ),
            ("Sql.Other", "", "", "20.0.2.0/24"),
            (
                "AzureCloud.westeurope",
                "westeurope",
                "API NSG",
                "20.0.0.0/16",
            ),
            ("Twin", "", "", "20.0.1.0/25 20.0.1.128/25"),
            ("Empty", "", "", ""),
        ],
    );
    let described = |name: &str| describe_tag(&file, &ServiceTag::new(name)).unwrap();
    let sql = described("sql");
    assert_eq!(
        (sql.name, sql.regional.as_slice(), sql.parts.as_slice()),
        ("Sql", &["Sql.WestEurope"][..], &["Sql.Other"][..])
    );
    assert_eq!(sql.addresses.prefixes(), ["20.0.0.0/23".parse().unwrap()]);
    let west = described("Sql.WestEurope");
    assert_eq!(west.part_of, Some("Sql"));
    let holders: Vec<_> = west
        .holders
        .iter()
        .map(|holder| (holder.name, holder.is_same))
        .collect();
    assert_eq!(
        holders,
        [
            ("Sql", false),
            ("AzureCloud.westeurope", false),
            ("Twin", true)
        ]
    );
    assert_eq!(described("Empty").holders, []);
    assert!(describe_tag(&file, &ServiceTag::new("Sqll")).is_none());
}

#[test]
fn facts_that_say_otherwise_are_told() {
    let facts = Facts::builtin();
    let differ = |name: &str, features: &str| {
        let file = file(1, "Public", &[(name, "", features, "20.0.0.0/24")]);
        let described = describe_tag(&file, &ServiceTag::new(name)).unwrap();
        FactsDiffer::of(
            Cloud::Public,
            &described,
            facts.service_tag(name).map(|it| it.fact),
        )
    };
    assert!(differ("AppConfiguration", "API NSG UDR FW").is_none());
    let differs = differ("AppConfiguration", "NSG VSE");
    assert_eq!(differs.only_file, [TagFeature::ServiceEndpoint]);
    assert_eq!(differs.only_facts, [TagFeature::Udr, TagFeature::Firewall]);
    assert!(differ("Novelty", "NSG").unknown);
}

/// Some files over few names and addresses, so that they have much in common.
fn some() -> impl Strategy<Value = ServiceTags> {
    let prefix = (0u8..8, 22u8..=27).prop_map(|(part, length)| {
        let network =
            ipnet::Ipv4Net::new([20, 0, part / 2, part % 2 * 128].into(), length).unwrap();
        network.trunc().to_string()
    });
    let v6 = (0u8..4, 120u8..=124).prop_map(|(part, length)| {
        let network =
            ipnet::Ipv6Net::new(format!("2603::{part:x}00").parse().unwrap(), length).unwrap();
        network.trunc().to_string()
    });
    let prefixes = prop::collection::vec(prop_oneof![3 => prefix, 1 => v6], 0..8);
    let features = prop::sample::subsequence(vec!["NSG", "UDR", "FW"], 0..=3);
    let names = prop::sample::subsequence(vec!["A", "A.North", "B", "C"], 0..=4);
    names
        .prop_flat_map(move |names| {
            let tags = names
                .into_iter()
                .map(|name| (Just(name), features.clone(), prefixes.clone()));
            tags.collect::<Vec<_>>()
        })
        .prop_map(|tags| {
            let tags: Vec<_> = tags
                .iter()
                .map(|(name, features, prefixes)| (*name, features.join(" "), prefixes.join(" ")))
                .collect();
            let tags: Vec<_> = tags
                .iter()
                .map(|(name, features, prefixes)| (*name, "", features.as_str(), prefixes.as_str()))
                .collect();
            file(1, "Public", &tags)
        })
}

fn addresses(file: &ServiceTags, name: &str) -> Addresses {
    let tag = ServiceTag::new(name);
    let prefixes: Vec<_> = file.prefixes(&tag).unwrap().collect();
    Addresses::of(&prefixes)
}

proptest! {
    #[test]
    fn a_file_is_no_change_of_itself(file in some()) {
        let found = between(&file, &file);
        prop_assert!(!found.is_change() && found.rewritten.is_empty());
        prop_assert_eq!(found.alike, file.names().count());
    }

    #[test]
    fn the_way_back_is_the_opposite(old in some(), new in some()) {
        let (there, back) = (between(&old, &new), between(&new, &old));
        prop_assert_eq!(&there.added, &back.removed);
        prop_assert_eq!(&there.removed, &back.added);
        prop_assert_eq!(&there.rewritten, &back.rewritten);
        prop_assert_eq!(there.changed.len(), back.changed.len());
        for (one, other) in there.changed.iter().zip(&back.changed) {
            prop_assert_eq!(&one.name, &other.name);
            prop_assert_eq!(&one.gained, &other.lost);
            prop_assert_eq!(&one.lost, &other.gained);
            prop_assert_eq!(&one.features_gained, &other.features_lost);
            prop_assert_eq!(&one.features_lost, &other.features_gained);
        }
    }

    #[test]
    fn what_changed_leads_from_the_old_file_to_the_new(old in some(), new in some()) {
        let found = between(&old, &new);
        for changed in &found.changed {
            let (before, after) = (addresses(&old, &changed.name), addresses(&new, &changed.name));
            prop_assert_eq!(&before.minus(&changed.lost).or(&changed.gained), &after);
            prop_assert!(changed.lost.is_within(&before) && changed.gained.is_within(&after));
            // What is told as prefixes is the whole set.
            prop_assert_eq!(&Addresses::of(&changed.gained.prefixes()), &changed.gained);
        }
        for name in &found.rewritten {
            prop_assert_eq!(addresses(&old, name), addresses(&new, name));
        }
        let told = found.changed.len() + found.rewritten.len() + found.alike;
        prop_assert_eq!(told + found.removed.len(), old.names().count());
        prop_assert_eq!(told + found.added.len(), new.names().count());
    }
}
