//! Security groups on the way out and in, and what cause a denial has.

use std::net::IpAddr;

use crate::estate::{Access, Direction, Id, Nsg, Ref, Subnet};

use super::super::cause::Cause;
use super::super::flow::{Outcome, Site, Stage};
use super::super::gaps;
use super::super::nsg;
use super::super::packet::{Packet, is_public};
use super::{Hindrance, Walk};

impl<'w> Walk<'w> {
    /// The interface's group comes before the subnet's on the way out.
    pub(super) fn groups_outbound(
        &self,
        subnet: Id<Subnet>,
        machine: Option<IpAddr>,
    ) -> Vec<Id<Nsg>> {
        let interface = self
            .pool_in(subnet)
            .and_then(|(_, pool)| pool.nodes.interface_nsg.as_ref())
            .or_else(|| self.interface_group(machine?))
            .and_then(|nsg| nsg.id);
        let own = self.plane.estate.subnets[subnet]
            .nsg
            .as_ref()
            .and_then(|nsg| nsg.id);
        interface.into_iter().chain(own).collect()
    }

    pub(super) fn groups_inbound(
        &self,
        subnet: Id<Subnet>,
        machine: Option<IpAddr>,
    ) -> Vec<Id<Nsg>> {
        let mut groups = self.groups_outbound(subnet, machine);
        groups.reverse();
        groups
    }

    /// The security group on the interface that holds an address.
    fn interface_group(&self, address: IpAddr) -> Option<&'w Ref<Nsg>> {
        let mut interfaces = self.plane.estate.interfaces.iter();
        let (_, interface) = interfaces
            .find(|(_, interface)| interface.addresses.iter().any(|own| own.value == address))?;
        interface.nsg.as_ref()
    }

    /// Says that the security group of a subnet or of a machine in it is not known, when it is not.
    pub(super) fn doubt_group(
        &mut self,
        subnet: Id<Subnet>,
        machine: Option<IpAddr>,
        cause: Cause,
    ) {
        let group = machine.and_then(|address| self.interface_group(address));
        if let Some(group) = group.filter(|group| group.id.is_none()) {
            let element = self.subnet_element(subnet);
            let text = format!(
                "network security group `{}` of an interface is not part of the input, so its rules are not known",
                group.name
            );
            self.doubt(Stage::Nsg, cause, element, text);
        }
        if let Some(text) = gaps::security_group(self.plane.estate, subnet) {
            let element = self.subnet_element(subnet);
            self.doubt(Stage::Nsg, cause, element, text);
        }
    }

    pub(super) fn ask_group(
        &mut self,
        nsg: Id<Nsg>,
        direction: Direction,
        subnet: Id<Subnet>,
        packet: &Packet,
    ) {
        let judgement = nsg::judge(self.plane, nsg, direction, subnet, packet, &mut self.notes);
        self.rest_on(nsg::nsg_element(self.plane.estate, nsg));
        let to = match (&self.name, packet.destination.address) {
            (Some(name), None) => name.to_string(),
            _ => packet.destination.words(),
        };
        let words = format!(
            "{} -> {to} ({})",
            packet.source.words(),
            packet.service_words()
        );
        let by_default = matches!(judgement.rule.site, Site::DefaultRule(..));
        if by_default && self.is_pod_traffic(subnet, packet) {
            self.note("default security rules let the pods and nodes of a cluster talk");
            return;
        }
        if judgement.outcome == Outcome::Passes {
            self.pass(
                Stage::Nsg,
                judgement.rule.clone(),
                format!("allows {words}"),
            );
            self.matched.push(judgement.rule);
            self.overruled.extend(judgement.shadowed);
            return;
        }
        let cause = self.nsg_cause(direction, subnet, packet, judgement.widened_by.is_some());
        let mut text = match (judgement.outcome, judgement.access) {
            (Outcome::Blocks, _) => format!("denies {words}"),
            (_, Access::Deny) => format!("may deny {words}"),
            (_, Access::Allow) => format!("may allow {words}"),
        };
        if let Some(route) = &judgement.widened_by {
            text.push_str(&format!(
                "; under {} the tag VirtualNetwork holds the destination too",
                route.name
            ));
        }
        self.hinder(Hindrance {
            outcome: judgement.outcome,
            near: judgement.near,
            shadowed: judgement.shadowed,
            ..Hindrance::new(Stage::Nsg, cause, judgement.rule, text)
        });
    }

    pub(super) fn nsg_cause(
        &self,
        direction: Direction,
        subnet: Id<Subnet>,
        packet: &Packet,
        widened: bool,
    ) -> Cause {
        if widened {
            return Cause::NsgServiceTagExpansion;
        }
        if direction == Direction::Inbound && self.is_management(subnet, packet) {
            return Cause::ManagementPath;
        }
        let private = packet
            .destination
            .address
            .is_some_and(|address| !is_public(address, self.plane.facts.private_ranges()));
        if private && (direction == Direction::Inbound || self.is_inside_cluster(subnet, packet)) {
            return Cause::NsgIntraClusterDeny;
        }
        if direction == Direction::Outbound && self.is_storage_or_sql_of_hdinsight(subnet, packet) {
            return Cause::ManagementPath;
        }
        Cause::NsgOutboundDeny
    }

    /// Whether both ends belong to one cluster: its nodes, its pods, its private endpoints.
    pub(super) fn is_inside_cluster(&self, subnet: Id<Subnet>, packet: &Packet) -> bool {
        let Some((_, pool)) = self.pool_in(subnet) else {
            return false;
        };
        let Some(address) = packet.destination.address else {
            return false;
        };
        let estate = self.plane.estate;
        let subnets = pool
            .subnets
            .iter()
            .chain(&pool.nodes.pod_subnet)
            .chain(&pool.api_server.subnet)
            .filter_map(|subnet| subnet.id);
        let mut prefixes = subnets
            .flat_map(|subnet| estate.subnets[subnet].prefixes.iter())
            .chain(&pool.pod_prefixes);
        prefixes.any(|prefix| prefix.value.contains(&address))
    }
}
