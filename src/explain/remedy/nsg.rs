//! Security rules that let a flow through.

use crate::azure::{Field, Site};
use crate::base::Spanned;
use crate::estate::{Access, Direction, Endpoint, Id, Nsg, SecurityRule};
use crate::lint::edit::{self, add_clause};
use crate::net::{Destination, PortRange, ServiceTag, Transport};

use super::{Case, Remedy};

/// The lowest priority that a rule of one's own may have.
const FIRST: u32 = 100;
/// The highest.
const LAST: u32 = 4096;

pub(super) fn remedies(case: &Case<'_>) -> Vec<Remedy> {
    let mut offered = Vec::new();
    offered.extend(join_group(case));
    let (nsg, direction) = match case.blocker.element.site {
        Site::SecurityRule(nsg, index) => {
            let rule = case.estate().nsgs[nsg].rules.get(index);
            offered.extend(remove(case, nsg, index));
            (nsg, rule.map_or(Direction::Outbound, |rule| rule.direction))
        }
        Site::DefaultRule(nsg, direction) => (nsg, direction),
        _ => return offered,
    };
    offered.extend(allow(case, nsg, direction));
    offered
}

/// A rule in front of the one that denies.
fn allow(case: &Case<'_>, nsg: Id<Nsg>, direction: Direction) -> Option<Remedy> {
    let group = &case.estate().nsgs[nsg];
    let before = match case.blocker.element.site {
        Site::SecurityRule(_, index) => group.rules.get(index)?.priority.value,
        _ => LAST + 1,
    };
    let taken = |priority: u32| {
        let mut rules = group.rules.iter();
        rules.any(|rule| rule.direction == direction && rule.priority.value == priority)
    };
    let priority = (FIRST..before).rev().find(|priority| !taken(*priority))?;
    let dns = case.blocker.stage == crate::azure::Stage::Dns;
    let (transport, port) = if dns {
        (Transport::Udp, 53)
    } else {
        (case.flow.transport, case.flow.port)
    };
    let ports = if transport.has_ports() {
        PortRange::single(port)
    } else {
        PortRange::ALL
    };
    // A security group knows no names, and the address behind one changes.
    let fixed = case.flow.to.name.is_none() && !dns;
    let server = case.dns_server().filter(|_| dns);
    let known = case.address().filter(|_| fixed);
    let destination = match server
        .or(known)
        .filter(|_| direction == Direction::Outbound)
    {
        Some(address) => Destination::Prefix(address.into()),
        None => Destination::Anywhere,
    };
    let source = match direction {
        Direction::Inbound => sender(case),
        Direction::Outbound => Destination::Anywhere,
    };
    let service = if transport.has_ports() {
        format!("{}/{port}", transport.keyword())
    } else {
        transport.keyword().to_owned()
    };
    let way = match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
    };
    let name = format!("allow-{}-{way}", service.replace('/', "-"));
    let clause =
        format!("rule {name} {priority} {way} allow from {source} to {destination} {service}");
    let span = case.span();
    let rule = SecurityRule {
        name: name.as_str().into(),
        origin: span.into(),
        description: String::new(),
        priority: Spanned::new(priority, span),
        direction,
        access: Access::Allow,
        transport,
        sources: vec![Endpoint::Plain(source)],
        source_ports: vec![PortRange::ALL],
        destinations: vec![Endpoint::Plain(destination.clone())],
        destination_ports: vec![ports],
        written: None,
    };
    let title = format!(
        "allow {service} {way} in nsg `{}` before priority {before}",
        group.meta.name
    );
    let remedy = Remedy::new(title, move |estate| {
        estate.nsgs[nsg].rules.push(rule.clone());
    })
    .edit(add_clause(&group.meta, &clause));
    Some(
        if destination == Destination::Anywhere && direction == Direction::Outbound {
            remedy.wide()
        } else {
            remedy
        },
    )
}

fn remove(case: &Case<'_>, nsg: Id<Nsg>, index: usize) -> Option<Remedy> {
    let group = &case.estate().nsgs[nsg];
    let rule = group.rules.get(index)?;
    let title = format!("remove rule `{}` of nsg `{}`", rule.name, group.meta.name);
    let remedy = Remedy::new(title, move |estate| {
        let rules = &mut estate.nsgs[nsg].rules;
        if index < rules.len() {
            rules.remove(index);
        }
    });
    Some(remedy.edit(rule.written.map(edit::remove)).wide())
}

/// Who a rule for what comes in has to name: the sender's whole subnet, and health probes by their tag.
fn sender(case: &Case<'_>) -> Destination {
    let address = case.flow.from.address();
    let mut platform = case.plane.facts.platform_addresses().iter();
    if platform.any(|known| known.prefix.contains(&address)) {
        return Destination::ServiceTag(ServiceTag::new("AzureLoadBalancer"));
    }
    case.sender_prefix()
}

/// The machine joins the application security group that a rule was written for.
fn join_group(case: &Case<'_>) -> Option<Remedy> {
    let near = case.blocker.near.first()?;
    let Site::SecurityRule(nsg, index) = near.element.site else {
        return None;
    };
    if near.differs != [Field::Source] {
        return None;
    }
    let rule = case.estate().nsgs[nsg].rules.get(index)?;
    let group = rule.sources.iter().find_map(|source| match source {
        Endpoint::SecurityGroup(group) => group.id,
        _ => None,
    })?;
    let found = &case.estate().security_groups[group];
    let name = &found.meta.name;
    let address = case.flow.from.address();
    let member = Spanned::new(address, case.span());
    let title = format!("add {address} to application security group `{name}`");
    let edit = match &found.members {
        Some(members) => members.last().map(|last| edit::append(last.span, address)),
        None => add_clause(&found.meta, &format!("members {address}")),
    };
    let remedy = Remedy::new(title, move |estate| {
        let members = &mut estate.security_groups[group].members;
        members.get_or_insert_default().push(member);
    });
    Some(remedy.edit(edit))
}
