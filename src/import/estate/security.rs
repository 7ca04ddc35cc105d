//! Network security groups.

use crate::base::Span;
use crate::estate::{Access, Direction, Endpoint, Meta, Nsg, SecurityRule};
use crate::import::Value;
use crate::net::{PortRange, Transport};

use super::Builder;
use super::entity::Entity;
use super::gap::{Part, not_known};
use super::side::Tags;
use super::slot::Slot;
use crate::estate::Unknown;

const TRANSPORTS: [(&str, Transport); 6] = [
    ("Tcp", Transport::Tcp),
    ("*", Transport::Any),
    ("Udp", Transport::Udp),
    ("Icmp", Transport::Icmp),
    ("Esp", Transport::Esp),
    ("Ah", Transport::Ah),
];

/// The properties of one side of a rule.
struct Side {
    what: &'static str,
    addresses: [&'static str; 2],
    groups: &'static str,
    ports: [&'static str; 2],
}

const SOURCE: Side = Side {
    what: "source",
    addresses: ["sourceAddressPrefix", "sourceAddressPrefixes"],
    groups: "sourceApplicationSecurityGroups",
    ports: ["sourcePortRange", "sourcePortRanges"],
};

const DESTINATION: Side = Side {
    what: "destination",
    addresses: ["destinationAddressPrefix", "destinationAddressPrefixes"],
    groups: "destinationApplicationSecurityGroups",
    ports: ["destinationPortRange", "destinationPortRanges"],
};

pub(super) fn blank(meta: Meta) -> Nsg {
    Nsg {
        meta,
        rules: Vec::new(),
    }
}

impl<'e> Builder<'e> {
    pub(super) fn define_nsg(&mut self, index: usize, entity: &'e Entity<'e>) {
        let Some(id) = self.slot_of::<Nsg>(index) else {
            return;
        };
        let slot = Slot::Nsg(id);
        self.is_only_named(slot, entity, &[Part::SecurityRules]);
        if let Some(rules) = entity.property(&["securityRules"]) {
            let unknown = self.unknown_elements(rules);
            self.gaps(slot, Part::SecurityRules, unknown);
        }
        let entities = self.entities;
        for (_, child) in entities.children(entity, "securityrules") {
            let read = self.security_rule(child);
            if let Some(rule) = self.or_gap(slot, Part::SecurityRules, read) {
                self.estate.nsgs[id].rules.push(rule);
            }
        }
    }

    fn security_rule(&mut self, entity: &'e Entity<'e>) -> Result<SecurityRule, Unknown> {
        let place = entity.name_span;
        let Some(statement) = entity.statements.first() else {
            return Err(not_known("nothing is stated", place));
        };
        let whole = statement.whole;
        let absent = |what: &str| not_known(format!("no {what} is stated"), place);
        let accesses = [("Allow", Access::Allow), ("Deny", Access::Deny)];
        let directions = [
            ("Inbound", Direction::Inbound),
            ("Outbound", Direction::Outbound),
        ];
        let property = |name: &str| {
            let value = entity.property(&[name]);
            value.ok_or_else(|| absent(name))
        };
        // All are read before any is given up, so that each gets its finding.
        // A rule of the linter holds priorities against Azure's bounds.
        let priority = property("priority")
            .and_then(|value| self.number(value, "a priority from 100 to 4096"));
        let direction = property("direction").and_then(|value| self.choice(value, &directions));
        let access = property("access").and_then(|value| self.choice(value, &accesses));
        let transport = property("protocol").and_then(|value| self.choice(value, &TRANSPORTS));
        let source = self.rule_side(whole, &SOURCE, place);
        let destination = self.rule_side(whole, &DESTINATION, place);
        let (sources, source_ports) = source?;
        let (destinations, destination_ports) = destination?;
        Ok(SecurityRule {
            name: entity.name(),
            origin: place.into(),
            description: description(entity.property(&["description"])),
            priority: priority?,
            direction: direction?.value,
            access: access?.value,
            transport: transport?.value,
            sources,
            source_ports,
            destinations,
            destination_ports,
            written: None,
        })
    }

    fn rule_side(
        &mut self,
        whole: &'e Value,
        side: &Side,
        place: Span,
    ) -> Result<(Vec<Endpoint>, Vec<PortRange>), Unknown> {
        let addresses = Self::values(whole, side.addresses);
        let addresses = self.addresses(&addresses, Tags::Taken);
        let groups = super::entity::body(whole).get(side.groups);
        let groups = self.references(groups);
        let ports = Self::values(whole, side.ports);
        let ports = self.ports(&ports);
        let (mut addresses, ports) = (addresses?, ports?);
        addresses.extend(groups.into_iter().map(Endpoint::SecurityGroup));
        let absent = |what: &str| not_known(format!("no {what} is stated"), place);
        if addresses.is_empty() {
            return Err(absent(side.what));
        }
        if ports.is_empty() {
            return Err(absent(&format!("{} port", side.what)));
        }
        Ok((addresses, ports))
    }
}

/// A description, where one is stated.
pub(super) fn description(value: Option<&Value>) -> String {
    value
        .and_then(Value::known_text)
        .map(ToString::to_string)
        .unwrap_or_default()
}
