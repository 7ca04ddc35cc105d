//! TG7005: what a pool's catalog requires and the network denies.

use std::collections::{BTreeMap, BTreeSet};

use crate::azure::{
    Announced, Blocker, Flow, Sender, Site, Trace, Verdict, sample_service, sample_targets,
};
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Id as ElementId, Pool, Region, Subnet};
use crate::intent::catalog::{Endpoint, Level, Selection, derived_values, features_of, select};
use crate::lint::Context;
use crate::lint::common::path::along;
use crate::net::{Destination, Service};

rule! {
    /// Something that the catalog of a pool's kind requires does not get out of a subnet of the pool.
    ///
    /// Every endpoint that the catalog requires under the pool's conditions is followed through security groups, routes
    /// and firewalls, one flow for each name, tag or prefix. Only what is certainly denied is reported, once for each
    /// element that stops it; what the catalog marks retired, or as safe to block, is not asked for. Where a policy
    /// states its requirements, rules are made for them, so there only a firewall rule that somebody wrote and that
    /// denies them is reported; what security rules and routes do to them is TG4004 and TG1017.
    ///
    /// ```egress
    /// region westeurope
    /// use aks
    /// vnet hub 10.10.0.0/16 { subnet AzureFirewallSubnet 10.10.0.0/26  subnet nodes 10.10.1.0/24 }
    /// firewall fw in hub { private-ip 10.10.0.4  public-ip 203.0.113.10  policy rules }
    /// firewall-policy rules {
    ///   dns-proxy on
    ///   rule-collection-group own 100 {
    ///     application-rules no 100 deny { rule registry from any to mcr.microsoft.com https }
    ///   }
    /// }
    /// identity apps-id { role "Network Contributor" on this resource-group }
    /// pool apps in hub.nodes { kind aks  outbound userDefinedRouting  via fw  identity apps-id }
    /// ```
    ///
    /// Allow it; `tidegate explain` shows for each endpoint what stops it and the smallest change.
    ///
    /// Nodes that do not get there end with codes such as `VMExtensionError_OutboundConnFail` (exit 50).
    ///
    /// Sources: those of each entry of the catalog, which `tidegate catalog` lists.
    TG7005, check
}

/// Something that has to be reached.
pub(super) struct Wanted {
    pub(super) entry: String,
    pub(super) destination: Destination,
    pub(super) service: Service,
    level: Level,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (id, pool) in context.estate.pools.iter() {
        let mut states = context.intent.pools.iter();
        let stated = states.any(|summary| summary.pool == id);
        let wanted = if stated {
            of_intent(context, id)
        } else {
            of_catalog(context, pool)
        };
        // What compiling allows can only be denied by a rule that somebody wrote.
        let is_reported =
            |blocker: &Blocker| !stated || matches!(blocker.element.site, Site::FirewallRule(_));
        for denied in denied(context, pool, &wanted, is_reported).into_values() {
            findings.push(finding(context, pool, &denied));
        }
    }
}

pub(super) fn of_intent(context: &Context<'_>, pool: ElementId<Pool>) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for requirement in &context.intent.requirements {
        let Some(level) = requirement.level.filter(|level| is_needed(*level)) else {
            continue;
        };
        if requirement.pool != pool {
            continue;
        }
        for destination in &requirement.destinations {
            wanted.extend(requirement.services.iter().map(|service| Wanted {
                entry: requirement.name.to_string(),
                destination: destination.value.clone(),
                service: service.value,
                level,
            }));
        }
    }
    wanted
}

fn is_needed(level: Level) -> bool {
    matches!(level, Level::Required | Level::Conditional)
}

fn may_be_left_out(endpoint: &Endpoint) -> bool {
    let lifecycle = endpoint.lifecycle.as_ref();
    let over = lifecycle.is_some_and(|it| it.retired.is_some() || it.replaced_by.is_some());
    over || endpoint.safe_to_block == Some(true) || !is_needed(endpoint.level)
}

/// What the catalog asks for, where nobody states requirements.
pub(super) fn of_catalog(context: &Context<'_>, pool: &Pool) -> Vec<Wanted> {
    let estate = context.estate;
    let Some(kind) = &pool.kind else {
        return Vec::new();
    };
    let library = context.library();
    let Some(catalog) = library.get(&kind.value) else {
        return Vec::new();
    };
    let region = match &estate.region {
        Region::Named(name) => context.regions.get(name),
        Region::OfResourceGroup | Region::Parameter(_) => None,
    };
    let selection = Selection {
        cloud: estate.cloud,
        region,
        version: None,
        features: features_of(catalog, estate, pool),
        values: derived_values(estate, pool).into_iter().collect(),
        include: BTreeSet::new(),
    };
    let selected = select(catalog, &selection);
    let mut wanted = Vec::new();
    for need in selected.needs {
        if may_be_left_out(need.endpoint) {
            continue;
        }
        let destinations = need.form.destinations.iter();
        for destination in destinations.filter_map(|filled| filled.destination().ok()) {
            wanted.extend(need.form.services.iter().map(|service| Wanted {
                entry: need.endpoint.id.to_string(),
                destination: destination.clone(),
                service: *service,
                level: need.endpoint.level,
            }));
        }
    }
    wanted
}

/// What one element denies to a pool.
struct Denied {
    blocker: Blocker,
    /// The way of the first flow that it denies.
    way: (ElementId<Subnet>, Trace),
    entries: BTreeSet<String>,
    first: String,
    required: bool,
}

fn denied(
    context: &Context<'_>,
    pool: &Pool,
    wanted: &[Wanted],
    is_reported: impl Fn(&Blocker) -> bool,
) -> BTreeMap<String, Denied> {
    let mut denied: BTreeMap<String, Denied> = BTreeMap::new();
    for subnet in pool.subnets.iter().filter_map(|subnet| subnet.id) {
        for want in wanted {
            let Some((blocker, trace)) = blocker_of(context, subnet, want) else {
                continue;
            };
            if !is_reported(&blocker) {
                continue;
            }
            let entry = denied
                .entry(blocker.element.name.clone())
                .or_insert_with(|| Denied {
                    blocker,
                    way: (subnet, trace),
                    entries: BTreeSet::new(),
                    first: format!("{} over {}", want.destination, want.service),
                    required: false,
                });
            entry.entries.insert(want.entry.clone());
            entry.required |= want.level == Level::Required;
        }
    }
    denied
}

/// What certainly denies a flow that stands for something wanted, and its way.
fn blocker_of(
    context: &Context<'_>,
    subnet: ElementId<Subnet>,
    wanted: &Wanted,
) -> Option<(Blocker, Trace)> {
    let plane = context.plane;
    let address = plane.some_address(subnet)?;
    let (transport, port) = sample_service(wanted.service);
    let targets = sample_targets(plane, &wanted.destination).ok()?;
    targets.into_iter().find_map(|to| {
        let trace = plane.trace(&Flow {
            from: Sender::Inside { subnet, address },
            to,
            transport,
            port,
            announced: Announced::Target,
            at_once: None,
        });
        let denied = trace.verdict == Verdict::Denied;
        let blocker = trace.decisive().filter(|_| denied).cloned()?;
        Some((blocker, trace))
    })
}

fn finding(context: &Context<'_>, pool: &Pool, denied: &Denied) -> Finding {
    let name = &pool.meta.name;
    let more = match denied.entries.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more that it needs", count - 1),
    };
    let finding = Finding::new(
        Id::TG7005,
        format!("pool `{name}` does not reach {}{more}", denied.first),
    )
    .at(pool.meta.origin, "its catalog requires it")
    .related(
        denied.blocker.element.origin,
        format!("{} {}", denied.blocker.element.name, denied.blocker.text),
    )
    .help(format!(
        "entries: {}",
        denied
            .entries
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    ))
    .help("ask `tidegate explain` for the smallest change");
    let (subnet, trace) = &denied.way;
    let finding = along(finding, context.estate, *subnet, trace);
    if denied.required {
        finding
    } else {
        finding.severity(Severity::Warning)
    }
}
