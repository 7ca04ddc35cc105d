//! TG1037: routing intents that cannot be had.

use crate::azure::facts::RoutingPolicy;
use crate::diag::{Finding, Id};

use super::super::Context;

rule! {
    /// A virtual hub has a routing intent in a cloud that offers none.
    ///
    /// A routing intent sends what comes into a virtual WAN hub through the firewall inside of it. Azure operated by
    /// 21Vianet does not have it: the deployment fails at the hub, and no network learns a route.
    ///
    /// ```egress
    /// cloud AzureChinaCloud
    /// virtual-wan wan { }
    /// vnet spoke 10.1.0.0/16
    /// virtual-hub hub 10.100.0.0/23 {
    ///   wan wan
    ///   connect spoke
    ///   internet-routing on
    /// }
    /// firewall fw in hub { sku Standard }
    /// ```
    ///
    /// Put the firewall into a network that the others are peered with, and let a route table lead to it.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/virtual-wan/how-to-routing-policies.md; the clouds are in
    /// `rules/azure/routing-policies.yaml`.
    TG1037, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let cloud = context.estate.cloud;
    for (_, hub) in context.estate.hubs.iter() {
        let Some(stated) = hub.intent else {
            continue;
        };
        let missing = [
            (RoutingPolicy::Internet, hub.internet_routing),
            (RoutingPolicy::Private, hub.private_routing),
        ]
        .into_iter()
        .filter_map(|(policy, on)| context.facts.routing_policy(policy).filter(|_| on))
        .any(|policy| !policy.clouds.contains(&cloud));
        if missing {
            let name = &hub.meta.name;
            findings.push(
                Finding::new(
                    Id::TG1037,
                    format!("virtual hub `{name}` has a routing intent, which {cloud} does not offer"),
                )
                .at(stated, "cannot be deployed")
                .help("put the firewall into a network that the others are peered with, with a route table that leads to it"),
            );
        }
    }
}
