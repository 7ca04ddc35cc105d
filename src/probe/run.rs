//! Trying what a plan says, many endpoints at once, in a time that is fixed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::dns::{Answer, Failure, Resolver, Trust};
use crate::net::Fqdn;

use super::addresses;
use super::plan::{Item, Listener, Peer, Plan, Target};
use super::row::{Class, Ended, Row, Step, StepKind};
use super::trail::{Stop, Trail};

/// How long things may take, and how many are done at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one step of one endpoint.
    pub step: Duration,
    /// For everything.
    pub all: Duration,
    /// How many endpoints are tried at once.
    pub at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            step: Duration::from_secs(5),
            all: Duration::from_secs(120),
            at_once: 16,
        }
    }
}

/// Names with what was answered, and how long after they were all asked for.
type Answers = BTreeMap<Fqdn, (Answer, Duration)>;

/// Tries everything; a row for each item of the plan, in its order.
///
/// Names are asked for first, all together, in a thread that is left alone when the time is over.
///
/// # Errors
/// The system gives no sockets.
pub fn run(
    plan: &Plan,
    resolver: Arc<dyn Resolver + Send + Sync>,
    trust: &Trust,
    limits: Limits,
) -> Result<Vec<Row>, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot probe: {error}"))?;
    let end = Instant::now() + limits.all;
    let answers = resolve(plan, resolver, end);
    let mut rows: Vec<Option<Row>> = vec![None; plan.items.len()];
    runtime.block_on(async {
        let free = Arc::new(Semaphore::new(limits.at_once.max(1)));
        let mut probes = JoinSet::new();
        for (index, item) in plan.items.iter().enumerate() {
            let Item::Probe(target) = item else {
                continue;
            };
            let answer = match target.first_peer() {
                Peer::Name(name) => answers.get(name).cloned(),
                Peer::Address(_) => None,
            };
            // Where a proxy leads is its own view.
            let seen = answer.as_ref().filter(|_| target.proxy.is_none());
            let wrong = seen.and_then(|(it, _)| plan.views.wrong(it));
            let (target, trust, free) = (target.clone(), trust.clone(), free.clone());
            probes.spawn(async move {
                // Nobody closes it.
                let _turn = free.acquire().await;
                let trail = Trail::new(limits.step, end);
                (index, probe(target, answer, wrong, &trust, trail).await)
            });
        }
        while let Some(done) = probes.join_next().await {
            if let Ok((index, row)) = done
                && let Some(place) = rows.get_mut(index)
            {
                *place = Some(row);
            }
        }
    });
    let rows = rows.into_iter().zip(&plan.items);
    Ok(rows
        .map(|(row, item)| row.unwrap_or_else(|| left_out(item)))
        .collect())
}

/// Asks for all names, until the time is over.
fn resolve(plan: &Plan, resolver: Arc<dyn Resolver + Send + Sync>, end: Instant) -> Answers {
    let peers = plan.items.iter().filter_map(|item| match item {
        Item::Probe(target) => Some(target.first_peer()),
        Item::Skip(_) => None,
    });
    let names = peers.filter_map(|peer| match peer {
        Peer::Name(name) => Some(name.clone()),
        Peer::Address(_) => None,
    });
    let names: BTreeSet<Fqdn> = names.collect();
    let names: Vec<Fqdn> = names.into_iter().collect();
    let began = Instant::now();
    let (send, answered) = mpsc::channel();
    thread::spawn(move || {
        resolver.resolve(&names, &mut |answer| {
            // Nobody listens any more once the time is over.
            let _ = send.send((answer.clone(), began.elapsed()));
        });
    });
    let mut answers = Answers::new();
    while let Ok((answer, took)) = answered.recv_timeout(end - Instant::now()) {
        answers.insert(answer.name.clone(), (answer, took));
    }
    answers
}

fn name_of(item: &Item) -> Option<&Fqdn> {
    match item {
        Item::Probe(Target {
            peer: Peer::Name(name),
            ..
        }) => Some(name),
        Item::Probe(_) | Item::Skip(_) => None,
    }
}

/// The row of what was not tried.
fn left_out(item: &Item) -> Row {
    let (requirement, destination, service, why) = match item {
        Item::Skip(it) => (
            &it.requirement,
            &it.destination,
            it.service,
            it.reason.clone(),
        ),
        Item::Probe(it) => (
            &it.requirement,
            &it.destination,
            it.service,
            "the probe broke off".to_owned(),
        ),
    };
    Row {
        requirement: requirement.clone(),
        destination: destination.clone(),
        service,
        name: name_of(item).cloned(),
        address: None,
        port: None,
        ended: Ended::unclear(Class::NotProbed, why),
        steps: Vec::new(),
    }
}

async fn probe(
    target: Target,
    answer: Option<(Answer, Duration)>,
    wrong: Option<Ended>,
    trust: &Trust,
    mut trail: Trail,
) -> Row {
    let addresses = match target.first_peer() {
        Peer::Address(address) => Ok(vec![*address]),
        Peer::Name(_) => found(answer, &mut trail),
    };
    let (address, ended) = match (addresses, wrong) {
        (Err(ended), _) => (None, ended),
        (Ok(addresses), Some(wrong)) => (addresses.first().copied(), wrong),
        (Ok(addresses), None) => {
            let (address, mut ended) =
                addresses::attempt(&target, &addresses, trust, &mut trail).await;
            if target.listener == Listener::Possible {
                doubt(&mut ended);
            }
            (address, ended)
        }
    };
    // The address of a proxy is none of the peer's.
    let address = address.filter(|_| target.proxy.is_none());
    Row {
        requirement: target.requirement,
        destination: target.destination,
        service: target.service,
        name: match target.peer {
            Peer::Name(name) => Some(name),
            Peer::Address(_) => None,
        },
        address,
        port: Some(target.port),
        ended,
        steps: trail.steps,
    }
}

/// Where it is not certain that anybody listens, nobody who listens shows nothing.
fn doubt(ended: &mut Ended) {
    if matches!(ended.class, Class::Timeout | Class::Refused) {
        ended.evidence = false;
        let why = "; not every name of an FQDN tag answers over every service of it";
        ended.detail.push_str(why);
    }
}

/// The addresses of a name, or how the row ends without one.
fn found(answer: Option<(Answer, Duration)>, trail: &mut Trail) -> Result<Vec<IpAddr>, Ended> {
    let Some((answer, took)) = answer else {
        return Err(Ended::unclear(Class::NotProbed, Stop::Limit.to_string()));
    };
    let addresses: Vec<IpAddr> = answer.addresses.iter().map(|it| it.ip).collect();
    let none = addresses.is_empty().then_some(Failure::NoAddress);
    let failure = answer.failure.or(none);
    trail.steps.push(Step {
        kind: StepKind::Resolve,
        took,
        result: match &failure {
            Some(failure) => failure.to_string(),
            None => {
                let texts: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
                texts.join(", ")
            }
        },
    });
    match failure {
        None => Ok(addresses),
        Some(failure @ Failure::NoSuchName) => {
            Err(Ended::shown(Class::NoSuchName, failure.to_string()))
        }
        Some(failure) => Err(Ended::shown(Class::DnsFailure, failure.to_string())),
    }
}
