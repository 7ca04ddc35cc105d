//! Firewall rules that let a flow through, and rules in front of them that go.

use smol_str::SmolStr;

use crate::azure::rule_sets::Owner;
use crate::azure::{Field, NearMiss, RulePlace, Site};
use crate::base::Spanned;
use crate::diag::Edit;
use crate::estate::{
    Action, Allowed, Appliance, ApplianceFilter, ApplicationRule, Endpoint, Estate, Id,
    NetworkRule, RuleCollection, RuleCollectionGroup, RuleInfo, Rules,
};
use crate::lint::edit::{self, add_clause, add_statement};
use crate::net::{AppProtocol, Destination, FqdnPattern, PortRange, Service, Transport};

use super::{Case, Remedy};

/// The priority of what is added in thought: after whatever the policy has.
const LAST: u32 = 65_000;

pub(super) fn remedies(case: &Case<'_>) -> Vec<Remedy> {
    let mut offered = Vec::new();
    if let Site::Appliance(id) = case.blocker.element.site {
        offered.extend(require_of_appliance(case, id));
        return offered;
    }
    let Some(owner) = owner(case) else {
        return offered;
    };
    if case.blocker.cause == crate::azure::Cause::OrderOrPrecedence {
        match case.blocker.element.site {
            Site::FirewallRule(place) => offered.extend(remove(case, place)),
            _ => offered.extend(except_from_threat_intelligence(case, owner)),
        }
        return offered;
    }
    if let Some(near) = case.blocker.near.first() {
        offered.extend(widen(case, near));
    }
    offered.extend(require(case, owner));
    offered
}

/// Whose rules have to change.
fn owner(case: &Case<'_>) -> Option<Owner> {
    match case.blocker.element.site {
        Site::FirewallPolicy(id) => Some(Owner::Policy(id)),
        Site::Firewall(id) => Some(Owner::Firewall(id)),
        Site::FirewallRule(place) => Some(place.owner),
        _ => None,
    }
}

/// The service of the flow as an application protocol, when rules of that kind can carry it.
fn application(case: &Case<'_>) -> Option<(AppProtocol, u16)> {
    let port = case.flow.port;
    case.flow.announced_name()?;
    if case.flow.transport != Transport::Tcp {
        return None;
    }
    let mut protocols = AppProtocol::ALL.into_iter();
    let protocol = protocols.find(|protocol| protocol.default_port() == port)?;
    Some((protocol, port))
}

/// A requirement of the pool, from which the compiler makes the rule; on an estate without a policy, the rule itself.
fn require(case: &Case<'_>, owner: Owner) -> Option<Remedy> {
    let application = application(case);
    let (destination, service) = asked_for(case)?;
    let source = Endpoint::Plain(Destination::Prefix(case.flow.from.address().into()));
    let span = case.span();
    let info = RuleInfo {
        name: "required".into(),
        origin: span.into(),
        description: String::new(),
        written: None,
    };
    let destinations = vec![Endpoint::Plain(destination.clone())];
    let rules = match application {
        Some(protocol) => Rules::Application(vec![ApplicationRule {
            info,
            sources: vec![source],
            destinations,
            protocols: vec![protocol],
            terminate_tls: None,
            web_categories: Vec::new(),
        }]),
        None => {
            let (transport, ports) = service.transport_ports();
            Rules::Network(vec![NetworkRule {
                info,
                sources: vec![source],
                destinations,
                transports: vec![transport],
                ports: vec![ports],
            }])
        }
    };
    let collection = RuleCollection {
        name: "required".into(),
        origin: span.into(),
        priority: Spanned::new(LAST, span),
        action: Action::Allow,
        rules,
    };
    let who = case
        .pool()
        .map(|pool| case.estate().pools[pool].meta.name.to_string());
    let kind = if application.is_some() {
        "application"
    } else {
        "network"
    };
    let title = match &who {
        Some(pool) => format!(
            "require {} over {service} for pool `{pool}`: the compiler makes the {kind} rule",
            case.target_words()?
        ),
        None => format!(
            "add {} {kind} rule that allows {} over {service}",
            if application.is_some() { "an" } else { "a" },
            case.target_words()?
        ),
    };
    let remedy = Remedy::new(title, move |estate| {
        add_collection(estate, owner, &collection);
    });
    Some(remedy.edit(requirement(case, &destination, service)))
}

/// Where the flow goes, and over what, as a requirement says it.
fn asked_for(case: &Case<'_>) -> Option<(Destination, Service)> {
    let application = application(case);
    let service = match application {
        Some((protocol, port)) => Service::App { protocol, port },
        None => Service::Net {
            transport: case.flow.transport,
            ports: if case.flow.transport.has_ports() {
                PortRange::single(case.flow.port)
            } else {
                PortRange::ALL
            },
        },
    };
    // A network rule takes a name only when the firewall can compare what it resolves to.
    let destination = match (application, &case.flow.to.name, case.address()) {
        (Some(_), ..) => Destination::Fqdn(FqdnPattern::Exact(case.flow.announced_name()?.clone())),
        (None, Some(name), None) => Destination::Fqdn(FqdnPattern::Exact(name.clone())),
        (None, _, Some(address)) => Destination::Prefix(address.into()),
        (None, None, None) => Destination::ServiceTag(case.flow.to.tags.first()?.clone()),
    };
    Some((destination, service))
}

/// The edit that requires it for the pool.
fn requirement(case: &Case<'_>, destination: &Destination, service: Service) -> Option<Edit> {
    let meta = &case.estate().pools[case.pool()?].meta;
    let words = format!("require {} -> {destination} {service}", meta.name);
    add_statement(meta, &words)
}

/// A requirement of the pool, which becomes a part of the appliance's allow list.
fn require_of_appliance(case: &Case<'_>, id: Id<Appliance>) -> Option<Remedy> {
    case.estate().appliances[id].compiled?;
    let (destination, service) = asked_for(case)?;
    let pool = &case.estate().pools[case.pool()?].meta.name;
    let title = format!(
        "require {} over {service} for pool `{pool}`: it becomes a part of the allow list of appliance `{}`",
        case.target_words()?,
        case.estate().appliances[id].meta.name
    );
    let entry = Allowed {
        name: "required".into(),
        sources: vec![case.flow.from.address().into()],
        destinations: vec![destination.clone()],
        services: vec![service],
        reason: String::new(),
        origin: case.span().into(),
    };
    let remedy = Remedy::new(title, move |estate| {
        if let ApplianceFilter::Only(allowed) = &mut estate.appliances[id].filter {
            allowed.push(entry.clone());
        }
    });
    Some(remedy.edit(requirement(case, &destination, service)))
}

fn add_collection(estate: &mut Estate, owner: Owner, collection: &RuleCollection) {
    match owner {
        Owner::Policy(id) => estate.firewall_policies[id]
            .groups
            .push(RuleCollectionGroup {
                name: "required".into(),
                origin: collection.origin,
                priority: collection.priority,
                collections: vec![collection.clone()],
                needs_parameter: None,
            }),
        Owner::Firewall(id) => estate.firewalls[id].collections.push(collection.clone()),
    }
}

fn collections_mut(estate: &mut Estate, place: RulePlace) -> Option<&mut RuleCollection> {
    match place.owner {
        Owner::Policy(id) => {
            let group = estate.firewall_policies[id].groups.get_mut(place.group)?;
            group.collections.get_mut(place.collection)
        }
        Owner::Firewall(id) => estate.firewalls[id].collections.get_mut(place.collection),
    }
}

/// The name of a rule in its collection. Other remedies may move a rule, but none renames it.
fn rule_name(estate: &Estate, place: RulePlace) -> Option<SmolStr> {
    let collections = match place.owner {
        Owner::Policy(id) => {
            let groups = &estate.firewall_policies[id].groups;
            groups.get(place.group)?.collections.as_slice()
        }
        Owner::Firewall(id) => estate.firewalls[id].collections.as_slice(),
    };
    let info = match &collections.get(place.collection)?.rules {
        Rules::Network(rules) => &rules.get(place.rule)?.info,
        Rules::Application(rules) => &rules.get(place.rule)?.info,
        Rules::Nat(rules) => &rules.get(place.rule)?.info,
    };
    Some(info.name.clone())
}

/// The rule that nearly matches takes in the field that differs.
fn widen(case: &Case<'_>, near: &NearMiss) -> Option<Remedy> {
    let Site::FirewallRule(place) = near.element.site else {
        return None;
    };
    let [field] = near.differs.as_slice() else {
        return None;
    };
    let sender = case.sender_prefix();
    let source = Endpoint::Plain(sender.clone());
    let name = case.flow.announced_name().cloned();
    let (transport, port) = (case.flow.transport, case.flow.port);
    let address = case.address();
    let what = match field {
        Field::Source => format!("{sender} to its sources"),
        Field::Name => format!("{} to its names", name.as_ref()?),
        Field::Port => format!("port {port} to its ports"),
        Field::Protocol => format!(
            "{} to its protocols",
            transport.keyword().to_ascii_uppercase()
        ),
        Field::Destination => format!("{} to its destinations", address?),
        Field::Kind => return None,
    };
    let title = format!("add {what}: {}", near.element.name);
    let field = *field;
    let known_as = rule_name(case.estate(), place)?;
    let edit = collection(case.estate(), place).and_then(|collection| {
        let (info, application) = match &collection.rules {
            Rules::Network(rules) => (&rules.get(place.rule)?.info, false),
            Rules::Application(rules) => (&rules.get(place.rule)?.info, true),
            Rules::Nat(_) => return None,
        };
        let text = info.written?;
        Some(match field {
            Field::Source => edit::append(text.source, &sender),
            Field::Name => edit::append(text.destination, name.as_ref()?),
            Field::Destination => edit::append(text.destination, address?),
            Field::Port | Field::Protocol if application => {
                edit::append(text.service, application_service(port))
            }
            Field::Port | Field::Protocol => {
                edit::append(text.service, format!("{}/{port}", transport.keyword()))
            }
            Field::Kind => return None,
        })
    });
    let remedy = Remedy::new(title, move |estate| {
        let Some(collection) = collections_mut(estate, place) else {
            return;
        };
        match &mut collection.rules {
            Rules::Network(rules) => {
                let mut rules = rules.iter_mut();
                let Some(rule) = rules.find(|rule| rule.info.name == known_as) else {
                    return;
                };
                match field {
                    Field::Source => rule.sources.push(source.clone()),
                    Field::Port => rule.ports.push(PortRange::single(port)),
                    Field::Protocol => rule.transports.push(transport),
                    Field::Destination => rule.destinations.extend(
                        address.map(|address| Endpoint::Plain(Destination::Prefix(address.into()))),
                    ),
                    Field::Name | Field::Kind => {}
                }
            }
            Rules::Application(rules) => {
                let mut rules = rules.iter_mut();
                let Some(rule) = rules.find(|rule| rule.info.name == known_as) else {
                    return;
                };
                match field {
                    Field::Source => rule.sources.push(source.clone()),
                    Field::Name => {
                        rule.destinations.extend(name.clone().map(|name| {
                            Endpoint::Plain(Destination::Fqdn(FqdnPattern::Exact(name)))
                        }));
                    }
                    Field::Port | Field::Protocol => {
                        rule.protocols.push((application_protocol(port), port));
                    }
                    Field::Destination | Field::Kind => {}
                }
            }
            Rules::Nat(_) => {}
        }
    });
    Some(remedy.edit(edit))
}

/// The protocol that is usual on a port, HTTPS on others.
fn application_protocol(port: u16) -> AppProtocol {
    let mut usual = AppProtocol::ALL.into_iter();
    usual
        .find(|protocol| protocol.default_port() == port)
        .unwrap_or(AppProtocol::Https)
}

fn application_service(port: u16) -> Service {
    let protocol = application_protocol(port);
    Service::App { protocol, port }
}

fn collection(estate: &Estate, place: RulePlace) -> Option<&RuleCollection> {
    match place.owner {
        Owner::Policy(id) => {
            let group = estate.firewall_policies[id].groups.get(place.group)?;
            group.collections.get(place.collection)
        }
        Owner::Firewall(id) => estate.firewalls[id].collections.get(place.collection),
    }
}

fn remove(case: &Case<'_>, place: RulePlace) -> Option<Remedy> {
    let title = format!("remove or narrow {}", case.blocker.element.name);
    let name = rule_name(case.estate(), place)?;
    let rules = &collection(case.estate(), place)?.rules;
    let info = match rules {
        Rules::Network(rules) => &rules.get(place.rule)?.info,
        Rules::Application(rules) => &rules.get(place.rule)?.info,
        Rules::Nat(rules) => &rules.get(place.rule)?.info,
    };
    let edit = info.written.map(|text| edit::remove(text.whole));
    let remedy = Remedy::new(title, move |estate| {
        let Some(collection) = collections_mut(estate, place) else {
            return;
        };
        match &mut collection.rules {
            Rules::Network(rules) => rules.retain(|rule| rule.info.name != name),
            Rules::Application(rules) => rules.retain(|rule| rule.info.name != name),
            Rules::Nat(rules) => rules.retain(|rule| rule.info.name != name),
        }
    });
    Some(remedy.edit(edit).wide())
}

/// Threat intelligence leaves the name alone.
fn except_from_threat_intelligence(case: &Case<'_>, owner: Owner) -> Option<Remedy> {
    let name = case
        .flow
        .announced_name()
        .or(case.flow.to.name.as_ref())?
        .clone();
    let meta = match owner {
        Owner::Policy(id) => &case.estate().firewall_policies[id].meta,
        Owner::Firewall(id) => &case.estate().firewalls[id].meta,
    };
    let title = format!(
        "if the listing is wrong, except {name} from threat intelligence in `{}`",
        meta.name
    );
    let span = case.span();
    let edit = add_clause(meta, &format!("threat-intel-allow {name}"));
    let remedy = Remedy::new(title, move |estate| {
        let settings = match owner {
            Owner::Policy(id) => &mut estate.firewall_policies[id].settings,
            Owner::Firewall(id) => &mut estate.firewalls[id].settings,
        };
        let entry = Destination::Fqdn(FqdnPattern::Exact(name.clone()));
        settings
            .threat_intel_allowed
            .push(Spanned::new(entry, span));
    });
    Some(remedy.edit(edit))
}
