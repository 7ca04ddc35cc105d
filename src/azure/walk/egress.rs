//! A packet goes to the Internet: with which public address, if any, and with enough ports
//! (MicrosoftDocs/azure-docs, articles/nat-gateway/nat-overview.md and ip-services/default-outbound-access.md).

use std::net::IpAddr;

use crate::estate::{
    Appliance, Estate, Firewall, Gap, Id, LoadBalancer, NatGateway, OutboundType, PublicAddress,
    PublicIp, Ref, Region, Subnet,
};
use crate::net::Transport;

use super::super::cause::Cause;
use super::super::facts::Limit;
use super::super::firewall::{firewall_element, snat_element};
use super::super::flow::{Element, Site, Stage};
use super::super::gaps;
use super::super::next_hop::Holder;
use super::super::packet::Packet;
use super::Walk;
use super::service::Identity;

/// How a subnet's packets get a public address.
struct Exit {
    element: Element,
    addresses: Vec<IpAddr>,
    /// Ports for flows to one destination, when they are known: never fewer, at times as many.
    ports: Option<(u64, u64)>,
    tcp_and_udp_only: bool,
    assumption: Option<String>,
}

impl Walk<'_> {
    /// A packet whose next hop is the Internet leaves with a public address of its subnet or device.
    pub(super) fn reach_internet(
        &mut self,
        subnet: Id<Subnet>,
        packet: Packet,
        route: Option<&Element>,
    ) {
        if let Some(device) = self.devices.last().copied() {
            match device.holder {
                Holder::Firewall(id) if self.firewall_subnet(id) == Some(subnet) => {
                    self.firewall_to_internet(id, Some(subnet), packet);
                    return;
                }
                Holder::Appliance(id)
                    if self.plane.estate.appliances[id].subnet.id == Some(subnet) =>
                {
                    self.appliance_to_internet(id, subnet, packet);
                    return;
                }
                _ => {}
            }
        }
        if let Some(nat) = self.empty_nat_gateway(subnet) {
            let text = "has no public address or prefix to translate to";
            self.block(Stage::Snat, Cause::NoSnat, nat, text);
            return;
        }
        let by_gateway = self.plane.estate.subnets[subnet].nat_gateway.is_some();
        if let Some(text) = gaps::exit(self.plane.estate, subnet).filter(|_| !by_gateway) {
            let element = self.subnet_element(subnet);
            self.doubt(Stage::Snat, Cause::NoSnat, element, text);
            self.path.push(super::internet());
            self.ask_service(Identity::Public(Vec::new()), &packet);
            return;
        }
        match self.exit_of(subnet, &packet) {
            Some(exit) => self.leave_with(exit, Identity::Public, packet),
            None if self.may_have_public_address(subnet) => {
                let element = self.subnet_element(subnet);
                let text = "holds machines with public addresses of their own, and whether the sender is one is not known";
                self.doubt(Stage::Snat, Cause::NoSnat, element, text);
            }
            None if self.is_storage_of_the_region(&packet) => {
                let element = self.subnet_element(subnet);
                self.pass(
                    Stage::Snat,
                    element,
                    "has no public address, but storage of the same region is reached without one",
                );
                self.path.push(super::internet());
                self.ask_service(Identity::Region, &packet);
            }
            None => {
                let (element, text) = self.no_exit(subnet, route);
                self.block(Stage::Snat, Cause::NoSnat, element, text);
            }
        }
    }

    /// What is to blame when a subnet has no public address: the route that leads out, when somebody wrote one that is
    /// not for everything, or else the subnet.
    fn no_exit(&self, subnet: Id<Subnet>, route: Option<&Element>) -> (Element, String) {
        let estate = self.plane.estate;
        let place = &estate.subnets[subnet];
        let written = route.filter(|route| match route.site {
            Site::Route(table, index) => {
                let routes = &estate.route_tables[table].routes;
                routes.get(index).is_some_and(|route| {
                    super::super::routing::destination_words(&route.destination.value)
                        != "0.0.0.0/0"
                })
            }
            _ => false,
        });
        let lacks = format!(
            "subnet `{}` has no public address to leave with: no NAT gateway, no public address on its machines, no \
             outbound rule of a load balancer, no default outbound access",
            estate.subnet_path(subnet)
        );
        let balancer = estate.load_balancers.iter().find(|(_, balancer)| {
            let mut backends = balancer.backends.iter();
            !balancer.public_ips.is_empty() && backends.any(|backend| backend.id == Some(subnet))
        });
        match (written, balancer) {
            (Some(route), _) => (route.clone(), format!("leads to the Internet, but {lacks}")),
            // It takes the default away and gives nothing in return.
            (None, Some((id, balancer))) if place.default_outbound.is_none() => (
                Element {
                    name: format!("load balancer `{}`", balancer.meta.name),
                    origin: balancer.meta.origin,
                    site: Site::LoadBalancer(id),
                },
                format!(
                    "has no outbound rule, and machines behind it lose Azure's default; {lacks}"
                ),
            ),
            (None, _) => {
                let origin = place
                    .default_outbound
                    .map_or(place.meta.origin, |setting| setting.span.into());
                (
                    Element {
                        name: format!("subnet `{}`", estate.subnet_path(subnet)),
                        origin,
                        site: Site::Subnet(subnet),
                    },
                    lacks,
                )
            }
        }
    }

    fn leave_with(&mut self, exit: Exit, identity: fn(Vec<IpAddr>) -> Identity, packet: Packet) {
        if exit.tcp_and_udp_only && !matches!(packet.transport, Transport::Tcp | Transport::Udp) {
            self.block(
                Stage::Snat,
                Cause::NoSnat,
                exit.element,
                format!(
                    "translates TCP and UDP only, not {}",
                    packet.service_words()
                ),
            );
            return;
        }
        if let Some(assumption) = &exit.assumption {
            self.note(assumption.clone());
        }
        let words = if exit.addresses.is_empty() {
            "leaves with its public address, which is not known yet".to_owned()
        } else {
            let list: Vec<String> = exit.addresses.iter().map(ToString::to_string).collect();
            format!("leaves with {}", list.join(" or "))
        };
        self.source_nat.clone_from(&exit.addresses);
        self.count_ports(&exit, &packet);
        self.pass(Stage::Snat, exit.element.clone(), words);
        self.path.push(exit.element);
        self.path.push(super::internet());
        self.ask_service(identity(exit.addresses), &packet);
        self.reply_from_internet();
    }

    /// Whether the ports suffice for the flows that run at once.
    fn count_ports(&mut self, exit: &Exit, packet: &Packet) {
        let Some(wanted) = self.flow.at_once.map(u64::from) else {
            return;
        };
        let Some((least, most)) = exit.ports else {
            self.note(format!(
                "{} has ports for {wanted} flows at once",
                exit.element.name
            ));
            return;
        };
        let to = packet.destination.words();
        // Some of the flows get a port and some do not, so no single one is certain.
        if wanted > most {
            self.doubt(
                Stage::Snat,
                Cause::NoSnat,
                exit.element.clone(),
                format!(
                    "has {most} ports at most for flows to {to}; of {wanted} at once some fail"
                ),
            );
        } else if wanted > least {
            self.doubt(
                Stage::Snat,
                Cause::NoSnat,
                exit.element.clone(),
                format!(
                    "has between {least} and {most} ports for flows to {to}, depending on its instances at the \
                     moment; {wanted} at once are asked for"
                ),
            );
        }
    }

    /// The order in which a subnet takes a public address: NAT gateway, its machines' own, a load balancer's outbound
    /// rule, Azure's default.
    fn exit_of(&self, subnet: Id<Subnet>, packet: &Packet) -> Option<Exit> {
        let estate = self.plane.estate;
        let place = &estate.subnets[subnet];
        if let Some(nat) = place.nat_gateway.as_ref().and_then(|nat| nat.id) {
            return Some(self.nat_exit(nat));
        }
        if let Some(outside) = &place.nat_gateway {
            return Some(Exit {
                element: Element {
                    name: format!("NAT gateway `{}`", outside.name),
                    origin: outside.origin,
                    site: Site::Other,
                },
                addresses: Vec::new(),
                ports: None,
                tcp_and_udp_only: true,
                assumption: None,
            });
        }
        if let Some(exit) = self.own_exit(packet) {
            return Some(exit);
        }
        let pool = self.pool_in(subnet).map(|(_, pool)| pool);
        if let Some(pool) = pool
            && pool.outbound.value == OutboundType::ManagedNatGateway
        {
            return Some(Exit {
                element: Element {
                    name: format!("the NAT gateway made with pool `{}`", pool.meta.name),
                    origin: pool.outbound.span.into(),
                    site: Site::Other,
                },
                addresses: Vec::new(),
                ports: None,
                tcp_and_udp_only: true,
                assumption: None,
            });
        }
        if let Some(pool) = pool
            && let Some(origin) = pool.nodes.public_ips
        {
            return Some(Exit {
                element: Element {
                    name: format!(
                        "the public addresses of the nodes of pool `{}`",
                        pool.meta.name
                    ),
                    origin,
                    site: Site::Other,
                },
                addresses: Vec::new(),
                ports: None,
                tcp_and_udp_only: false,
                assumption: None,
            });
        }
        let serves = |balancer: &LoadBalancer| {
            !balancer.public_ips.is_empty()
                && balancer
                    .backends
                    .iter()
                    .any(|backend| backend.id == Some(subnet))
        };
        let mut balancers = estate
            .load_balancers
            .iter()
            .filter(|(_, b)| serves(b))
            .peekable();
        let behind_balancer = balancers.peek().is_some();
        if let Some((id, balancer)) = balancers.find(|(_, balancer)| balancer.outbound_rule) {
            let addresses = addresses_of(estate, &balancer.public_ips);
            return Some(Exit {
                element: Element {
                    name: format!("load balancer `{}`", balancer.meta.name),
                    origin: balancer.meta.origin,
                    site: Site::LoadBalancer(id),
                },
                addresses,
                ports: None,
                tcp_and_udp_only: false,
                assumption: None,
            });
        }
        if let Some(pool) = pool
            && pool.outbound.value == OutboundType::LoadBalancer
            && pool.nodes.outbound_rule.is_none_or(|rule| rule.value)
            && !behind_balancer
        {
            return Some(Exit {
                element: Element {
                    name: format!("the load balancer made with pool `{}`", pool.meta.name),
                    origin: pool.outbound.span.into(),
                    site: Site::Other,
                },
                addresses: Vec::new(),
                ports: None,
                tcp_and_udp_only: false,
                assumption: None,
            });
        }
        let lent = match place.default_outbound {
            Some(setting) => setting.value,
            // A machine behind a Standard load balancer loses the default.
            None => !behind_balancer,
        };
        (lent && packet.transport != Transport::Icmp).then(|| Exit {
            element: Element {
                name: "default outbound access".to_owned(),
                origin: place.default_outbound.map_or(place.meta.origin, |s| s.span.into()),
                site: Site::Subnet(subnet),
            },
            addresses: Vec::new(),
            ports: None,
            tcp_and_udp_only: false,
            assumption: place.default_outbound.is_none().then(|| {
                format!(
                    "subnet `{}` has default outbound access, as networks have that were made before Azure retired \
                     it (new ones lose it with API versions after 2026-03-31)",
                    estate.subnet_path(subnet)
                )
            }),
        })
    }

    /// The public address of the machine that sends, when its interface has one.
    fn own_exit(&self, packet: &Packet) -> Option<Exit> {
        let estate = self.plane.estate;
        let sender = packet.source.address?;
        let mut interfaces = estate.interfaces.iter();
        let (_, interface) = interfaces
            .find(|(_, interface)| interface.addresses.iter().any(|own| own.value == sender))?;
        let public = interface.public_ip.clone()?;
        Some(Exit {
            element: Element {
                name: format!("the public address of `{}`", interface.meta.name),
                origin: interface.meta.origin,
                site: Site::Other,
            },
            addresses: estate.public_addresses(&[public]),
            ports: None,
            tcp_and_udp_only: false,
            assumption: None,
        })
    }

    /// Whether a machine of a subnet has a public address, and may be any.
    fn may_have_public_address(&self, subnet: Id<Subnet>) -> bool {
        self.plane.estate.interfaces.iter().any(|(_, interface)| {
            let here = interface.subnet.id == Some(subnet);
            here && interface.public_ip.is_some() && !interface.all_known
        })
    }

    /// The NAT gateway of a subnet, when it takes the packets and has no address for them.
    fn empty_nat_gateway(&self, subnet: Id<Subnet>) -> Option<Element> {
        let estate = self.plane.estate;
        let id = estate.subnets[subnet].nat_gateway.as_ref()?.id?;
        let nat = &estate.nat_gateways[id];
        let known = estate.gaps.at(Gap::NatGateway(id)).is_empty();
        let empty = nat.public_ips.is_empty() && !nat.meta.home.is_existing() && known;
        empty.then(|| self.nat_exit(id).element)
    }

    fn nat_exit(&self, id: Id<NatGateway>) -> Exit {
        let estate = self.plane.estate;
        let nat = &estate.nat_gateways[id];
        let known = estate.gaps.at(Gap::NatGateway(id)).is_empty();
        let addresses = known.then(|| addresses_of(estate, &nat.public_ips));
        let addresses = addresses.unwrap_or_default();
        let per_address = self
            .plane
            .facts
            .limit(Limit::SnatPortsPerNatGatewayAddress)
            .value;
        let count = u64::try_from(nat.public_ips.len().max(1)).unwrap_or(1);
        let ports = per_address.saturating_mul(count);
        Exit {
            element: Element {
                name: format!("NAT gateway `{}`", nat.meta.name),
                origin: nat.meta.origin,
                site: Site::NatGateway(id),
            },
            addresses,
            ports: known.then_some((ports, ports)),
            tcp_and_udp_only: true,
            assumption: None,
        }
    }

    /// A firewall sends to the Internet: with the NAT gateway of its subnet, or with its own public addresses.
    pub(super) fn firewall_to_internet(
        &mut self,
        id: Id<Firewall>,
        subnet: Option<Id<Subnet>>,
        packet: Packet,
    ) {
        let estate = self.plane.estate;
        let firewall = &estate.firewalls[id];
        let translated = self
            .devices
            .iter()
            .any(|device| device.holder == Holder::Firewall(id) && device.translated);
        let element = firewall_element(estate, id);
        if !translated {
            self.block(
                Stage::Snat,
                Cause::NoSnat,
                snat_element(estate, id),
                "takes the destination for private (its SNAT ranges) and leaves the source private, so nothing comes \
                 back from the Internet",
            );
            return;
        }
        if !matches!(packet.transport, Transport::Tcp | Transport::Udp) {
            self.block(
                Stage::Snat,
                Cause::NoSnat,
                element,
                format!(
                    "translates TCP and UDP only, not {} to the Internet",
                    packet.service_words()
                ),
            );
            return;
        }
        let nat = subnet
            .and_then(|subnet| estate.subnets[subnet].nat_gateway.as_ref())
            .and_then(|nat| nat.id);
        if let Some(nat) = nat {
            let exit = self.nat_exit(nat);
            self.leave_with(exit, Identity::Public, packet);
            return;
        }
        let unknown = estate.gaps.at(Gap::FirewallAddresses(id)).first();
        let managed = firewall.managed_public_ips.map_or(0, |count| count.value);
        let managed = usize::try_from(managed).unwrap_or(usize::MAX);
        let none = firewall.public_ips.is_empty() && managed == 0;
        if none && !firewall.meta.home.is_existing() && unknown.is_none() {
            self.block(
                Stage::Snat,
                Cause::NoSnat,
                element,
                "has no public address, and no NAT gateway on its subnet",
            );
            return;
        }
        let addresses = estate.public_addresses(&firewall.public_ips);
        let all = addresses.len() == firewall.public_ips.len() || !gaps::is_part(estate);
        // Azure keeps more addresses for it than are stated.
        let known = unknown.is_none() && all && managed <= firewall.public_ips.len();
        for ip in &firewall.public_ips {
            if let PublicAddress::Resource(resource) = ip {
                self.rest_on(Element {
                    origin: resource.origin,
                    ..element.clone()
                });
            }
        }
        let origin = firewall
            .public_ips
            .first()
            .map_or(element.origin, |ip| match ip {
                PublicAddress::Literal(address) => address.span.into(),
                PublicAddress::Resource(resource) => resource.origin,
            });
        let count = firewall.public_ips.len().max(managed).max(1);
        let count = u64::try_from(count).unwrap_or(1);
        let limit = |limit| self.plane.facts.limit(limit).value;
        let per_instance = limit(Limit::FirewallSnatPortsPerAddress).saturating_mul(count);
        let exit = Exit {
            element: Element { origin, ..element },
            addresses: if known { addresses } else { Vec::new() },
            ports: unknown.is_none().then(|| {
                (
                    per_instance.saturating_mul(limit(Limit::FirewallInstancesMinimum)),
                    per_instance.saturating_mul(limit(Limit::FirewallInstances)),
                )
            }),
            tcp_and_udp_only: true,
            assumption: None,
        };
        self.leave_with(exit, Identity::Public, packet);
    }

    fn appliance_to_internet(&mut self, id: Id<Appliance>, subnet: Id<Subnet>, packet: Packet) {
        let estate = self.plane.estate;
        let appliance = &estate.appliances[id];
        let element = self.device_element(Holder::Appliance(id));
        let stated = !matches!(appliance.filter, crate::estate::ApplianceFilter::Unstated);
        if stated && !appliance.snat {
            self.block(
                Stage::Snat,
                Cause::NoSnat,
                element,
                "forwards without putting its own address in the sender's place, so nothing comes back from the Internet",
            );
            return;
        }
        let own: Vec<PublicAddress> = appliance.public_ip.iter().cloned().collect();
        if !own.is_empty() {
            let exit = Exit {
                element,
                addresses: estate.public_addresses(&own),
                ports: None,
                tcp_and_udp_only: false,
                assumption: None,
            };
            self.leave_with(exit, Identity::Public, packet);
            return;
        }
        if !stated {
            self.note(format!(
                "appliance `{}` has a public address to leave with, or sends on to what has one",
                appliance.meta.name
            ));
            self.path.push(super::internet());
            self.ask_service(Identity::Public(Vec::new()), &packet);
            self.reply_from_internet();
            return;
        }
        match self.exit_of(subnet, &packet) {
            Some(exit) => self.leave_with(exit, Identity::Public, packet),
            None => self.block(
                Stage::Snat,
                Cause::NoSnat,
                element,
                "has no public address, and neither has its subnet",
            ),
        }
    }

    /// Storage accounts of the same region are reached from a private subnet without a public address.
    fn is_storage_of_the_region(&self, packet: &Packet) -> bool {
        let Region::Named(region) = &self.plane.estate.region else {
            return false;
        };
        let by_tag = packet.destination.tags.iter().any(|tag| {
            tag.as_str().split_once('.').is_some_and(|(family, place)| {
                family.eq_ignore_ascii_case("Storage") && place.eq_ignore_ascii_case(region)
            })
        });
        by_tag
            || self.service_at(packet).is_some_and(|id| {
                let service = &self.plane.estate.services[id];
                let storage = service
                    .kind
                    .as_ref()
                    .is_some_and(|kind| kind.value == "storage");
                let here = service
                    .region
                    .as_ref()
                    .is_some_and(|place| place.value.eq_ignore_ascii_case(region));
                storage && here
            })
    }
}

/// The addresses of public address resources; of a part of an estate, none unless all are known.
fn addresses_of(estate: &Estate, ips: &[Ref<PublicIp>]) -> Vec<IpAddr> {
    let address = |ip: &Ref<PublicIp>| Some(estate.public_ips[ip.id?].address?.value);
    let known: Vec<IpAddr> = ips.iter().filter_map(address).collect();
    if gaps::is_part(estate) && known.len() < ips.len() {
        return Vec::new();
    }
    known
}
