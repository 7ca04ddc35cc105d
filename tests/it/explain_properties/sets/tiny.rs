//! Estates that name nothing but addresses of three bits and ports of two, so that every flow can be asked about.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tidegate::azure::facts::Facts;
use tidegate::azure::{Announced, Dataplane, Flow, Sender, Target};
use tidegate::net::Transport;

use super::both::{Both, Counts};
use super::subnet;
use crate::worked_examples::estate;

/// A policy as text.
#[derive(Clone)]
pub(super) struct Tiny(String);

impl fmt::Debug for Tiny {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The own network, and eight addresses of the Internet.
const BASES: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 0, 0, 0), Ipv4Addr::new(20, 0, 0, 0)];

fn prefix() -> impl Strategy<Value = String> {
    let of_length = |length: u8, start: u32| {
        let size = 1_u32 << (32 - length);
        move |base: Ipv4Addr| {
            format!(
                "{}/{length}",
                Ipv4Addr::from(u32::from(base) + start * size)
            )
        }
    };
    let inside = (select(BASES.to_vec()), 29..=32_u8, 0..8_u32);
    inside.prop_map(move |(base, length, start)| {
        of_length(length, start % (1 << (length - 29)))(base)
    })
}

fn target() -> impl Strategy<Value = String> {
    let named = select(vec![
        "any",
        "0.0.0.0/0",
        "tag VirtualNetwork",
        "tag Internet",
    ]);
    prop_oneof![5 => prefix(), 2 => named.prop_map(ToOwned::to_owned)]
}

fn service() -> impl Strategy<Value = &'static str> {
    select(vec![
        "tcp/1", "tcp/2", "tcp/1-2", "tcp/2-3", "tcp/*", "udp/1", "udp/2-3", "icmp", "any", "any/2",
    ])
}

fn security() -> impl Strategy<Value = Vec<String>> {
    let way = select(vec![
        "outbound allow",
        "outbound deny",
        "outbound deny",
        "inbound allow",
        "inbound deny",
    ]);
    let rule = (way, target(), target(), service());
    vec(rule, 0..5).prop_map(|rules| {
        let rules = rules.iter().enumerate();
        let rule = |(at, (way, from, to, service)): (usize, &(&str, String, String, &str))| {
            let priority = 200 + at;
            format!("rule r{at} {priority} {way} from {from} to {to} {service}")
        };
        rules.map(rule).collect()
    })
}

fn routes() -> impl Strategy<Value = Vec<String>> {
    let hop = select(vec![
        "firewall fw",
        "firewall fw",
        "none",
        "internet",
        "vnet-local",
        "10.0.0.1",
        "10.9.0.4, 10.0.0.6",
    ]);
    let to = prop_oneof![4 => prefix(), 1 => Just("0.0.0.0/0".to_owned())];
    vec((to, hop), 0..4).prop_map(|routes| {
        let mut seen = BTreeSet::new();
        let routes = routes.iter().enumerate();
        let routes = routes.filter(|(_, (to, _))| seen.insert(to.clone()));
        routes
            .map(|(at, (to, hop))| format!("route r{at} {to} -> {hop}"))
            .collect()
    })
}

fn firewall() -> impl Strategy<Value = Vec<String>> {
    // Firewall rules know no tags of the network.
    let place = || {
        let any = Just("any".to_owned());
        prop_oneof![5 => prefix(), 2 => any]
    };
    let rule = (place(), place(), service());
    let collection = (select(vec!["allow", "allow", "deny"]), vec(rule, 1..3));
    vec(collection, 0..4).prop_map(|collections| {
        let collections = collections.iter().enumerate();
        let text = collections.map(|(number, (action, rules))| {
            let rules = rules.iter().enumerate();
            let rules = rules.map(|(at, (from, to, service))| {
                format!("    rule r{at} from {from} to {to} {service}\n")
            });
            let (priority, rules) = (100 + number, rules.collect::<String>());
            format!("network-rules c{number} {priority} {action} {{\n{rules}  }}")
        });
        text.collect()
    })
}

fn block(lines: &[String]) -> String {
    let lines = lines.iter().map(|line| format!("  {line}\n"));
    format!("{{\n{}}}\n", lines.collect::<String>())
}

/// A network of eight addresses in two subnets, and a firewall beside it.
pub(super) fn tiny() -> impl Strategy<Value = Tiny> {
    let of_subnet = || {
        (
            option::weighted(0.7, security()),
            option::weighted(0.7, routes()),
        )
    };
    let switch = |name: &'static str| {
        select(vec!["on", "on", "off"]).prop_map(move |it| format!("{name} {it}"))
    };
    let never = select(vec![
        None,
        None,
        Some("snat-private-ranges 0.0.0.0/0".to_owned()),
    ]);
    (
        of_subnet(),
        of_subnet(),
        firewall(),
        switch("default-outbound"),
        switch("forwarded-traffic"),
        never,
    )
        .prop_map(|(nodes, data, mut firewall, outbound, forwarded, never)| {
            let mut text = String::new();
            let mut places = Vec::new();
            for (name, at, (security, routes)) in [("nodes", 0, nodes), ("data", 4, data)] {
                let mut clauses = vec![outbound.clone()];
                if let Some(rules) = security {
                    clauses.push(format!("nsg {name}-group"));
                    text.push_str(&format!("nsg {name}-group {}", block(&rules)));
                }
                if let Some(routes) = routes {
                    clauses.push(format!("route-table {name}-routes"));
                    text.push_str(&format!("route-table {name}-routes {}", block(&routes)));
                }
                let clauses = clauses.join("  ");
                places.push(format!("subnet {name} 10.0.0.{at}/30 {{ {clauses} }}"));
            }
            firewall.extend(never);
            firewall.extend(["private-ip 10.9.0.4", "public-ip 20.50.1.8"].map(ToOwned::to_owned));
            text.push_str(&format!("vnet net 10.0.0.0/29 {}", block(&places)));
            text.push_str("vnet hub 10.9.0.0/24 { subnet AzureFirewallSubnet 10.9.0.0/26 }\n");
            text.push_str(&format!("peering net <-> hub {{ {forwarded} }}\n"));
            text.push_str(&format!("firewall fw in hub {}", block(&firewall)));
            Tiny(text)
        })
}

/// Every flow between the addresses of an estate.
pub(super) fn compare(tiny: &Tiny) -> Result<Counts, String> {
    let estate = estate(&tiny.0);
    let plane = Dataplane::new(&estate, Facts::builtin(), None);
    let [own, internet] = BASES.map(u32::from);
    let addresses: Vec<u32> = (own..own + 8).chain(internet..internet + 8).collect();
    let mut services = vec![(Transport::Icmp, 0)];
    for port in 1..=3 {
        services.extend([(Transport::Tcp, port), (Transport::Udp, port)]);
    }
    let mut counts = Counts::default();
    for (place, start) in [("net/nodes", own), ("net/data", own + 4)] {
        let subnet = subnet(&estate, place);
        let mut flows = Vec::new();
        for from in start..start + 4 {
            for to in &addresses {
                flows.extend(services.iter().map(|(transport, port)| Flow {
                    from: Sender::Inside {
                        subnet,
                        address: Ipv4Addr::from(from).into(),
                    },
                    to: Target {
                        address: Some(Ipv4Addr::from(*to).into()),
                        ..Target::default()
                    },
                    transport: *transport,
                    port: *port,
                    announced: Announced::Nothing,
                    at_once: None,
                }));
            }
        }
        counts.add(&Both::of(&plane, subnet).compare_all(&flows)?);
    }
    Ok(counts)
}
