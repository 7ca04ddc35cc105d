//! Who may do what where: role assignments of identities
//! (MicrosoftDocs/azure-docs, articles/role-based-access-control/overview.md and role-definitions.md).
//!
//! Assignments add up, and hold at their scope and everything below it: management group, subscription, resource
//! group, resource, subnet. What one role leaves out another may still grant. Deny assignments are not modelled:
//! users cannot make them.

use smol_str::SmolStr;

use crate::estate::{self, Estate, Home, Id, Identity, Meta, RoleAssignment, Scope};

use super::facts::{Facts, RoleDefinition, action_matches};

/// A resource that an action is done on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A virtual network.
    Vnet(Id<estate::Vnet>),
    /// A subnet, which belongs to its network.
    Subnet(Id<estate::Subnet>),
    /// A route table.
    RouteTable(Id<estate::RouteTable>),
    /// A network security group.
    Nsg(Id<estate::Nsg>),
    /// A NAT gateway.
    NatGateway(Id<estate::NatGateway>),
    /// A public address.
    PublicIp(Id<estate::PublicIp>),
    /// A private DNS zone.
    DnsZone(Id<estate::PrivateDnsZone>),
}

impl Target {
    /// The resource. A subnet has its own name and place.
    #[must_use]
    pub fn meta(self, estate: &Estate) -> &Meta {
        match self {
            Self::Vnet(id) => &estate.vnets[id].meta,
            Self::Subnet(id) => &estate.subnets[id].meta,
            Self::RouteTable(id) => &estate.route_tables[id].meta,
            Self::Nsg(id) => &estate.nsgs[id].meta,
            Self::NatGateway(id) => &estate.nat_gateways[id].meta,
            Self::PublicIp(id) => &estate.public_ips[id].meta,
            Self::DnsZone(id) => &estate.dns_zones[id].meta,
        }
    }

    /// The kind and name, as the policy language writes a scope.
    #[must_use]
    pub fn scope_words(self, estate: &Estate) -> String {
        let name = &self.meta(estate).name;
        match self {
            Self::Vnet(_) => format!("vnet {name}"),
            Self::Subnet(id) => {
                let vnet = &estate.vnets[estate.subnets[id].vnet].meta.name;
                format!("subnet {vnet}.{name}")
            }
            Self::RouteTable(_) => format!("route-table {name}"),
            Self::Nsg(_) => format!("nsg {name}"),
            Self::NatGateway(_) => format!("nat-gateway {name}"),
            Self::PublicIp(_) => format!("public-ip {name}"),
            Self::DnsZone(_) => format!("private-dns-zone {name}"),
        }
    }

    /// Where the resource lives; a subnet lives with its network.
    fn home(self, estate: &Estate) -> &Home {
        match self {
            Self::Subnet(id) => &estate.vnets[estate.subnets[id].vnet].meta.home,
            other => &other.meta(estate).home,
        }
    }
}

/// Whether an assignment at a scope holds for a resource.
///
/// What is deployed lives in the deployment's own resource group and subscription, which have no name here; a group
/// or subscription that is named is another one. A management group is taken to be above everything of the policy,
/// since the policy's author states it.
#[must_use]
pub fn covers(estate: &Estate, scope: &Scope, target: Target) -> bool {
    match (scope, target) {
        (Scope::Vnet(vnet), Target::Vnet(id)) => vnet.id == Some(id),
        (Scope::Vnet(vnet), Target::Subnet(id)) => vnet.id == Some(estate.subnets[id].vnet),
        (Scope::Subnet(subnet), Target::Subnet(id)) => subnet.id == Some(id),
        (Scope::RouteTable(table), Target::RouteTable(id)) => table.id == Some(id),
        (Scope::Nsg(nsg), Target::Nsg(id)) => nsg.id == Some(id),
        (Scope::NatGateway(gateway), Target::NatGateway(id)) => gateway.id == Some(id),
        (Scope::PublicIp(ip), Target::PublicIp(id)) => ip.id == Some(id),
        (Scope::DnsZone(zone), Target::DnsZone(id)) => zone.id == Some(id),
        (Scope::ResourceGroup(group), target) => {
            let (resource_group, subscription) = place(target.home(estate));
            subscription.is_none() && same(resource_group, group.as_ref())
        }
        (Scope::Subscription(scope), target) => {
            let (_, subscription) = place(target.home(estate));
            same(subscription, scope.as_ref())
        }
        (Scope::ManagementGroup(_), _) => true,
        _ => false,
    }
}

/// Resource group and subscription, where they are not the deployment's own.
fn place(home: &Home) -> (Option<&SmolStr>, Option<&SmolStr>) {
    match home {
        Home::Deployed => (None, None),
        Home::Existing {
            resource_group,
            subscription,
        } => (resource_group.as_ref(), subscription.as_ref()),
    }
}

/// Azure compares these names without regard to case.
fn same(a: Option<&SmolStr>, b: Option<&SmolStr>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (None, None) => true,
        _ => false,
    }
}

/// A role, built in or of the policy.
#[derive(Debug, Clone, Copy)]
pub enum Role<'a> {
    /// Built in.
    BuiltIn(&'a RoleDefinition),
    /// Of the policy.
    Custom(&'a estate::RoleDefinition),
}

impl Role<'_> {
    /// Whether it holds an action: in its actions and not in its not-actions.
    #[must_use]
    pub fn grants(self, action: &str) -> bool {
        match self {
            Self::BuiltIn(role) => role.grants(action),
            Self::Custom(role) => {
                let mut actions = role.actions.iter();
                let mut not_actions = role.not_actions.iter();
                actions.any(|pattern| action_matches(&pattern.value, action))
                    && !not_actions.any(|pattern| action_matches(&pattern.value, action))
            }
        }
    }
}

/// The role of that name or GUID; those of the policy come first.
#[must_use]
pub fn role<'a>(estate: &'a Estate, facts: &'a Facts, name: &str) -> Option<Role<'a>> {
    let mut custom = estate.role_definitions.iter();
    let custom = custom.find(|(_, role)| role.name.eq_ignore_ascii_case(name));
    custom
        .map(|(_, role)| Role::Custom(role))
        .or_else(|| facts.role(name).map(Role::BuiltIn))
}

/// The assignments of an identity.
pub fn assignments_of(
    estate: &Estate,
    identity: Id<Identity>,
) -> impl Iterator<Item = &RoleAssignment> {
    let assignments = estate.role_assignments.iter();
    assignments
        .map(|(_, assignment)| assignment)
        .filter(move |assignment| assignment.identity == identity)
}

/// Whether an identity may do an action on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Some assignment grants it.
    Granted,
    /// No assignment does.
    Missing,
    /// None does as far as is known, but a role that holds there is not known.
    Unknown,
}

/// Whether an identity may do an action on a resource, by the sum of its assignments.
#[must_use]
pub fn may(
    estate: &Estate,
    facts: &Facts,
    identity: Id<Identity>,
    action: &str,
    target: Target,
) -> Answer {
    let mut answer = Answer::Missing;
    for assignment in assignments_of(estate, identity) {
        if !covers(estate, &assignment.scope.value, target) {
            continue;
        }
        match role(estate, facts, &assignment.role.value) {
            Some(role) if role.grants(action) => return Answer::Granted,
            Some(_) => {}
            None => answer = Answer::Unknown,
        }
    }
    answer
}
