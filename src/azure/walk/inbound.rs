//! Somebody outside starts a flow: to a load balancer, a firewall's public address, an API server, a service, or
//! straight to a machine that the platform or a gateway reaches.

use std::net::IpAddr;

use crate::estate::{Firewall, Gap, Gateway, Id, LoadBalancer, NatRule, Subnet, Translated};
use crate::net::ServiceTag;

use super::super::cause::Cause;
use super::super::firewall::{PassedBy, firewall_element, owner_element, rule_element};
use super::super::flow::{Element, Field, NearMiss, Site, Stage};
use super::super::next_hop::Holder;
use super::super::nsg::is_platform;
use super::super::packet::{End, Packet, is_public};
use super::super::routing::{EffectiveRoute, Hop};
use super::super::rule_sets::Owner;
use super::super::truth::Truth;
use super::service::Identity;
use super::{Device, Hindrance, Walk};

impl<'w> Walk<'w> {
    pub(super) fn start_outside(&mut self, address: IpAddr, tags: &[ServiceTag]) {
        let target = &self.flow.to;
        let known = target
            .name
            .as_ref()
            .and_then(|name| self.plane.known_addresses(name).first().copied());
        let destination = End {
            address: target.address.or(known),
            tags: target.tags.clone(),
            ..End::default()
        };
        let packet = Packet {
            source: End {
                address: Some(address),
                tags: tags.to_vec(),
                ..End::default()
            },
            destination,
            transport: self.flow.transport,
            port: self.flow.port,
        };
        let Some(to) = packet.destination.address else {
            self.note("the public address of the name is not known");
            self.ask_service(Identity::Public(vec![address]), &packet);
            return;
        };
        if let Some((id, balancer)) = self.balancer_at(to) {
            self.through_balancer(packet, id, balancer);
            return;
        }
        if let Some(firewall) = self.firewall_at(to) {
            self.through_dnat(packet, firewall);
            return;
        }
        match self.subnet_holding(to) {
            Some(subnet) => self.reach_machine(subnet, packet),
            None => {
                self.path.push(super::internet());
                self.ask_service(Identity::Public(vec![address]), &packet);
            }
        }
    }

    fn balancer_at(&self, address: IpAddr) -> Option<(Id<LoadBalancer>, &'w LoadBalancer)> {
        let estate = self.plane.estate;
        estate.load_balancers.iter().find(|(_, balancer)| {
            balancer.public_ips.iter().any(|ip| {
                let known = ip.id.and_then(|id| estate.public_ips[id].address);
                known.is_some_and(|known| known.value == address)
            })
        })
    }

    fn firewall_at(&self, address: IpAddr) -> Option<Id<Firewall>> {
        let estate = self.plane.estate;
        let mut firewalls = estate.firewalls.iter();
        firewalls
            .find(|(_, firewall)| {
                estate
                    .public_addresses(&firewall.public_ips)
                    .contains(&address)
            })
            .map(|(id, _)| id)
    }

    /// A public load balancer hands the flow to a machine, which sees the client as the sender.
    fn through_balancer(
        &mut self,
        mut packet: Packet,
        id: Id<LoadBalancer>,
        balancer: &LoadBalancer,
    ) {
        let element = Element {
            name: format!("load balancer `{}`", balancer.meta.name),
            origin: balancer.meta.origin,
            site: Site::LoadBalancer(id),
        };
        let estate = self.plane.estate;
        self.path.push(element.clone());
        if let Some(unknown) = estate.gaps.at(Gap::LoadBalancer(id)).first() {
            let text = format!("what it does is not known: {}", unknown.text);
            self.doubt(Stage::Route, Cause::ServiceAccessControl, element, text);
            return;
        }
        let served = balancer.ports.iter().any(|port| port.value == packet.port);
        if !balancer.ports.is_empty() && !served {
            self.block(
                Stage::Route,
                Cause::ServiceAccessControl,
                element,
                format!("has no rule for port {}", packet.port),
            );
            return;
        }
        self.pass(
            Stage::Route,
            element,
            "hands the flow to a machine behind it",
        );
        let Some(subnet) = balancer.backends.iter().find_map(|subnet| subnet.id) else {
            self.note("which machines the load balancer serves is not known");
            return;
        };
        packet.destination = End {
            address: self.plane.some_address(subnet),
            tags: Vec::new(),
            ..End::default()
        };
        self.reach_machine(subnet, packet);
    }

    /// A firewall translates flows to its public addresses, and hides the client behind an address of its own.
    fn through_dnat(&mut self, mut packet: Packet, id: Id<Firewall>) {
        let estate = self.plane.estate;
        self.path.push(firewall_element(estate, id));
        let plane = self.plane;
        let order = plane.firewall_order(id);
        let matching = order.and_then(|order| {
            order
                .nat
                .iter()
                .find(|placed| self.dnat_differs(placed.rule, &packet) == Some(Vec::new()))
                .map(|placed| (placed.rule, placed.place))
        });
        let Some((rule, place)) = matching else {
            let rules = order.into_iter().flat_map(|order| &order.nat);
            let near: Vec<NearMiss> = rules
                .filter_map(|placed| {
                    let differs = self.dnat_differs(placed.rule, &packet)?;
                    (differs.len() == 1).then(|| NearMiss {
                        element: rule_element(estate, &placed.rule.info, placed.place),
                        text: "translates flows to this address, but not this one".to_owned(),
                        differs,
                    })
                })
                .take(3)
                .collect();
            let cause = match near.as_slice() {
                [] => Cause::NetworkRuleMissing,
                _ => Cause::RuleFieldMismatch,
            };
            let text = format!(
                "no DNAT rule takes {} ({})",
                packet.destination.words(),
                packet.service_words()
            );
            self.hinder(Hindrance {
                near,
                ..Hindrance::new(Stage::Firewall, cause, owner_element(estate, id), text)
            });
            return;
        };
        let element = rule_element(estate, &rule.info, place);
        let own = estate.firewalls[id]
            .policy
            .as_ref()
            .and_then(|policy| policy.id);
        if let Owner::Policy(policy) = place.owner
            && own != Some(policy)
        {
            self.note("a firewall policy takes over the DNAT rules of its parent (Azure's pages disagree)");
        }
        let translated = match &rule.translated {
            Translated::Address(address) => Some(*address),
            Translated::Fqdn(name) => plane.known_addresses(name).first().copied(),
        };
        let Some(address) = translated else {
            self.doubt(
                Stage::Firewall,
                Cause::FqdnNetworkRuleProxy,
                element,
                "translates to a name whose address is not known",
            );
            return;
        };
        self.pass(
            Stage::Firewall,
            element.clone(),
            format!("translates to {address}:{}", rule.translated_port),
        );
        self.matched.push(element);
        let public = is_public(address, plane.facts.private_ranges());
        let own = if public {
            packet.destination.address
        } else {
            estate.firewalls[id].private_ip.map(|ip| ip.value)
        };
        packet.source = End {
            address: own,
            tags: Vec::new(),
            ..End::default()
        };
        packet.destination = End::at(address);
        packet.port = rule.translated_port;
        if public {
            // To the machines behind a public load balancer the firewall's public address is just a client.
            if let Some((balancer, element)) = self.balancer_at(address) {
                self.through_balancer(packet, balancer, element);
                return;
            }
            self.onward_from_firewall(id, packet, PassedBy::Application);
            return;
        }
        self.devices.push(Device {
            holder: Holder::Firewall(id),
            translated: true,
        });
        match self.firewall_subnet(id) {
            Some(subnet) => self.leave(subnet, packet),
            None => self.arrive_by_address(packet),
        }
    }

    /// The fields in which a DNAT rule misses a packet; `None` when it is for another address.
    fn dnat_differs(&self, rule: &NatRule, packet: &Packet) -> Option<Vec<Field>> {
        let holds = |endpoints: &[crate::estate::Endpoint], end: &End| {
            endpoints.iter().any(|endpoint| match endpoint {
                crate::estate::Endpoint::Plain(destination) => match destination {
                    crate::net::Destination::Anywhere => true,
                    crate::net::Destination::Prefix(prefix) => end.is_in(*prefix) == Truth::Yes,
                    crate::net::Destination::Range(range) => end.is_between(*range) == Truth::Yes,
                    crate::net::Destination::ServiceTag(tag) => {
                        self.plane.tag_holds(tag, end).0 == Truth::Yes
                    }
                    _ => false,
                },
                crate::estate::Endpoint::IpGroup(group) => group.id.is_some_and(|id| {
                    let group = &self.plane.estate.ip_groups[id];
                    group
                        .prefixes
                        .iter()
                        .any(|p| end.is_in(p.value) == Truth::Yes)
                        || group
                            .ranges
                            .iter()
                            .any(|r| end.is_between(r.value) == Truth::Yes)
                }),
                crate::estate::Endpoint::SecurityGroup(_) => false,
            })
        };
        let transport = rule
            .transports
            .iter()
            .any(|t| *t == crate::net::Transport::Any || *t == packet.transport);
        if !holds(&rule.destinations, &packet.destination) {
            return None;
        }
        let checks = [
            (transport, Field::Protocol),
            (rule.port == packet.port, Field::Port),
            (holds(&rule.sources, &packet.source), Field::Source),
        ];
        let missed = checks.into_iter().filter(|(same, _)| !same);
        Some(missed.map(|(_, field)| field).collect())
    }

    /// A machine is reached from outside: by the platform, through a load balancer, or from behind a gateway.
    fn reach_machine(&mut self, subnet: Id<Subnet>, packet: Packet) {
        let source = packet.source.address;
        let behind = source.and_then(|source| self.gateway_towards(subnet, source));
        if let Some(gateway) = behind {
            self.enter_by_gateway(gateway, packet);
            return;
        }
        self.path.push(self.subnet_element(subnet));
        if !self.enter(subnet, &packet) {
            return;
        }
        if source.is_some_and(|source| is_platform(self.plane, source)) {
            return;
        }
        self.reply_from_subnet(subnet, &packet);
    }

    /// The gateway behind which a private address lies, seen from a subnet.
    fn gateway_towards(&mut self, subnet: Id<Subnet>, address: IpAddr) -> Option<Id<Gateway>> {
        if is_public(address, self.plane.facts.private_ranges()) || is_platform(self.plane, address)
        {
            return None;
        }
        let estate = self.plane.estate;
        let vnet = estate.subnets[subnet].vnet;
        super::super::routing::gateways_of(estate, vnet)
            .into_iter()
            .find(|gateway| {
                let mut learned = estate.gateways[*gateway].learned.iter();
                learned
                    .any(|prefix| prefix.value.prefix_len() > 0 && prefix.value.contains(&address))
            })
    }

    /// A flow comes in through a gateway and takes the routes of the gateway's subnet.
    fn enter_by_gateway(&mut self, id: Id<Gateway>, packet: Packet) {
        let estate = self.plane.estate;
        let gateway = &estate.gateways[id];
        self.path.push(Element {
            name: format!("gateway `{}`", gateway.meta.name),
            origin: gateway.meta.origin,
            site: Site::Gateway(id),
        });
        let subnet = gateway
            .vnet
            .id
            .and_then(|vnet| estate.subnet_named(vnet, "GatewaySubnet"));
        match subnet {
            Some(subnet) => {
                let routes = self.next_devices(subnet, &packet.destination);
                let back = |(route, _): &(&EffectiveRoute, Vec<Holder>)| {
                    matches!(route.hop, Hop::Gateway(_))
                };
                if routes.first().is_some_and(back) {
                    self.arrive_by_address(packet);
                } else {
                    self.leave(subnet, packet);
                }
            }
            None => {
                self.note(format!(
                    "gateway `{}` hands the flow on straight; its subnet is not part of the estate",
                    gateway.meta.name
                ));
                self.arrive_by_address(packet);
            }
        }
    }

    /// Whether a packet belongs to the platform's way to a cluster: its management service or its health probes.
    pub(super) fn is_management(&self, subnet: Id<Subnet>, packet: &Packet) -> bool {
        let Some((_, pool)) = self.pool_in(subnet) else {
            return false;
        };
        let hdinsight = pool.management_inbound.is_some()
            || pool
                .kind
                .as_ref()
                .is_some_and(|kind| kind.value.starts_with("hdinsight"));
        let by_tag = packet.source.tags.iter().any(|tag| {
            let name = tag.as_str().to_ascii_lowercase();
            name == "hdinsight" || name.starts_with("hdinsight.") || name == "azureloadbalancer"
        });
        let probe = packet
            .source
            .address
            .is_some_and(|address| is_platform(self.plane, address));
        (hdinsight && by_tag) || probe
    }

    /// Whether a packet is on an HDInsight cluster's way to its storage or its metastore, without which it is not made
    /// (articles/hdinsight/create-cluster-error-dictionary.md).
    pub(super) fn is_storage_or_sql_of_hdinsight(
        &self,
        subnet: Id<Subnet>,
        packet: &Packet,
    ) -> bool {
        let hdinsight = self.pool_in(subnet).is_some_and(|(_, pool)| {
            let kind = pool.kind.as_ref();
            kind.is_some_and(|kind| kind.value == "hdinsight-classic")
        });
        let mut tags = packet.destination.tags.iter();
        let tagged = tags.any(|tag| {
            let name = tag.as_str().to_ascii_lowercase();
            let service = name.split('.').next().unwrap_or_default();
            matches!(service, "storage" | "sql")
        });
        let named = self.name.as_ref().is_some_and(|name| {
            let suffixes = [".core.windows.net", ".database.windows.net"];
            suffixes
                .iter()
                .any(|suffix| name.as_str().ends_with(suffix))
        });
        hdinsight && (tagged || named)
    }
}
