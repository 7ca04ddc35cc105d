//! What an estate does not tell, as far as it stands in the way of an answer.

use crate::estate::{Estate, Extent, Firewall, Gap, Id, Nsg, Subnet, Unknown, Vnet};

use super::rule_sets::{Owner, of_firewall};

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
    match &estate.subnets[subnet].nsg {
        None => named(
            "its network security group is",
            estate.gaps.at(Gap::SubnetSettings(subnet)),
        ),
        Some(nsg) if nsg.id.is_none() => Some(format!(
            "network security group `{}` is not part of the input, so its rules are not known",
            nsg.name
        )),
        Some(_) => None,
    }
}

/// Why the rules that a firewall applies are not all known.
#[must_use]
pub fn firewall_rules(estate: &Estate, firewall: Id<Firewall>) -> Option<String> {
    of_firewall(estate, firewall)
        .iter()
        .find_map(|set| match set.owner {
            Owner::Firewall(id) => named("rules are", estate.gaps.at(Gap::FirewallRules(id))),
            Owner::Policy(id) => {
                let parent = estate.firewall_policies[id].parent.as_ref();
                let absent = parent.filter(|parent| parent.id.is_none()).map(|parent| {
                    let name = &parent.name;
                    format!("parent policy `{name}` is not part of the input, so its rules are not known")
                });
                absent.or_else(|| named("rules are", estate.gaps.at(Gap::PolicyRules(id))))
            }
        })
}

/// Why it is not known which private addresses a network and those it is peered with hold.
#[must_use]
pub fn space(estate: &Estate, vnet: Id<Vnet>) -> Option<String> {
    let own = |vnet: Id<Vnet>| {
        let name = &estate.vnets[vnet].meta.name;
        let what = format!("the addresses of vnet `{name}` are");
        named(&what, estate.gaps.at(Gap::VnetAddresses(vnet)))
    };
    let peers = named(
        &format!(
            "what vnet `{}` is peered with is",
            estate.vnets[vnet].meta.name
        ),
        estate.gaps.at(Gap::VnetSettings(vnet)),
    );
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
