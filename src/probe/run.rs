//! Trying what a plan says, many endpoints at once, in a time that is fixed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
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

use super::plan::{Item, Listener, Peer, Plan, Protocol, Target};
use super::row::{Class, Ended, Row, Step, StepKind};
use super::tls::Framing;
use super::trail::{Stop, Trail};
use super::{http, mssql, ntp, tcp, tls, udp};

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
            let answer = match &target.peer {
                Peer::Name(name) => answers.get(name).cloned(),
                Peer::Address(_) => None,
            };
            let (target, trust, free) = (target.clone(), trust.clone(), free.clone());
            probes.spawn(async move {
                // Nobody closes it.
                let _turn = free.acquire().await;
                let trail = Trail::new(limits.step, end);
                (index, probe(target, answer, &trust, trail).await)
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
    let names: BTreeSet<Fqdn> = plan.items.iter().filter_map(name_of).cloned().collect();
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
    trust: &Trust,
    mut trail: Trail,
) -> Row {
    let found = match &target.peer {
        Peer::Address(address) => Ok((*address, 1)),
        Peer::Name(_) => address(answer, &mut trail),
    };
    let (address, ended) = match found {
        Err(ended) => (None, ended),
        Ok((address, of)) => {
            let mut ended = speak(&target, address, trust, &mut trail).await;
            if target.listener == Listener::Possible {
                doubt(&mut ended);
            }
            if of > 1 {
                ended
                    .detail
                    .push_str(&format!("; tried the first of {of} addresses"));
            }
            (Some(address), ended)
        }
    };
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

/// The address to try and how many there are, or how the row ends without one.
fn address(
    answer: Option<(Answer, Duration)>,
    trail: &mut Trail,
) -> Result<(IpAddr, usize), Ended> {
    let Some((answer, took)) = answer else {
        return Err(Ended::unclear(Class::NotProbed, Stop::Limit.to_string()));
    };
    let addresses = answer.addresses.iter().map(|it| it.ip);
    let first = addresses.clone().next();
    let failure = match (&answer.failure, first) {
        (Some(failure), _) => Some(failure.clone()),
        (None, None) => Some(Failure::NoAddress),
        (None, Some(_)) => None,
    };
    trail.steps.push(Step {
        kind: StepKind::Resolve,
        took,
        result: match &failure {
            Some(failure) => failure.to_string(),
            None => {
                let texts: Vec<String> = addresses.map(|it| it.to_string()).collect();
                texts.join(", ")
            }
        },
    });
    match (failure, first) {
        (None, Some(first)) => Ok((first, answer.addresses.len())),
        (Some(Failure::NoSuchName), _) => Err(Ended::shown(
            Class::NoSuchName,
            Failure::NoSuchName.to_string(),
        )),
        (failure, _) => Err(Ended::shown(
            Class::DnsFailure,
            failure.unwrap_or(Failure::NoAddress).to_string(),
        )),
    }
}

async fn speak(target: &Target, address: IpAddr, trust: &Trust, trail: &mut Trail) -> Ended {
    let to = SocketAddr::new(address, target.port);
    match target.protocol {
        Protocol::Udp => return udp::datagram(trail, to).await,
        Protocol::Ntp => return ntp::ask(trail, to).await,
        Protocol::Tls | Protocol::Http | Protocol::Mssql | Protocol::Tcp => {}
    }
    let stream = match tcp::connect(trail, to).await {
        Ok(stream) => stream,
        Err(ended) => return ended,
    };
    match target.protocol {
        Protocol::Tls => tls::handshake(trail, stream, &target.peer, trust, Framing::Plain).await,
        Protocol::Http => http::head(trail, stream, &host(target)).await,
        Protocol::Mssql => mssql::login(trail, stream, &target.peer, trust).await,
        Protocol::Tcp | Protocol::Udp | Protocol::Ntp => tcp::connected(),
    }
}

/// The host of a request, with its port where that is not the usual one.
fn host(target: &Target) -> String {
    let host = match &target.peer {
        Peer::Name(name) => name.to_string(),
        Peer::Address(IpAddr::V6(address)) => format!("[{address}]"),
        Peer::Address(address) => address.to_string(),
    };
    match target.port {
        80 => host,
        port => format!("{host}:{port}"),
    }
}
