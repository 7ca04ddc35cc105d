//! TG7011: assertions that do not hold.

use crate::azure::{
    Announced, Flow, Sender, Target, Trace, Verdict, sample_service, sample_targets,
};
use crate::base::Origin;
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Id as ElementId, Subnet};
use crate::intent::{Assertion, Subject};
use crate::lint::Context;
use crate::lint::common::path::along;
use crate::lint::common::wanted::contradict;
use crate::net::{Destination, FqdnPattern, Service};

rule! {
    /// An assertion that the network does not keep: what must never be reached gets through, or what must be reached
    /// does not.
    ///
    /// A policy asserts of its pools; the `assertions` of `tidegate.yaml` assert of subnets, in every network that is
    /// linted. Each address or name with each service is followed through security groups, routes and firewalls, from
    /// every subnet concerned. A flow that breaks the assertion is certain. Of a prefix, a wildcard or a range of
    /// ports one flow is followed; that it keeps the assertion does not prove that all do.
    ///
    /// Where the way is not certain, a policy hears nothing, and of subnets a note says what is not known. Where it rests
    /// on an assumption, it is a warning. An assertion that a requirement contradicts is TG8002.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 { subnet nodes 10.1.0.0/24 { nsg nodes-nsg } }
    /// nsg nodes-nsg {
    ///   rule no-sql 200 outbound deny from any to 203.0.113.9 tcp/1433
    /// }
    /// pool apps in spoke.nodes { outbound loadBalancer }
    /// assert apps reaches 203.0.113.9 tcp/1433
    /// ```
    ///
    /// `tidegate explain flow` shows the way that the flow takes and what lets it through or stops it.
    TG7011, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for assertion in &context.intent.assertions {
        match &assertion.from {
            Subject::Pool(pool) => {
                let mut requirements = context.intent.requirements.iter();
                if requirements.any(|requirement| contradict(requirement, assertion)) {
                    continue;
                }
                let pool = &context.estate.pools[*pool];
                let subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
                let followed = subnets.flat_map(|subnet| followed(context, assertion, subnet));
                let broken = followed.into_iter().find(|one| one.breaks(assertion));
                let who = format!("pool `{}`", pool.meta.name);
                findings.extend(broken.map(|broken| of_pool(context, assertion, &who, &broken)));
            }
            Subject::Subnets(subnets) => {
                for subnet in subnets {
                    findings.extend(of_subnet(context, assertion, *subnet));
                }
            }
        }
    }
}

/// One flow for an assertion, followed.
struct Followed<'a> {
    from: ElementId<Subnet>,
    destination: &'a Destination,
    service: Service,
    to: Target,
    port: u16,
    trace: Trace,
}

impl Followed<'_> {
    fn breaks(&self, assertion: &Assertion) -> bool {
        self.trace.verdict
            == if assertion.reaches {
                Verdict::Denied
            } else {
                Verdict::Allowed
            }
    }

    /// What is reached or not: where one flow stands for many, with that one.
    fn what(&self) -> String {
        let (destination, service) = (self.destination, self.service);
        let (address, name) = (self.to.address, self.to.name.as_ref());
        let example = address
            .map(|address| address.to_string())
            .or_else(|| name.map(ToString::to_string));
        match example.filter(|_| !is_single(destination) || !has_one_port(service)) {
            Some(example) => {
                format!(
                    "{destination} over {service}, such as {example}:{}",
                    self.port
                )
            }
            None => format!("{destination} over {service}"),
        }
    }
}

fn followed<'a>(
    context: &Context<'_>,
    assertion: &'a Assertion,
    subnet: ElementId<Subnet>,
) -> Vec<Followed<'a>> {
    let plane = context.plane;
    let Some(address) = plane.some_address(subnet) else {
        return Vec::new();
    };
    let mut followed = Vec::new();
    for destination in assertion.destinations.iter().map(|it| &it.value) {
        let targets = sample_targets(plane, destination).unwrap_or_default();
        for service in assertion.services.iter().map(|it| it.value) {
            let (transport, port) = sample_service(service);
            for to in &targets {
                let trace = plane.trace(&Flow {
                    from: Sender::Inside { subnet, address },
                    to: to.clone(),
                    transport,
                    port,
                    announced: Announced::Target,
                    at_once: None,
                });
                followed.push(Followed {
                    from: subnet,
                    destination,
                    service,
                    to: to.clone(),
                    port,
                    trace,
                });
            }
        }
    }
    followed
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

fn of_pool(
    context: &Context<'_>,
    assertion: &Assertion,
    who: &str,
    broken: &Followed<'_>,
) -> Finding {
    let mut finding = Finding::new(Id::TG7011, message(assertion, who, broken))
        .at(assertion.origin, "this does not hold")
        .help("ask `tidegate explain flow` for the way it takes");
    if let Some(blocker) = broken.trace.decisive() {
        let stops = format!("stops it: {}", blocker.text);
        finding = finding.related(blocker.element.origin, stops);
    }
    for rule in broken.trace.matched.iter().filter(|_| !assertion.reaches) {
        finding = finding.related(rule.origin, "lets it through");
    }
    let finding = graded(finding, assertion, &broken.trace);
    along(finding, context.estate, broken.from, &broken.trace)
}

/// What is wrong with one subnet of a network that exists: at what decides, because that is in the network's own files.
fn of_subnet(
    context: &Context<'_>,
    assertion: &Assertion,
    subnet: ElementId<Subnet>,
) -> Option<Finding> {
    let followed = followed(context, assertion, subnet);
    let meta = &context.estate.subnets[subnet].meta;
    let who = format!("subnet `{}`", meta.name);
    let asserted = |finding: Finding| {
        let finding = finding.related(assertion.origin, "asserted here");
        match &assertion.reason {
            Some(reason) => finding.help(format!("asserted because: {reason}")),
            None => finding,
        }
    };
    if let Some(broken) = followed.iter().find(|one| one.breaks(assertion)) {
        let (place, label) = decider(assertion, &broken.trace, meta.origin);
        let finding = Finding::new(Id::TG7011, message(assertion, &who, broken)).at(place, label);
        let finding = asserted(graded(finding, assertion, &broken.trace));
        return Some(along(finding, context.estate, subnet, &broken.trace));
    }
    if followed.is_empty() {
        // Its addresses, or what a tag holds, are not known: that must not look like an assertion that holds.
        let message = format!("whether {who} keeps an assertion cannot be followed");
        let finding = Finding::new(Id::TG7011, message)
            .severity(Severity::Note)
            .assumed()
            .at(
                meta.origin,
                "its addresses, or what the assertion names, are not known",
            );
        return Some(asserted(finding));
    }
    let open = followed
        .iter()
        .find(|one| one.trace.verdict == Verdict::Uncertain)?;
    let message = format!("whether {who} reaches {} is not known", open.what());
    let finding = Finding::new(Id::TG7011, message)
        .severity(Severity::Note)
        .assumed()
        .at(meta.origin, "from here");
    let finding = match (open.trace.decisive(), open.trace.assumptions.first()) {
        (Some(blocker), _) => {
            let label = format!("may stop it: {}", blocker.text);
            finding.related(blocker.element.origin, label)
        }
        (None, Some(assumption)) => finding.help(format!("it rests on this: {}", assumption.text)),
        (None, None) => finding,
    };
    Some(asserted(finding))
}

/// The element that decides against an assertion.
fn decider(assertion: &Assertion, trace: &Trace, otherwise: Origin) -> (Origin, String) {
    let known = |origin: Origin| origin.span().is_some();
    if assertion.reaches {
        let blocker = trace
            .decisive()
            .filter(|blocker| known(blocker.element.origin));
        return blocker.map_or((otherwise, "from here".to_owned()), |blocker| {
            let stops = format!("stops it: {}", blocker.text);
            (blocker.element.origin, stops)
        });
    }
    let rules = trace.matched.iter().rev();
    let rule = rules.map(|rule| rule.origin).find(|origin| known(*origin));
    match rule {
        Some(origin) => (origin, "lets it through".to_owned()),
        None => (otherwise, "nothing stops it".to_owned()),
    }
}

fn message(assertion: &Assertion, who: &str, broken: &Followed<'_>) -> String {
    let does = if assertion.reaches {
        "does not reach"
    } else {
        "reaches"
    };
    format!("{who} {does} {}", broken.what())
}

fn graded(finding: Finding, assertion: &Assertion, trace: &Trace) -> Finding {
    if trace.assumptions.is_empty() {
        finding.severity(assertion.severity)
    } else {
        let assumed = trace.assumptions.first();
        finding
            .severity(assertion.severity.min(Severity::Warning))
            .assumed()
            .maybe_help(assumed.map(|it| format!("it rests on this: {}", it.text)))
    }
}
