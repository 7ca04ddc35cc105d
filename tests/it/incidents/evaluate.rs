//! The only place that calls the evaluator.

use tidegate::azure::facts::Facts;
use tidegate::azure::preflight::{Refusal, preflight};
use tidegate::azure::provisioning::{Symptom, symptoms};
use tidegate::azure::{Answer, Cause, Dataplane, Flow, Outcome, Resolution, Step, Verdict, rbac};
use tidegate::estate::{Id, Identity, Pool, Scope, Subnet};
use tidegate::explain::fqdn_tag_contents;
use tidegate::net::Fqdn;

use super::super::policy::built_in;
use super::deficit::lacks;
use super::observed::{Observed, Seen};
use super::topology::Built;

fn plane(built: &Built) -> Dataplane<'_> {
    let (_, library) = built_in();
    let contents = fqdn_tag_contents(library, &built.estate);
    Dataplane::new(&built.estate, Facts::builtin(), None).with_fqdn_tags(contents)
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
    if trace.verdict != Verdict::Uncertain {
        observed.lacks = lacks(&plane, flow);
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
        addresses: _,
        outcome,
        blockers,
        steps,
        assumptions: _,
        asked_from: _,
    } = plane.look_up(subnet, name);
    let word = match answer {
        Answer::Private(_) => Some("private"),
        Answer::Public(_) => Some("public"),
        Answer::None => Some("none"),
        Answer::Unknown => None,
    };
    let mut observed = Observed {
        verdict: match (outcome, word) {
            // Whether an answer that leads to the wrong place resolves or fails is a matter of words.
            (Outcome::Blocks, Some("private" | "public")) => "resolves",
            (Outcome::Blocks, _) | (Outcome::Passes, Some("none")) => "fails",
            (Outcome::Unclear, _) | (_, None) => "uncertain",
            (Outcome::Passes, Some(_)) => "resolves",
        },
        misleads: outcome == Outcome::Blocks,
        steps: of_steps(&steps, built),
        answer: word,
        answered: answer.address(),
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
            subject: _,
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
        // One error may stand inside another.
        let inner = message
            .iter()
            .flat_map(|text| text.split("SubCode: ").skip(1));
        let inner = inner.filter_map(|text| text.split(';').next());
        observed.codes.extend(inner.map(str::to_owned));
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
        Scope::Service(service) => service.id.map(rbac::Target::Service),
        Scope::ResourceGroup(group) => group.clone().map(rbac::Target::ResourceGroup),
        Scope::Subscription(name) => name.clone().map(rbac::Target::Subscription),
        Scope::ManagementGroup(name) => Some(rbac::Target::ManagementGroup(name.clone())),
    };
    let target = target.ok_or("this scope has no name to ask about")?;
    let facts = Facts::builtin();
    let decision = rbac::decide(&built.estate, facts, identity, action, &target);
    let cause = match target {
        rbac::Target::DnsZone(_) => Cause::DnsZonePermission,
        _ => Cause::MissingPermission,
    };
    let near = decision.near.iter().map(|near| &near.element);
    Ok(Observed {
        verdict: match decision.answer {
            rbac::Answer::Granted => "allow",
            rbac::Answer::Denied | rbac::Answer::Missing => "deny",
            rbac::Answer::Unknown => "uncertain",
        },
        cause: decision.is_refused().then(|| cause.slug()),
        element: Some(Seen::of(&decision.element, built)),
        near: near.map(|element| Seen::of(element, built)).collect(),
        text: decision.text,
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
        observed.codes.extend(symptom.code);
        observed.exits.extend(symptom.exit);
        observed.messages.extend(symptom.message);
    }
}
