//! TG7011: assertions that do not hold.

use crate::azure::{Announced, Flow, Sender, Trace, Verdict, sample_service, sample_targets};
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Id as ElementId, Subnet};
use crate::intent::Assertion;
use crate::lint::Context;
use crate::lint::common::path::along;
use crate::lint::common::wanted::contradict;
use crate::net::{Destination, FqdnPattern, Service};

rule! {
    /// An assertion that the network does not keep: what a pool must never reach gets through, or what it must reach
    /// does not.
    ///
    /// Each single address or name with each single port is followed through security groups, routes and firewalls,
    /// from every subnet of the pool. A whole prefix, a wildcard or a range of ports is not: one flow would stand for
    /// many. Where the way is not certain, nothing is said; where it rests on an assumption, it is a warning. An
    /// assertion that a requirement contradicts is TG8002.
    ///
    /// ```egress
    /// assert apps never reaches 192.168.7.9 tcp/1433
    /// ```
    ///
    /// `tidegate explain flow` shows the way that the flow takes and what lets it through or stops it.
    TG7011, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for assertion in &context.intent.assertions {
        let mut requirements = context.intent.requirements.iter();
        if requirements.any(|requirement| contradict(requirement, assertion)) {
            continue;
        }
        findings.extend(broken(context, assertion));
    }
}

/// The first flow that breaks an assertion.
fn broken(context: &Context<'_>, assertion: &Assertion) -> Option<Finding> {
    let destinations = assertion.destinations.iter().map(|it| &it.value);
    let flows = destinations
        .filter(|it| is_single(it))
        .flat_map(|destination| {
            let services = assertion.services.iter().map(|it| it.value);
            services
                .filter(|service| has_one_port(*service))
                .map(move |service| (destination, service))
        });
    let against = if assertion.reaches {
        Verdict::Denied
    } else {
        Verdict::Allowed
    };
    for (destination, service) in flows {
        for (subnet, trace) in traces(context, assertion, destination, service) {
            if trace.verdict == against {
                let finding = finding(context, assertion, destination, service, &trace);
                return Some(along(finding, context.estate, subnet, &trace));
            }
        }
    }
    None
}

fn is_single(destination: &Destination) -> bool {
    match destination {
        Destination::Prefix(prefix) => prefix.prefix_len() == prefix.max_prefix_len(),
        Destination::Fqdn(FqdnPattern::Exact(_)) => true,
        _ => false,
    }
}

fn has_one_port(service: Service) -> bool {
    let (transport, ports) = service.transport_ports();
    let (first, last) = ports.bounds();
    transport.has_ports() && transport != crate::net::Transport::Any && first == last
}

fn traces(
    context: &Context<'_>,
    assertion: &Assertion,
    destination: &Destination,
    service: Service,
) -> Vec<(ElementId<Subnet>, Trace)> {
    let plane = context.plane;
    let (transport, port) = sample_service(service);
    let subnets = context.estate.pools[assertion.pool].subnets.iter();
    let mut traces = Vec::new();
    for subnet in subnets.filter_map(|subnet| subnet.id) {
        let Some(address) = plane.some_address(subnet) else {
            continue;
        };
        for to in sample_targets(plane, destination).unwrap_or_default() {
            let trace = plane.trace(&Flow {
                from: Sender::Inside { subnet, address },
                to,
                transport,
                port,
                announced: Announced::Target,
                at_once: None,
            });
            traces.push((subnet, trace));
        }
    }
    traces
}

fn finding(
    context: &Context<'_>,
    assertion: &Assertion,
    destination: &Destination,
    service: Service,
    trace: &Trace,
) -> Finding {
    let pool = &context.estate.pools[assertion.pool].meta.name;
    let does = if assertion.reaches {
        "does not reach"
    } else {
        "reaches"
    };
    let mut finding = Finding::new(
        Id::TG7011,
        format!("pool `{pool}` {does} {destination} over {service}"),
    )
    .at(assertion.origin, "this does not hold")
    .help("ask `tidegate explain flow` for the way it takes");
    if let Some(blocker) = trace.decisive() {
        finding = finding.related(
            blocker.element.origin,
            format!("stops it: {}", blocker.text),
        );
    }
    for rule in trace.matched.iter().filter(|_| !assertion.reaches) {
        finding = finding.related(rule.origin, "lets it through");
    }
    if trace.assumptions.is_empty() {
        finding
    } else {
        finding.severity(Severity::Warning).assumed()
    }
}
