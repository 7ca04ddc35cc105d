//! What explaining keeps to, held on random estates and flows: remedies work and each is needed, nothing that a flow
//! has nothing to do with changes its verdict, and knowing more never turns a certain verdict over.

mod build;
mod differences;
mod found;
mod plan;
pub(crate) mod sets;

use std::net::IpAddr;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use tidegate::azure::facts::Facts;
use tidegate::azure::{Dataplane, Flow, Sender, ServiceTags, Target, Trace, Verdict};
use tidegate::estate::Estate;
use tidegate::explain::{Explanation, explain};
use tidegate::net::Transport;

use self::build::{Order, add_strangers};
use self::plan::{Plan, members, plan};

/// How many reasons explaining looks for at most.
const MOST_REASONS: usize = 8;

/// As many cases as the environment asks for, or these.
fn cases(number: u32) -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let config = ProptestConfig::default();
    ProptestConfig {
        cases: if asked { config.cases } else { number },
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..config
    }
}

fn made(plan: &Plan, order: Order) -> (Estate, Flow) {
    let estate = build::estate(plan, order);
    let flow = build::flow(&plan.flow, &estate);
    (estate, flow)
}

fn traced(estate: &Estate, flow: &Flow, tags: Option<&ServiceTags>) -> Trace {
    Dataplane::new(estate, Facts::builtin(), tags).trace(flow)
}

fn explained(estate: &Estate, flow: &Flow) -> Explanation {
    explain(&Dataplane::new(estate, Facts::builtin(), None), flow)
}

/// Verdict and decisive element, as far as ids of the estate do not matter.
fn decision(trace: &Trace) -> (Verdict, Option<(String, &'static str)>) {
    let decisive = trace.decisive();
    let words = decisive.map(|blocker| (blocker.element.name.clone(), blocker.cause.slug()));
    (trace.verdict, words)
}

/// The verdict with the first remedy of every reason applied, but for one.
fn verdict_with(
    explanation: &Explanation,
    estate: &Estate,
    flow: &Flow,
    left_out: Option<usize>,
) -> Verdict {
    let mut changed = estate.clone();
    for (at, reason) in explanation.reasons.iter().enumerate() {
        if Some(at) != left_out
            && let Some(remedy) = reason.remedies.first()
        {
            remedy.apply(&mut changed);
        }
    }
    traced(&changed, flow, None).verdict
}

fn titles(explanation: &Explanation) -> Vec<String> {
    let reasons = explanation.reasons.iter();
    reasons
        .map(|reason| {
            let remedy = reason.remedies.first();
            format!(
                "{} ({}): {}",
                reason.blocker.cause,
                reason.blocker.element,
                remedy.map_or("no remedy", |remedy| remedy.title.as_str())
            )
        })
        .collect()
}

/// A service tag file in which these prefixes are storage.
fn tag_file(storage: &[&str]) -> ServiceTags {
    let tag = |name: &str, prefixes: &[&str]| {
        let prefixes: Vec<String> = prefixes.iter().map(|p| format!("\"{p}\"")).collect();
        format!(
            r#"{{"name": "{name}", "id": "{name}", "properties": {{"changeNumber": 1, "region": "", "regionId": 0, "platform": "Azure", "systemService": "", "addressPrefixes": [{}], "networkFeatures": []}}}}"#,
            prefixes.join(",")
        )
    };
    let cloud: Vec<&str> = storage.iter().copied().chain(["192.0.2.0/28"]).collect();
    let text = format!(
        r#"{{"changeNumber": 1, "cloud": "Public", "values": [{},{}]}}"#,
        tag("Storage", storage),
        tag("AzureCloud", &cloud)
    );
    ServiceTags::parse(&text).unwrap()
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn first_remedies_together_do_what_is_said(plan in plan()) {
        let (estate, flow) = made(&plan, Order(0));
        let explanation = explained(&estate, &flow);
        let told = titles(&explanation);
        if let Some(after) = explanation.after {
            let verdict = verdict_with(&explanation, &estate, &flow, None);
            prop_assert_eq!(verdict, after, "{:?}", told);
        }
        let complete = explanation.reasons.iter().all(|reason| !reason.remedies.is_empty());
        if complete && explanation.reasons.len() < MOST_REASONS {
            let allowed = explanation.after.unwrap_or(explanation.trace.verdict);
            prop_assert_eq!(allowed, Verdict::Allowed, "{:?}", told);
        }
    }

    #[test]
    fn every_remedy_is_needed(plan in plan()) {
        let (estate, flow) = made(&plan, Order(0));
        let explanation = explained(&estate, &flow);
        if explanation.after == Some(Verdict::Allowed) {
            for left_out in 0..explanation.reasons.len() {
                let verdict = verdict_with(&explanation, &estate, &flow, Some(left_out));
                prop_assert_ne!(
                    verdict, Verdict::Allowed,
                    "{} is not needed of {:?}", left_out, titles(&explanation)
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(2_048))]

    #[test]
    fn strangers_change_nothing(plan in plan()) {
        let (mut estate, flow) = made(&plan, Order(0));
        let before = traced(&estate, &flow, None);
        add_strangers(&mut estate);
        let after = traced(&estate, &flow, None);
        prop_assert_eq!(decision(&before), decision(&after));
    }

    #[test]
    fn the_order_of_what_has_none_changes_nothing(plan in plan(), order in 1..u64::MAX) {
        let (estate, flow) = made(&plan, Order(0));
        let (shuffled, same) = made(&plan, Order(order));
        prop_assert_eq!(
            decision(&traced(&estate, &flow, None)),
            decision(&traced(&shuffled, &same, None))
        );
    }

    #[test]
    fn tracing_repeats_itself(plan in plan()) {
        let (estate, flow) = made(&plan, Order(0));
        let plane = Dataplane::new(&estate, Facts::builtin(), None);
        let first = plane.trace(&flow);
        prop_assert_eq!(&first, &plane.trace(&flow));
        prop_assert_eq!(&first, &traced(&estate, &flow, None));
    }

    #[test]
    fn any_flow_at_all_has_a_verdict(
        plan in plan(),
        source in any::<IpAddr>(),
        destination in any::<IpAddr>(),
        transport in select(Transport::ALL.to_vec()),
        port in any::<u16>(),
        place in any::<Option<Index>>(),
    ) {
        let (estate, flow) = made(&plan, Order(0));
        let subnets: Vec<_> = estate.subnets.ids().collect();
        let flow = Flow {
            from: match place {
                Some(place) => Sender::Inside { subnet: *place.get(&subnets), address: source },
                None => Sender::Outside { address: source, tags: Vec::new() },
            },
            to: Target { address: Some(destination), ..flow.to.clone() },
            transport,
            port,
            ..flow
        };
        let trace = traced(&estate, &flow, None);
        prop_assert_eq!(trace.verdict == Verdict::Allowed, trace.blockers.is_empty());
    }

    #[test]
    fn a_tag_file_never_turns_a_certain_verdict_over(
        plan in plan(),
        prefixes in proptest::sample::subsequence(
            vec!["20.150.0.0/24", "20.50.1.0/29", "20.50.1.80/32", "2603:1000::/32"], 0..=4
        ),
    ) {
        let (estate, flow) = made(&plan, Order(0));
        let file = tag_file(&prefixes);
        let without = traced(&estate, &flow, None);
        let with = traced(&estate, &flow, Some(&file));
        same_if_certain(&without, &with)?;
    }

    #[test]
    fn members_of_a_group_never_turn_a_certain_verdict_over(plan in plan(), members in members()) {
        let unstated = Plan { members: None, ..plan.clone() };
        let stated = Plan { members: Some(members), ..plan };
        let (before, flow) = made(&unstated, Order(0));
        let (after, same) = made(&stated, Order(0));
        same_if_certain(&traced(&before, &flow, None), &traced(&after, &same, None))?;
    }
}

/// A certain verdict stays on its side: what passes goes on to pass, what does not never comes to.
fn same_if_certain(without: &Trace, with: &Trace) -> Result<(), TestCaseError> {
    if without.verdict != Verdict::Uncertain {
        let passes = |trace: &Trace| trace.verdict == Verdict::Allowed;
        prop_assert_eq!(
            passes(without),
            passes(with),
            "{:?} became {:?}",
            decision(without),
            decision(with)
        );
        prop_assert_ne!(with.verdict, Verdict::Uncertain, "{:?}", decision(with));
    }
    Ok(())
}
