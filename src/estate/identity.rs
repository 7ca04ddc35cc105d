//! Identities, roles, assignments.

use smol_str::SmolStr;

use crate::base::{Origin, Spanned};

use super::{
    Id, Meta, NatGateway, Nsg, PlatformService, PrivateDnsZone, PublicIp, Ref, RouteTable, Subnet,
    Vnet,
};

/// A user-assigned managed identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name and origin.
    pub meta: Meta,
    /// How its principal is known.
    pub principal: Principal,
    /// The groups it is a member of, which are principals of their own.
    pub groups: Vec<Spanned<SmolStr>>,
}

/// The object behind an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Read from the identity's resource when the template is deployed.
    FromResource,
    /// This object id.
    ObjectId(Spanned<SmolStr>),
    /// Told at deployment by this parameter.
    Parameter(SmolStr),
}

/// A custom role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleDefinition {
    /// The name shown in Azure; may hold blanks.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// What it may do; `*` stands for anything.
    pub actions: Vec<Spanned<SmolStr>>,
    /// What is taken off again.
    pub not_actions: Vec<Spanned<SmolStr>>,
}

/// A role given to an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleAssignment {
    /// Where it is written.
    pub origin: Origin,
    /// Who gets it.
    pub identity: Id<Identity>,
    /// Its name or GUID, as written.
    pub role: Spanned<SmolStr>,
    /// Where it holds.
    pub scope: Spanned<Scope>,
    /// It exists already.
    pub existing: bool,
}

/// Actions forbidden at a scope, whatever roles grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DenyAssignment {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// Where it holds.
    pub scope: Spanned<Scope>,
    /// Whom it is about.
    pub principals: DeniedPrincipals,
    /// Who is not meant.
    pub excluded: Vec<Ref<Identity>>,
    /// What is forbidden; `*` stands for anything.
    pub actions: Vec<Spanned<SmolStr>>,
    /// What is taken off again.
    pub not_actions: Vec<Spanned<SmolStr>>,
    /// It holds at its scope only, not below.
    pub scope_only: bool,
}

/// Whom a deny assignment is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeniedPrincipals {
    /// Everybody.
    Everyone,
    /// These.
    Listed(Vec<Ref<Identity>>),
}

/// An assignment of Azure Policy, as far as it can forbid a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyAssignment {
    /// Its name.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
    /// Where it holds.
    pub scope: Spanned<Scope>,
    /// What it does, such as `Deny` or `Audit`.
    pub effect: Spanned<SmolStr>,
    /// The resource types it is about.
    pub resource_types: Vec<Spanned<SmolStr>>,
}

/// Which management group a subscription is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its name or id.
    pub name: SmolStr,
    /// The management group above it.
    pub management_group: Option<SmolStr>,
}

/// Where a role holds: a resource and everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// A virtual network.
    Vnet(Ref<Vnet>),
    /// A subnet.
    Subnet(Ref<Subnet>),
    /// A route table.
    RouteTable(Ref<RouteTable>),
    /// A network security group.
    Nsg(Ref<Nsg>),
    /// A NAT gateway.
    NatGateway(Ref<NatGateway>),
    /// A public address.
    PublicIp(Ref<PublicIp>),
    /// A private DNS zone.
    DnsZone(Ref<PrivateDnsZone>),
    /// A resource of a platform service, such as a registry.
    Service(Ref<PlatformService>),
    /// A resource group; the deployment's own without a name.
    ResourceGroup(Option<SmolStr>),
    /// A subscription; the deployment's own without an id.
    Subscription(Option<SmolStr>),
    /// A management group. Which subscriptions lie below it is not known here.
    ManagementGroup(SmolStr),
}
