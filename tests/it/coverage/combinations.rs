//! Products, clouds, ways out and features, combined in pairs: what is compiled for a combination is held against it as
//! `verify` does, and nothing is missing and nothing too much.
//!
//! Every product is combined with every way out that Azure has for it, and on each of these ways every two choices about
//! anything else occur together.

use std::collections::BTreeMap;

use rayon::prelude::*;
use tidegate::compile::Mechanism;
use tidegate::diag::{Confidence, Finding, Id, Severity};

use super::compiled::Compiled;
use super::factors::{Choice, PRODUCTS, combined, factors};
use super::left_open::hold_left_open;
use super::pairwise::covering;
use super::setup::{Setup, Way};
use super::unknown::rests_on_tag;

/// Every combination, in an order that is always the same.
fn combinations() -> Vec<Setup> {
    let mut all = Vec::new();
    for product in PRODUCTS {
        for way in product.ways {
            let factors = factors(product, *way);
            let sizes: Vec<usize> = factors.iter().map(Vec::len).collect();
            all.extend(covering(&sizes).into_iter().map(|row| {
                let choices = factors.iter().zip(row);
                let choices: Vec<&Choice> = choices.map(|(of, at)| &of[at]).collect();
                combined(product, *way, &choices)
            }));
        }
    }
    all
}

#[test]
fn every_combination_is_even() {
    let all = combinations();
    let wrong: Vec<String> = all
        .par_iter()
        .filter_map(|setup| hold(setup).err())
        .collect();
    let mut by_way: BTreeMap<Way, usize> = BTreeMap::new();
    let mut by_product: BTreeMap<&str, usize> = BTreeMap::new();
    for setup in &all {
        *by_way.entry(setup.way).or_default() += 1;
        *by_product.entry(&setup.catalog.name).or_default() += 1;
    }
    println!("{} combinations: {by_way:?}, {by_product:?}", all.len());
    assert!(all.len() >= 500, "{}", all.len());
    assert!(
        wrong.is_empty(),
        "{} of {} combinations are wrong\n\n{}",
        wrong.len(),
        all.len(),
        wrong
            .iter()
            .take(MOST_SHOWN)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n\n")
    );
}

/// How many are shown of those that are wrong.
const MOST_SHOWN: usize = 5;

/// Holds what is compiled for a combination against it. What is wrong is told with the policy.
fn hold(setup: &Setup) -> Result<(), String> {
    let way = setup.way;
    let done = Compiled::of(setup.text(), way.model());
    let wrong = |what: &str| Err(format!("{way:?}: {what}\n{}", done.shown()));
    // In China Azure lists some service tags for security groups only, and whether firewalls refuse them is not known.
    let listed = |it: &Finding| it.id == Id::TG3005 && it.confidence == Confidence::Assumed;
    let mut findings = done.findings.iter();
    if let Some(finding) = findings.find(|it| it.severity > Severity::Note && !listed(it)) {
        return wrong(&format!("{}: {}", finding.id, finding.message));
    }
    let held = done.held();
    for delivery in &done.deliveries {
        let of_service = way.is_of_service() == (delivery.mechanism == Mechanism::OfService);
        if delivery.mechanism == Mechanism::Unmet || !of_service {
            let name = &done.intent.requirements[delivery.requirement].name;
            return wrong(&format!("{name} is delivered as {:?}", delivery.mechanism));
        }
    }
    for pool in &held.pools {
        let mut deficits = pool.deficits.iter();
        if let Some(deficit) = deficits.find(|it| !rests_on_tag(&done, way, it)) {
            let name = &done.intent.requirements[deficit.requirement].name;
            let stops = deficit
                .obstacles
                .first()
                .map(|it| format!("{:?}", it.element));
            return wrong(&format!(
                "{} in deficit, {name} first: {:?} {:?} {stops:?}",
                pool.deficits.len(),
                deficit.flows,
                deficit.doubts
            ));
        }
        if !pool.too_large.is_empty() || !pool.absent.is_empty() {
            return wrong("the answer is not whole");
        }
        if !pool.open.is_empty() {
            return wrong(&format!("not known: {:?}", pool.open));
        }
        if way.leaves_open() {
            hold_left_open(&done, pool).or_else(|what| wrong(&what))?;
        } else if let Some(excess) = pool.excesses.first() {
            return wrong(&format!(
                "{} in excess: {:?} by {:?}",
                pool.excesses.len(),
                excess.flows,
                excess.by
            ));
        }
    }
    Ok(())
}
