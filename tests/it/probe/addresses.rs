//! Names with several addresses. Servers of the tests listen at the first address of loopback only, so that the others
//! refuse.

use std::net::IpAddr;
use std::sync::Arc;

use tidegate::dns::{Address, Answer, Resolver, Trust};
use tidegate::net::Fqdn;
use tidegate::probe::{Class, ExpectedViews, Plan, Protocol, Row, run};

use super::servers;
use super::{PATIENT, endpoint};

const HERE: &str = "127.0.0.1";

/// Leads every name to these addresses.
struct Several(Vec<IpAddr>);

impl Resolver for Several {
    fn resolve(&self, names: &[Fqdn], told: &mut dyn FnMut(&Answer)) -> Vec<Answer> {
        let address = |ip: &IpAddr| Address { ip: *ip, ttl: 60 };
        let answer = |name: &Fqdn| {
            let answer = Answer {
                name: name.clone(),
                aliases: Vec::new(),
                addresses: self.0.iter().map(address).collect(),
                failure: None,
            };
            told(&answer);
            answer
        };
        names.iter().map(answer).collect()
    }

    fn servers(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What became of a name that has these addresses, and answers at the first of loopback.
fn tried(addresses: &[&str]) -> Row {
    let port = servers::saying(b"HTTP/1.1 200 OK\r\n\r\n");
    let plan = Plan {
        items: vec![endpoint("www.contoso.com", "http", Protocol::Http, port)],
        unused: Vec::new(),
        views: ExpectedViews::default(),
    };
    let addresses = addresses.iter().map(|it| it.parse().unwrap());
    let names = Arc::new(Several(addresses.collect()));
    run(&plan, names, &Trust::new(&[]).unwrap(), PATIENT)
        .unwrap()
        .remove(0)
}

fn results(row: &Row) -> Vec<&str> {
    row.steps.iter().map(|step| step.result.as_str()).collect()
}

#[test]
fn the_first_address_is_enough_when_it_answers() {
    let row = tried(&[HERE, "127.0.0.2"]);
    assert_eq!(row.ended.class, Class::Ok, "{row:#?}");
    assert_eq!(row.ended.detail, "HTTP 200; tried the first of 2 addresses");
    assert_eq!(
        results(&row),
        [
            "127.0.0.1, 127.0.0.2",
            "127.0.0.1: accepted",
            "127.0.0.1: HTTP 200"
        ]
    );
    assert_eq!(tried(&[HERE]).ended.detail, "HTTP 200");
}

#[test]
fn an_address_that_fails_beside_one_that_answers_is_told() {
    let row = tried(&["127.0.0.2", HERE, "127.0.0.3"]);
    assert_eq!(row.ended.class, Class::Partial, "{row:#?}");
    assert!(row.ended.evidence);
    assert_eq!(row.address, Some("127.0.0.2".parse().unwrap()));
    let refused = "refused: refused: nothing listens there, or something on the way rejects";
    assert_eq!(
        row.ended.detail,
        format!(
            "only 1 of 3 addresses answered; 127.0.0.2 {refused}; 127.0.0.1 ok: HTTP 200; 127.0.0.3 {refused}"
        )
    );
    assert_eq!(
        results(&row),
        [
            "127.0.0.2, 127.0.0.1, 127.0.0.3",
            "127.0.0.2: refused",
            "127.0.0.1: accepted",
            "127.0.0.1: HTTP 200",
            "127.0.0.3: refused",
        ]
    );
}

#[test]
fn four_addresses_are_tried() {
    let row = tried(&["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", HERE]);
    assert_eq!(row.ended.class, Class::Refused, "{row:#?}");
    let detail = &row.ended.detail;
    assert!(detail.starts_with("none of 4 addresses answered as it should; 127.0.0.2 refused"));
    assert!(
        detail.ends_with("; 4 of 5 addresses were tried"),
        "{detail}"
    );
}
