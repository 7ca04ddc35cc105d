//! What could explain a contradiction: what the way of failing points to, where the name led, what was assumed.

use std::net::IpAddr;

use crate::azure::{Blocker, Stage, Trace};
use crate::estate::Estate;
use crate::probe::Class;

use super::seen::{Ending, Observation};

/// What could explain a contradiction, the likeliest first.
pub(super) fn explanations(
    estate: &Estate,
    observation: &Observation,
    trace: &Trace,
) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(other_address(estate, observation, trace.resolved));
    match trace.decisive() {
        None => all.push(missing_in_model(observation.ending).to_owned()),
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
pub(super) fn stopped_before(observation: &Observation, trace: &Trace) -> Option<String> {
    let before = match observation.ending {
        ending if ending.is_of_name() => "the name did not even resolve",
        Ending::Probed(Class::WrongView) => "the name led elsewhere",
        Ending::Probed(Class::NotSent) => "nothing even left the machine",
        _ => return None,
    };
    let expected = trace.decisive().filter(|it| it.stage != Stage::Dns)?;
    Some(format!(
        "{before}, so whether {} stops it was not tried",
        expected.element.name
    ))
}

/// A name that led elsewhere than expected.
fn other_address(
    estate: &Estate,
    observation: &Observation,
    expected: Option<IpAddr>,
) -> Option<String> {
    let (name, seen) = (observation.name.as_ref()?, observation.address?);
    let expected = expected.filter(|expected| *expected != seen)?;
    let mut services = estate.services.iter().map(|(_, service)| service);
    let own = services.find(|service| service.fqdn.value == *name);
    // Of several addresses any may be taken.
    if own.is_some_and(|it| it.addresses.iter().any(|it| it.value == seen)) {
        return None;
    }
    Some(format!(
        "{name} led to {seen}, and here it leads to {expected}: the servers that were asked see other zones or records"
    ))
}

/// What fails in this way and is not in the model.
fn missing_in_model(ending: Ending) -> &'static str {
    let class = match ending {
        Ending::Probed(class) => class,
        Ending::Unreachable => {
            return "something on the way drops or rejects the connection and is not as described, or nobody listens on the port";
        }
        Ending::Unanswered => {
            return "something drops, resets or answers the connection and is not as described; curl follows redirects, so it may be on the way to another host";
        }
        Ending::Untold => return "what is deployed is not what is described",
    };
    match class {
        Class::DnsFailure => {
            "the servers that the pool asks are not reached, fail or refuse: the way to them, a zone, a link or a forwarder is not as described"
        }
        Class::NoSuchName => {
            "the servers that the pool asks do not know the name: a zone, a link or a forwarder is not as described"
        }
        Class::WrongView => {
            "the servers that the pool asks have another view of the name: a zone, a link or a forwarder is not as described"
        }
        Class::NotSent => {
            "nothing left the machine: it was no node of the pool, or its own routes or packet filter are not as described"
        }
        Class::Partial => {
            "some addresses of the name are let through and others are not: a rule or a route by address does not have them all"
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
