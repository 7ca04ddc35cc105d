//! The evaluator of single flows and that of sets of flows, held against each other.

mod alike;
pub(crate) mod asked;
pub(crate) mod both;
pub(crate) mod corners;
pub(crate) mod needed;
mod proved;
mod smaller;
mod tiny;
mod wider;
mod witnesses;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use tidegate::azure::Dataplane;
use tidegate::azure::facts::Facts;
use tidegate::estate::{Estate, Id, Subnet};

use self::asked::{Ask, asks};
use self::both::{Both, Counts};
use self::needed::Found;
use self::wider::{Wider, wider};
use super::build::{self, Order};
use super::plan::{Plan, plan};

/// A seed to try besides the usual one.
const SEED: &str = "TIDEGATE_SEED";

/// The usual seed, and the one that the environment names.
fn seeds() -> Vec<u64> {
    let more = std::env::var(SEED).ok();
    let more = more.map(|seed| seed.parse().unwrap());
    [7].into_iter().chain(more).collect()
}

/// Checks random cases on all cores, for each seed so many. Of a case that fails the smallest is shown.
pub(crate) fn on_all_cores<S: Strategy>(
    cases: usize,
    strategy: impl Fn() -> S + Sync,
    check: impl Fn(usize, &S::Value) -> Result<Counts, String> + Sync,
) -> Counts {
    let (next, total) = (AtomicUsize::new(0), Mutex::new(Counts::default()));
    let failure: Mutex<Option<String>> = Mutex::new(None);
    let seeds = seeds();
    let work = || {
        let strategy = strategy();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let (Some(seed), false) = (seeds.get(at / cases), failure.lock().unwrap().is_some())
            else {
                return;
            };
            let case = at % cases;
            let (seed, number) = (seed.to_le_bytes(), case.to_le_bytes());
            let bytes: Vec<u8> = seed.into_iter().chain(number).cycle().take(32).collect();
            let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
            let config = Config {
                failure_persistence: None,
                max_shrink_iters: 400,
                ..Config::default()
            };
            let mut runner = TestRunner::new_with_rng(config, rng);
            let tree = strategy.new_tree(&mut runner).unwrap();
            let run = runner.run_one(tree, |value| {
                let counts = check(case, &value).map_err(TestCaseError::fail)?;
                total.lock().unwrap().add(&counts);
                Ok(())
            });
            if let Err(TestError::Fail(why, value)) = run {
                *failure.lock().unwrap() = Some(format!("{value:#?}\ncase {case}: {why}"));
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    if let Some(failure) = failure.into_inner().unwrap() {
        panic!("{failure}");
    }
    total.into_inner().unwrap()
}

/// A subnet by the names of its network and its own.
fn subnet(estate: &Estate, path: &str) -> Id<Subnet> {
    let mut subnets = estate.subnets.ids();
    subnets.find(|id| estate.subnet_path(*id) == path).unwrap()
}

/// The subnet that flows of a case start in: mostly where the nodes are.
fn start(estate: &Estate, case: usize) -> Id<Subnet> {
    let path = match case % 8 {
        0 => "spoke-1/data",
        1 => "hub/shared",
        2 => "spoke-2/nodes",
        _ => "spoke-1/nodes",
    };
    subnet(estate, path)
}

/// Of what sets know more than single flows, hardly anything may be left unconfirmed.
fn tell(counts: &Counts) {
    println!("{counts:?}");
    assert!(counts.unconfirmed * 100 < counts.flows, "{counts:?}");
}

#[test]
fn sets_of_flows_are_what_single_flows_are() {
    let counts = on_all_cores(1_000, plan, |case, plan: &Plan| {
        let estate = build::estate(plan, Order(0));
        let plane = Dataplane::new(&estate, Facts::builtin(), None);
        let subnet = start(&estate, case);
        let flows = corners::flows(&estate, subnet, 1_000, case);
        Both::of(&plane, subnet).compare_all(&flows)
    });
    assert!(counts.flows >= 1_000_000, "{counts:?}");
    tell(&counts);
}

#[test]
fn so_they_are_with_more_on_an_estate() {
    let counts = on_all_cores(300, wider, |case, plan: &Wider| {
        let estate = wider::estate(plan);
        let plane =
            Dataplane::new(&estate, Facts::builtin(), None).with_fqdn_tags(wider::fqdn_tags());
        let subnet = start(&estate, case);
        let flows = corners::flows(&estate, subnet, 1_000, case);
        Both::of(&plane, subnet).compare_all(&flows)
    });
    tell(&counts);
}

#[test]
fn so_is_every_flow_of_a_tiny_estate() {
    let counts = on_all_cores(200, tiny::tiny, |_, tiny| tiny::compare(tiny));
    assert_eq!(counts.flows, 200 * 8 * 16 * 7 * seeds().len());
    tell(&counts);
}

#[test]
fn examples_of_sets_are_confirmed() {
    let (certain, uncertain) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let counts = on_all_cores(300, wider, |case, plan: &Wider| {
        let estate = wider::estate(plan);
        let plane =
            Dataplane::new(&estate, Facts::builtin(), None).with_fqdn_tags(wider::fqdn_tags());
        let asked = witnesses::follow(&Both::of(&plane, start(&estate, case)))?;
        certain.fetch_add(asked.certain, Ordering::Relaxed);
        uncertain.fetch_add(asked.uncertain, Ordering::Relaxed);
        Ok(Counts::default())
    });
    assert_eq!(counts.flows, 0);
    let (certain, uncertain) = (certain.into_inner(), uncertain.into_inner());
    println!("{certain} examples are confirmed, of {uncertain} a single flow knows less");
    assert!(certain > 10 * uncertain.max(100));
}

#[test]
fn so_are_flows_of_incidents() {
    let mut counts = Counts::default();
    for (name, estate) in crate::incidents::estates() {
        let plane = Dataplane::new(&estate, Facts::builtin(), None);
        for subnet in estate.subnets.ids() {
            let flows = corners::flows(&estate, subnet, 1_000, subnet.index());
            let compared = Both::of(&plane, subnet).compare_all(&flows);
            let compared = compared.unwrap_or_else(|why| panic!("{name}: {why}"));
            counts.add(&compared);
        }
    }
    tell(&counts);
}

#[test]
fn smaller_rules_do_the_same() {
    let done = Mutex::new(smaller::Done::default());
    on_all_cores(200, wider, |case, plan: &Wider| {
        let estate = smaller::overgrown(&wider::estate(plan), case);
        let followed = smaller::follow(&estate, start(&estate, case), case)?;
        done.lock().unwrap().add(&followed);
        Ok(followed.counts())
    });
    let done = done.into_inner().unwrap();
    println!("{done:?}");
    assert!(done.left * 4 < done.rules * 3, "{done:?}");
}

#[test]
fn rules_that_are_alike_do_the_same() {
    let noticed = Mutex::new(alike::Noticed::default());
    on_all_cores(300, wider, |case, plan: &Wider| {
        let estate = wider::estate(plan);
        let (told, counts) = alike::follow(&estate, start(&estate, case), case)?;
        noticed.lock().unwrap().add(&told);
        Ok(counts)
    });
    let noticed = noticed.into_inner().unwrap();
    println!("{noticed:?}");
    assert!(noticed.alike > 20 && noticed.different > 20, "{noticed:?}");
    assert!(noticed.shown > 0, "{noticed:?}");
}

#[test]
fn what_is_needed_is_what_single_flows_need() {
    let found = Mutex::new(Found::default());
    let any = || (wider(), asks());
    on_all_cores(130, any, |case, (plan, asks): &(Wider, Vec<Ask>)| {
        let estate = wider::estate(plan);
        let plane =
            Dataplane::new(&estate, Facts::builtin(), None).with_fqdn_tags(wider::fqdn_tags());
        let subnet = start(&estate, case);
        let others = corners::flows(&estate, subnet, 300, case);
        let of_one = needed::hold(&plane, subnet, asks, &others)?;
        found.lock().unwrap().add(&of_one);
        Ok(Counts::default())
    });
    let found = found.into_inner().unwrap();
    println!("{found:?}");
    assert!(found.is_telling(200), "{found:?}");
}
