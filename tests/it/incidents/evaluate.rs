//! The only place that calls the evaluator.

use tidegate::azure::facts::Facts;
use tidegate::azure::preflight::{Refusal, preflight};
use tidegate::azure::{Dataplane, Flow, Outcome, Step, Trace, Verdict, rbac};
use tidegate::estate::{Id, Identity, Pool, Scope, Subnet};
use tidegate::net::Fqdn;

use super::observed::{Observed, Seen};
use super::topology::Built;

use stand_in::{Answer, Evaluate as _, Resolution, Symptom, symptoms};

fn plane(built: &Built) -> Dataplane<'_> {
    Dataplane::new(&built.estate, Facts::builtin(), None)
}

/// What becomes of a flow.
pub(super) fn flow(built: &Built, flow: &Flow) -> Observed {
    let plane = plane(built);
    let trace = plane.trace(flow);
    let seen = |element| Seen::of(element, built);
    let mut observed = Observed {
        verdict: match trace.verdict {
            Verdict::Allowed => "allow",
            Verdict::Uncertain => "uncertain",
            Verdict::NoReturn => "no_return",
            Verdict::Denied => "deny",
        },
        steps: of_steps(&trace.steps, built),
        matched: trace.matched.iter().map(seen).collect(),
        shadowed: trace.overruled.iter().map(seen).collect(),
        path: trace.path.iter().map(seen).collect(),
        source_nat: trace.source_nat.clone(),
        ..Observed::default()
    };
    if let Some(blocker) = trace.decisive() {
        observed.blocked_by(blocker, built);
    }
    if let Some(pool) = built.pool {
        told(&mut observed, symptoms(&plane, pool, flow, &trace));
    }
    observed
}

/// What a name leads to in a subnet. The flow is the one that uses the name.
pub(super) fn dns(built: &Built, subnet: Id<Subnet>, name: &Fqdn, flow: &Flow) -> Observed {
    let plane = plane(built);
    let Resolution {
        answer,
        outcome,
        blockers,
        steps,
    } = plane.look_up(subnet, name);
    let (word, address) = match answer {
        Answer::Private(address) => (Some("private"), Some(address)),
        Answer::Public(address) => (Some("public"), address),
        Answer::None => (Some("none"), None),
        Answer::Unknown => (None, None),
    };
    let mut observed = Observed {
        verdict: match (outcome, word) {
            (Outcome::Blocks, _) | (Outcome::Passes, Some("none")) => "fails",
            (Outcome::Unclear, _) | (_, None) => "uncertain",
            (Outcome::Passes, Some(_)) => "resolves",
        },
        steps: of_steps(&steps, built),
        answer: word,
        answered: address,
        ..Observed::default()
    };
    let certain = blockers
        .iter()
        .find(|blocker| blocker.outcome == Outcome::Blocks);
    if let Some(blocker) = certain.or(blockers.first()) {
        observed.blocked_by(blocker, built);
    }
    if let Some(pool) = built.pool {
        let trace = plane.trace(flow);
        told(&mut observed, symptoms(&plane, pool, flow, &trace));
    }
    observed
}

/// What the resource provider says.
pub(super) fn create(built: &Built, pool: Id<Pool>) -> Observed {
    let answer = preflight(&plane(built), pool);
    let mut observed = Observed {
        verdict: if answer.refusals.is_empty() {
            "accept"
        } else {
            "reject"
        },
        ..Observed::default()
    };
    // What is accepted may come with a warning, which has a cause too.
    if let Some(refusal) = answer.refusals.first().or(answer.warnings.first()) {
        let Refusal {
            cause,
            element,
            text,
            code,
            message,
            missing_actions,
        } = refusal;
        observed.cause = Some(cause.slug());
        observed.element = Some(Seen::of(element, built));
        observed.text.clone_from(text);
        observed.codes.extend(code.clone());
        observed.messages.extend(message.clone());
        observed.missing_actions.clone_from(missing_actions);
    }
    observed
}

/// Whether an identity may do something.
pub(super) fn may(
    built: &Built,
    identity: Id<Identity>,
    action: &str,
    scope: &Scope,
) -> Result<Observed, String> {
    let target = match scope {
        Scope::Vnet(vnet) => vnet.id.map(rbac::Target::Vnet),
        Scope::Subnet(subnet) => subnet.id.map(rbac::Target::Subnet),
        Scope::RouteTable(table) => table.id.map(rbac::Target::RouteTable),
        Scope::Nsg(nsg) => nsg.id.map(rbac::Target::Nsg),
        Scope::NatGateway(gateway) => gateway.id.map(rbac::Target::NatGateway),
        Scope::PublicIp(ip) => ip.id.map(rbac::Target::PublicIp),
        Scope::DnsZone(zone) => zone.id.map(rbac::Target::DnsZone),
        _ => None,
    };
    let target = target.ok_or("this kind of scope cannot be asked about yet")?;
    let answer = rbac::may(&built.estate, Facts::builtin(), identity, action, target);
    Ok(Observed {
        verdict: match answer {
            rbac::Answer::Granted => "allow",
            rbac::Answer::Missing => "deny",
            rbac::Answer::Unknown => "uncertain",
        },
        ..Observed::default()
    })
}

fn of_steps(steps: &[Step], built: &Built) -> Vec<Seen> {
    let elements = steps.iter().map(|step| &step.element);
    elements.map(|element| Seen::of(element, built)).collect()
}

/// Takes over what Azure may show.
fn told(observed: &mut Observed, symptoms: Vec<Symptom>) {
    for symptom in symptoms {
        observed.codes.push(symptom.code);
        observed.exits.extend(symptom.exit);
        observed.messages.extend(symptom.message);
    }
}

/// What the evaluator does not have yet, under the names it will have. It knows nothing, so its answers are unclear.
mod stand_in {
    use std::net::IpAddr;

    use super::{Dataplane, Flow, Fqdn, Id, Outcome, Pool, Step, Subnet, Trace, Verdict};
    use tidegate::azure::Blocker;

    #[derive(Debug)]
    #[expect(dead_code, reason = "the stand-in knows no answer")]
    pub(super) enum Answer {
        Private(IpAddr),
        Public(Option<IpAddr>),
        None,
        Unknown,
    }

    #[derive(Debug)]
    pub(super) struct Resolution {
        pub(super) answer: Answer,
        pub(super) outcome: Outcome,
        pub(super) blockers: Vec<Blocker>,
        pub(super) steps: Vec<Step>,
    }

    #[derive(Debug)]
    pub(super) struct Symptom {
        pub(super) code: String,
        pub(super) exit: Option<u16>,
        pub(super) message: Option<String>,
    }

    pub(super) trait Evaluate {
        fn trace(&self, flow: &Flow) -> Trace;
        fn look_up(&self, subnet: Id<Subnet>, name: &Fqdn) -> Resolution;
    }

    impl Evaluate for Dataplane<'_> {
        fn trace(&self, _: &Flow) -> Trace {
            Trace {
                steps: Vec::new(),
                verdict: Verdict::Uncertain,
                blockers: Vec::new(),
                assumptions: Vec::new(),
                path: Vec::new(),
                matched: Vec::new(),
                overruled: Vec::new(),
                source_nat: Vec::new(),
                resolved: None,
            }
        }

        fn look_up(&self, _: Id<Subnet>, _: &Fqdn) -> Resolution {
            Resolution {
                answer: Answer::Unknown,
                outcome: Outcome::Unclear,
                blockers: Vec::new(),
                steps: Vec::new(),
            }
        }
    }

    pub(super) fn symptoms(_: &Dataplane<'_>, _: Id<Pool>, _: &Flow, _: &Trace) -> Vec<Symptom> {
        Vec::new()
    }
}
