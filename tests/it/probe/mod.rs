//! Endpoints are tried on this machine alone: every server is one of the test's own.

mod addresses;
mod command;
mod filtered;
mod limits;
mod outcomes;
mod planning;
mod proxied;
mod servers;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use jsonschema::Validator;
use serde_json::Value;
use tidegate::dns::{Address, Answer, Failure, Resolver, Trust};
use tidegate::net::Fqdn;
use tidegate::probe::{
    ExpectedViews, Item, Limits, Listener, Peer, Plan, Protocol, Row, Target, run,
};

use super::support::project;

pub(super) const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Leads every name to this machine, but for those that fail.
#[derive(Default)]
struct Names(BTreeMap<&'static str, Failure>);

impl Resolver for Names {
    fn resolve(&self, names: &[Fqdn], told: &mut dyn FnMut(&Answer)) -> Vec<Answer> {
        let answer = |name: &Fqdn| {
            let failure = self.0.get(name.as_str()).cloned();
            let address = Address { ip: LOCAL, ttl: 60 };
            let addresses = match failure {
                Some(_) => Vec::new(),
                None => vec![address],
            };
            let answer = Answer {
                name: name.clone(),
                aliases: Vec::new(),
                addresses,
                failure,
            };
            told(&answer);
            answer
        };
        names.iter().map(answer).collect()
    }

    fn servers(&self) -> Vec<String> {
        vec!["10.40.0.4".to_owned()]
    }
}

/// An endpoint of a name; what it would be in a policy, and the port that a test listens on.
fn endpoint(name: &str, service: &str, protocol: Protocol, port: u16) -> Item {
    Item::Probe(Target {
        requirement: format!("shop.{name}").into(),
        destination: name.to_owned(),
        service: service.parse().unwrap(),
        peer: match name.parse() {
            Ok(address) => Peer::Address(address),
            Err(_) => Peer::Name(name.parse().unwrap()),
        },
        port,
        protocol,
        listener: Listener::Expected,
        proxy: None,
    })
}

/// Long enough for a machine that is busy.
const PATIENT: Limits = Limits {
    step: Duration::from_secs(20),
    all: Duration::from_secs(60),
    at_once: 16,
};

/// For servers that never answer.
const IMPATIENT: Limits = Limits {
    step: Duration::from_millis(150),
    ..PATIENT
};

fn tried_with(items: Vec<Item>, names: Names, trust: &Trust, limits: Limits) -> Vec<Row> {
    let plan = Plan {
        items,
        unused: Vec::new(),
        views: ExpectedViews::default(),
    };
    run(&plan, Arc::new(names), trust, limits).unwrap()
}

fn tried(item: Item, limits: Limits) -> Row {
    let trust = Trust::new(&[]).unwrap();
    let mut rows = tried_with(vec![item], Names::default(), &trust, limits);
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// Holds a document to the schema.
fn validate(document: &str) -> Value {
    let schema = std::fs::read_to_string(project("docs/schema/egress-probe-1.schema.json"));
    let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let validator: Validator = jsonschema::validator_for(&schema).unwrap();
    let value: Value = serde_json::from_str(document).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{document}");
    value
}
