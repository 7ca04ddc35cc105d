//! Names in network rules without the DNS proxy.

use super::*;
use crate::estate::{
    Action, FirewallPolicy, NetworkRule, NextHop, RuleCollection, RuleCollectionGroup, RuleInfo,
    Rules, VirtualHub,
};
use crate::net::{Destination, PortRange, Transport};

const CAUSE: Cause = Cause::FqdnNetworkRuleProxy;
const EXPECTED: &str = "AzureFirewallDNSProxyMustBeEnabled: DNS proxy of firewall policy `fp`";

fn collection(b: &Builder) -> RuleCollection {
    let rule = NetworkRule {
        info: RuleInfo {
            name: "time".into(),
            origin: b.at().into(),
            description: String::new(),
            written: None,
        },
        sources: vec![Destination::Anywhere.into()],
        destinations: vec![Destination::Fqdn("ntp.ubuntu.com".parse().unwrap()).into()],
        transports: vec![Transport::Udp],
        ports: vec![PortRange::single(123)],
    };
    RuleCollection {
        name: "net".into(),
        origin: b.at().into(),
        priority: b.put(100),
        action: Action::Allow,
        rules: Rules::Network(vec![rule]),
    }
}

fn behind_a_firewall() -> (Case, Id<FirewallPolicy>) {
    let mut c = case(OutboundType::UserDefinedRouting);
    let policy = c.b.policy("fp");
    let group = RuleCollectionGroup {
        name: "rcg".into(),
        origin: c.b.at().into(),
        priority: c.b.put(200),
        collections: vec![collection(&c.b)],
        needs_parameter: None,
    };
    c.b.estate.firewall_policies[policy].groups = vec![group];
    let firewall = c.b.firewall(c.vnet, Some(policy));
    let to_firewall = NextHop::Firewall(c.b.to(firewall));
    c.b.routes(c.subnet, &[("0.0.0.0/0", to_firewall)]);
    (c, policy)
}

#[test]
fn names_need_the_proxy() {
    let (mut c, policy) = behind_a_firewall();
    c.refused(CAUSE, EXPECTED);
    let message = c.run().refusals.remove(0).message.unwrap();
    assert!(message.starts_with(
        "In order to use DestinationFqdns in Network Rules, DNS Proxy must be enabled"
    ));
    assert!(message.ends_with("See rule time in network rule collection net"));
    let off = c.b.put(false);
    c.b.estate.firewall_policies[policy].settings.dns_proxy = Some(off);
    c.refused(CAUSE, EXPECTED);
    assert_eq!(c.run().refusals[0].element.origin, off.span.into());
    let on = c.b.put(true);
    c.b.estate.firewall_policies[policy].settings.dns_proxy = Some(on);
    c.accepted();
}

#[test]
fn the_proxy_may_be_declared_needless_or_on_above() {
    let (mut c, policy) = behind_a_firewall();
    let off = c.b.put(false);
    c.b.estate.firewall_policies[policy]
        .settings
        .names_need_proxy = Some(off);
    c.accepted();
    let (mut c, policy) = behind_a_firewall();
    let parent = c.b.policy("base");
    c.b.estate.firewall_policies[policy].parent = Some(c.b.to(parent));
    c.refused(CAUSE, EXPECTED);
    let on = c.b.put(true);
    c.b.estate.firewall_policies[parent].settings.dns_proxy = Some(on);
    c.accepted();
}

#[test]
fn only_the_firewall_on_the_way_counts() {
    let (mut c, _) = behind_a_firewall();
    c.b.routes(c.subnet, &[("0.0.0.0/0", appliance())]);
    c.accepted();
    let firewall = c.b.estate.firewalls.ids().next().unwrap();
    let hub = VirtualHub {
        meta: c.b.meta("hub"),
        wan: None,
        prefix: None,
        without_default: Vec::new(),
        connections: vec![c.b.to(c.vnet)],
        firewall: Some(c.b.to(firewall)),
        internet_routing: true,
        private_routing: false,
        intent: None,
    };
    c.b.estate.hubs.push(hub);
    c.b.estate.subnets[c.subnet].route_table = None;
    c.pool().outbound.value = OutboundType::LoadBalancer;
    c.refused(CAUSE, EXPECTED);
}

#[test]
fn classic_rules_need_it_too() {
    let (mut c, _) = behind_a_firewall();
    let firewall = c.b.estate.firewalls.ids().next().unwrap();
    let classic = collection(&c.b);
    c.b.estate.firewalls[firewall].policy = None;
    c.accepted();
    c.b.estate.firewalls[firewall].collections = vec![classic];
    c.refused(
        CAUSE,
        "AzureFirewallDNSProxyMustBeEnabled: DNS proxy of firewall `fw`",
    );
}
