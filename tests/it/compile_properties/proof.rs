//! What is made does what was asked for, as single flows say; and what a proof finds different after something was
//! spoiled, they find different too.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::collection::vec;
use tidegate::azure::facts::Facts;
use tidegate::azure::{Dataplane, Flow, FqdnTagContents, Sender, Verdict};
use tidegate::estate::{Estate, Id, Pool, Subnet};
use tidegate::explain::fqdn_tag_contents;
use tidegate::intent::Intent;
use tidegate::net::Destination;
use tidegate::verify::{Objection, hold, place, prove};

use super::Compiled;
use super::plan::{OPENED, Policy, policy};
use super::spoil::{Spoil, spoil};
use crate::explain_properties::sets::asked::{Answer, Ask};
use crate::explain_properties::sets::both::Counts;
use crate::explain_properties::sets::needed::{self, Found};
use crate::explain_properties::sets::{corners, on_all_cores};
use crate::policy::built_in;

fn plane<'a>(estate: &'a Estate, contents: &FqdnTagContents) -> Dataplane<'a> {
    Dataplane::new(estate, Facts::builtin(), None).with_fqdn_tags(contents.clone())
}

fn contents(estate: &Estate) -> FqdnTagContents {
    fqdn_tag_contents(built_in().1, estate)
}

/// What a pool asks for, each with its place in the intent.
fn asks_of(intent: &Intent, pool: Id<Pool>) -> Vec<Ask> {
    let mut asks = Vec::new();
    let requirements = intent.requirements.iter().enumerate();
    for (of, requirement) in requirements.filter(|(_, it)| it.pool == pool) {
        for destination in &requirement.destinations {
            for service in &requirement.services {
                asks.push(Ask {
                    of,
                    destination: destination.value.clone(),
                    service: service.value,
                });
            }
        }
    }
    asks
}

/// A subnet of each pool; another one in another turn.
fn subnets(estate: &Estate, turn: usize) -> Vec<(Id<Pool>, Id<Subnet>)> {
    let of_pools = estate.pools.iter().filter_map(|(id, pool)| {
        let all: Vec<_> = pool.subnets.iter().filter_map(|it| it.id).collect();
        let at = turn.checked_rem(all.len())?;
        Some((id, *all.get(at)?))
    });
    of_pools.collect()
}

#[test]
fn what_is_compiled_is_what_single_flows_need() {
    let (found, deficits) = (Mutex::new(Found::default()), AtomicUsize::new(0));
    on_all_cores(30, policy, |case, policy: &Policy| {
        let compiled = policy.compiled(&policy.statements());
        let contents = contents(&compiled.estate);
        let plane = plane(&compiled.estate, &contents);
        for (pool, subnet) in subnets(&compiled.estate, case) {
            let asks = asks_of(&compiled.intent, pool);
            let others = others(&plane, &compiled.intent, subnet, case);
            let of_one = needed::hold(&plane, subnet, &asks, &others)?;
            found.lock().unwrap().add(&of_one);
        }
        let told = told_deficits(&plane, &compiled)?;
        deficits.fetch_add(told, Ordering::Relaxed);
        Ok(Counts::default())
    });
    let found = found.into_inner().unwrap();
    println!("{found:?}, {deficits:?} requirements are in a deficit");
    assert!(found.is_telling(50), "{found:?}");
    assert!(deficits.into_inner() > 5);
}

/// Flows that a subnet's pool may not need: to what the others need, to what the policy's own rules open, and some at
/// every boundary.
fn others(plane: &Dataplane<'_>, intent: &Intent, subnet: Id<Subnet>, turn: usize) -> Vec<Flow> {
    let opened = Ask {
        of: 0,
        destination: Destination::Prefix(OPENED.parse().unwrap()),
        service: "tcp/443".parse().unwrap(),
    };
    let asks = plane
        .estate
        .pools
        .ids()
        .flat_map(|pool| asks_of(intent, pool));
    let asked = asks.chain([opened]);
    let mut flows: Vec<Flow> = asked.flat_map(|ask| ask.flows(plane, subnet)).collect();
    flows.extend(corners::flows(plane.estate, subnet, 200, turn));
    flows
}

/// How many deficits there are as `verify` tells them. They are those of the requirements of which a single flow does
/// not arrive.
fn told_deficits(plane: &Dataplane<'_>, compiled: &Compiled) -> Result<usize, String> {
    let placed = place(&compiled.estate, &mut compiled.estate.clone());
    let mut count = 0;
    for pool in hold(plane, &compiled.intent, &placed).pools {
        let all: Vec<Id<Subnet>> = placed
            .iter()
            .filter(|it| it.pool == pool.pool)
            .flat_map(|it| it.subnets.clone())
            .collect();
        for subnet in all {
            let asks = asks_of(&compiled.intent, pool.pool);
            for of in 0..compiled.intent.requirements.len() {
                let own = asks.iter().filter(|ask| ask.of == of);
                let mut flows = own.flat_map(|ask| ask.flows(plane, subnet));
                let lost = flows.find(|flow| plane.trace(flow).verdict != Verdict::Allowed);
                let mut deficits = pool.deficits.iter();
                let told = deficits.find(|it| it.requirement == of && it.subnet == subnet);
                if told.is_some() != lost.is_some() {
                    let name = &compiled.intent.requirements[of].name;
                    return Err(format!("{name}: {told:?} is told of {lost:?}"));
                }
                count += usize::from(told.is_some());
            }
        }
    }
    Ok(count)
}

#[test]
fn what_differs_once_spoiled_differs_for_single_flows() {
    let (refused, proved) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let confirmed = AtomicUsize::new(0);
    let any = || (policy(), vec(spoil(), 1..=2));
    on_all_cores(50, any, |case, (policy, spoils): &(Policy, Vec<Spoil>)| {
        let compiled = policy.compiled(&policy.statements());
        let mut spoiled = compiled.estate.clone();
        for spoil in spoils {
            spoil.apply(&mut spoiled);
        }
        let contents = contents(&compiled.estate);
        let planned = plane(&compiled.estate, &contents);
        let placed = place(&compiled.estate, &mut spoiled);
        let made = plane(&spoiled, &contents);
        match prove(&planned, &made, &compiled.intent, &placed) {
            Ok(_) => {
                proved.fetch_add(1, Ordering::Relaxed);
                all_the_same(&planned, &made, &compiled.intent, case)?;
            }
            Err(objections) => {
                refused.fetch_add(1, Ordering::Relaxed);
                for objection in &objections {
                    let is_one = confirm(&planned, &made, &compiled.intent, objection)?;
                    confirmed.fetch_add(usize::from(is_one), Ordering::Relaxed);
                }
            }
        }
        Ok(Counts::default())
    });
    println!("{refused:?} are refused, {proved:?} proved; {confirmed:?} flows confirm it");
    assert!(refused.into_inner() > 25);
    assert!(proved.into_inner() > 0);
    assert!(confirmed.into_inner() > 60);
}

/// The verdict on a flow that is certain.
fn certain(plane: &Dataplane<'_>, flow: &Flow) -> Option<bool> {
    match plane.trace(flow).verdict {
        Verdict::Allowed => Some(true),
        Verdict::Uncertain => None,
        Verdict::Denied | Verdict::NoReturn => Some(false),
    }
}

/// No flow at a corner of either tells the two apart.
fn all_the_same(
    planned: &Dataplane<'_>,
    made: &Dataplane<'_>,
    intent: &Intent,
    turn: usize,
) -> Result<(), String> {
    for (_, subnet) in subnets(planned.estate, turn) {
        let mut flows = others(planned, intent, subnet, turn);
        flows.extend(corners::flows(made.estate, subnet, 200, turn));
        for flow in flows {
            let (one, other) = (certain(planned, &flow), certain(made, &flow));
            if one.is_some() && other.is_some() && one != other {
                return Err(format!("{one:?} became {other:?} and is proved: {flow:?}"));
            }
        }
    }
    Ok(())
}

/// Whether the flow of an objection shows that it is right; an error where it shows the opposite. What groups let in is
/// no question about one way.
fn confirm(
    planned: &Dataplane<'_>,
    made: &Dataplane<'_>,
    intent: &Intent,
    objection: &Objection,
) -> Result<bool, String> {
    let Some(flow) = &objection.flow else {
        return Ok(false);
    };
    let (was, is) = (planned.trace(flow).verdict, made.trace(flow).verdict);
    let wrong = |why: &str| Err(format!("{why}: {was:?} became {is:?}, {objection:#?}"));
    let text = objection.text.as_str();
    if text.contains("security groups") {
        let Sender::Inside { subnet, address } = flow.from else {
            return Ok(false);
        };
        let mut own = made.estate.subnets[subnet].prefixes.iter();
        return match own.any(|prefix| prefix.value.contains(&address)) {
            true => Ok(false),
            false => wrong("a sender is not where it is said to be"),
        };
    }
    let is_asked = || {
        let asks = planned.estate.pools.ids();
        let asks = asks.flat_map(|pool| asks_of(intent, pool));
        let answers = asks.map(|ask| ask.has(made, flow));
        answers.max().unwrap_or(Answer::No)
    };
    let unsure = was == Verdict::Uncertain || is == Verdict::Uncertain;
    let shown = if text.starts_with("requirement") {
        is != Verdict::Allowed && is_asked() != Answer::No
    } else if text.starts_with("lets through") {
        is == Verdict::Allowed && is_asked() != Answer::Yes
    } else if text.starts_with("is not let through") {
        was == Verdict::Allowed && is != Verdict::Allowed
    } else if text.starts_with("is let through") {
        was != Verdict::Allowed && is == Verdict::Allowed
    } else {
        was != is
    };
    match (shown, unsure) {
        (true, _) => Ok(true),
        (false, true) => Ok(false),
        (false, false) => wrong("a single flow does not show it"),
    }
}
