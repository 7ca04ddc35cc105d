//! TG7011: assertions that do not hold.

use crate::azure::{Stage, Trace, Verdict};
use crate::base::Origin;
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Id as ElementId, Subnet};
use crate::intent::{Assertion, Demand, Devices, Subject, Via};
use crate::lint::Context;
use crate::lint::common::path::along;
use crate::lint::common::wanted::contradict;

use super::decided::{Answer, Broken, Fault, Open, decide};

rule! {
    /// An assertion that the network does not keep: what must never be reached gets through, what must be reached
    /// does not, or it gets there past the firewall that it must go `via`, or something else is reached than what alone
    /// may be.
    ///
    /// A policy asserts of its pools; the `assertions` of `tidegate.yaml` assert of subnets, in every network that is
    /// linted. All flows of each subnet concerned are followed at once, as sets, through security groups, routes,
    /// firewalls and public addresses, and their replies back: every address of a prefix, every name of a wildcard, every
    /// port of a range. An assertion that does not hold comes with a flow that breaks it, which was followed alone as
    /// well; one of subnets without a finding is proved.
    ///
    /// What is reached gets a reply: where replies are lost, `reaches` does not hold and `never reaches` does. A
    /// service tag without its file is a set of addresses that nobody knows, and judged as that. A name without a known
    /// address is judged by what is asked for under that name. `only reaches` is about what leaves the virtual networks,
    /// and all `only reaches` of one pool or subnet are one.
    ///
    /// Where what decides is not known, a policy hears nothing, and of subnets a note says what it is. Where an answer
    /// rests on an assumption, it is a warning; and where there is too much to compare, a note says so. An assertion that
    /// a requirement contradicts is TG8002.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 { subnet nodes 10.1.0.0/24 { nsg nodes-nsg } }
    /// nsg nodes-nsg {
    ///   rule no-sql 200 outbound deny from any to 203.0.113.9 tcp/1433
    /// }
    /// pool apps in spoke.nodes { outbound loadBalancer }
    /// assert apps reaches 203.0.113.0/24 tcp/1433
    /// ```
    ///
    /// `tidegate explain flow` shows the way that the flow takes and what lets it through or stops it.
    TG7011, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let assertions = &context.intent.assertions;
    if assertions.is_empty() {
        return;
    }
    let contradicted = |assertion: &Assertion| {
        let mut requirements = context.intent.requirements.iter();
        requirements.any(|requirement| contradict(requirement, assertion))
    };
    for (at, answers) in decide(context, contradicted) {
        let Some(assertion) = assertions.get(at) else {
            continue;
        };
        match &assertion.from {
            Subject::Pool(pool) => {
                let who = format!("pool `{}`", context.estate.pools[*pool].meta.name);
                let answers = answers.into_iter().map(|(_, answer)| answer);
                findings.extend(of_pool(context, assertion, &who, answers));
            }
            Subject::Subnets(_) => {
                for (subnet, answer) in answers {
                    findings.extend(of_subnet(context, assertion, subnet, answer));
                }
            }
        }
    }
}

fn message(broken: &Broken<'_>, who: &str) -> String {
    let what = &broken.what;
    match broken.fault {
        Fault::Stopped => format!("{who} does not reach {what}"),
        Fault::Unanswered => format!("{who} gets no reply from {what}"),
        Fault::LetThrough => format!("{who} reaches {what}"),
        Fault::Unnamed => format!("{who} reaches {what}, which is not among what alone it may"),
        Fault::Past(via) => format!("{who} reaches {what}, but not {}", words(via)),
    }
}

fn words(via: &Via) -> String {
    format!("via {} `{}`", via.devices.kind(), via.name)
}

/// What is said of a pool: its worst answer.
fn of_pool<'a>(
    context: &Context<'_>,
    assertion: &Assertion,
    who: &str,
    answers: impl Iterator<Item = Answer<'a>>,
) -> Option<Finding> {
    let rank = |answer: &Answer<'_>| match answer {
        Answer::Broken(_) => 0,
        Answer::TooLarge => 1,
        Answer::Open(_) => 2,
        Answer::NoAddresses => 3,
        Answer::Kept => 4,
    };
    let broken = match answers.min_by_key(rank)? {
        Answer::Kept | Answer::Open(_) | Answer::NoAddresses => return None,
        Answer::TooLarge => {
            return Some(too_large(who).at(assertion.origin, "this is not decided"));
        }
        Answer::Broken(broken) => broken,
    };
    let trace = &broken.trace;
    let mut finding = Finding::new(Id::TG7011, message(&broken, who))
        .at(assertion.origin, "this does not hold")
        .help("ask `tidegate explain flow` for the way it takes");
    match broken.fault {
        Fault::Stopped | Fault::Unanswered => {
            if let Some(blocker) = trace.decisive() {
                let stops = format!("stops it: {}", blocker.text);
                finding = finding.related(blocker.element.origin, stops);
            }
        }
        Fault::LetThrough | Fault::Unnamed => {
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
    let finding = graded(finding, assertion, &broken);
    Some(along(finding, context.estate, broken.from, trace))
}

/// What is wrong with one subnet of a network that exists: at what decides, because that is in the network's own files.
fn of_subnet(
    context: &Context<'_>,
    assertion: &Assertion,
    subnet: ElementId<Subnet>,
    answer: Answer<'_>,
) -> Option<Finding> {
    let meta = &context.estate.subnets[subnet].meta;
    let who = format!("subnet `{}`", meta.name);
    let finding = match answer {
        Answer::Kept => return None,
        Answer::NoAddresses => {
            // That must not look like an assertion that holds.
            let message = format!("whether {who} keeps an assertion cannot be followed");
            not_known(message).at(meta.origin, "its addresses are not known")
        }
        Answer::TooLarge => too_large(&who).at(meta.origin, "from here"),
        Answer::Open(open) => still_open(assertion, &open, &who).at(meta.origin, "from here"),
        Answer::Broken(broken) => {
            let (place, label) = decider(broken.fault, &broken.trace, meta.origin);
            let finding = Finding::new(Id::TG7011, message(&broken, &who)).at(place, label);
            let finding = graded(finding, assertion, &broken);
            along(finding, context.estate, subnet, &broken.trace)
        }
    };
    let finding = finding.related(assertion.origin, "asserted here");
    Some(match &assertion.reason {
        Some(reason) => finding.help(format!("asserted because: {reason}")),
        None => finding,
    })
}

/// What keeps it from being known whether flows are as asserted.
fn still_open(assertion: &Assertion, open: &Open<'_>, who: &str) -> Finding {
    let what = &open.what;
    if let Some(via) = open.way {
        let message = format!("whether {who} reaches {what} {} is not known", words(via));
        return not_known(message).help(why_open(via));
    }
    let message = match &assertion.demand {
        Demand::OnlyReaches => format!(
            "whether {who} reaches {what}, which is not among what alone it may, is not known"
        ),
        Demand::Reaches { via: Some(via) } => {
            format!("whether {who} reaches {what} {} is not known", words(via))
        }
        Demand::Reaches { via: None } | Demand::NeverReaches => {
            format!("whether {who} reaches {what} is not known")
        }
    };
    let finding = not_known(message);
    let trace = open.trace.as_ref();
    let unsure = trace.filter(|trace| trace.verdict == Verdict::Uncertain);
    let blocker = unsure.and_then(Trace::decisive);
    let finding = match blocker {
        Some(blocker) => finding.related(
            blocker.element.origin,
            format!("may stop it: {}", blocker.text),
        ),
        None => finding,
    };
    let doubts = open.doubts.iter().take(MOST_DOUBTS);
    let finding = doubts.fold(finding, |finding, doubt| {
        finding.help(format!("not known: {doubt}"))
    });
    let assumed = trace.and_then(|trace| trace.assumptions.first());
    if open.doubts.is_empty() && blocker.is_none() {
        finding.maybe_help(assumed.map(|it| format!("it rests on this: {}", it.text)))
    } else {
        finding
    }
}

/// How many things that are not known are told.
const MOST_DOUBTS: usize = 3;

fn not_known(message: String) -> Finding {
    Finding::new(Id::TG7011, message)
        .severity(Severity::Note)
        .assumed()
}

fn too_large(who: &str) -> Finding {
    not_known(format!(
        "whether {who} keeps an assertion is too large to decide"
    ))
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
        Fault::Stopped | Fault::Unanswered => {
            let blocker = trace.decisive();
            let stops = blocker.map(|blocker| format!("stops it: {}", blocker.text));
            let origin = blocker.map(|blocker| blocker.element.origin);
            (origin, stops.unwrap_or_default(), "from here")
        }
        Fault::LetThrough | Fault::Unnamed => {
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

fn graded(finding: Finding, assertion: &Assertion, broken: &Broken<'_>) -> Finding {
    let finding = match broken.flows.as_slice() {
        [] => finding,
        lines => finding.help(format!("all of these: {}", lines.join("; "))),
    };
    let assumed = broken.trace.assumptions.first();
    let assumed = assumed.map(|it| it.text.clone());
    let assumed = assumed.or_else(|| broken.rests_on.first().map(ToString::to_string));
    match assumed {
        None => finding.severity(assertion.severity),
        Some(text) => finding
            .severity(assertion.severity.min(Severity::Warning))
            .assumed()
            .help(format!("it rests on this: {text}")),
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
                Some("pool `p` reaches 203.0.113.7 over any, such as 203.0.113.7 over tcp/443"),
            ),
            (
                "assert p reaches 203.0.113.7",
                Some("pool `p` does not reach 203.0.113.7 over any, such as 203.0.113.7 over icmp"),
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
            // Every address and every port is asked about, not one of them.
            ("assert p reaches 203.0.113.0/24 tcp/443", None),
            (
                "assert p reaches 203.0.112.0/23 tcp/443",
                Some(
                    "pool `p` does not reach 203.0.112.0/23 over tcp/443, such as 203.0.112.0 over tcp/443",
                ),
            ),
            (
                "assert p reaches 203.0.113.7 tcp/443-444",
                Some(
                    "pool `p` does not reach 203.0.113.7 over tcp/443-444, such as 203.0.113.7 over tcp/444",
                ),
            ),
            (
                "assert p never reaches 0.0.0.0/0 tcp/400-500",
                Some(
                    "pool `p` reaches 0.0.0.0/0 over tcp/400-500, such as 203.0.113.0 over tcp/443",
                ),
            ),
            (
                "assert p never reaches 0.0.0.0/0 tcp/1-442, tcp/444-65535, udp/*",
                None,
            ),
            ("assert p only reaches 203.0.113.0/24 tcp/443", None),
            (
                "assert p only reaches 203.0.113.0/25 tcp/443",
                Some(
                    "pool `p` reaches 203.0.113.128 over tcp/443, which is not among what alone it may",
                ),
            ),
            // What several name is read together.
            (
                "assert p only reaches 203.0.113.0/25 tcp/443\nassert p only reaches 203.0.113.128/25 tcp/*",
                None,
            ),
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
