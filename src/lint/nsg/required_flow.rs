//! TG4004: security rules that deny what a pool needs.

use std::collections::BTreeMap;

use crate::azure::{
    Announced, Element, Flow, Outcome, Sender, Site, Stage, Trace, sample_service, sample_targets,
};
use crate::base::Origin;
use crate::diag::{Finding, Id, Severity};
use crate::estate::{Id as ElementId, Pool, Subnet};
use crate::intent::Requirement;
use crate::intent::catalog::Level;

use super::super::Context;
use super::super::common::path::along;
use super::order::made_origins;

rule! {
    /// A security rule denies something that a pool requires.
    ///
    /// Every requirement is followed through the groups of the interfaces and of the subnet, in the order of their
    /// rules, and the finding stands at the rule that decides. A group is asked about the packet's own destination,
    /// before any firewall: a rule that denies the Internet stops what the firewall behind it would let through.
    ///
    /// Of a requirement for a prefix, a tag or a range of ports one flow is followed. A flow that only a default rule
    /// denies is a warning, as what lies behind gateways may not be written down.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 {
    ///   subnet nodes 10.1.1.0/24 { nsg nodes-nsg }
    /// }
    /// nsg nodes-nsg {
    ///   rule no-web 200 outbound deny from any to 198.51.100.0/24 any
    /// }
    /// pool apps in spoke.nodes { outbound loadBalancer }
    /// require apps -> 198.51.100.8 tcp/8443
    /// ```
    ///
    /// Take the rule out, give it a higher number than the rules made for requirements have (1,000 to 3,999), or
    /// narrow it. AKS does not check security groups; nodes end with `VMExtensionError_OutboundConnFail` (exit 50).
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/virtual-network/network-security-group-how-it-works.md; and issue
    /// 113650; MicrosoftDocs/azure-aks-docs, articles/aks/outbound-rules-control-egress.md.
    TG4004, check
}

/// Requirements that one rule denies to one pool.
struct Denied<'a> {
    rule: Element,
    pool: &'a Pool,
    text: String,
    /// The way of the first flow that it denies.
    way: (ElementId<Subnet>, Trace),
    first: &'a Requirement,
    requirements: Vec<Origin>,
    needed: bool,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut denied: BTreeMap<(ElementId<Pool>, String), Denied<'_>> = BTreeMap::new();
    for requirement in &context.intent.requirements {
        let pool = &context.estate.pools[requirement.pool];
        for subnet in pool.subnets.iter().filter_map(|subnet| subnet.id) {
            if has_group(context, pool, subnet) {
                ask(context, requirement, subnet, &mut denied);
            }
        }
    }
    let made = made_origins(context);
    findings.extend(
        denied
            .into_values()
            .filter(|denied| !made.contains(&denied.rule.origin))
            .map(|denied| finding(context, denied)),
    );
}

/// Without a group nothing denies, and no flow has to be followed.
fn has_group(context: &Context<'_>, pool: &Pool, subnet: ElementId<Subnet>) -> bool {
    context.estate.subnets[subnet].nsg.is_some() || pool.nodes.interface_nsg.is_some()
}

fn ask<'a>(
    context: &Context<'a>,
    requirement: &'a Requirement,
    subnet: ElementId<Subnet>,
    denied: &mut BTreeMap<(ElementId<Pool>, String), Denied<'a>>,
) {
    let plane = context.plane;
    let Some(address) = plane.some_address(subnet) else {
        return;
    };
    for destination in &requirement.destinations {
        // What is not known yet cannot be followed.
        let targets = sample_targets(plane, &destination.value).unwrap_or_default();
        for service in &requirement.services {
            let (transport, port) = sample_service(service.value);
            for to in &targets {
                let flow = Flow {
                    from: Sender::Inside { subnet, address },
                    to: to.clone(),
                    transport,
                    port,
                    announced: Announced::Target,
                    at_once: None,
                };
                let trace = plane.trace(&flow);
                let mut blockers = trace.blockers.iter().filter(|blocker| {
                    blocker.stage == Stage::Nsg
                        && blocker.outcome == Outcome::Blocks
                        && !blocker.on_reply
                });
                if let Some(blocker) = blockers.next() {
                    let (rule, text) = (blocker.element.clone(), blocker.text.clone());
                    note(context, requirement, (rule, text), (subnet, trace), denied);
                }
            }
        }
    }
}

fn note<'a>(
    context: &Context<'a>,
    requirement: &'a Requirement,
    (rule, text): (Element, String),
    way: (ElementId<Subnet>, Trace),
    denied: &mut BTreeMap<(ElementId<Pool>, String), Denied<'a>>,
) {
    let key = (requirement.pool, rule.name.clone());
    let entry = denied.entry(key).or_insert_with(|| Denied {
        rule,
        pool: &context.estate.pools[requirement.pool],
        text,
        way,
        first: requirement,
        requirements: Vec::new(),
        needed: false,
    });
    if !entry.requirements.contains(&requirement.origin) {
        entry.requirements.push(requirement.origin);
    }
    entry.needed |= matches!(
        requirement.level,
        None | Some(Level::Required | Level::Conditional)
    );
}

fn finding(context: &Context<'_>, denied: Denied<'_>) -> Finding {
    let pool = &denied.pool.meta.name;
    let more = match denied.requirements.len() {
        0 | 1 => String::new(),
        count => format!(", and {} more that pool `{pool}` needs", count - 1),
    };
    let needed = if more.is_empty() {
        format!(", which pool `{pool}` needs")
    } else {
        more
    };
    let by_default = matches!(denied.rule.site, Site::DefaultRule(..));
    let finding = Finding::new(
        Id::TG4004,
        format!("{} {}{needed}", denied.rule.name, denied.text),
    )
    .at(denied.rule.origin, "decides")
    .related(denied.first.origin, "needs it")
    .help("take the rule out, narrow it, or allow what is needed with a lower number");
    let (subnet, trace) = &denied.way;
    let finding = along(finding, context.estate, *subnet, trace);
    if by_default {
        finding.severity(Severity::Warning).assumed()
    } else if denied.needed {
        finding
    } else {
        finding.severity(Severity::Warning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, found};

    fn policy(rules: &str, requirement: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 {{ nsg n }} }}
nsg n {{
{rules}
}}
pool p in v.s {{ outbound loadBalancer }}
require p -> {requirement}"
        )
    }

    #[test]
    fn the_rule_that_decides_is_named() {
        let deny = "rule no-web 200 outbound deny from any to tag Internet tcp/443";
        assert_eq!(
            found(Id::TG4004, &policy(deny, "mcr.microsoft.com https")),
            [
                "3:6 rule `no-web` of nsg `n` denies 10.0.1.4 -> mcr.microsoft.com (TCP 443), which pool `p` needs"
            ]
        );
        let several = policy(
            deny,
            "mcr.microsoft.com https\nrequire p -> a.contoso.com https",
        );
        assert_eq!(
            found(Id::TG4004, &several),
            [
                "3:6 rule `no-web` of nsg `n` denies 10.0.1.4 -> mcr.microsoft.com (TCP 443), and 1 more that pool `p` needs"
            ]
        );
        let split = "rule no 200 outbound deny from any to 0.0.0.0/1, 128.0.0.0/1 any";
        assert_eq!(
            found(Id::TG4004, &policy(split, "20.1.0.0/16 tcp/22")).len(),
            1
        );
    }

    #[test]
    fn an_earlier_allow_decides() {
        let rules = "rule yes 100 outbound allow from any to tag Internet tcp/443
rule no-web 200 outbound deny from any to tag Internet tcp/443";
        assert_eq!(
            found(Id::TG4004, &policy(rules, "mcr.microsoft.com https")),
            [""; 0]
        );
        let other = "rule no-ssh 200 outbound deny from any to any tcp/22";
        assert_eq!(
            found(Id::TG4004, &policy(other, "mcr.microsoft.com https")),
            [""; 0]
        );
    }

    #[test]
    fn what_may_match_is_not_claimed() {
        let tag = "rule no 200 outbound deny from any to tag Storage tcp/443";
        assert_eq!(
            found(Id::TG4004, &policy(tag, "x.blob.core.windows.net https")),
            [""; 0]
        );
    }

    #[test]
    fn default_rules_are_a_warning() {
        let found = findings(Id::TG4004, &policy("", "192.168.4.4 tcp/443"));
        assert_eq!(found[0].severity, Severity::Warning);
    }
}
