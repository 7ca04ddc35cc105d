//! TG7011: assertions that do not hold.

use crate::azure::{Stage, Trace};
use crate::base::Origin;
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Id as ElementId, Subnet};
use crate::intent::{Assertion, Devices, Subject, Via};
use crate::lint::Context;
use crate::lint::common::path::along;
use crate::lint::common::wanted::contradict;

use super::followed::{Claim, Fate, Fault, Followed, followed};

rule! {
    /// An assertion that the network does not keep: what must never be reached gets through, what must be reached
    /// does not, or it gets there past the firewall that it must go `via`.
    ///
    /// A policy asserts of its pools; the `assertions` of `tidegate.yaml` assert of subnets, in every network that is
    /// linted. Each address or name with each service is followed through security groups, routes and firewalls, from
    /// every subnet concerned. A flow that breaks the assertion is certain. Of a prefix, a wildcard or a range of
    /// ports one flow is followed; that it keeps the assertion does not prove that all do. No example can stand for
    /// `only reaches`, which is about every flow there is.
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
        let Some(claim) = Claim::of(&assertion.demand) else {
            continue;
        };
        match &assertion.from {
            Subject::Pool(pool) => {
                let mut requirements = context.intent.requirements.iter();
                if requirements.any(|requirement| contradict(requirement, assertion)) {
                    continue;
                }
                let pool = &context.estate.pools[*pool];
                let subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
                let mut flows = subnets.flat_map(|subnet| followed(context, assertion, subnet));
                let broken = flows.find_map(|one| Broken::by(one, claim));
                let who = format!("pool `{}`", pool.meta.name);
                findings.extend(broken.map(|broken| of_pool(context, assertion, &who, &broken)));
            }
            Subject::Subnets(subnets) => {
                for subnet in subnets {
                    findings.extend(of_subnet(context, assertion, claim, *subnet));
                }
            }
        }
    }
}

/// A flow that breaks an assertion.
struct Broken<'a> {
    flow: Followed<'a>,
    fault: Fault<'a>,
}

impl<'a> Broken<'a> {
    fn by(flow: Followed<'a>, claim: Claim<'a>) -> Option<Self> {
        match flow.fate(claim) {
            Fate::Breaks(fault) => Some(Self { flow, fault }),
            Fate::Keeps | Fate::Open | Fate::OpenWay(_) => None,
        }
    }

    fn message(&self, who: &str) -> String {
        let what = self.flow.what();
        match self.fault {
            Fault::Stopped => format!("{who} does not reach {what}"),
            Fault::LetThrough => format!("{who} reaches {what}"),
            Fault::Past(via) => format!("{who} reaches {what}, but not {}", words(via)),
        }
    }
}

fn words(via: &Via) -> String {
    format!("via {} `{}`", via.devices.kind(), via.name)
}

fn of_pool(
    context: &Context<'_>,
    assertion: &Assertion,
    who: &str,
    broken: &Broken<'_>,
) -> Finding {
    let trace = &broken.flow.trace;
    let mut finding = Finding::new(Id::TG7011, broken.message(who))
        .at(assertion.origin, "this does not hold")
        .help("ask `tidegate explain flow` for the way it takes");
    match broken.fault {
        Fault::Stopped => {
            if let Some(blocker) = trace.decisive() {
                let stops = format!("stops it: {}", blocker.text);
                finding = finding.related(blocker.element.origin, stops);
            }
        }
        Fault::LetThrough => {
            for rule in &trace.matched {
                finding = finding.related(rule.origin, "lets it through");
            }
        }
        Fault::Past(_) => {
            if let Some(route) = first_route(trace) {
                finding = finding.related(route, ANOTHER_WAY);
            }
        }
    }
    let finding = graded(finding, assertion, trace);
    along(finding, context.estate, broken.flow.from, trace)
}

/// What is wrong with one subnet of a network that exists: at what decides, because that is in the network's own files.
fn of_subnet<'a>(
    context: &Context<'_>,
    assertion: &'a Assertion,
    claim: Claim<'a>,
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
    if followed.is_empty() {
        // Its addresses, or what a tag holds, are not known: that must not look like an assertion that holds.
        let message = format!("whether {who} keeps an assertion cannot be followed");
        let label = "its addresses, or what the assertion names, are not known";
        return Some(asserted(not_known(message).at(meta.origin, label)));
    }
    let open = followed
        .iter()
        .find_map(|one| still_open(one, claim, &who, meta.origin));
    let broken = followed.into_iter().find_map(|one| Broken::by(one, claim));
    let Some(broken) = broken else {
        return open.map(asserted);
    };
    let trace = &broken.flow.trace;
    let (place, label) = decider(broken.fault, trace, meta.origin);
    let finding = Finding::new(Id::TG7011, broken.message(&who)).at(place, label);
    let finding = asserted(graded(finding, assertion, trace));
    Some(along(finding, context.estate, subnet, trace))
}

/// What keeps it from being known whether one flow is as asserted.
fn still_open(flow: &Followed<'_>, claim: Claim<'_>, who: &str, here: Origin) -> Option<Finding> {
    let (what, trace) = (flow.what(), &flow.trace);
    match flow.fate(claim) {
        Fate::Keeps | Fate::Breaks(_) => None,
        Fate::Open => {
            let message = format!("whether {who} reaches {what} is not known");
            let finding = not_known(message).at(here, "from here");
            Some(match (trace.decisive(), trace.assumptions.first()) {
                (Some(blocker), _) => {
                    let label = format!("may stop it: {}", blocker.text);
                    finding.related(blocker.element.origin, label)
                }
                (None, Some(assumption)) => {
                    finding.help(format!("it rests on this: {}", assumption.text))
                }
                (None, None) => finding,
            })
        }
        Fate::OpenWay(via) => {
            let message = format!("whether {who} reaches {what} {} is not known", words(via));
            let finding = not_known(message).at(here, "from here");
            Some(finding.help(why_open(via)))
        }
    }
}

fn not_known(message: String) -> Finding {
    Finding::new(Id::TG7011, message)
        .severity(Severity::Note)
        .assumed()
}

/// Why it is not known whether a flow passes something.
fn why_open(via: &Via) -> String {
    let is_missing = match &via.devices {
        Devices::Firewalls(ids) => ids.is_empty(),
        Devices::Appliances(ids) => ids.is_empty(),
    };
    if is_missing {
        let (kind, name) = (via.devices.kind(), &via.name);
        format!("no {kind} of this network is called `{name}`")
    } else {
        "not every way that it may take is known to pass there".to_owned()
    }
}

const ANOTHER_WAY: &str = "takes it another way";

/// The first route that a flow takes, if somebody wrote it.
fn first_route(trace: &Trace) -> Option<Origin> {
    let mut steps = trace.steps.iter();
    let route = steps.find(|step| step.stage == Stage::Route)?;
    Some(route.element.origin).filter(is_written)
}

fn is_written(origin: &Origin) -> bool {
    origin.span().is_some()
}

/// The element that decides against an assertion.
fn decider(fault: Fault<'_>, trace: &Trace, otherwise: Origin) -> (Origin, String) {
    let (decides, label, or_else) = match fault {
        Fault::Stopped => {
            let blocker = trace.decisive();
            let stops = blocker.map(|blocker| format!("stops it: {}", blocker.text));
            let origin = blocker.map(|blocker| blocker.element.origin);
            (origin, stops.unwrap_or_default(), "from here")
        }
        Fault::LetThrough => {
            let mut rules = trace.matched.iter().rev().map(|rule| rule.origin);
            let origin = rules.find(is_written);
            (origin, "lets it through".to_owned(), "nothing stops it")
        }
        Fault::Past(_) => (first_route(trace), ANOTHER_WAY.to_owned(), "from here"),
    };
    match decides.filter(is_written) {
        Some(origin) => (origin, label),
        None => (otherwise, or_else.to_owned()),
    }
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

#[cfg(test)]
mod tests {
    use crate::diag::{Finding, Id, Severity};
    use crate::lint::testing::findings;

    const NETWORK: &str = "\
vnet v 10.0.0.0/16 {
  subnet AzureFirewallSubnet 10.0.0.0/26
  subnet s 10.0.1.0/24 { route-table t }
  subnet data 10.0.2.0/24
}
firewall fw in v { private-ip 10.0.0.4  public-ip 20.50.1.7  policy rules }
firewall other in v { private-ip 10.0.0.5  public-ip 20.50.1.8 }
firewall-policy rules {
  rule-collection-group own 200 {
    network-rules net 200 allow { rule images from any to 203.0.113.0/24 tcp/443 }
  }
}
route-table t {
  route default 0.0.0.0/0 -> firewall fw
}
pool p in v.s { outbound userDefinedRouting }
";

    fn found(assertion: &str) -> Vec<Finding> {
        findings(Id::TG7011, &format!("{NETWORK}{assertion}"))
    }

    #[test]
    fn flows_break_assertions() {
        for (assertion, message) in [
            ("assert p reaches 203.0.113.7 tcp/443", None),
            (
                "assert p reaches 203.0.113.7 tcp/80",
                Some("pool `p` does not reach 203.0.113.7 over tcp/80"),
            ),
            (
                "assert p never reaches 203.0.113.7 tcp/443",
                Some("pool `p` reaches 203.0.113.7 over tcp/443"),
            ),
            ("assert p never reaches 203.0.113.7 tcp/80", None),
            // Without services it is about all of them.
            (
                "assert p never reaches 203.0.113.7",
                Some("pool `p` reaches 203.0.113.7 over https"),
            ),
            (
                "assert p reaches 203.0.113.7",
                Some("pool `p` does not reach 203.0.113.7 over any, such as 203.0.113.7:1"),
            ),
            ("assert p reaches 203.0.113.7 tcp/443 via firewall fw", None),
            (
                "assert p reaches 203.0.113.7 tcp/80 via firewall fw",
                Some("pool `p` does not reach 203.0.113.7 over tcp/80"),
            ),
            (
                "assert p reaches 203.0.113.7 tcp/443 via firewall other",
                Some("pool `p` reaches 203.0.113.7 over tcp/443, but not via firewall `other`"),
            ),
            (
                "assert p reaches 10.0.2.4 tcp/443 via firewall fw",
                Some("pool `p` reaches 10.0.2.4 over tcp/443, but not via firewall `fw`"),
            ),
            ("assert p only reaches 198.51.100.7 tcp/443", None),
        ] {
            let found = found(assertion);
            let messages = found.iter().map(|it| it.message.as_str());
            let wanted: Vec<&str> = message.into_iter().collect();
            assert_eq!(messages.collect::<Vec<_>>(), wanted, "{assertion}");
            assert!(
                found.iter().all(|it| it.severity == Severity::Error),
                "{found:#?}"
            );
        }
    }

    #[test]
    fn the_route_that_takes_another_way_is_shown() {
        let found = found("assert p reaches 203.0.113.7 tcp/443 via firewall other");
        let labels: Vec<&str> = found[0].related.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(labels, ["takes it another way"]);
        // A route of Azure's own is written nowhere.
        let found = self::found("assert p reaches 10.0.2.4 tcp/443 via firewall fw");
        assert!(found[0].related.is_empty(), "{found:#?}");
    }
}
