//! The lock file: what is written is read, whatever order answers come in.

use std::net::IpAddr;

use proptest::prelude::*;
use tidegate::base::Date;
use tidegate::dns::{Address, Alias, Answer, Drift, Failure, Lock, Views, drift};
use tidegate::net::Fqdn;

fn date() -> Date {
    Date::new(2026, 11, 30).unwrap()
}

fn fqdn() -> impl Strategy<Value = Fqdn> {
    "[a-z][a-z0-9_]{0,6}(\\.[a-z0-9]{1,5}){0,3}\\.com".prop_map(|text| text.parse().unwrap())
}

fn failure() -> impl Strategy<Value = Failure> {
    prop_oneof![
        Just(Failure::NoSuchName),
        Just(Failure::NoAddress),
        Just(Failure::ServerFailure),
        Just(Failure::Refused),
        Just(Failure::Truncated),
        Just(Failure::Timeout),
        Just(Failure::TooManyAliases),
        fqdn().prop_map(Failure::Loop),
        "[ -~]{0,30}".prop_map(Failure::Other),
        "[ -~]{0,30}".prop_map(Failure::Unreachable),
        "[ -~]{0,30}".prop_map(Failure::Untrusted),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let alias = (fqdn(), any::<u32>()).prop_map(|(name, ttl)| Alias { name, ttl });
    let address = (any::<IpAddr>(), any::<u32>()).prop_map(|(ip, ttl)| Address { ip, ttl });
    let aliases = prop::collection::vec(alias, 0..4);
    let addresses = prop::collection::vec(address, 1..6);
    let end = prop_oneof![addresses.prop_map(Ok), failure().prop_map(Err),];
    (fqdn(), aliases, end).prop_map(|(name, aliases, end)| {
        let (mut addresses, failure) = match end {
            Ok(addresses) => (addresses, None),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        addresses.sort();
        addresses.dedup_by_key(|address| address.ip);
        Answer {
            name,
            aliases,
            addresses,
            failure,
        }
    })
}

proptest! {
    #[test]
    fn a_lock_file_is_read_as_it_was_written(answers in prop::collection::vec(answer(), 0..8)) {
        let lock = Lock::of(date(), vec!["10.0.0.4".to_owned()], &answers, None);
        let text = lock.text();
        let read = Lock::parse(&text);
        prop_assert_eq!(read.as_ref().map_err(ToString::to_string), Ok(&lock), "{}", text);
        prop_assert_eq!(read.unwrap().text(), text);
    }

    #[test]
    fn views_are_read_as_they_were_written(
        names in prop::collection::btree_set(fqdn(), 1..4),
        answers in prop::collection::vec(answer(), 12),
    ) {
        let names: Vec<Fqdn> = names.into_iter().collect();
        let mut answers = answers.into_iter();
        let all = ["10.0.0.4", "10.0.0.5", "tcp://10.0.0.6"].map(|server| {
            let said = names.iter().map(|name| {
                Answer { name: name.clone(), ..answers.next().unwrap() }
            });
            let said: Vec<Answer> = said.collect();
            (server.to_owned(), Lock::of(date(), vec![server.to_owned()], &said, None))
        });
        let views = Views { all: all.to_vec() };
        let lock = Lock::of_views(&views, None).unwrap();
        let text = lock.text();
        let read = Lock::parse(&text);
        prop_assert_eq!(read.as_ref().map_err(ToString::to_string), Ok(&lock), "{}", text);
        prop_assert_eq!(read.unwrap().text(), text);
        // Asked again, everything is as it was.
        prop_assert_eq!(Lock::of_views(&views, Some(&lock)).unwrap(), lock);
    }

    #[test]
    fn the_order_of_answers_changes_nothing(
        answers in prop::collection::btree_map(fqdn(), answer(), 0..8),
        seed in any::<prop::sample::Index>(),
    ) {
        let mut answers: Vec<Answer> = answers
            .into_iter()
            .map(|(name, answer)| Answer { name, ..answer })
            .collect();
        let first = Lock::of(date(), Vec::new(), &answers, None);
        if !answers.is_empty() {
            let at = seed.index(answers.len());
            answers.rotate_left(at);
        }
        prop_assert_eq!(Lock::of(date(), Vec::new(), &answers, None).text(), first.text());
        prop_assert_eq!(drift(&first, &first), Vec::<Drift>::new());
    }
}

#[test]
fn times_that_servers_count_down_are_no_change() {
    let answer = |ttl| Answer {
        name: "www.contoso.com".parse().unwrap(),
        aliases: Vec::new(),
        addresses: vec![Address {
            ip: "192.0.2.1".parse().unwrap(),
            ttl,
        }],
        failure: None,
    };
    let first = Lock::of(date(), Vec::new(), &[answer(300)], None);
    let second = Lock::of(date(), Vec::new(), &[answer(12)], Some(&first));
    assert_eq!(first, second);
    let third = Lock::of(date(), Vec::new(), &[answer(600)], Some(&second));
    assert_eq!(third.names.values().next().unwrap().ttl, Some(600));
}

#[test]
fn what_is_no_lock_file_is_told() {
    let sound = "schema: egress-lock/1\ndate: 2026-11-30\nservers: [10.0.0.4]\nnames:\n  www.contoso.com:\n    addresses: [192.0.2.1]\n";
    assert!(Lock::parse(sound).is_ok());
    for (from, to, wrong) in [
        (
            "egress-lock/1",
            "egress-lock/2",
            "the schema is `egress-lock/2`",
        ),
        ("2026-11-30", "2026-13-30", "`2026-13-30` is no date"),
        (
            "192.0.2.1",
            "192.0.2.256",
            "`192.0.2.256` is no address (of `www.contoso.com`)",
        ),
        ("www.contoso.com", "www..com", "`www..com` is no name"),
        (
            "addresses: [192.0.2.1]",
            "failure: gone",
            "`gone` is no failure",
        ),
        (
            "addresses: [192.0.2.1]",
            "ttl: 5",
            "has to have either addresses or a failure",
        ),
        ("addresses", "adresses", "adresses"),
        ("names:", "name:", "name"),
    ] {
        let text = sound.replace(from, to);
        let error = Lock::parse(&text).unwrap_err().to_string();
        assert!(error.contains(wrong), "{from} -> {to}: {error}");
    }
}
