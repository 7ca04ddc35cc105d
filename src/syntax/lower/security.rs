//! Security groups and IP groups.

use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Access, ApplicationSecurityGroup, Direction, Id, Nsg, SecurityRule};
use crate::net::{Destination, PortRange};
use crate::syntax::tree::{self};

use super::{Lowering, Once};

impl Lowering<'_> {
    pub(super) fn define_nsg(&mut self, id: Id<Nsg>, block: &tree::Block<tree::NsgClause>) {
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::NsgClause::Rule(rule) => {
                    if let Some(rule) = self.security_rule(rule) {
                        self.estate.nsgs[id].rules.push(rule);
                    }
                }
                tree::NsgClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.nsgs[id].meta.home = home;
                    }
                }
            }
        }
    }

    fn security_rule(&mut self, rule: &tree::SecurityRule) -> Option<SecurityRule> {
        let priority = self.number(&rule.priority, "expected a priority from 100 to 4096");
        let sources = self.endpoints(&rule.from);
        let destinations = self.endpoints(&rule.to);
        let services = self.services(&rule.services);
        let source_ports: Vec<PortRange> = rule
            .source_ports
            .iter()
            .filter_map(|word| self.parsed(word, "a port"))
            .map(|port| port.value)
            .collect();
        let first = services.first()?;
        let (transport, _) = first.value.transport_ports();
        if let Some(other) = services
            .iter()
            .find(|service| service.value.transport_ports().0 != transport)
        {
            let finding = Finding::new(FindingId::TG0023, "a security rule has one protocol")
                .at(other.span, format!("`{}`", other.value))
                .related(first.span, format!("`{}`", first.value))
                .help("write a rule for each protocol, or use `any`");
            self.report(finding);
        }
        let name_only = |endpoint: &crate::estate::Endpoint| {
            matches!(
                endpoint,
                crate::estate::Endpoint::Plain(
                    Destination::Fqdn(_) | Destination::FqdnTag(_) | Destination::Open(_)
                ) | crate::estate::Endpoint::IpGroup(_)
            )
        };
        if sources.iter().chain(&destinations).any(name_only) {
            let finding = Finding::new(FindingId::TG4002, "a security rule knows addresses and service tags only")
                .at(rule.name.span, "names a domain, an FQDN tag or an IP group")
                .help("names are for the firewall; write prefixes, `tag NAME` or `security-group NAME` here");
            self.report(finding);
            return None;
        }
        Some(SecurityRule {
            name: self.name(&rule.name),
            origin: rule.name.span.into(),
            description: rule
                .description
                .as_ref()
                .map(|text| text.value.to_string())
                .unwrap_or_default(),
            priority: priority?,
            direction: if rule.direction.value == "inbound" {
                Direction::Inbound
            } else {
                Direction::Outbound
            },
            access: if rule.access.value == "deny" {
                Access::Deny
            } else {
                Access::Allow
            },
            transport,
            sources,
            source_ports: if source_ports.is_empty() {
                vec![PortRange::ALL]
            } else {
                source_ports
            },
            destinations,
            destination_ports: services
                .iter()
                .map(|service| service.value.transport_ports().1)
                .collect(),
            written: Some(rule.span.span),
        })
    }

    pub(super) fn define_security_group(
        &mut self,
        id: Id<ApplicationSecurityGroup>,
        block: &tree::Block<tree::SecurityGroupClause>,
    ) {
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::SecurityGroupClause::Members { keyword, addresses } => {
                    if self.first_time(&mut once, "members", keyword.span) {
                        let members = self.addresses(addresses);
                        self.estate.security_groups[id].members = Some(members);
                    }
                }
                tree::SecurityGroupClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.security_groups[id].meta.home = home;
                    }
                }
            }
        }
    }

    pub(super) fn define_ip_group(
        &mut self,
        id: Id<crate::estate::IpGroup>,
        group: &tree::IpGroup,
    ) {
        for member in &group.members {
            match self.prefix_or_range(member) {
                Some(Ok(prefix)) => self.estate.ip_groups[id].prefixes.push(prefix),
                Some(Err(range)) => self.estate.ip_groups[id].ranges.push(range),
                None => {}
            }
        }
        let mut once = Once::default();
        for clause in &group.body.clauses {
            if let Some(home) = self.common(clause, &mut once, group.body.span) {
                self.estate.ip_groups[id].meta.home = home;
            }
        }
    }
}
