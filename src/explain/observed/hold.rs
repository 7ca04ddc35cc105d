//! Each endpoint that was tried, beside what the network is expected to do with it.

use std::net::IpAddr;

use crate::azure::{Announced, Blocker, Dataplane, Flow, Sender, Stage, Target, Trace, Verdict};
use crate::estate::{Id, Pool};
use crate::probe::{Class, Standing};

use super::{Observation, Observed};

/// How what was seen and what is expected go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Comparison {
    /// They contradict each other.
    Disagree,
    /// What is expected depends on what is not known.
    NotPredicted,
    /// What was seen shows nothing.
    NotObserved,
    /// They are the same.
    Agree,
}

/// An endpoint, seen and expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared<'o> {
    /// What was seen.
    pub observation: &'o Observation,
    /// What is expected; `None` where nothing was tried.
    pub expected: Option<Trace>,
    /// How they go together.
    pub comparison: Comparison,
    /// What could explain a contradiction, the likeliest first.
    pub explanations: Vec<String>,
}

/// Compares everything that was seen from a pool with the network; contradictions first. Flows begin at an address of the
/// pool's first subnet.
#[must_use]
pub fn hold<'o>(
    plane: &Dataplane<'_>,
    pool: Id<Pool>,
    observed: &'o Observed,
) -> Vec<Compared<'o>> {
    let mut compared: Vec<Compared<'o>> = observed
        .rows
        .iter()
        .map(|observation| compare(plane, pool, observation))
        .collect();
    compared.sort_by_key(|it| it.comparison);
    compared
}

fn compare<'o>(
    plane: &Dataplane<'_>,
    pool: Id<Pool>,
    observation: &'o Observation,
) -> Compared<'o> {
    let expected = flow(plane, pool, observation).map(|flow| plane.trace(&flow));
    let verdict = expected.as_ref().map(|trace| trace.verdict);
    let comparison = match (verdict, observation.standing) {
        (_, Standing::Unknown) | (None, _) => Comparison::NotObserved,
        (Some(Verdict::Uncertain), _) => Comparison::NotPredicted,
        // Some addresses pass and some do not; a flow that is expected to pass or to fail does so for all.
        _ if observation.class == Class::Partial => Comparison::Disagree,
        (Some(Verdict::Allowed), Standing::Reached)
        | (Some(Verdict::Denied | Verdict::NoReturn), Standing::Failed) => Comparison::Agree,
        (Some(_), _) => Comparison::Disagree,
    };
    let explanations = match (&expected, comparison) {
        (Some(trace), Comparison::Disagree) => explanations(observation, trace),
        (Some(trace), Comparison::Agree) => {
            stopped_before(observation, trace).into_iter().collect()
        }
        _ => Vec::new(),
    };
    Compared {
        observation,
        expected,
        comparison,
        explanations,
    }
}

/// The flow that was tried; none when nothing was, or when the pool is in no subnet that is known.
fn flow(plane: &Dataplane<'_>, pool: Id<Pool>, observation: &Observation) -> Option<Flow> {
    let (transport, port) = observation.service?;
    let subnet = plane.estate.pools[pool].subnets.first()?.id?;
    let to = Target {
        name: observation.name.clone(),
        // Where a name leads is part of what is compared.
        address: observation.address.filter(|_| observation.name.is_none()),
        tags: Vec::new(),
    };
    if to.name.is_none() && to.address.is_none() {
        return None;
    }
    Some(Flow {
        from: Sender::Inside {
            subnet,
            address: plane.some_address(subnet)?,
        },
        to,
        transport,
        port,
        announced: Announced::Target,
        at_once: None,
    })
}

/// What could explain a contradiction: what the way of failing points to, where the name led, what was assumed.
fn explanations(observation: &Observation, trace: &Trace) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(other_address(observation, trace.resolved));
    match trace.decisive() {
        None => all.push(missing_in_model(observation.class).to_owned()),
        Some(Blocker { element, .. }) => all.push(format!(
            "{} is not what is deployed, or packets do not pass it",
            element.name
        )),
    }
    let assumed = trace.assumptions.iter();
    all.extend(assumed.map(|assumed| format!("an assumption does not hold: {}", assumed.text)));
    all
}

/// Both fail, but what was seen failed before anything was asked of what is expected to stop it.
fn stopped_before(observation: &Observation, trace: &Trace) -> Option<String> {
    let before = match observation.class {
        Class::NoSuchName | Class::DnsFailure => "the name did not even resolve",
        Class::NotSent => "nothing even left the machine",
        _ => return None,
    };
    let expected = trace.decisive().filter(|it| it.stage != Stage::Dns)?;
    Some(format!(
        "{before}, so whether {} stops it was not tried",
        expected.element.name
    ))
}

/// A name that led elsewhere than expected.
fn other_address(observation: &Observation, expected: Option<IpAddr>) -> Option<String> {
    let (name, seen) = (observation.name.as_ref()?, observation.address?);
    let expected = expected.filter(|expected| *expected != seen)?;
    Some(format!(
        "{name} led to {seen}, and here it leads to {expected}: the servers that were asked see other zones or records"
    ))
}

/// What fails in this way and is not in the model.
fn missing_in_model(class: Class) -> &'static str {
    match class {
        Class::NoSuchName | Class::DnsFailure => {
            "the servers that the pool asks do not know the name: a zone, a link or a forwarder is not as described"
        }
        Class::NotSent => {
            "nothing left the machine: it was no node of the pool, or its own routes or packet filter are not as described"
        }
        Class::Partial => {
            "some addresses of the name are let through and others are not: a rule or a route by address does not have them all"
        }
        Class::WrongView => {
            "the servers that the pool asks have another view of the name: a zone, a link or a forwarder is not as described"
        }
        Class::Timeout => {
            "packets or their replies are dropped: a security group, a route or an appliance is not as described, or the reply takes another way"
        }
        Class::Refused => {
            "somebody turned the connection away: the rules of the service itself, or nobody listens on the port"
        }
        Class::ResetAfterHello | Class::Denied => {
            "a firewall decided by the name: the application rules that are deployed are not those described"
        }
        Class::TlsIntercepted => {
            "something on the way answers with a certificate of its own: TLS inspection, or a private authority"
        }
        Class::ProxyNeeded => "a proxy on the way answers in the place of the server",
        Class::Ok | Class::NoAnswer | Class::NotProbed => {
            "what is deployed is not what is described"
        }
    }
}
