use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::prelude::*;
use smol_str::SmolStr;

use crate::net::ServiceTag;

use super::{ServiceTags, TagStatement};

const FILE: &str = r#"{
  "changeNumber": 375,
  "cloud": "Public",
  "somethingNew": {"deep": [1, 2]},
  "values": [
    {
      "name": "Storage",
      "id": "Storage",
      "properties": {
        "changeNumber": 12, "region": "", "regionId": 0, "platform": "Azure",
        "systemService": "AzureStorage",
        "addressPrefixes": ["20.38.96.0/19", "52.239.140.0/22", "2603:1000::/48"],
        "networkFeatures": ["API", "NSG"]
      }
    },
    {
      "name": "Storage.WestEurope",
      "id": "Storage.WestEurope",
      "properties": {
        "region": "westeurope", "systemService": "AzureStorage",
        "addressPrefixes": ["52.239.140.0/22", "52.239.140.8/29", "52.239.140.10"]
      }
    }
  ]
}"#;

fn tags() -> ServiceTags {
    ServiceTags::parse(FILE).unwrap()
}

fn tag(name: &str) -> ServiceTag {
    ServiceTag::new(name)
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn prefix(text: &str) -> IpNet {
    text.parse().unwrap()
}

#[test]
fn a_file_says_what_it_is_about() {
    let tags = tags();
    assert_eq!((tags.cloud(), tags.change_number()), ("Public", 375));
    assert_eq!(
        tags.names().collect::<Vec<_>>(),
        ["Storage", "Storage.WestEurope"]
    );
}

#[test]
fn names_compare_without_regard_to_case() {
    let tags = tags();
    let inside = address("52.239.140.1");
    assert_eq!(tags.holds(&tag("STORAGE"), inside), Some(true));
    assert_eq!(tags.holds(&tag("storage.westeurope"), inside), Some(true));
    assert_eq!(tags.holds(&tag("storage"), address("8.8.8.8")), Some(false));
}

#[test]
fn a_tag_that_the_file_lacks_is_not_an_empty_tag() {
    let tags = tags();
    let sql = tag("Sql");
    assert_eq!(tags.holds(&sql, address("20.38.96.1")), None);
    assert!(tags.prefixes(&sql).is_none());
    assert_eq!(tags.longest_prefix(&sql, address("20.38.96.1")), None);
}

#[test]
fn the_longest_prefix_wins() {
    let tags = tags();
    let west = tag("Storage.WestEurope");
    let longest = |text| tags.longest_prefix(&west, address(text));
    assert_eq!(longest("52.239.140.10"), Some(prefix("52.239.140.10/32")));
    assert_eq!(longest("52.239.140.9"), Some(prefix("52.239.140.8/29")));
    assert_eq!(longest("52.239.143.255"), Some(prefix("52.239.140.0/22")));
    assert_eq!(longest("52.239.144.0"), None);
}

#[test]
fn families_do_not_mix() {
    let tags = tags();
    let storage = tag("Storage");
    assert_eq!(tags.holds(&storage, address("2603:1000::1")), Some(true));
    assert_eq!(tags.holds(&storage, address("2603:1001::1")), Some(false));
    assert_eq!(
        tags.holds(&tag("Storage.WestEurope"), address("2603:1000::1")),
        Some(false)
    );
}

#[test]
fn all_tags_of_an_address_are_found_once() {
    let tags = tags();
    let of = |text| tags.tags_of(address(text)).collect::<Vec<_>>();
    assert_eq!(of("52.239.140.10"), ["Storage", "Storage.WestEurope"]);
    assert_eq!(of("20.38.127.255"), ["Storage"]);
    assert_eq!(of("10.0.0.1"), [""; 0]);
}

#[test]
fn prefixes_keep_the_order_of_the_file() {
    let tags = tags();
    let prefixes: Vec<IpNet> = tags.prefixes(&tag("Storage")).unwrap().collect();
    let expected = ["20.38.96.0/19", "52.239.140.0/22", "2603:1000::/48"].map(prefix);
    assert_eq!(prefixes, expected);
}

#[test]
fn what_azures_tools_answer_is_read_too() {
    let text = FILE.replace("\"changeNumber\": 375", "\"changeNumber\": \"375\"");
    assert_eq!(ServiceTags::parse(&text).unwrap().change_number(), 375);
    let text = format!("\u{feff}{FILE}");
    assert_eq!(ServiceTags::parse(&text).unwrap().change_number(), 375);
}

#[test]
fn errors_name_the_place() {
    let error = |text: &str| ServiceTags::parse(text).unwrap_err().to_string();
    assert_eq!(
        error("{\n  \"cloud\": }"),
        "not a service tag file: expected value at line 2 column 12"
    );
    assert_eq!(
        error(r#"{"changeNumber": 1, "cloud": "Public"}"#),
        "not a service tag file: missing field `values` at line 1 column 38"
    );
    assert_eq!(
        error(&FILE.replace("375", "\"new\"")),
        "not a service tag file: invalid value: string \"new\", expected a change number \
         at line 2 column 23"
    );
    assert_eq!(
        error(&FILE.replace("2603:1000::/48", "2603:1000::/148")),
        "`2603:1000::/148` of the service tag `Storage` is no prefix: expected an IPv4 or IPv6 \
         prefix such as 10.10.0.0/16 or fd00:10::/64"
    );
    assert_eq!(
        error(&FILE.replace("52.239.140.8/29", "52.239.140.10/29")),
        "`52.239.140.10/29` of the service tag `Storage.WestEurope` is no prefix: host bits are \
         set: the network is 52.239.140.8/29"
    );
    assert_eq!(
        error(&FILE.replace("\"Storage.WestEurope\"", "\"STORAGE\"")),
        "the service tag `STORAGE` is listed twice"
    );
}

/// Prefixes close together, so that they nest and addresses hit them.
fn near_prefix() -> impl Strategy<Value = IpNet> {
    let v4 = (0_u32..64, 24_u8..=32).prop_map(|(low, length)| {
        let address = Ipv4Addr::from(0x1426_6000 | low);
        IpNet::V4(Ipv4Net::new(address, length).unwrap().trunc())
    });
    let v6 = (0_u128..64, 120_u8..=128).prop_map(|(low, length)| {
        let address = Ipv6Addr::from((0x2603_1000 << 96) | low);
        IpNet::V6(Ipv6Net::new(address, length).unwrap().trunc())
    });
    let whole = prop_oneof![Just(prefix("0.0.0.0/0")), Just(prefix("::/0"))];
    prop_oneof![8 => v4, 8 => v6, 1 => whole]
}

fn near_address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (0_u32..80).prop_map(|low| IpAddr::V4(Ipv4Addr::from(0x1426_6000 | low))),
        (0_u128..80).prop_map(|low| IpAddr::V6(Ipv6Addr::from((0x2603_1000 << 96) | low))),
    ]
}

proptest! {
    #[test]
    fn look_ups_equal_a_linear_scan(
        sets in prop::collection::vec(prop::collection::vec(near_prefix(), 0..8), 0..8),
        addresses in prop::collection::vec(near_address(), 1..12),
    ) {
        let name = |number: usize| SmolStr::from(format!("Tag{number}"));
        let named = sets.iter().enumerate().map(|(n, set)| (name(n), TagStatement::default(), set.clone()));
        let tags = ServiceTags::new("Public".into(), 1, named.collect()).unwrap();
        for address in addresses {
            let covers = |prefix: &&IpNet| prefix.contains(&address);
            for (number, set) in sets.iter().enumerate() {
                let tag = ServiceTag::new(name(number));
                let longest = set.iter().filter(covers).max_by_key(|prefix| prefix.prefix_len());
                prop_assert_eq!(tags.longest_prefix(&tag, address), longest.copied());
                prop_assert_eq!(tags.holds(&tag, address), Some(longest.is_some()));
                prop_assert_eq!(&tags.prefixes(&tag).unwrap().collect::<Vec<_>>(), set);
            }
            let holding = sets.iter().enumerate().filter(|(_, set)| set.iter().any(|p| covers(&p)));
            let holding: Vec<SmolStr> = holding.map(|(number, _)| name(number)).collect();
            prop_assert_eq!(tags.tags_of(address).collect::<Vec<_>>(), holding);
        }
    }
}
