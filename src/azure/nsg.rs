//! Network security groups: rules in the order of their priorities, the first match decides, defaults last
//! (MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md and
//! network-security-group-how-it-works.md).

use std::net::IpAddr;

use crate::estate::{
    Access, Direction, Endpoint, Estate, Id, NetworkPlugin, NextHop, Nsg, RouteDestination,
    SecurityRule, Subnet,
};
use crate::net::{Destination, PortRange, ServiceTag, Transport};

use super::dataplane::Dataplane;
use super::facts::{DefaultRuleSide, RuleAccess, RuleDirection};
use super::flow::{Element, Field, NearMiss, Outcome, Site};
use super::packet::{End, Notes, Packet, is_public, note};
use super::routing::{are_peered, gateways_of, route_element};
use super::truth::Truth;

/// What a security group does with a packet.
#[derive(Debug, Clone)]
pub(super) struct Judgement {
    /// What becomes of the packet.
    pub(super) outcome: Outcome,
    /// The rule that decided, or the first that may.
    pub(super) rule: Element,
    /// What the rule does.
    pub(super) access: Access,
    /// Allow rules that differ in one field, when the packet is denied.
    pub(super) near: Vec<NearMiss>,
    /// The route that makes the deciding rule's tag mean more than the network.
    pub(super) widened_by: Option<Element>,
    /// Later rules that would have decided otherwise.
    pub(super) shadowed: Vec<Element>,
}

/// What the tag `VirtualNetwork` holds of an address, seen from a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InNetwork {
    No,
    /// It is in the network, a peered or a connected one.
    Yes,
    /// A user route of the subnet's table takes it in.
    ByRoute(usize),
    /// A route with a service tag may take it in.
    Maybe,
}

/// Asks a security group about a packet, as seen from a subnet.
pub(super) fn judge(
    plane: &Dataplane<'_>,
    id: Id<Nsg>,
    direction: Direction,
    subnet: Id<Subnet>,
    packet: &Packet,
    notes: &mut Notes,
) -> Judgement {
    let view = View {
        plane,
        subnet,
        packet,
        platform: platform_tags(plane, direction, packet),
    };
    let nsg = &plane.estate.nsgs[id];
    let mut possible: Vec<(Element, Access, Option<Element>)> = Vec::new();
    let mut decided = false;
    // What is in doubt matters only when it decides.
    let mut doubts = Notes::new();
    for index in plane.security_rules(id, direction) {
        let Some(rule) = nsg.rules.get(*index) else {
            continue;
        };
        let truth = view.matches(rule, &mut doubts);
        if truth == Truth::No {
            continue;
        }
        let element = rule_element(plane.estate, id, *index);
        possible.push((element, rule.access, view.widening(rule)));
        if truth == Truth::Yes {
            decided = true;
            break;
        }
    }
    if !decided {
        view.defaults(id, direction, &mut possible, &mut doubts);
    }
    let Some((rule, access, widened_by)) = possible.first().cloned() else {
        // Without any rule that matches, and without defaults, nothing is known.
        return Judgement {
            outcome: Outcome::Unclear,
            rule: nsg_element(plane.estate, id),
            access: Access::Deny,
            near: Vec::new(),
            widened_by: None,
            shadowed: Vec::new(),
        };
    };
    let unknown = super::gaps::security_rules(plane.estate, id);
    let incomplete = unknown.is_some();
    if let Some(unknown) = unknown {
        note(&mut doubts, format!("nsg `{}`: {unknown}", nsg.meta.name));
    }
    let unanimous = possible.iter().all(|(_, other, _)| *other == access);
    let outcome = match (unanimous && !incomplete, access) {
        (true, Access::Allow) => Outcome::Passes,
        (true, Access::Deny) => Outcome::Blocks,
        (false, _) => Outcome::Unclear,
    };
    let near = if outcome == Outcome::Passes {
        Vec::new()
    } else {
        notes.append(&mut doubts);
        view.near_misses(id, direction)
    };
    let shadowed = match outcome {
        Outcome::Unclear => Vec::new(),
        Outcome::Passes | Outcome::Blocks => view.shadowed(id, direction, &rule, &widened_by),
    };
    // What may stop the packet is what a reader has to look at.
    let (rule, access, widened_by) = if outcome == Outcome::Unclear {
        let denying = possible
            .iter()
            .find(|(_, access, _)| *access == Access::Deny);
        let widening = possible.iter().find_map(|(_, _, widened)| widened.clone());
        denying.map_or((rule, access, widened_by), |(rule, access, _)| {
            (rule.clone(), *access, widening)
        })
    } else {
        (rule, access, widened_by)
    };
    Judgement {
        outcome,
        rule,
        access,
        near,
        widened_by,
        shadowed,
    }
}

/// A security rule as an element.
pub(super) fn rule_element(estate: &Estate, id: Id<Nsg>, index: usize) -> Element {
    let nsg = &estate.nsgs[id];
    match nsg.rules.get(index) {
        Some(rule) => Element {
            name: format!("rule `{}` of nsg `{}`", rule.name, nsg.meta.name),
            origin: rule.origin,
            site: Site::SecurityRule(id, index),
        },
        None => nsg_element(estate, id),
    }
}

pub(super) fn nsg_element(estate: &Estate, id: Id<Nsg>) -> Element {
    let meta = &estate.nsgs[id].meta;
    Element {
        name: format!("nsg `{}`", meta.name),
        origin: meta.origin,
        site: Site::Nsg(id),
    }
}

/// Whether an address is one that the Azure host answers itself.
pub(super) fn is_platform(plane: &Dataplane<'_>, address: IpAddr) -> bool {
    let mut platform = plane.facts.platform_addresses().iter();
    platform.any(|fact| fact.prefix.contains(&address))
}

/// For packets to the Azure host: the tags that rules must name to apply at all.
fn platform_tags<'p>(
    plane: &'p Dataplane<'_>,
    direction: Direction,
    packet: &Packet,
) -> Option<&'p [String]> {
    let address = packet.destination.address?;
    let mut platform = plane.facts.platform_addresses().iter();
    let fact = platform.find(|fact| fact.prefix.contains(&address))?;
    (direction == Direction::Outbound).then_some(fact.nsg_tags.as_slice())
}

struct View<'v> {
    plane: &'v Dataplane<'v>,
    subnet: Id<Subnet>,
    packet: &'v Packet,
    platform: Option<&'v [String]>,
}

impl View<'_> {
    fn matches(&self, rule: &SecurityRule, notes: &mut Notes) -> Truth {
        if !self.packet.port_in(&rule.destination_ports) || !self.carries(rule.transport) {
            return Truth::No;
        }
        let destination = match self.platform {
            Some(tags) => self.names_platform(rule, tags),
            None => self.side(&rule.destinations, false, notes),
        };
        if destination == Truth::No {
            return Truth::No;
        }
        let ends = destination & self.side(&rule.sources, true, notes);
        if ends == Truth::No {
            return Truth::No;
        }
        ends & self.source_port(rule, notes)
    }

    /// Whether a rule takes the port that the packet comes from. A flow does not say which that is.
    fn source_port(&self, rule: &SecurityRule, notes: &mut Notes) -> Truth {
        let every = |range: &PortRange| {
            let (first, last) = range.bounds();
            first <= 1 && last == u16::MAX
        };
        let ports = &rule.source_ports;
        if !self.packet.transport.has_ports() || ports.is_empty() || ports.iter().any(every) {
            return Truth::Yes;
        }
        let name = &rule.name;
        note(
            notes,
            format!("whether the flow comes from a source port of rule `{name}` is not known"),
        );
        Truth::Maybe
    }

    fn carries(&self, transport: Transport) -> bool {
        transport == Transport::Any || transport == self.packet.transport
    }

    fn names_platform(&self, rule: &SecurityRule, tags: &[String]) -> Truth {
        let named = rule.destinations.iter().any(|endpoint| match endpoint {
            Endpoint::Plain(Destination::ServiceTag(tag)) => {
                tags.iter().any(|t| t.eq_ignore_ascii_case(tag.as_str()))
            }
            _ => false,
        });
        named.into()
    }

    fn end(&self, source: bool) -> &End {
        if source {
            &self.packet.source
        } else {
            &self.packet.destination
        }
    }

    fn side(&self, endpoints: &[Endpoint], source: bool, notes: &mut Notes) -> Truth {
        Truth::any(
            endpoints
                .iter()
                .map(|endpoint| self.holds(endpoint, self.end(source), notes)),
        )
    }

    fn holds(&self, endpoint: &Endpoint, end: &End, notes: &mut Notes) -> Truth {
        match endpoint {
            Endpoint::Plain(Destination::Anywhere) => Truth::Yes,
            Endpoint::Plain(Destination::Prefix(prefix)) => end.is_in(*prefix),
            Endpoint::Plain(Destination::Range(range)) => end.is_between(*range),
            Endpoint::Plain(Destination::ServiceTag(tag)) => self.tag(tag, end, notes),
            Endpoint::Plain(Destination::Open(open)) => {
                let words = if super::gaps::is_part(self.plane.estate) {
                    format!("{} is not known", open.parameter)
                } else {
                    format!("parameter `{}` has no value yet", open.parameter)
                };
                note(notes, words);
                Truth::Maybe
            }
            // Security rules know no names and no IP groups.
            Endpoint::Plain(Destination::Fqdn(_) | Destination::FqdnTag(_))
            | Endpoint::IpGroup(_) => Truth::No,
            Endpoint::SecurityGroup(group) => {
                let members = group
                    .id
                    .map(|id| &self.plane.estate.security_groups[id].members);
                match members {
                    Some(Some(members)) => members
                        .iter()
                        .any(|member| Some(member.value) == end.address)
                        .into(),
                    _ => {
                        let name = &group.name;
                        let text = format!(
                            "the members of application security group `{name}` are not stated"
                        );
                        note(notes, text);
                        Truth::Maybe
                    }
                }
            }
        }
    }

    fn tag(&self, tag: &ServiceTag, end: &End, notes: &mut Notes) -> Truth {
        let is = |name: &str| tag.as_str().eq_ignore_ascii_case(name);
        if is("VirtualNetwork") {
            return match self.in_network(end) {
                InNetwork::No => Truth::No,
                InNetwork::Yes | InNetwork::ByRoute(_) => Truth::Yes,
                InNetwork::Maybe => Truth::Maybe,
            };
        }
        if is("Internet") {
            return self.internet(end, notes);
        }
        if is("AzureLoadBalancer") {
            let probes = self.plane.facts.azure_dns().zip(end.address);
            return probes
                .is_some_and(|(fact, address)| fact.prefix.contains(&address))
                .into();
        }
        if tag
            .as_str()
            .to_ascii_lowercase()
            .starts_with("azureplatform")
        {
            return Truth::No;
        }
        let (truth, reason) = self.plane.tag_holds(tag, end);
        if let Some(reason) = reason {
            note(notes, reason);
        }
        if truth == Truth::Maybe {
            let place = end.words();
            note(
                notes,
                format!("whether service tag {tag} holds {place} is not known"),
            );
        }
        truth
    }

    /// The tag `VirtualNetwork` holds the network, those peered and connected, and what user routes of the subnet
    /// send to an appliance or a gateway (service-tags-overview.md; MicrosoftDocs/azure-docs#22178).
    fn in_network(&self, end: &End) -> InNetwork {
        let estate = self.plane.estate;
        let vnet = estate.subnets[self.subnet].vnet;
        let covers = |other| {
            let prefixes = &estate.vnets[other].prefixes;
            let mut prefixes = prefixes.iter();
            prefixes.any(|prefix| end.is_in(prefix.value) == Truth::Yes)
        };
        if covers(vnet) || end.address.is_some_and(|a| is_platform(self.plane, a)) {
            return InNetwork::Yes;
        }
        let mut peers = estate.vnets.ids().filter(|other| *other != vnet);
        if peers.any(|other| covers(other) && are_peered(estate, vnet, other)) {
            return InNetwork::Yes;
        }
        let mut learned = gateways_of(estate, vnet)
            .into_iter()
            .flat_map(|gateway| estate.gateways[gateway].learned.iter());
        if learned
            .any(|prefix| prefix.value.prefix_len() > 0 && end.is_in(prefix.value) == Truth::Yes)
        {
            return InNetwork::Yes;
        }
        let Some(table) = self.table() else {
            return InNetwork::No;
        };
        let mut maybe = false;
        for (index, route) in estate.route_tables[table].routes.iter().enumerate() {
            let inward = match route.next_hop.value {
                NextHop::Firewall(_)
                | NextHop::Appliance(_)
                | NextHop::Addresses(_)
                | NextHop::Gateway
                | NextHop::VnetLocal
                | NextHop::Unknown(_) => true,
                NextHop::Internet | NextHop::Drop => false,
            };
            if !inward {
                continue;
            }
            let held = match &route.destination.value {
                RouteDestination::Prefix(prefix) => end.is_in(*prefix),
                RouteDestination::ServiceTag(tag) => self.plane.tag_holds(tag, end).0,
            };
            match held {
                Truth::Yes => return InNetwork::ByRoute(index),
                Truth::Maybe => maybe = true,
                Truth::No => {}
            }
        }
        if maybe {
            InNetwork::Maybe
        } else {
            InNetwork::No
        }
    }

    fn internet(&self, end: &End, notes: &mut Notes) -> Truth {
        let public = end
            .address
            .is_none_or(|address| is_public(address, self.plane.facts.private_ranges()));
        if !public {
            return Truth::No;
        }
        match self.in_network(end) {
            InNetwork::No => Truth::Yes,
            InNetwork::Yes => Truth::No,
            InNetwork::ByRoute(_) | InNetwork::Maybe => {
                note(
                    notes,
                    "Azure does not say whether the tag Internet still holds addresses that a user \
                     route sends to an appliance",
                );
                Truth::Maybe
            }
        }
    }

    fn table(&self) -> Option<Id<crate::estate::RouteTable>> {
        self.plane.estate.subnets[self.subnet]
            .route_table
            .as_ref()
            .and_then(|table| table.id)
    }

    /// The user route by which a tag of the rule means this packet.
    fn widening(&self, rule: &SecurityRule) -> Option<Element> {
        let by_route = |endpoints: &[Endpoint], source| {
            let only_by_tag = endpoints.iter().all(|endpoint| match endpoint {
                Endpoint::Plain(Destination::ServiceTag(tag)) => {
                    tag.as_str().eq_ignore_ascii_case("VirtualNetwork")
                        || tag.as_str().eq_ignore_ascii_case("Internet")
                }
                _ => false,
            });
            if !only_by_tag {
                return None;
            }
            match self.in_network(self.end(source)) {
                InNetwork::ByRoute(index) => {
                    Some(route_element(self.plane.estate, self.table()?, index))
                }
                InNetwork::No | InNetwork::Yes | InNetwork::Maybe => None,
            }
        };
        by_route(&rule.destinations, false).or_else(|| by_route(&rule.sources, true))
    }

    /// Whether an address is that of an overlay pod. Pod traffic between nodes is not encapsulated, so security groups
    /// see it; yet rules for it are asked for only where a group has deny rules of its own
    /// (articles/aks/concepts-network-azure-cni-overlay.md). So the default rules let it through, while a rule that
    /// names `VirtualNetwork` does not hold it: pod ranges are not in that tag's documented contents.
    fn is_overlay_pod(&self, end: &End) -> Truth {
        let estate = self.plane.estate;
        let vnet = estate.subnets[self.subnet].vnet;
        let pools = estate.pools.iter().map(|(_, pool)| pool).filter(|pool| {
            let plugin = pool.network_plugin.as_ref().map(|plugin| plugin.value);
            let mut subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
            plugin == Some(NetworkPlugin::AzureOverlay)
                && subnets.any(|subnet| estate.subnets[subnet].vnet == vnet)
        });
        let prefixes = pools.flat_map(|pool| &pool.pod_prefixes);
        Truth::any(prefixes.map(|prefix| end.is_in(prefix.value)))
    }

    /// Rules behind the one that decided which would have decided otherwise: allow rules behind a deny; behind an
    /// allow whose tag a user route widened, deny rules for the Internet, as they were meant
    /// (MicrosoftDocs/azure-docs#94454).
    fn shadowed(
        &self,
        id: Id<Nsg>,
        direction: Direction,
        decided: &Element,
        widened_by: &Option<Element>,
    ) -> Vec<Element> {
        const MOST: usize = 3;
        let nsg = &self.plane.estate.nsgs[id];
        let rules = self.plane.security_rules(id, direction).iter();
        let rules = rules.filter_map(|index| Some((*index, nsg.rules.get(*index)?)));
        let mut behind =
            rules.skip_while(|(index, _)| decided.site != Site::SecurityRule(id, *index));
        let Some((_, decided)) = behind.next() else {
            return Vec::new();
        };
        let mut scratch = Notes::new();
        let opposed = behind.filter(|(_, rule)| match decided.access {
            Access::Deny => {
                rule.access == Access::Allow && self.matches(rule, &mut scratch) == Truth::Yes
            }
            Access::Allow => {
                widened_by.is_some()
                    && rule.access == Access::Deny
                    && self.meant(rule, &mut scratch)
            }
        });
        opposed
            .map(|(index, _)| rule_element(self.plane.estate, id, index))
            .take(MOST)
            .collect()
    }

    /// Whether a rule for the tag `Internet` was meant for this packet: the destination is public, whatever user
    /// routes make of the tag.
    fn meant(&self, rule: &SecurityRule, notes: &mut Notes) -> bool {
        let internet = rule.destinations.iter().any(|endpoint| match endpoint {
            Endpoint::Plain(Destination::ServiceTag(tag)) => {
                tag.as_str().eq_ignore_ascii_case("Internet")
            }
            _ => false,
        });
        let private = self.plane.facts.private_ranges();
        let public = self.packet.destination.address;
        internet
            && public.is_some_and(|address| is_public(address, private))
            && self.packet.port_in(&rule.destination_ports)
            && self.carries(rule.transport)
            && self.side(&rule.sources, true, notes) == Truth::Yes
    }

    fn defaults(
        &self,
        id: Id<Nsg>,
        direction: Direction,
        possible: &mut Vec<(Element, Access, Option<Element>)>,
        notes: &mut Notes,
    ) {
        let fact_direction = match direction {
            Direction::Inbound => RuleDirection::Inbound,
            Direction::Outbound => RuleDirection::Outbound,
        };
        let nsg = nsg_element(self.plane.estate, id);
        if self.platform.is_some() {
            // Default rules do not apply to the Azure host.
            let element = Element {
                name: format!("{} leaves the Azure host's addresses alone", nsg.name),
                ..nsg
            };
            possible.push((element, Access::Allow, None));
            return;
        }
        let holds = |side: &DefaultRuleSide, end: &End, notes: &mut Notes| match side {
            DefaultRuleSide::Any => Truth::Yes,
            DefaultRuleSide::Tag(tag) if tag.as_str().eq_ignore_ascii_case("VirtualNetwork") => {
                self.tag(tag, end, notes) | self.is_overlay_pod(end)
            }
            DefaultRuleSide::Tag(tag) => self.tag(tag, end, notes),
        };
        for rule in self.plane.facts.default_rules(fact_direction) {
            let truth = holds(&rule.from, &self.packet.source, notes)
                & holds(&rule.to, &self.packet.destination, notes);
            if truth == Truth::No {
                continue;
            }
            let access = match rule.access {
                RuleAccess::Allow => Access::Allow,
                RuleAccess::Deny => Access::Deny,
            };
            let element = Element {
                name: format!("default rule `{}` of {}", rule.name, nsg.name),
                origin: nsg.origin,
                site: Site::DefaultRule(id, direction),
            };
            possible.push((element, access, None));
            if truth == Truth::Yes {
                return;
            }
        }
    }

    /// Allow rules that miss the packet by one field; those that name its destination come first.
    fn near_misses(&self, id: Id<Nsg>, direction: Direction) -> Vec<NearMiss> {
        let notes = &mut Notes::new();
        const MOST: usize = 3;
        let mut near = Vec::new();
        let nsg = &self.plane.estate.nsgs[id];
        for index in self.plane.security_rules(id, direction) {
            let Some(rule) = nsg.rules.get(*index) else {
                continue;
            };
            if rule.access != Access::Allow {
                continue;
            }
            let mut differs = Vec::new();
            if !self.packet.port_in(&rule.destination_ports) {
                differs.push(Field::Port);
            }
            if !self.carries(rule.transport) {
                differs.push(Field::Protocol);
            }
            if self.side(&rule.sources, true, notes) == Truth::No {
                differs.push(Field::Source);
            }
            if self.side(&rule.destinations, false, notes) == Truth::No {
                differs.push(Field::Destination);
            }
            let [field] = differs.as_slice() else {
                continue;
            };
            let text = match field {
                Field::Source => format!(
                    "allows this destination and port, but not from {}",
                    self.packet.source.words()
                ),
                Field::Destination => format!(
                    "allows this source and port, but not to {}",
                    self.packet.destination.words()
                ),
                Field::Port => {
                    format!("allows this destination, but not port {}", self.packet.port)
                }
                _ => format!(
                    "allows this destination and port, but not over {}",
                    self.packet.transport.keyword().to_ascii_uppercase()
                ),
            };
            near.push(NearMiss {
                element: rule_element(self.plane.estate, id, *index),
                differs,
                text,
            });
        }
        near.sort_by_key(|miss: &NearMiss| miss.differs == [Field::Destination]);
        near.truncate(MOST);
        near
    }
}

#[cfg(test)]
mod tests {
    use super::super::flow::{Announced, Flow, Sender, Target, Verdict};
    use super::super::testing::Builder;
    use super::*;

    fn verdict(ports: PortRange) -> Verdict {
        let mut builder = Builder::new();
        let vnet = builder.vnet("v", "10.0.0.0/16");
        let subnet = builder.subnet(vnet, "s", "10.0.1.0/24");
        let nsg = builder.nsg(subnet);
        let rule = SecurityRule {
            name: "no-dns".into(),
            origin: builder.at().into(),
            description: String::new(),
            written: None,
            priority: builder.put(100),
            direction: Direction::Outbound,
            access: Access::Deny,
            transport: Transport::Udp,
            sources: vec![Destination::Anywhere.into()],
            source_ports: vec![ports],
            destinations: vec![Destination::Anywhere.into()],
            destination_ports: vec![PortRange::single(53)],
        };
        builder.estate.nsgs[nsg].rules.push(rule);
        let plane = Dataplane::new(&builder.estate, super::super::facts::Facts::builtin(), None);
        let trace = plane.trace(&Flow {
            from: Sender::Inside {
                subnet,
                address: "10.0.1.4".parse().unwrap(),
            },
            to: Target {
                address: Some("10.0.1.5".parse().unwrap()),
                ..Target::default()
            },
            transport: Transport::Udp,
            port: 53,
            announced: Announced::Nothing,
            at_once: None,
        });
        trace.verdict
    }

    /// A flow does not say from which port it comes, so a rule that names some may apply or not.
    #[test]
    fn source_ports_leave_a_rule_open() {
        assert_eq!(verdict(PortRange::ALL), Verdict::Denied);
        assert_eq!(verdict("1-65535".parse().unwrap()), Verdict::Denied);
        assert_eq!(verdict("1024-2000".parse().unwrap()), Verdict::Uncertain);
    }
}
