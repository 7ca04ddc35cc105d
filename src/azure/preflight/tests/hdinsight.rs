//! The management of HDInsight and the security group in front of it.

use super::*;
use crate::estate::{Access, Direction, Endpoint, Nsg, Region, SecurityRule};
use crate::net::{Destination, PortRange, ServiceTag, Transport, parse_prefix};

const CAUSE: Cause = Cause::ManagementPath;
const CODE: &str = "InvalidNetworkSecurityGroupSecurityRules";

fn hdinsight() -> (Case, Id<Nsg>) {
    let mut c = case(OutboundType::LoadBalancer);
    c.b.estate.region = Region::Named("eastus".into());
    c.b.estate.pools[c.pool].kind = Some(c.b.put("hdinsight-classic".into()));
    let nsg = c.b.nsg(c.subnet);
    (c, nsg)
}

fn side(text: &str) -> Endpoint {
    let destination = match parse_prefix(text) {
        Ok(prefix) => Destination::Prefix(prefix),
        Err(_) if text == "*" => Destination::Anywhere,
        Err(_) => Destination::ServiceTag(ServiceTag::new(text)),
    };
    destination.into()
}

fn rule(c: &mut Case, nsg: Id<Nsg>, priority: u32, access: Access, from: &str, to: &str) {
    let rule = SecurityRule {
        name: format!("r{priority}").into(),
        origin: c.b.at().into(),
        description: String::new(),
        priority: c.b.put(priority),
        direction: Direction::Inbound,
        access,
        transport: Transport::Any,
        sources: from.split(',').map(side).collect(),
        source_ports: vec![PortRange::ALL],
        destinations: vec![side(to)],
        destination_ports: vec![PortRange::ALL],
        written: None,
    };
    c.b.estate.nsgs[nsg].rules.push(rule);
}

fn refusal(name: &str) -> String {
    format!("{CODE}: {name} of security group `nsg`")
}

#[test]
fn management_and_probes_come_in() {
    let (mut c, nsg) = hdinsight();
    rule(
        &mut c,
        nsg,
        300,
        Access::Allow,
        "10.1.0.0/16",
        "10.1.0.0/16",
    );
    rule(&mut c, nsg, 4000, Access::Deny, "*", "*");
    let denied = refusal("rule `r4000`");
    assert_eq!(c.refusals(), [denied.clone(), denied.clone()]);
    let first = c.run().refusals.remove(0);
    assert_eq!(first.cause, CAUSE);
    assert_eq!(first.element.origin, c.b.estate.nsgs[nsg].rules[1].origin);
    assert!(first.text.contains("from HDInsight"), "{}", first.text);
    assert!(
        first
            .message
            .unwrap()
            .contains("does not allow required inbound and/or outbound connectivity")
    );
    rule(
        &mut c,
        nsg,
        200,
        Access::Allow,
        "HDInsight",
        "VirtualNetwork",
    );
    c.refused(CAUSE, &denied);
    assert!(c.run().refusals[0].text.contains("AzureLoadBalancer"));
    rule(&mut c, nsg, 210, Access::Allow, "AzureLoadBalancer", "*");
    c.accepted();
}

#[test]
fn without_rules_the_defaults_keep_the_management_out() {
    let (mut c, nsg) = hdinsight();
    c.refused(CAUSE, &refusal("default rule `DenyAllInBound`"));
    rule(&mut c, nsg, 200, Access::Allow, "Internet", "10.1.0.0/16");
    c.accepted();
    c.b.estate.subnets[c.subnet].nsg = None;
    c.accepted();
    c.b.estate.subnets[c.subnet].nsg = Some(c.b.to_nothing("other"));
    c.accepted();
    assert!(c.assumes("security group `other`"));
}

#[test]
fn tags_of_the_region_and_all_addresses_will_do() {
    let all = "168.61.49.99,23.99.5.239,168.61.48.131,138.91.141.162";
    let both = format!("{all},13.82.225.233,40.71.175.99");
    for (from, region, accepted) in [
        ("HDInsight.EastUS", "eastus", true),
        ("HDInsight.WestUS", "eastus", false),
        ("VirtualNetwork", "eastus", false),
        (all, "eastus", false),
        (both.as_str(), "eastus", true),
        (all, "swedencentral", false),
        (all, "", true),
    ] {
        let (mut c, nsg) = hdinsight();
        c.b.estate.region = match region {
            "" => Region::OfResourceGroup,
            region => Region::Named(region.into()),
        };
        rule(&mut c, nsg, 200, Access::Allow, from, "*");
        assert_eq!(c.refusals().is_empty(), accepted, "{from} {region}");
        assert_eq!(c.assumes("the region is not known"), region.is_empty());
    }
}

#[test]
fn a_rule_for_a_part_of_the_subnet_decides_there_only() {
    let (mut c, nsg) = hdinsight();
    rule(&mut c, nsg, 200, Access::Allow, "HDInsight", "10.1.0.0/25");
    c.refused(CAUSE, &refusal("default rule `DenyAllInBound`"));
    rule(
        &mut c,
        nsg,
        210,
        Access::Allow,
        "HDInsight",
        "10.1.0.128/25",
    );
    c.accepted();
    rule(&mut c, nsg, 100, Access::Deny, "HDInsight", "10.1.0.7");
    c.refused(CAUSE, &refusal("rule `r100`"));
}

#[test]
fn a_cluster_that_calls_its_management_needs_nothing_inbound() {
    let (mut c, nsg) = hdinsight();
    rule(&mut c, nsg, 100, Access::Deny, "*", "*");
    let outbound = c.b.put(false);
    c.pool().management_inbound = Some(outbound);
    c.accepted();
    assert!(c.assumes("without inbound management"));
    let inbound = c.b.put(true);
    c.pool().management_inbound = Some(inbound);
    assert_eq!(c.refusals().len(), 2);
    // Another service does not look at the group.
    c.pool().kind = None;
    c.accepted();
}
