//! TG6005: custom roles that may not join the NAT gateway.

use crate::azure::facts::{ActionNeed, ActionTarget};
use crate::azure::preflight::product_of;
use crate::azure::rbac::{self, Answer, Role, Target, assignments_of};
use crate::diag::{Finding, Id};
use crate::estate::{Id as ElementId, Identity, Pool, PoolIdentity, RoleDefinition};
use crate::lint::Context;

rule! {
    /// The identity of a pool has a role of one's own, and that role may not join the NAT gateway of the subnet.
    ///
    /// Whoever writes a subnet needs the right to join everything that is on it. Azure's own roles have it for the
    /// whole network; lists of actions that people write often stop at the subnet and the route table. The cluster is
    /// made, and fails later, when it writes the subnet. That the right is needed here is inferred from Azure's rule on
    /// linked access, so the finding is an assumption.
    ///
    /// ```egress
    /// vnet spoke 10.1.0.0/16 { subnet nodes 10.1.1.0/24 { nat-gateway nat } }
    /// public-ip nat-ip
    /// nat-gateway nat { public-ip nat-ip }
    /// role "Nodes" {
    ///   actions Microsoft.Network/virtualNetworks/subnets/*, Microsoft.Network/virtualNetworks/read
    /// }
    /// identity pool-msi { role "Nodes" on vnet spoke }
    /// pool apps in spoke.nodes { outbound userAssignedNATGateway  identity pool-msi }
    /// ```
    ///
    /// Add `Microsoft.Network/natGateways/join/action`, and assign the role on the NAT gateway too.
    ///
    /// Azure answers `LinkedAuthorizationFailed`.
    ///
    /// Source: MicrosoftDocs/SupportArticles-docs, error code linkedauthorizationfailed;
    /// MicrosoftDocs/azure-aks-docs, articles/aks/aks-service-permissions.md.
    TG6005, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    for (_, pool) in estate.pools.iter() {
        let Some(PoolIdentity::UserAssigned(identity)) = &pool.identity else {
            continue;
        };
        let Some(identity) = identity.id else {
            continue;
        };
        let Some(role) = custom_role(context, identity) else {
            continue;
        };
        findings.extend(lacking(context, pool, identity, role));
    }
}

/// A role of one's own that the identity has.
fn custom_role<'a>(
    context: &Context<'a>,
    identity: ElementId<Identity>,
) -> Option<&'a RoleDefinition> {
    let estate = context.estate;
    assignments_of(estate, identity).find_map(|assignment| {
        match rbac::role(estate, context.facts, &assignment.role.value)? {
            Role::Custom(role) => Some(role),
            Role::BuiltIn(_) => None,
        }
    })
}

fn lacking(
    context: &Context<'_>,
    pool: &Pool,
    identity: ElementId<Identity>,
    role: &RoleDefinition,
) -> Option<Finding> {
    let (estate, facts) = (context.estate, context.facts);
    let mut subnets = pool.subnets.iter().filter_map(|subnet| subnet.id);
    let gateway = subnets.find_map(|subnet| estate.subnets[subnet].nat_gateway.as_ref())?;
    let target = Target::NatGateway(gateway.id?);
    let needs = facts.required_actions(product_of(pool), ActionTarget::NatGateway);
    let missing = needs
        .filter(|needs| needs.need == ActionNeed::Linked)
        .flat_map(|needs| &needs.actions)
        .find(|action| rbac::may(estate, facts, identity, action, &target) == Answer::Missing)?;
    let name = &estate.identities[identity].meta.name;
    let finding = Finding::new(
        Id::TG6005,
        format!(
            "identity `{name}` may not do `{missing}` on {}",
            target.words(estate)
        ),
    )
    .assumed()
    .at(role.origin, "this role stops short of it")
    .related(gateway.origin, "on the subnet of the nodes")
    .related(pool.meta.origin, "the pool")
    .azure("LinkedAuthorizationFailed", None)
    .help("add the action to the role, and assign the role where the NAT gateway is");
    Some(finding)
}
