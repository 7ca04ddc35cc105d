//! What an estate does not tell, as far as it stands in the way of an answer.

use crate::estate::{
    Estate, Extent, Firewall, Gap, Id, Nsg, PlatformService, Pool, PoolSetting, PrivateDnsZone,
    Subnet, Unknown, VirtualHub, Vnet,
};

use super::rule_sets::{Owner, RuleSet, of_firewall, with_parents, with_those_above};

/// Whether what the estate does not state may exist all the same.
#[must_use]
pub fn is_part(estate: &Estate) -> bool {
    estate.gaps.extent == Extent::Part
}

fn named(what: &str, unknowns: &[Unknown]) -> Option<String> {
    let first = unknowns.first()?;
    let more = match unknowns.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("{what} not known: {}{more}", first.text))
}

/// Why the routes of a subnet's table are not all known.
#[must_use]
pub fn routes(estate: &Estate, subnet: Id<Subnet>) -> Option<String> {
    let settings = estate.gaps.at(Gap::SubnetSettings(subnet));
    let table = match &estate.subnets[subnet].route_table {
        None => return named("its route table is", settings),
        Some(table) => table,
    };
    match table.id {
        Some(id) => named("routes are", estate.gaps.at(Gap::Routes(id))),
        None => Some(format!(
            "route table `{}` is not part of the input, so its routes are not known",
            table.name
        )),
    }
}

/// Why the rules of a security group are not all known.
#[must_use]
pub fn security_rules(estate: &Estate, nsg: Id<Nsg>) -> Option<String> {
    named("rules are", estate.gaps.at(Gap::SecurityRules(nsg)))
}

/// Why it is not known which security group a subnet has, or what it holds.
#[must_use]
pub fn security_group(estate: &Estate, subnet: Id<Subnet>) -> Option<String> {
    let interfaces = named(
        "the network security group on its interfaces is",
        estate.gaps.at(Gap::InterfaceGroup(subnet)),
    );
    let own = match &estate.subnets[subnet].nsg {
        None => named(
            "its network security group is",
            estate.gaps.at(Gap::SubnetSettings(subnet)),
        ),
        Some(nsg) if nsg.id.is_none() => Some(format!(
            "network security group `{}` is not part of the input, so its rules are not known",
            nsg.name
        )),
        Some(_) => None,
    };
    own.or(interfaces)
}

/// Why it is not known which services a subnet reaches by service endpoint.
#[must_use]
pub fn service_endpoints(estate: &Estate, subnet: Id<Subnet>) -> Option<String> {
    named(
        "its service endpoints are",
        estate.gaps.at(Gap::ServiceEndpoints(subnet)),
    )
}

/// Why it is not known whether routes and security groups apply to private endpoints in a subnet.
#[must_use]
pub fn endpoint_policies(estate: &Estate, subnet: Id<Subnet>) -> Option<String> {
    named(
        "whether its security group and routes apply to private endpoints is",
        estate.gaps.at(Gap::EndpointPolicies(subnet)),
    )
}

/// Why it is not known with which public address machines of a subnet leave, if any.
#[must_use]
pub fn exit(estate: &Estate, subnet: Id<Subnet>) -> Option<String> {
    let own = named(
        "with which public address its machines leave is",
        estate.gaps.at(Gap::Exit(subnet)),
    );
    own.or_else(|| {
        // A load balancer of which nobody knows whom it serves may serve any subnet.
        estate.load_balancers.iter().find_map(|(id, balancer)| {
            let mut backends = balancer.backends.iter();
            let serves = balancer.backends.is_empty()
                || backends.any(|place| place.id == Some(subnet) || place.id.is_none());
            let what = format!("what load balancer `{}` does is", balancer.meta.name);
            let gaps = estate.gaps.at(Gap::LoadBalancer(id));
            named(&what, gaps).filter(|_| serves)
        })
    })
}

/// Why the rules that a firewall applies are not all known.
#[must_use]
pub fn firewall_rules(estate: &Estate, firewall: Id<Firewall>) -> Option<String> {
    rules_of_sets(estate, &of_firewall(estate, firewall))
}

/// Why the rules of a firewall or policy, and of the policies above it, are not all known.
#[must_use]
pub fn rules(estate: &Estate, set: &RuleSet<'_>) -> Option<String> {
    rules_of_sets(estate, &with_those_above(estate, set))
}

fn rules_of_sets(estate: &Estate, sets: &[RuleSet<'_>]) -> Option<String> {
    sets.iter().find_map(|set| match set.owner {
        Owner::Firewall(id) => named("rules are", estate.gaps.at(Gap::FirewallRules(id))),
        Owner::Policy(id) => {
            let parent = estate.firewall_policies[id].parent.as_ref();
            let absent = parent.filter(|parent| parent.id.is_none()).map(|parent| {
                let name = &parent.name;
                format!(
                    "parent policy `{name}` is not part of the input, so its rules are not known"
                )
            });
            absent.or_else(|| named("rules are", estate.gaps.at(Gap::PolicyRules(id))))
        }
    })
}

/// Why the settings of a firewall or policy itself are not all known: its tier, DNS, threat intelligence, SNAT.
#[must_use]
pub fn own_settings(estate: &Estate, owner: Owner) -> Option<String> {
    let gap = match owner {
        Owner::Firewall(id) => Gap::FirewallSettings(id),
        Owner::Policy(id) => Gap::PolicySettings(id),
    };
    named("settings are", estate.gaps.at(gap))
}

/// Why the settings of a firewall or policy, and of the policies above it, are not all known.
#[must_use]
pub fn settings(estate: &Estate, owner: Owner) -> Option<String> {
    let Owner::Policy(id) = owner else {
        return own_settings(estate, owner);
    };
    with_parents(estate, id).iter().find_map(|set| {
        let Owner::Policy(id) = set.owner else {
            return None;
        };
        let parent = estate.firewall_policies[id].parent.as_ref();
        let absent = parent.filter(|parent| parent.id.is_none()).map(|parent| {
            let name = &parent.name;
            format!(
                "parent policy `{name}` is not part of the input, so its settings are not known"
            )
        });
        absent.or_else(|| own_settings(estate, set.owner))
    })
}

/// Why the settings that a firewall works with are not all known.
#[must_use]
pub fn firewall_settings(estate: &Estate, firewall: Id<Firewall>) -> Option<String> {
    let own = own_settings(estate, Owner::Firewall(firewall));
    let first = of_firewall(estate, firewall).into_iter().next();
    own.or_else(|| settings(estate, first?.owner))
}

/// Why it is not known whether a zone is linked to a network beyond what is shown.
#[must_use]
pub fn zone_links(estate: &Estate, zone: Id<PrivateDnsZone>) -> Option<String> {
    named("links are", estate.gaps.at(Gap::ZoneLinks(zone)))
}

/// Why the records of a zone are not all known.
#[must_use]
pub fn zone_records(estate: &Estate, zone: Id<PrivateDnsZone>) -> Option<String> {
    named("records are", estate.gaps.at(Gap::ZoneRecords(zone)))
}

/// Why it is not known what Azure's resolver asks others about for a network.
#[must_use]
pub fn forwarding(estate: &Estate, vnet: Id<Vnet>) -> Option<String> {
    named(
        "which names its resolver sends on is",
        estate.gaps.at(Gap::Forwarding(vnet)),
    )
}

/// Why it is not known what a network learns from a hub.
#[must_use]
pub fn hub(estate: &Estate, id: Id<VirtualHub>, vnet: Id<Vnet>) -> Option<String> {
    let hub = &estate.hubs[id];
    let connected = hub.connections.iter().any(|peer| peer.id == Some(vnet));
    let (what, gap) = if connected {
        ("what it routes is", Gap::HubRouting(id))
    } else {
        (
            "which networks it is connected to is",
            Gap::HubConnections(id),
        )
    };
    named(what, estate.gaps.at(gap))
}

/// Why it is not known whom a platform service lets in.
#[must_use]
pub fn service_access(estate: &Estate, service: Id<PlatformService>) -> Option<String> {
    named(
        "whom it lets in is",
        estate.gaps.at(Gap::ServiceAccess(service)),
    )
}

/// Why a setting of a pool is not known.
#[must_use]
pub fn pool(estate: &Estate, pool: Id<Pool>, setting: PoolSetting) -> Option<String> {
    let what = match setting {
        PoolSetting::PrivateCluster => "whether its API server is private is",
        PoolSetting::ApiServerName => "how its API server is named and where is",
        PoolSetting::AuthorizedRanges => "whom its API server lets in is",
        PoolSetting::Identity => "its identity is",
        PoolSetting::Pods => "how its pods are connected is",
        PoolSetting::Nodes => "its number of nodes is",
        PoolSetting::NodePublicIps => "whether its nodes have public addresses is",
        PoolSetting::LoadBalancer => "the settings of its load balancer are",
        PoolSetting::Families => "whether its nodes have IPv6 addresses is",
        PoolSetting::ServiceAddresses => "the addresses of its services are",
        PoolSetting::HttpProxy => "the proxy of its nodes is",
        PoolSetting::Bootstrap => "where its nodes take their software from is",
        PoolSetting::Management => "which way its management comes in is",
    };
    named(what, estate.gaps.at(Gap::Pool(pool, setting)))
}

/// Why it is not known which networks a network is peered with, and how.
#[must_use]
pub fn peers(estate: &Estate, vnet: Id<Vnet>) -> Option<String> {
    let name = &estate.vnets[vnet].meta.name;
    let what = format!("what vnet `{name}` is peered with is");
    named(&what, estate.gaps.at(Gap::VnetSettings(vnet)))
}

/// Why it is not known which private addresses a network and those it is peered with hold.
#[must_use]
pub fn space(estate: &Estate, vnet: Id<Vnet>) -> Option<String> {
    let own = |vnet: Id<Vnet>| {
        let name = &estate.vnets[vnet].meta.name;
        let what = format!("the addresses of vnet `{name}` are");
        let subnets = format!("the subnets of vnet `{name}` are");
        named(&what, estate.gaps.at(Gap::VnetAddresses(vnet)))
            .or_else(|| named(&subnets, estate.gaps.at(Gap::Subnets(vnet))))
    };
    let peers = peers(estate, vnet);
    let mut peerings = estate.peerings.iter().map(|(_, peering)| peering);
    own(vnet).or(peers).or_else(|| {
        peerings.find_map(|peering| {
            if peering.from.id != Some(vnet) {
                return None;
            }
            match peering.to.id {
                Some(other) => own(other),
                None => Some(format!(
                    "peered vnet `{}` is not part of the input, so its addresses are not known",
                    peering.to.name
                )),
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::Dataplane;
    use super::super::facts::Facts;
    use super::super::flow::{Announced, Flow, Sender, Target, Trace, Verdict};
    use super::super::testing::Builder;
    use super::*;
    use crate::estate::{Condition, NextHop, PublicAddress};
    use crate::net::Transport;

    struct Network {
        builder: Builder,
        subnet: Id<Subnet>,
        vnet: Id<Vnet>,
    }

    fn network() -> Network {
        let mut builder = Builder::new();
        let vnet = builder.vnet("v", "10.0.0.0/16");
        let subnet = builder.subnet(vnet, "s", "10.0.1.0/24");
        let gateway = builder.nat_gateway(1);
        builder.estate.subnets[subnet].nat_gateway = Some(builder.to(gateway));
        builder.estate.gaps.extent = Extent::Part;
        Network {
            builder,
            subnet,
            vnet,
        }
    }

    impl Network {
        fn unknown(&self) -> Unknown {
            Unknown {
                text: "parameters('x')".into(),
                origin: self.builder.at().into(),
            }
        }

        fn gap(&mut self, gap: Gap) {
            let unknown = self.unknown();
            self.builder.estate.gaps.add(gap, unknown);
        }

        fn trace(&self, to: &str) -> Trace {
            let plane = Dataplane::new(&self.builder.estate, Facts::builtin(), None);
            plane.trace(&Flow {
                from: Sender::Inside {
                    subnet: self.subnet,
                    address: "10.0.1.4".parse().unwrap(),
                },
                to: Target {
                    address: Some(to.parse().unwrap()),
                    ..Target::default()
                },
                transport: Transport::Tcp,
                port: 443,
                announced: Announced::Nothing,
                at_once: None,
            })
        }

        fn verdict(&self) -> Verdict {
            self.trace("20.1.1.1").verdict
        }
    }

    #[test]
    fn all_known_is_certain() {
        let mut known = network();
        assert_eq!(known.verdict(), Verdict::Allowed);
        known
            .builder
            .routes(known.subnet, &[("0.0.0.0/0", NextHop::Drop)]);
        assert_eq!(known.verdict(), Verdict::Denied);
    }

    #[test]
    fn routes_that_are_not_known() {
        for hop in [NextHop::Internet, NextHop::Drop] {
            let mut some = network();
            let table = some.builder.routes(some.subnet, &[("0.0.0.0/0", hop)]);
            some.gap(Gap::Routes(table));
            assert_eq!(some.verdict(), Verdict::Uncertain);
        }
        let mut absent = network();
        absent.builder.estate.subnets[absent.subnet].route_table =
            Some(absent.builder.to_nothing("rt"));
        assert_eq!(absent.verdict(), Verdict::Uncertain);
        let mut settings = network();
        settings.gap(Gap::SubnetSettings(settings.subnet));
        assert_eq!(settings.verdict(), Verdict::Uncertain);
        let mut hop = network();
        let unknown = hop.unknown();
        hop.builder
            .routes(hop.subnet, &[("0.0.0.0/0", NextHop::Unknown(unknown))]);
        assert_eq!(hop.verdict(), Verdict::Uncertain);
    }

    #[test]
    fn security_rules_that_are_not_known() {
        let mut some = network();
        let nsg = some.builder.nsg(some.subnet);
        assert_eq!(some.verdict(), Verdict::Allowed);
        some.gap(Gap::SecurityRules(nsg));
        assert_eq!(some.verdict(), Verdict::Uncertain);
        let mut absent = network();
        absent.builder.estate.subnets[absent.subnet].nsg = Some(absent.builder.to_nothing("n"));
        assert_eq!(absent.verdict(), Verdict::Uncertain);
    }

    #[test]
    fn rules_of_a_firewall_that_are_not_known() {
        let mut some = network();
        let policy = some.builder.policy("p");
        let firewall = some.builder.firewall(some.vnet, Some(policy));
        let address = some.builder.put("20.50.1.7".parse().unwrap());
        some.builder.estate.firewalls[firewall].public_ips = vec![PublicAddress::Literal(address)];
        let hop = NextHop::Firewall(some.builder.to(firewall));
        some.builder.routes(some.subnet, &[("0.0.0.0/0", hop)]);
        assert_eq!(some.verdict(), Verdict::Denied);
        some.gap(Gap::PolicyRules(policy));
        assert_eq!(some.verdict(), Verdict::Uncertain);
    }

    #[test]
    fn a_next_hop_that_the_input_does_not_hold() {
        let mut part = network();
        let hop = NextHop::Addresses(vec!["10.9.0.4".parse().unwrap()]);
        part.builder.routes(part.subnet, &[("0.0.0.0/0", hop)]);
        assert_eq!(part.verdict(), Verdict::Uncertain);
        part.builder.estate.gaps.extent = Extent::Whole;
        assert_eq!(part.verdict(), Verdict::Denied);
    }

    #[test]
    fn addresses_that_are_not_known_matter_to_private_destinations() {
        let mut some = network();
        some.gap(Gap::VnetAddresses(some.vnet));
        assert_eq!(some.verdict(), Verdict::Allowed);
        assert_eq!(some.trace("192.168.0.4").verdict, Verdict::Uncertain);
    }

    #[test]
    fn what_may_not_be_deployed_makes_no_verdict() {
        let mut some = network();
        let table = some
            .builder
            .routes(some.subnet, &[("0.0.0.0/0", NextHop::Drop)]);
        let route = some.builder.estate.route_tables[table].routes[0].origin;
        some.builder.estate.gaps.conditions.push(Condition {
            resource: route.span().unwrap(),
            text: "parameters('deploy')".into(),
        });
        let trace = some.trace("20.1.1.1");
        assert_eq!(trace.verdict, Verdict::Uncertain);
        let last = trace.blockers.last().unwrap();
        assert_eq!(last.text, "is deployed only if parameters('deploy')");
    }
}
