//! What Azure itself showed to be in force on a network interface: its effective routes and security rules.
//!
//! An estate says what somebody set up; Azure also shows what came of it. Both are kept, so that what only Azure knows,
//! such as the routes that a gateway learned, is known, and so that one can be held against the other.

use std::net::IpAddr;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::base::{Origin, Spanned};
use crate::net::ServiceTag;

use super::{Id, Nsg, Ref, SecurityRule, Subnet};

/// The effective routes of an interface.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownRoutes {
    /// Where the list begins.
    pub origin: Origin,
    /// The subnets it tells of: all that have the same routes as the interface's own. None when it is not known.
    pub subnets: Vec<Id<Subnet>>,
    /// The input names the interface; else the subnets were recognised by what the routes hold.
    pub named: bool,
    /// Its routes.
    pub routes: Vec<ShownRoute>,
}

/// An effective route.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownRoute {
    /// Its name in the route table; empty for what comes from elsewhere.
    pub name: SmolStr,
    /// Where it is shown.
    pub origin: Origin,
    /// Who made it.
    pub source: ShownSource,
    /// It is in force, not beaten by another route.
    pub active: bool,
    /// The prefixes it applies to. Those of a service tag are spelled out.
    pub prefixes: Vec<Spanned<IpNet>>,
    /// The service tags that the prefixes are of.
    pub tags: Vec<ServiceTag>,
    /// Where it leads.
    pub hop: ShownHop,
    /// The subnet takes in no routes of gateways.
    pub propagation_off: bool,
}

/// Who made an effective route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownSource {
    /// Azure.
    Default,
    /// The route table.
    User,
    /// A gateway, a route server or a hub.
    Gateway,
    /// Azure does not tell.
    Unknown,
}

/// Where an effective route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShownHop {
    /// Into the own network.
    VnetLocal,
    /// Into a peered network.
    Peering,
    /// To the Internet.
    Internet,
    /// Nowhere.
    Drop,
    /// To the gateway, by these of its addresses.
    Gateway(Vec<IpAddr>),
    /// To appliances at these addresses.
    Appliances(Vec<IpAddr>),
    /// To a platform service by service endpoint.
    ServiceEndpoint,
    /// To a private endpoint.
    PrivateEndpoint,
    /// To something of another name.
    Other(SmolStr),
}

impl ShownRoutes {
    /// The routes in force of one source.
    pub fn active(&self, source: ShownSource) -> impl Iterator<Item = &ShownRoute> {
        let routes = self.routes.iter();
        routes.filter(move |route| route.active && route.source == source)
    }

    /// Whether the route table has a default route of IPv4.
    #[must_use]
    pub fn has_user_default(&self) -> bool {
        self.routes.iter().any(|route| {
            let mut prefixes = route.prefixes.iter();
            route.source == ShownSource::User
                && prefixes.any(|prefix| {
                    prefix.value.prefix_len() == 0 && matches!(prefix.value, IpNet::V4(_))
                })
        })
    }

    /// Whether it is of a subnet that takes in no routes of gateways.
    #[must_use]
    pub fn propagation_off(&self) -> bool {
        self.routes.iter().any(|route| route.propagation_off)
    }
}

/// The effective rules of a security group.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownRules {
    /// Where the group is named.
    pub origin: Origin,
    /// The group.
    pub nsg: Ref<Nsg>,
    /// The subnet that has the group, where it is one.
    pub subnet: Option<Ref<Subnet>>,
    /// Its rules, without Azure's defaults.
    pub rules: Vec<SecurityRule>,
    /// All of them were understood.
    pub whole: bool,
}
