//! Each endpoint that was tried, beside what the network is expected to do with it.

use std::net::IpAddr;

use crate::azure::{Announced, Dataplane, Flow, Sender, Target, Trace, Verdict};
use crate::estate::{Estate, Id, Pool, Subnet};
use crate::probe::{Class, Standing};

use super::explanations::{explanations, stopped_before};
use super::firewall_answer::answered_by_firewall;
use super::responsible;
use super::seen::{Ending, Observation, Observed};

/// How what was seen and what is expected go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Comparison {
    /// They contradict each other.
    Disagree,
    /// What is expected depends on what is not known.
    NotPredicted,
    /// What was seen shows nothing.
    NotObserved,
    /// They are the same.
    Agree,
}

/// An endpoint, seen and expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared<'o> {
    /// What was seen.
    pub observation: &'o Observation,
    /// What is expected; `None` where nothing was tried.
    pub expected: Option<Trace>,
    /// How they go together.
    pub comparison: Comparison,
    /// What could explain a contradiction, the likeliest first.
    pub explanations: Vec<String>,
    /// What else the two show beside each other.
    pub notes: Vec<String>,
}

/// Something was tried from an address that the pool does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it was tried from {from}, which is in no subnet of pool `{pool}` ({subnets}){elsewhere}")]
pub struct ForeignSource {
    from: IpAddr,
    pool: String,
    subnets: String,
    elsewhere: String,
}

/// Compares everything that was seen from a pool with the network; contradictions first. Flows begin where the file says
/// it, and otherwise at an address of the pool's first subnet.
///
/// # Errors
/// When something was tried from an address that is not the pool's.
pub fn hold<'o>(
    plane: &Dataplane<'_>,
    pool: Id<Pool>,
    observed: &'o Observed,
) -> Result<Vec<Compared<'o>>, ForeignSource> {
    let rows = observed.rows.iter();
    let mut compared: Vec<Compared<'o>> = rows
        .map(|observation| compare(plane, pool, observation))
        .collect::<Result<_, _>>()?;
    compared.sort_by_key(|it| it.comparison);
    Ok(compared)
}

fn compare<'o>(
    plane: &Dataplane<'_>,
    pool: Id<Pool>,
    observation: &'o Observation,
) -> Result<Compared<'o>, ForeignSource> {
    let expected = flow(plane, pool, observation)?.map(|flow| plane.trace(&flow));
    let mut notes = Vec::new();
    let mut standing = observation.standing;
    if let Some(trace) = &expected
        && let Some(why) = answered_by_firewall(plane.estate, observation, trace)
    {
        if standing == Standing::Reached {
            standing = Standing::Unknown;
        }
        notes.push(why);
    }
    let verdict = expected.as_ref().map(|trace| trace.verdict);
    let comparison = match (verdict, standing) {
        (_, Standing::Unknown) | (None, _) => Comparison::NotObserved,
        (Some(Verdict::Uncertain), _) => Comparison::NotPredicted,
        // Some addresses pass and some do not; a flow that is expected to pass or to fail does so for all.
        _ if observation.ending == Ending::Probed(Class::Partial) => Comparison::Disagree,
        (Some(Verdict::Allowed), Standing::Reached)
        | (Some(Verdict::Denied | Verdict::NoReturn), Standing::Failed) => Comparison::Agree,
        (Some(_), _) => Comparison::Disagree,
    };
    let mut likely = Vec::new();
    match (&expected, comparison) {
        (Some(trace), Comparison::Disagree) => {
            likely.extend(responsible::named(plane.estate, observation));
            likely.extend(explanations(plane.estate, observation, trace));
        }
        (Some(trace), Comparison::Agree) => {
            notes.extend(responsible::compared(plane.estate, observation, trace));
            notes.extend(stopped_before(observation, trace));
        }
        (_, Comparison::NotPredicted | Comparison::NotObserved) => {
            notes.extend(responsible::named(plane.estate, observation));
        }
        (None, _) => {}
    }
    notes.extend(responsible::beside_the_network(observation));
    if let Some(trace) = &expected {
        notes.extend(responsible::hops(plane.estate, observation, trace));
    }
    Ok(Compared {
        observation,
        expected,
        comparison,
        explanations: likely,
        notes,
    })
}

/// The flow that was tried; none when nothing was, or when the pool is in no subnet that is known.
fn flow(
    plane: &Dataplane<'_>,
    pool: Id<Pool>,
    observation: &Observation,
) -> Result<Option<Flow>, ForeignSource> {
    let Some((transport, port)) = observation.service else {
        return Ok(None);
    };
    let to = Target {
        name: observation.name.clone(),
        // Where a name leads is part of what is compared.
        address: observation.address.filter(|_| observation.name.is_none()),
        tags: Vec::new(),
    };
    let Some(from) = sender(plane, pool, observation.from)? else {
        return Ok(None);
    };
    if to.name.is_none() && to.address.is_none() {
        return Ok(None);
    }
    Ok(Some(Flow {
        from,
        to,
        transport,
        port,
        announced: Announced::Target,
        at_once: None,
    }))
}

fn sender(
    plane: &Dataplane<'_>,
    pool: Id<Pool>,
    from: Option<IpAddr>,
) -> Result<Option<Sender>, ForeignSource> {
    let estate = plane.estate;
    let mut subnets = subnets_of(&estate.pools[pool]);
    let Some(address) = from else {
        let first = subnets.next();
        return Ok(first.and_then(|subnet| {
            let address = plane.some_address(subnet)?;
            Some(Sender::Inside { subnet, address })
        }));
    };
    match subnets.find(|subnet| holds(estate, *subnet, address)) {
        Some(subnet) => Ok(Some(Sender::Inside { subnet, address })),
        None => Err(foreign(estate, pool, address)),
    }
}

fn foreign(estate: &Estate, pool: Id<Pool>, from: IpAddr) -> ForeignSource {
    let own = subnets_of(&estate.pools[pool]).map(|subnet| {
        let prefixes = estate.subnets[subnet].prefixes.iter();
        let prefixes: Vec<String> = prefixes.map(|it| it.value.to_string()).collect();
        format!("{} {}", estate.subnet_path(subnet), prefixes.join(", "))
    });
    let own: Vec<String> = own.collect();
    let mut others = estate.pools.iter();
    let other = others
        .find(|(_, pool)| subnets_of(pool).any(|subnet| holds(estate, subnet, from)))
        .map(|(_, pool)| format!("; pool `{}` has it", pool.meta.name));
    ForeignSource {
        from,
        pool: estate.pools[pool].meta.name.to_string(),
        subnets: match own.is_empty() {
            true => "it has none that is known".to_owned(),
            false => own.join("; "),
        },
        elsewhere: other.unwrap_or_default(),
    }
}

fn subnets_of(pool: &Pool) -> impl Iterator<Item = Id<Subnet>> + '_ {
    pool.subnets.iter().filter_map(|subnet| subnet.id)
}

fn holds(estate: &Estate, subnet: Id<Subnet>, address: IpAddr) -> bool {
    let mut prefixes = estate.subnets[subnet].prefixes.iter();
    prefixes.any(|prefix| prefix.value.contains(&address))
}
