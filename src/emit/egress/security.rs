//! Network security groups, application security groups, IP groups.

use crate::base::Origin;
use crate::estate::{Access, ApplicationSecurityGroup, Direction, Id, IpGroup, Nsg, SecurityRule};
use crate::net::{PortRange, Transport};

use super::names::Taken;
use super::page::{Block, Body, Clause};
use super::target::{Place, services};
use super::{Writer, prefixes, texts};

impl Writer<'_> {
    pub(super) fn security(&mut self) -> Body {
        let estate = self.estate;
        let mut body = Body::default();
        for (id, nsg) in estate.nsgs.iter() {
            body.block(self.nsg(id, nsg));
        }
        for (_, interface) in estate.interfaces.iter() {
            let Some(nsg) = &interface.nsg else { continue };
            let what = format!(
                "network security group `{}` on interface `{}`",
                nsg.name, interface.meta.name
            );
            self.not_said(&mut body, interface.meta.origin, what);
        }
        for (id, group) in estate.security_groups.iter() {
            body.block(self.security_group(id, group));
        }
        body
    }

    pub(super) fn nsg(&mut self, id: Id<Nsg>, nsg: &Nsg) -> Block {
        let name = self.names.nsgs.of(id).clone();
        let head = format!("nsg {name}").into();
        let mut block = self.resource(head, "NSG", &nsg.meta, &name);
        self.common(&mut block.body, &nsg.meta);
        let mut taken = Taken::words(nsg.rules.iter().map(|rule| &rule.name));
        for rule in &nsg.rules {
            self.security_rule(&mut block.body, &mut taken, rule);
        }
        block
    }

    fn security_rule(&mut self, body: &mut Body, taken: &mut Taken, rule: &SecurityRule) {
        self.condition(body, rule.origin);
        let place = (rule.name.as_str(), rule.origin);
        let from = self.endpoints(body, Place::SecurityRule, place, &rule.sources);
        let to = self.endpoints(body, Place::SecurityRule, place, &rule.destinations);
        let over = self.security_services(body, rule);
        if self.lacks_part(body, place, &from, &to, &over) {
            return;
        }
        let direction = match rule.direction {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        };
        let access = match rule.access {
            Access::Allow => "allow",
            Access::Deny => "deny",
        };
        let name = self.local_name(body, taken, "rule", &rule.name, rule.origin);
        let priority = rule.priority.value;
        let lead = format!("rule {name} {priority} {direction} {access}");
        let mut clause = Clause::new(lead)
            .part("from", &[&from])
            .part("to", &[&to, &over]);
        if !matches!(rule.source_ports.as_slice(), [] | [PortRange::ALL]) {
            let ports = rule.source_ports.iter().filter(|port| port.bounds().1 > 0);
            let ports: Vec<String> = ports.map(ToString::to_string).collect();
            clause = clause.part("source-ports", &[&ports]);
        }
        body.clause(clause.text(&rule.description));
    }

    /// A protocol without ports stands for itself once, whatever ports are beside it.
    fn security_services(&mut self, body: &mut Body, rule: &SecurityRule) -> Vec<String> {
        if rule.transport.has_ports() || rule.destination_ports == [PortRange::ALL] {
            return services(&[rule.transport], &rule.destination_ports);
        }
        if !rule.destination_ports.is_empty() {
            let what = format!("ports of rule `{}`, whose protocol has none", rule.name);
            self.not_said(body, rule.origin, what);
        }
        vec![Transport::keyword(rule.transport).to_owned()]
    }

    /// Whether a rule lacks what every rule has; a comment says what, in the rule's place.
    pub(super) fn lacks_part(
        &mut self,
        body: &mut Body,
        rule: (&str, Origin),
        from: &[String],
        to: &[String],
        over: &[String],
    ) -> bool {
        let parts = [
            (from, "where it leads from"),
            (to, "where it leads to"),
            (over, "over what"),
        ];
        let missing: Vec<&str> = parts
            .iter()
            .filter(|(part, _)| part.is_empty())
            .map(|(_, what)| *what)
            .collect();
        if !missing.is_empty() {
            let what = format!("rule `{}`: {}", rule.0, missing.join(", "));
            self.not_known(body, rule.1, what);
        }
        !missing.is_empty()
    }

    fn security_group(
        &mut self,
        id: Id<ApplicationSecurityGroup>,
        group: &ApplicationSecurityGroup,
    ) -> Block {
        let name = self.names.security_groups.of(id).clone();
        let head = format!("security-group {name}").into();
        let mut block = self.resource(head, "application security group", &group.meta, &name);
        self.common(&mut block.body, &group.meta);
        match &group.members {
            Some(members) if members.is_empty() => {
                let what = "that nobody is in it".to_owned();
                self.not_said(&mut block.body, group.meta.origin, what);
            }
            Some(members) => block.body.list("members", &texts(members)),
            None => {}
        }
        block
    }

    pub(super) fn ip_group(&mut self, id: Id<IpGroup>, group: &IpGroup) -> Block {
        let name = self.names.ip_groups.of(id).clone();
        let mut above = Body::default();
        let mut members = prefixes(&group.prefixes);
        members.extend(texts(&group.ranges));
        if members.is_empty() {
            let what = format!("the addresses in IP group `{}`", group.meta.name);
            self.not_known(&mut above, group.meta.origin, what);
            members = vec![self.open(&name, "prefix")];
        }
        let head = Clause::listing(format!("ip-group {name} ="), &members);
        let mut block = self.resource(head, "IP group", &group.meta, &name);
        block.above.append(above);
        self.common(&mut block.body, &group.meta);
        block
    }
}
