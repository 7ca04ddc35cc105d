//! TG4008: security rules that deny the Azure host.

use std::net::IpAddr;

use crate::azure::{Announced, Flow, Outcome, Sender, Site, Target};
use crate::base::Origin;
use crate::diag::{Finding, Id, Severity};
use crate::estate::{
    Access, Direction, DnsServers, Endpoint, Id as ElementId, Nsg, Pool, SecurityRule,
};
use crate::net::{Destination, PortRange, Service, Transport};
use crate::reach::{SecurityRules, names_the_azure_host};

use super::super::Context;
use super::order::rules_that;

rule! {
    /// A rule denies one of the tags `AzurePlatformDNS`, `AzurePlatformIMDS` or `AzurePlatformLKM`.
    ///
    /// The Azure host answers DNS at 168.63.129.16 and instance metadata at 169.254.169.254, and Windows activates
    /// itself through it. Security rules leave these alone, even a deny of everything, unless they name the tags. Who
    /// does so takes name resolution or the tokens of managed identities from the machines.
    ///
    /// It is an error where nodes of a pool look names up at Azure's own resolver and a rule denies it to them; else a
    /// warning.
    ///
    /// ```egress
    /// nsg nodes-nsg {
    ///   rule no-dns 200 outbound deny from any to tag AzurePlatformDNS any
    /// }
    /// ```
    ///
    /// Take the rule out. To keep pods from instance metadata use a network policy of the cluster.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md and
    /// what-is-ip-address-168-63-129-16.md.
    TG4008, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (id, nsg) in context.estate.nsgs.iter() {
        let rules = SecurityRules::of(context.estate, nsg, Direction::Outbound);
        let dead: Vec<Origin> = rules
            .never_asked()
            .iter()
            .map(|(rule, _)| rule.origin)
            .collect();
        for rule in rules_that(nsg, Direction::Outbound, Access::Deny) {
            let Some(tag) = rule
                .destinations
                .iter()
                .find(|end| names_the_azure_host(end))
            else {
                continue;
            };
            if dead.contains(&rule.origin) {
                continue;
            }
            let finding = finding(rule, tag);
            findings.push(match cut_off(context, id, rule) {
                Some(pool) => finding.severity(Severity::Error).related(
                    pool.meta.origin,
                    "its nodes look names up at Azure's resolver",
                ),
                None => finding,
            });
        }
    }
}

fn finding(rule: &SecurityRule, tag: &Endpoint) -> Finding {
    let tag = match tag {
        Endpoint::Plain(Destination::ServiceTag(tag)) => tag.as_str(),
        _ => "the Azure host",
    };
    let what = match tag.to_ascii_lowercase().as_str() {
        "azureplatformdns" => "Azure's DNS",
        "azureplatformimds" => "instance metadata, and with it tokens of managed identities",
        "azureplatformlkm" => "the activation of Windows",
        _ => "a service of the Azure host",
    };
    Finding::new(Id::TG4008, format!("rule `{}` denies `{tag}`", rule.name))
        .at(rule.origin, format!("takes {what} from the machines"))
        .help("take the rule out: no other rule touches what the Azure host answers")
}

/// The first pool whose nodes this rule cuts off from the resolver that they ask.
fn cut_off<'a>(
    context: &Context<'a>,
    nsg: ElementId<Nsg>,
    rule: &SecurityRule,
) -> Option<&'a Pool> {
    let estate = context.estate;
    let resolver = context.facts.azure_dns()?.prefix.addr();
    let group = &estate.nsgs[nsg];
    let place = group
        .rules
        .iter()
        .position(|other| std::ptr::eq(other, rule))?;
    let mut pools = estate.pools.iter().map(|(_, pool)| pool);
    pools.find(|pool| {
        let mut subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
        subnets.any(|subnet| {
            let vnet = &estate.vnets[estate.subnets[subnet].vnet];
            vnet.dns == DnsServers::Azure
                && asks(context, subnet, resolver)
                    .is_some_and(|site| site == Site::SecurityRule(nsg, place))
        })
    })
}

/// The rule that stops a machine from asking a resolver.
fn asks(
    context: &Context<'_>,
    subnet: ElementId<crate::estate::Subnet>,
    resolver: IpAddr,
) -> Option<Site> {
    let dns = Service::Net {
        transport: Transport::Udp,
        ports: PortRange::single(53),
    };
    let (transport, port) = crate::azure::sample_service(dns);
    let trace = context.plane.trace(&Flow {
        from: Sender::Inside {
            subnet,
            address: context.plane.some_address(subnet)?,
        },
        to: Target {
            address: Some(resolver),
            ..Target::default()
        },
        transport,
        port,
        announced: Announced::Nothing,
        at_once: None,
    });
    let blocker = trace.decisive()?;
    (blocker.outcome == Outcome::Blocks).then(|| blocker.element.site.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, found};

    fn policy(dns: &str, rules: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{ {dns} subnet s 10.0.1.0/24 {{ nsg n }} }}
nsg n {{
{rules}
}}
pool p in v.s {{ outbound loadBalancer }}"
        )
    }

    #[test]
    fn only_its_tags_reach_the_host() {
        let dns = policy(
            "",
            "rule no 200 outbound deny from any to tag AzurePlatformDNS any",
        );
        assert_eq!(
            found(Id::TG4008, &dns),
            ["3:6 rule `no` denies `AzurePlatformDNS`"]
        );
        assert_eq!(findings(Id::TG4008, &dns)[0].severity, Severity::Error);
        for rules in [
            "rule no 200 outbound deny from any to any any",
            "rule no 200 outbound deny from any to 168.63.129.16 any",
            "rule yes 200 outbound allow from any to tag AzurePlatformDNS any",
            "rule yes 100 outbound allow from any to tag AzurePlatformDNS any\nrule no 200 outbound deny from any to tag AzurePlatformDNS any",
        ] {
            assert_eq!(found(Id::TG4008, &policy("", rules)), [""; 0], "{rules}");
        }
    }

    #[test]
    fn a_resolver_that_nobody_asks_is_a_warning() {
        let rule = "rule no 200 outbound deny from any to tag azureplatformdns udp/53";
        let own = policy("dns 10.0.2.4", rule);
        assert_eq!(findings(Id::TG4008, &own)[0].severity, Severity::Warning);
        let metadata = "rule no 200 outbound deny from any to tag AzurePlatformIMDS tcp/80";
        assert_eq!(
            findings(Id::TG4008, &policy("", metadata))[0].severity,
            Severity::Warning
        );
    }
}
