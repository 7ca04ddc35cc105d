//! What a template leaves open and a verdict rests on: `fixtures/import/gaps/`.
//!
//! Each fixture is a template with a parameter `x` and, in `metadata.gap`, a flow, the values of `x` with the verdict that
//! each gives, and the words of what is not known. Without a value the verdict must be uncertain for that reason, and
//! never what it is with one of the values.

use std::collections::BTreeMap;

use serde_json::Value;
use tidegate::azure::facts::Facts;
use tidegate::azure::{Announced, Dataplane, Flow, Sender, Target, Trace, Verdict};
use tidegate::base::SourceMap;
use tidegate::estate::Estate;
use tidegate::import::{self, Deployment, Found, Join, read_file};
use tidegate::net::Transport;

use super::support::{Project, files, project};

/// The template, as it is when `x` has a value, and as it is without one.
fn estate(template: &Value, x: Option<&Value>) -> Estate {
    let mut template = template.clone();
    if let (Some(x), Some(parameter)) = (x, template.pointer_mut("/parameters/x")) {
        parameter["defaultValue"] = x.clone();
    }
    let mut sources = SourceMap::default();
    let mut findings = Vec::new();
    let text = template.to_string();
    let file = read_file(
        &mut sources,
        "main.json".into(),
        text,
        Found::Named,
        &mut findings,
    );
    assert!(findings.is_empty(), "{findings:#?}");
    let options = import::Options {
        reader: &Project,
        parameters: &|_| Vec::new(),
        deployment: &Deployment::default(),
        services: &tidegate::cli::service_forms(),
        cloud_of: &tidegate::cli::cloud_of_region,
    };
    let mut networks = import::import(&mut sources, &[file], &options, Join::All);
    networks.pop().expect("one network").estate
}

fn flow(estate: &Estate, wanted: &Value) -> Flow {
    let text = |key: &str| wanted[key].as_str();
    let from = text("from").expect("a sender");
    let from = match estate
        .subnets
        .ids()
        .find(|id| estate.subnet_path(*id) == from)
    {
        Some(subnet) => Sender::Inside {
            subnet,
            address: text("address").map_or_else(
                || {
                    let prefix = estate.subnets[subnet].prefixes.first();
                    prefix.expect("a prefix").value.hosts().nth(9).unwrap()
                },
                |address| address.parse().unwrap(),
            ),
        },
        None => Sender::Outside {
            address: from.parse().unwrap(),
            tags: Vec::new(),
        },
    };
    let to = text("to").expect("a target");
    let port = wanted["port"].as_u64().unwrap_or(443);
    Flow {
        from,
        to: Target {
            name: to
                .parse::<std::net::IpAddr>()
                .is_err()
                .then(|| to.parse().unwrap()),
            address: to.parse().ok(),
            tags: Vec::new(),
        },
        transport: Transport::Tcp,
        port: u16::try_from(port).unwrap(),
        announced: Announced::Target,
        at_once: None,
    }
}

fn trace(estate: &Estate, wanted: &Value) -> Trace {
    let plane = Dataplane::new(estate, Facts::builtin(), None);
    plane.trace(&flow(estate, wanted))
}

fn words(verdict: Verdict) -> String {
    format!("{verdict:?}")
}

#[test]
fn what_is_not_known_makes_verdicts_uncertain() {
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for path in files("fixtures/import/gaps", ".json") {
        let text = std::fs::read_to_string(project(path.as_str())).unwrap();
        let template: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
        let gap = &template["metadata"]["gap"];
        let wanted = &gap["flow"];
        for case in gap["values"].as_array().expect("values") {
            let (x, verdict) = (&case["x"], case["verdict"].as_str().unwrap());
            let found = trace(&estate(&template, Some(x)), wanted);
            if words(found.verdict) != verdict {
                wrong.push(format!(
                    "{path}: {x} gives {:?}, not {verdict}: {:#?}",
                    found.verdict, found.steps
                ));
            }
            *seen.entry(verdict.to_owned()).or_default() += 1;
        }
        let open = trace(&estate(&template, None), wanted);
        let reason = gap["reason"].as_str().expect("a reason");
        let told = open
            .blockers
            .iter()
            .any(|blocker| blocker.text.contains(reason));
        if open.verdict != Verdict::Uncertain || !told {
            let texts: Vec<&str> = open.blockers.iter().map(|it| it.text.as_str()).collect();
            wrong.push(format!(
                "{path}: nothing gives {:?} because of {texts:#?}, not of `{reason}`",
                open.verdict
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(
        seen.contains_key("Allowed") && seen.contains_key("Denied"),
        "{seen:?}"
    );
}
