//! `tidegate probe`

mod arguments;
mod job;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::azure::facts::Facts;
use crate::azure::{self, Announced, Answer, Dataplane, Flow, Sender};
use crate::dns::{NetworkResolver, Resolver, Settings};
use crate::estate::{Id, Subnet};
use crate::explain::fqdn_tag_contents;
use crate::intent::{Intent, Requirement};
use crate::net::{Destination, Fqdn, FqdnPattern, FqdnTag, Transport};
use crate::probe::{
    ExpectedView, ExpectedViews, Item, Limits, Peer, Plan, Protocol, Proxy, Row, Sample, Standing,
    Target, plan, run as try_all,
};
use crate::report::catalog::DEFAULT_WIDTH;
use crate::report::probe::{self as shown, json, text};

pub(super) use self::arguments::{HELP, ProbeOptions};

use self::arguments::ProbeFormat;
use super::Outcome;
use super::explain::pool_named;
use super::output::{color, findings_text, print, print_error, refuse, settings};
use super::pipeline::{Analysis, analyse};

pub(super) fn run(options: &ProbeOptions) -> Outcome {
    match answer(options) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn answer(options: &ProbeOptions) -> Result<Outcome, Outcome> {
    let settings = settings(&options.reading).map_err(|message| refuse(&message))?;
    let files = job::Recorder::default();
    let policy = analyse(&options.policy, &files, &settings)
        .map_err(|error| refuse(&format!("cannot read {}: {error}", options.policy)))?;
    if policy.rules_skipped {
        print_error(&findings_text(&policy, color(options.reading.color)));
        return Err(Outcome::Unusable);
    }
    let plan = planned(options, &policy)?;
    let trust = options.trust.read()?;
    if options.kubernetes_job {
        print(&job::manifest(options, &files).map_err(|message| refuse(&message))?);
        return Ok(Outcome::Fine);
    }
    let limits = Limits {
        step: Duration::from_secs(options.timeout),
        all: Duration::from_secs(options.limit),
        ..Limits::default()
    };
    let asking = Settings {
        timeout: limits.step,
        ..Settings::default()
    };
    let resolver = NetworkResolver::new(&options.servers, asking, &trust);
    let resolver = resolver.map_err(|message| refuse(&message))?;
    let servers = resolver.servers();
    let rows = try_all(&plan, Arc::new(resolver), &trust, limits);
    let rows = rows.map_err(|message| refuse(&message))?;
    let view = shown::View {
        pool: &options.pool,
        started: settings.today,
        servers: &servers,
        rows: &rows,
        width: DEFAULT_WIDTH,
    };
    print(&match options.format {
        ProbeFormat::Text => text(&view),
        ProbeFormat::Json => json(&view),
    });
    Ok(outcome(&rows))
}

/// What is tried of the pool.
fn planned(options: &ProbeOptions, policy: &Analysis) -> Result<Plan, Outcome> {
    let pool = pool_named(&policy.estate, &options.pool).map_err(|message| refuse(&message))?;
    let own = policy.intent.requirements.iter();
    let own = own.filter(|requirement| requirement.pool == pool);
    let contents = fqdn_tag_contents(&policy.catalogs, &policy.estate);
    let held = |tag: &FqdnTag| -> Option<Vec<FqdnPattern>> {
        let mut contents = contents.tags.iter();
        let is_named = |name: &str| name.eq_ignore_ascii_case(tag.as_str());
        let content = contents.find(|it| it.names.iter().any(|name| is_named(name)))?;
        Some(content.patterns.clone())
    };
    let mut samples = options.samples.clone();
    samples.extend(of_policy(own.clone(), &policy.intent));
    let mut plan = plan(own, &held, &samples);
    let plane = Dataplane::new(&policy.estate, Facts::builtin(), None);
    let subnets = policy.estate.pools[pool].subnets.iter();
    if let Some(subnet) = subnets.filter_map(|it| it.id).next() {
        plan.views = views(&plane, subnet, &plan);
        let targets = plan.items.iter_mut().filter_map(|item| match item {
            Item::Probe(target) => Some(target),
            Item::Skip(_) => None,
        });
        targets.for_each(|target| target.proxy = proxy(&plane, subnet, target));
    }
    match plan.unused.first() {
        None => Ok(plan),
        Some(unused) => Err(refuse(&format!(
            "--sample: pool `{}` needs no destination `{unused}`",
            options.pool
        ))),
    }
}

/// Which names a pool should see at private addresses, and which services of Azure at public ones. Of other names a
/// server of one's own may answer as it likes.
fn views(plane: &Dataplane<'_>, subnet: Id<Subnet>, plan: &Plan) -> ExpectedViews {
    let facts = plane.facts;
    let mut views = ExpectedViews {
        private: facts.private_ranges().collect(),
        ..ExpectedViews::default()
    };
    for item in &plan.items {
        let Item::Probe(Target {
            peer: Peer::Name(name),
            ..
        }) = item
        else {
            continue;
        };
        let resolution = plane.look_up(subnet, name);
        let is_certain = resolution.outcome == azure::Outcome::Passes;
        let mut endpoints = plane.estate.private_endpoints.iter();
        // Where the policy does not lead to its own endpoint, either may be seen.
        let has_endpoint = endpoints.any(|(_, it)| plane.estate.endpoint_names(it).contains(&name));
        let is_service = facts.service_of(name, plane.estate.cloud).is_some();
        let view = match resolution.answer {
            Answer::Private(_) if is_certain => ExpectedView::Private,
            Answer::Public(_) if is_certain && is_service && !has_endpoint => ExpectedView::Public,
            _ => continue,
        };
        views.expected.insert(name.clone(), view);
    }
    views
}

/// The HTTP proxy that the nodes and pods of the pool take to a target.
fn proxy(plane: &Dataplane<'_>, subnet: Id<Subnet>, target: &Target) -> Option<Proxy> {
    let (name, address) = match &target.peer {
        Peer::Name(name) => (Some(name.clone()), None),
        Peer::Address(address) => (None, Some(*address)),
    };
    let flow = Flow {
        from: Sender::Inside {
            subnet,
            address: plane.some_address(subnet)?,
        },
        to: azure::Target {
            name,
            address,
            tags: Vec::new(),
        },
        transport: Transport::Tcp,
        port: target.port,
        announced: Announced::Target,
        at_once: None,
    };
    let is_web = matches!(target.protocol, Protocol::Tls | Protocol::Http);
    let endpoint = plane.http_proxy(subnet, &flow).filter(|_| is_web)?;
    let address = endpoint.host.parse().map(Peer::Address).ok();
    let peer = address.or_else(|| endpoint.host.parse().map(Peer::Name).ok())?;
    Some(Proxy {
        peer,
        port: endpoint.port,
    })
}

/// The samples that the policy and its catalogs have of the wildcards of requirements.
fn of_policy<'p>(
    requirements: impl Iterator<Item = &'p Requirement>,
    intent: &'p Intent,
) -> Vec<Sample> {
    let destinations = requirements.flat_map(|requirement| &requirement.destinations);
    let wildcards: BTreeMap<String, &FqdnPattern> = destinations
        .filter_map(|destination| match &destination.value {
            Destination::Fqdn(FqdnPattern::Exact(_)) => None,
            Destination::Fqdn(pattern) => Some((pattern.to_string(), pattern)),
            _ => None,
        })
        .collect();
    let names = || intent.samples.iter().flat_map(|sample| &sample.names);
    let samples = wildcards.into_iter().flat_map(|(destination, pattern)| {
        let names: BTreeSet<&Fqdn> = names().filter(|name| pattern.covers(name)).collect();
        names.into_iter().map(move |name| Sample {
            destination: destination.clone(),
            peer: Peer::Name(name.clone()),
        })
    });
    samples.collect()
}

/// A failure goes before what is not known.
fn outcome(rows: &[Row]) -> Outcome {
    match rows.iter().map(|row| row.ended.standing()).min() {
        Some(Standing::Failed) => Outcome::Findings,
        Some(Standing::Unknown) => Outcome::Uncertain,
        Some(Standing::Reached) | None => Outcome::Fine,
    }
}
