//! TG8001: resources that nothing uses.

use std::collections::BTreeMap;
use std::net::IpAddr;

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, Walker};

use crate::azure::gaps;
use crate::azure::next_hop::{Holder, held_addresses, holders};
use crate::azure::rbac::assignments_of;
use crate::azure::rule_sets::RuleSet;
use crate::base::{Origin, Spanned};
use crate::diag::{Finding, Id, Severity};
use crate::estate::{
    Appliance, ApplicationSecurityGroup, DeniedPrincipals, DnsServer, DnsServers, Endpoint, Estate,
    Firewall, FirewallPolicy, Gap, Gateway, Id as ElementId, Identity, IpGroup, LoadBalancer,
    NatGateway, NextHop, Nsg, PoolIdentity, PrivateDnsZone, PrivateZone, Proxy, PublicAddress,
    PublicIp, RoleDefinition, RouteTable, Rules,
};

use super::Context;

rule! {
    /// A resource that is declared, that nothing refers to, and that does nothing by itself.
    ///
    /// A route table or network security group on no subnet protects nobody, though it looks as if it did; often the
    /// clause that attaches it was forgotten. An address, IP group or identity without use costs and confuses.
    ///
    /// What pools, subnets, networks, private endpoints and deny assignments refer to counts as used, directly or
    /// through others, and so does what firewalls refer to, when they are deployed or have rules. A `service` is never
    /// reported: it says what is behind a name, whoever asks for it. Of templates and exports only what nothing outside
    /// them can use is reported, as a note: another deployment may use it.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 {
    ///   subnet pool 10.10.1.0/24
    /// }
    /// nsg pool-nsg { }
    /// ```
    ///
    /// Attach it, `subnet pool 10.10.1.0/24 { nsg pool-nsg }`, or remove it.
    TG8001, check
}

/// A resource that can be without use, or one that uses others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    /// Pools, subnets, networks, private endpoints: what the policy is for.
    Root,
    RouteTable(ElementId<RouteTable>),
    Nsg(ElementId<Nsg>),
    SecurityGroup(ElementId<ApplicationSecurityGroup>),
    Firewall(ElementId<Firewall>),
    Policy(ElementId<FirewallPolicy>),
    IpGroup(ElementId<IpGroup>),
    PublicIp(ElementId<PublicIp>),
    NatGateway(ElementId<NatGateway>),
    LoadBalancer(ElementId<LoadBalancer>),
    Gateway(ElementId<Gateway>),
    Appliance(ElementId<Appliance>),
    DnsZone(ElementId<PrivateDnsZone>),
    DnsServer(ElementId<DnsServer>),
    Proxy(ElementId<Proxy>),
    Identity(ElementId<Identity>),
    Role(ElementId<RoleDefinition>),
}

impl Node {
    /// The kind, the name, the place, and what its use would be.
    fn description(self, estate: &Estate) -> Option<(&'static str, &str, Origin, &'static str)> {
        let (kind, meta, missing) = match self {
            Self::Root => return None,
            Self::Role(id) => {
                let role = &estate.role_definitions[id];
                return Some((
                    "role",
                    role.name.as_str(),
                    role.origin,
                    "no identity has it",
                ));
            }
            Self::RouteTable(id) => (
                "route table",
                &estate.route_tables[id].meta,
                "no subnet has it",
            ),
            Self::Nsg(id) => ("NSG", &estate.nsgs[id].meta, "no subnet has it"),
            Self::SecurityGroup(id) => (
                "application security group",
                &estate.security_groups[id].meta,
                "no security rule in use names it",
            ),
            Self::Firewall(id) => (
                "firewall",
                &estate.firewalls[id].meta,
                "no route or vnet leads to it",
            ),
            Self::Policy(id) => (
                "firewall policy",
                &estate.firewall_policies[id].meta,
                "no firewall in use has it",
            ),
            Self::IpGroup(id) => (
                "IP group",
                &estate.ip_groups[id].meta,
                "no firewall rule in use names it",
            ),
            Self::PublicIp(id) => (
                "public IP",
                &estate.public_ips[id].meta,
                "nothing in use has it",
            ),
            Self::NatGateway(id) => (
                "NAT gateway",
                &estate.nat_gateways[id].meta,
                "no subnet has it",
            ),
            Self::LoadBalancer(id) => (
                "load balancer",
                &estate.load_balancers[id].meta,
                "it has no backend, and no route leads to it",
            ),
            Self::Gateway(id) => (
                "gateway",
                &estate.gateways[id].meta,
                "no route leads to it, and it has learned none",
            ),
            Self::Appliance(id) => (
                "appliance",
                &estate.appliances[id].meta,
                "no route in use leads to it",
            ),
            Self::DnsZone(id) => (
                "private DNS zone",
                &estate.dns_zones[id].meta,
                "no vnet is linked to it",
            ),
            Self::DnsServer(id) => (
                "DNS server",
                &estate.dns_servers[id].meta,
                "no vnet, firewall or other DNS server in use asks it",
            ),
            Self::Proxy(id) => ("proxy", &estate.proxies[id].meta, "no pool uses it"),
            Self::Identity(id) => ("identity", &estate.identities[id].meta, "no pool has it"),
        };
        Some((kind, meta.name.as_str(), meta.origin, missing))
    }
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let mut uses = Uses::of(estate);
    uses.networks();
    uses.pools();
    uses.route_tables();
    uses.firewalls();
    uses.others();
    uses.dns_servers();
    uses.denials();
    let part = gaps::is_part(estate);
    if part {
        uses.others_may_use();
    }
    for node in uses.unused() {
        let Some((kind, name, origin, missing)) = node.description(estate) else {
            continue;
        };
        let message = format!("{kind} `{name}` is not used: {missing}");
        let finding = Finding::new(Id::TG8001, message).at(origin, "declared here");
        findings.push(if part {
            finding
                .severity(Severity::Note)
                .assumed()
                .help("nothing of the input uses it; put it to use, or remove it, unless another deployment does")
        } else {
            finding.help("put it to use, or remove it")
        });
    }
}

/// The graph of what uses what.
struct Uses<'a> {
    estate: &'a Estate,
    graph: DiGraph<Node, ()>,
    nodes: BTreeMap<Node, NodeIndex>,
}

impl<'a> Uses<'a> {
    fn of(estate: &'a Estate) -> Self {
        let mut uses = Self {
            estate,
            graph: DiGraph::new(),
            nodes: BTreeMap::new(),
        };
        let all = std::iter::once(Node::Root)
            .chain(estate.route_tables.ids().map(Node::RouteTable))
            .chain(estate.nsgs.ids().map(Node::Nsg))
            .chain(estate.security_groups.ids().map(Node::SecurityGroup))
            .chain(estate.firewalls.ids().map(Node::Firewall))
            .chain(estate.firewall_policies.ids().map(Node::Policy))
            .chain(estate.ip_groups.ids().map(Node::IpGroup))
            .chain(estate.public_ips.ids().map(Node::PublicIp))
            .chain(estate.nat_gateways.ids().map(Node::NatGateway))
            .chain(estate.load_balancers.ids().map(Node::LoadBalancer))
            .chain(estate.gateways.ids().map(Node::Gateway))
            .chain(estate.appliances.ids().map(Node::Appliance))
            .chain(estate.dns_zones.ids().map(Node::DnsZone))
            .chain(estate.dns_servers.ids().map(Node::DnsServer))
            .chain(estate.proxies.ids().map(Node::Proxy))
            .chain(estate.identities.ids().map(Node::Identity))
            .chain(estate.role_definitions.ids().map(Node::Role));
        for node in all {
            let index = uses.graph.add_node(node);
            uses.nodes.insert(node, index);
        }
        uses
    }

    fn add(&mut self, user: Node, used: impl IntoIterator<Item = Node>) {
        for used in used {
            if let (Some(user), Some(used)) = (self.nodes.get(&user), self.nodes.get(&used)) {
                self.graph.add_edge(*user, *used, ());
            }
        }
    }

    /// Resources that no way leads to from the roots.
    fn unused(&self) -> Vec<Node> {
        let mut unused = self.nodes.clone();
        if let Some(root) = self.nodes.get(&Node::Root) {
            for index in Dfs::new(&self.graph, *root).iter(&self.graph) {
                if let Some(node) = self.graph.node_weight(index) {
                    unused.remove(node);
                }
            }
        }
        unused.into_keys().collect()
    }

    /// Where the estate is only a part of what there is, what others may use counts as used: only route tables, NAT
    /// gateways, IP groups, zones and application security groups are used by nothing but what is seen here.
    fn others_may_use(&mut self) {
        // Rules that are not known may name any IP group.
        let mut gaps = self.estate.gaps.iter();
        let open = gaps.any(|(gap, _)| matches!(gap, Gap::FirewallRules(_) | Gap::PolicyRules(_)));
        let seen_by_others: Vec<Node> = self
            .nodes
            .keys()
            .copied()
            .filter(|node| {
                let named = open && matches!(node, Node::IpGroup(_));
                named
                    || !matches!(
                        node,
                        Node::Root
                            | Node::RouteTable(_)
                            | Node::NatGateway(_)
                            | Node::IpGroup(_)
                            | Node::DnsZone(_)
                            | Node::SecurityGroup(_)
                    )
            })
            .collect();
        for node in seen_by_others {
            self.add(Node::Root, Some(node));
        }
    }

    fn networks(&mut self) {
        let estate = self.estate;
        for (_, vnet) in estate.vnets.iter() {
            if let DnsServers::Firewall(firewall) = &vnet.dns {
                self.add(Node::Root, firewall.id.map(Node::Firewall));
            }
        }
        for (_, subnet) in estate.subnets.iter() {
            let table = subnet.route_table.as_ref().and_then(|table| table.id);
            let nsg = subnet.nsg.as_ref().and_then(|nsg| nsg.id);
            let nat = subnet.nat_gateway.as_ref().and_then(|gateway| gateway.id);
            self.add(Node::Root, table.map(Node::RouteTable));
            self.add(Node::Root, nsg.map(Node::Nsg));
            self.add(Node::Root, nat.map(Node::NatGateway));
        }
        for (_, interface) in estate.interfaces.iter() {
            let nsg = interface.nsg.as_ref().and_then(|nsg| nsg.id);
            self.add(Node::Root, nsg.map(Node::Nsg));
        }
        for (id, nsg) in estate.nsgs.iter() {
            for rule in &nsg.rules {
                let ends = rule.sources.iter().chain(&rule.destinations);
                self.add(Node::Nsg(id), ends.filter_map(group_of));
            }
        }
    }

    fn pools(&mut self) {
        let estate = self.estate;
        for (_, pool) in estate.pools.iter() {
            let via = pool.via.as_ref().and_then(|via| via.id);
            self.add(Node::Root, via.map(Node::Firewall));
            let nsg = pool.nodes.interface_nsg.as_ref().and_then(|nsg| nsg.id);
            self.add(Node::Root, nsg.map(Node::Nsg));
            if let Some(PrivateZone::Own(zone)) = pool
                .api_server
                .private_zone
                .as_ref()
                .map(|zone| &zone.value)
            {
                self.add(Node::Root, zone.id.map(Node::DnsZone));
            }
            if let Some(proxy) = &pool.http_proxy {
                let endpoints = proxy.http.iter().chain(&proxy.https);
                let listening = endpoints.flat_map(|endpoint| {
                    let all = estate.proxies.iter();
                    all.filter(|(_, it)| {
                        it.port == endpoint.value.port
                            && it.address.value.to_string() == endpoint.value.host
                    })
                });
                self.add(Node::Root, listening.map(|(id, _)| Node::Proxy(id)));
            }
            if let Some(PoolIdentity::UserAssigned(identity)) = &pool.identity {
                self.add(Node::Root, identity.id.map(Node::Identity));
            }
            if let Some(identity) = &pool.workload_identity {
                self.add(Node::Root, identity.id.map(Node::Identity));
            }
        }
        let roles: BTreeMap<String, ElementId<RoleDefinition>> = estate
            .role_definitions
            .iter()
            .map(|(id, role)| (role.name.to_ascii_lowercase(), id))
            .collect();
        for id in estate.identities.ids() {
            let given = assignments_of(estate, id);
            let given = given.filter_map(|it| roles.get(&it.role.value.to_ascii_lowercase()));
            self.add(Node::Identity(id), given.copied().map(Node::Role));
        }
    }

    fn route_tables(&mut self) {
        let estate = self.estate;
        let held = held_addresses(estate);
        for (id, table) in estate.route_tables.iter() {
            let user = Node::RouteTable(id);
            for route in &table.routes {
                match &route.next_hop.value {
                    NextHop::Gateway => self.add(user, estate.gateways.ids().map(Node::Gateway)),
                    NextHop::Addresses(addresses) => {
                        let known = addresses.iter().filter_map(|address| held.get(address));
                        self.add(user, known.filter_map(|holder| node_of(*holder)));
                    }
                    named => self.add(user, holders(estate, named).into_iter().filter_map(node_of)),
                }
            }
        }
    }

    fn firewalls(&mut self) {
        let estate = self.estate;
        for (id, firewall) in estate.firewalls.iter() {
            let user = Node::Firewall(id);
            if !firewall.meta.home.is_existing() || !firewall.collections.is_empty() {
                self.add(Node::Root, [user]);
            }
            let policy = firewall.policy.as_ref().and_then(|policy| policy.id);
            self.add(user, policy.map(Node::Policy));
            let addresses = firewall.public_ips.iter().chain(&firewall.management_ip);
            self.add(user, addresses.filter_map(address_of));
            let set = RuleSet::of_firewall(estate, id);
            self.add(user, ends_of(&set).filter_map(group_of));
        }
        for (id, policy) in estate.firewall_policies.iter() {
            let parent = policy.parent.as_ref().and_then(|parent| parent.id);
            self.add(Node::Policy(id), parent.map(Node::Policy));
            let set = RuleSet::of_policy(estate, id);
            self.add(Node::Policy(id), ends_of(&set).filter_map(group_of));
        }
    }

    fn dns_servers(&mut self) {
        let estate = self.estate;
        let at: BTreeMap<IpAddr, Node> = estate
            .dns_servers
            .iter()
            .map(|(id, server)| (server.address.value, Node::DnsServer(id)))
            .collect();
        let known = |addresses: &[Spanned<IpAddr>]| -> Vec<Node> {
            let found = addresses.iter().filter_map(|it| at.get(&it.value));
            found.copied().collect()
        };
        for (_, vnet) in estate.vnets.iter() {
            if let DnsServers::Custom(servers) = &vnet.dns {
                self.add(Node::Root, known(servers));
            }
        }
        for (id, firewall) in estate.firewalls.iter() {
            self.add(Node::Firewall(id), known(&firewall.settings.dns_servers));
        }
        for (id, policy) in estate.firewall_policies.iter() {
            self.add(Node::Policy(id), known(&policy.settings.dns_servers));
        }
        for (id, server) in estate.dns_servers.iter() {
            let user = Node::DnsServer(id);
            self.add(user, server.forwarders.iter().flat_map(|it| known(it)));
            for forwarder in &server.conditional {
                self.add(user, known(&forwarder.servers));
            }
        }
    }

    /// An identity that a deny assignment names is there for that.
    fn denials(&mut self) {
        let estate = self.estate;
        for (_, denial) in estate.deny_assignments.iter() {
            let listed = match &denial.principals {
                DeniedPrincipals::Everyone => &[][..],
                DeniedPrincipals::Listed(listed) => listed,
            };
            let named = listed.iter().chain(&denial.excluded);
            let named = named.filter_map(|identity| identity.id);
            self.add(Node::Root, named.map(Node::Identity));
        }
    }

    fn others(&mut self) {
        let estate = self.estate;
        for (id, gateway) in estate.nat_gateways.iter() {
            let addresses = gateway.public_ips.iter().filter_map(|ip| ip.id);
            self.add(Node::NatGateway(id), addresses.map(Node::PublicIp));
        }
        for (id, balancer) in estate.load_balancers.iter() {
            if !balancer.backends.is_empty() {
                self.add(Node::Root, [Node::LoadBalancer(id)]);
            }
            let addresses = balancer.public_ips.iter().filter_map(|ip| ip.id);
            self.add(Node::LoadBalancer(id), addresses.map(Node::PublicIp));
        }
        for (id, gateway) in estate.gateways.iter() {
            // What it learned reaches all subnets, and networks peered with gateway transit, without a route.
            let lends = estate
                .peerings
                .iter()
                .any(|(_, peering)| peering.gateway_transit && peering.from.id == gateway.vnet.id);
            if lends || !gateway.learned.is_empty() {
                self.add(Node::Root, [Node::Gateway(id)]);
            }
        }
        for (id, appliance) in estate.appliances.iter() {
            let address = appliance.public_ip.iter().filter_map(address_of);
            self.add(Node::Appliance(id), address);
        }
        for (_, endpoint) in estate.private_endpoints.iter() {
            let zone = endpoint.zone.as_ref().and_then(|zone| zone.id);
            // The records of an endpoint are of no use in a zone that no network sees; but one that exists already
            // may have links that the policy does not show.
            let zone = zone.filter(|zone| estate.dns_zones[*zone].meta.home.is_existing());
            self.add(Node::Root, zone.map(Node::DnsZone));
        }
        for (id, zone) in estate.dns_zones.iter() {
            if !zone.links.is_empty() {
                self.add(Node::Root, [Node::DnsZone(id)]);
            }
        }
    }
}

fn ends_of<'a>(set: &RuleSet<'a>) -> impl Iterator<Item = &'a Endpoint> {
    set.collections().flat_map(|collection| {
        let ends: Vec<&Endpoint> = match &collection.rules {
            Rules::Network(rules) => rules
                .iter()
                .flat_map(|rule| rule.sources.iter().chain(&rule.destinations))
                .collect(),
            Rules::Application(rules) => rules
                .iter()
                .flat_map(|rule| rule.sources.iter().chain(&rule.destinations))
                .collect(),
            Rules::Nat(rules) => rules
                .iter()
                .flat_map(|rule| rule.sources.iter().chain(&rule.destinations))
                .collect(),
        };
        ends
    })
}

fn group_of(end: &Endpoint) -> Option<Node> {
    match end {
        Endpoint::Plain(_) => None,
        Endpoint::IpGroup(group) => group.id.map(Node::IpGroup),
        Endpoint::SecurityGroup(group) => group.id.map(Node::SecurityGroup),
    }
}

fn address_of(address: &PublicAddress) -> Option<Node> {
    match address {
        PublicAddress::Resource(ip) => ip.id.map(Node::PublicIp),
        PublicAddress::Literal(_) => None,
    }
}

fn node_of(holder: Holder) -> Option<Node> {
    match holder {
        Holder::Firewall(id) => Some(Node::Firewall(id)),
        Holder::Appliance(id) => Some(Node::Appliance(id)),
        Holder::LoadBalancer(id) => Some(Node::LoadBalancer(id)),
        Holder::Nobody => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::found;

    #[test]
    fn what_is_reached_from_pools_and_networks_is_used() {
        let policy = "vnet v 10.0.0.0/16 {
  dns firewall fw
  subnet s 10.0.1.0/24 { route-table t nsg n nat-gateway g }
  subnet AzureFirewallSubnet 10.0.0.0/26
}
route-table t { route d 0.0.0.0/0 -> firewall fw route e 10.8.0.0/16 -> 10.0.3.4 route f 10.9.0.0/16 -> gateway }
nsg n { rule a 100 outbound allow from security-group a to any any }
security-group a { }
nat-gateway g { public-ip nat }
public-ip nat 20.0.0.2
public-ip data 20.0.0.1
appliance nva in v.s { private-ip 10.0.1.9 }
load-balancer lb { private-ip 10.0.3.4 }
gateway vpn in v { }
firewall fw in v { public-ip data policy p }
firewall-policy base { }
firewall-policy p {
  parent base
  rule-collection-group g 200 { network-rules n 200 allow { rule r from ip-group i to any tcp/1 } }
}
ip-group i = 10.0.0.0/24
identity msi { role own on this resource-group }
role own { actions Microsoft.Network/* }
private-dns-zone contoso.internal { link v }
pool q in v.s { outbound userDefinedRouting identity msi }";
        assert_eq!(
            found(Id::TG8001, policy),
            ["12:11 appliance `nva` is not used: no route in use leads to it"]
        );
    }

    #[test]
    fn what_is_described_is_used_by_who_asks_it() {
        let policy = "vnet v 10.0.0.0/16 { dns 10.0.0.4  subnet s 10.0.1.0/24 }
dns-server first in v { address 10.0.0.4  forwarders 10.0.0.5  forward contoso.com -> 192.168.0.4 }
dns-server second { address 10.0.0.5 }
dns-server third { address 192.168.0.4 }
dns-server idle { address 192.168.0.5 }
proxy squid { address 10.0.9.4  port 3128 }
proxy idle { address 10.0.9.4  port 8080 }
service logs { fqdn logs.blob.core.windows.net }
nsg n
identity allowed
deny-assignment locks on vnet v { actions Microsoft.Network/*  except allowed }
pool q in v.s { outbound none  http-proxy squid  node-nsg n }";
        assert_eq!(
            found(Id::TG8001, policy),
            [
                "5:12 DNS server `idle` is not used: no vnet, firewall or other DNS server in use asks it",
                "7:7 proxy `idle` is not used: no pool uses it",
            ]
        );
    }

    #[test]
    fn the_rest_is_not() {
        let policy = "vnet v 10.0.0.0/16 { subnet s 10.0.1.0/24 }
route-table t { route d 10.9.0.0/16 -> appliance nva }
appliance nva in v.s { private-ip 10.0.1.9 }
nsg n { rule a 100 outbound allow from security-group a to any any }
security-group a { }
firewall fw in v { existing public-ip data }
public-ip data
firewall-policy p { }
ip-group i = 10.0.0.0/24
identity msi { role own on this resource-group }
role own { actions Microsoft.Network/* }
private-dns-zone contoso.internal { }
gateway vpn in v { }
nat-gateway g { }
load-balancer lb { }";
        let found = found(Id::TG8001, policy);
        assert_eq!(found.len(), 14, "{found:#?}");
        assert_eq!(
            found[0],
            "2:13 route table `t` is not used: no subnet has it"
        );
    }
}
