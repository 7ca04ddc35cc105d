//! A second opinion from the Linux kernel: random networks are asked about twice.
//!
//! Route tables become routes of the kernel, security rules become rules of its packet filter, both in network
//! namespaces that nothing leaves. The kernel says which route a destination takes and what becomes of a packet that
//! is really sent; our evaluator says what it thinks of the same flow. What Azure documents beyond that (which routes
//! and tags there are, and which come first) is written into what the kernel is given, from the documentation.
//!
//! It runs when `TIDEGATE_KERNEL` is set, as root, where `ip` and `nft` are. `TIDEGATE_KERNEL_ESTATES` and
//! `TIDEGATE_KERNEL_SEED` say how many estates of each kind and which: estate number n of seed s is the first of seed
//! s + n. A disagreement is printed as a policy and a flow.

mod probe;
mod random;
mod routes;
mod rules;

use std::collections::BTreeMap;
use std::time::Instant;

use ipnet::Ipv4Net;
use tidegate::azure::facts::Facts;
use tidegate::azure::{Dataplane, ServiceTags};
use tidegate::diag::Severity;
use tidegate::estate::{Estate, Id, Subnet};
use tidegate::syntax::{Parameters, lower, parse};

use self::probe::Probe;
use self::random::Random;
use super::namespace::{Namespace, hindrance};
use super::policy::{built_in, lines};

const VARIABLE: &str = "TIDEGATE_KERNEL";
const ESTATES: u64 = 300;
const SEED: u64 = 1;
/// How many destinations, and how many flows, each estate is asked about.
const QUESTIONS: usize = 60;

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

/// An estate read from a policy.
struct Policy {
    estate: Estate,
}

impl Policy {
    fn read(text: &str) -> Self {
        let (mut sources, library) = built_in();
        let file = sources.add("random.egress", text.to_owned());
        let read = parse(&sources, file);
        let lowered = lower(std::slice::from_ref(&read), library, &Parameters::new());
        let mut findings = read.findings.clone();
        findings.extend(lowered.findings);
        findings.retain(|finding| finding.severity == Severity::Error);
        assert!(
            findings.is_empty(),
            "{}\n{text}",
            lines(&sources, &findings)
        );
        Self {
            estate: lowered.estate,
        }
    }

    fn plane<'a>(&'a self, tags: Option<&'a ServiceTags>) -> Dataplane<'a> {
        Dataplane::new(&self.estate, Facts::builtin(), tags)
    }

    fn subnet(&self, name: &str) -> Id<Subnet> {
        let mut subnets = self.estate.subnets.iter();
        subnets
            .find(|(_, subnet)| subnet.meta.name == name)
            .unwrap()
            .0
    }
}

/// The seeds of the estates to ask about; none, and a word why, where the kernel cannot be asked.
fn seeds(what: &str) -> Vec<u64> {
    let skipped = |why: &str| {
        println!("SKIPPED, {why}: the kernel's opinion on {what}");
        Vec::new()
    };
    if std::env::var_os(VARIABLE).is_none() {
        return skipped(&format!("{VARIABLE} is not set"));
    }
    if let Some(why) = hindrance() {
        return skipped(&format!("namespaces cannot be made here ({})", why.trim()));
    }
    let number = |variable: &str, default| match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable}: {text}")),
        Err(_) => default,
    };
    let seed = number("TIDEGATE_KERNEL_SEED", SEED);
    let estates = number("TIDEGATE_KERNEL_ESTATES", ESTATES);
    println!("the kernel's opinion on {what}: {estates} estates from seed {seed}");
    (seed..seed + estates).collect()
}

/// Fails when there are disagreements, and shows the first few.
fn judge(what: &str, disagreements: &[String], summary: &str, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "the kernel's opinion on {what}: {summary}, {} disagreements, {seconds:.1} s",
        disagreements.len()
    );
    let shown: Vec<&str> = disagreements.iter().take(3).map(String::as_str).collect();
    assert!(disagreements.is_empty(), "\n{}", shown.join("\n\n"));
}

#[test]
fn routes_are_chosen_as_the_kernel_chooses() {
    let what = "routes";
    let (seeds, began) = (seeds(what), Instant::now());
    if seeds.is_empty() {
        return;
    }
    let namespace = Namespace::new("routes").unwrap();
    routes::prepare(&namespace);
    let mut disagreements = Vec::new();
    let (mut asked, mut dropped, mut makers) = (0, 0, BTreeMap::new());
    for seed in &seeds {
        let plan = routes::Plan::random(&mut Random::new(*seed), QUESTIONS);
        let text = plan.policy();
        let (kernel, commands) = plan.ask_kernel(&namespace);
        let evaluator = plan.ask_evaluator(&Policy::read(&text));
        asked += kernel.len();
        dropped += kernel.iter().filter(|choice| choice.dropped).count();
        for choice in &kernel {
            *makers.entry(choice.maker()).or_insert(0) += 1;
        }
        let answers = kernel.iter().zip(&evaluator).zip(&plan.destinations);
        if let Some(((theirs, ours), address)) = answers.clone().find(|((a, b), _)| a != b) {
            disagreements.push(format!(
                "TIDEGATE_KERNEL_SEED={seed}, to {address}: the kernel says {theirs:?}, we say {ours:?}\n\
                 {text}{}\n{commands}",
                plan.tag_file()
            ));
        }
    }
    judge(
        what,
        &disagreements,
        &format!("{asked} look-ups, {dropped} of them dropped, routes {makers:?}"),
        began,
    );
}

#[test]
fn security_rules_decide_as_the_kernel_decides() {
    let what = "security rules";
    let (seeds, began) = (seeds(what), Instant::now());
    if seeds.is_empty() {
        return;
    }
    let (client, server) = (
        Namespace::new("client").unwrap(),
        Namespace::new("server").unwrap(),
    );
    rules::prepare(&client, &server);
    let mut probe = Probe::start(&client);
    let mut disagreements = Vec::new();
    let mut counts = rules::Counts::default();
    for seed in &seeds {
        let plan = rules::Plan::random(&mut Random::new(*seed), QUESTIONS);
        let found = plan.compare(&client, &server, &mut probe, &mut counts);
        disagreements.extend(found.map(|found| format!("TIDEGATE_KERNEL_SEED={seed}, {found}")));
    }
    judge(what, &disagreements, &counts.to_string(), began);
}
