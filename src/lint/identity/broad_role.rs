//! TG6004: roles on more than a cluster needs.

use crate::azure::facts::Facts;
use crate::azure::rbac::assignments_of;
use crate::diag::{Finding, Id};
use crate::estate::{PoolIdentity, RoleAssignment, Scope};
use crate::lint::Context;

/// Built-in roles that may change every network in their scope.
const BROAD: [&str; 3] = ["Network Contributor", "Contributor", "Owner"];

rule! {
    /// The identity of a pool may change every network of a subscription or management group.
    ///
    /// A cluster works on its own subnet, route table and network security group. With Network Contributor on a whole
    /// subscription, whoever takes over the cluster can change the firewall that should hold it. A resource group is
    /// left alone: where it holds nothing but the network of the cluster, it is the same.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 { subnet pool 10.10.1.0/24 }
    /// identity pool-msi {
    ///   role "Network Contributor" on this subscription
    /// }
    /// pool spark in analytics.pool { outbound loadBalancer  identity pool-msi }
    /// ```
    ///
    /// Give it on the resources: `role "Network Contributor" on vnet analytics`, and on the route table and the
    /// security group.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/role-based-access-control/best-practices.md; PSRule.Rules.Azure,
    /// Azure.RBAC.LimitOwner and its neighbours.
    TG6004, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    let mut seen = Vec::new();
    for (_, pool) in estate.pools.iter() {
        let Some(PoolIdentity::UserAssigned(identity)) = &pool.identity else {
            continue;
        };
        let Some(id) = identity.id.filter(|id| !seen.contains(id)) else {
            continue;
        };
        seen.push(id);
        let name = &estate.identities[id].meta.name;
        for assignment in assignments_of(estate, id) {
            if let Some(finding) = broad(context.facts, name, assignment) {
                findings.push(finding.related(pool.meta.origin, "has this identity"));
            }
        }
    }
}

fn broad(facts: &Facts, identity: &str, assignment: &RoleAssignment) -> Option<Finding> {
    let role = &facts.role(&assignment.role.value)?.name;
    if !BROAD.contains(&role.as_str()) {
        return None;
    }
    let scope = match &assignment.scope.value {
        Scope::Subscription(_) => "subscription",
        Scope::ManagementGroup(_) => "management group",
        _ => return None,
    };
    let finding = Finding::new(
        Id::TG6004,
        format!("identity `{identity}` has {role} on a whole {scope}"),
    )
    .at(assignment.scope.span, "more than the network of its pool")
    .help("give the role on the vnet or subnet, the route table and the network security group");
    Some(finding)
}
