//! Route tables.

use std::net::IpAddr;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::base::{Origin, Spanned};
use crate::net::ServiceTag;

use super::{Appliance, Firewall, Meta, Ref, Unknown};

/// A route table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTable {
    /// Name and origin.
    pub meta: Meta,
    /// Its user-defined routes.
    pub routes: Vec<Route>,
    /// Routes learned by gateways are taken in too.
    pub gateway_propagation: bool,
}

/// A user-defined route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its name in the table.
    pub name: SmolStr,
    /// Why it is there.
    pub origin: Origin,
    /// What it applies to.
    pub destination: Spanned<RouteDestination>,
    /// Where packets go.
    pub next_hop: Spanned<NextHop>,
}

/// What a route applies to.
#[derive(Debug, Clone, PartialEq)]
pub enum RouteDestination {
    /// A prefix.
    Prefix(IpNet),
    /// The prefixes of a service tag.
    ServiceTag(ServiceTag),
}

impl Eq for RouteDestination {}

/// Where a route sends packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextHop {
    /// A firewall of this estate.
    Firewall(Ref<Firewall>),
    /// An appliance of this estate.
    Appliance(Ref<Appliance>),
    /// Appliances by address: one, or several that share the load.
    Addresses(Vec<IpAddr>),
    /// The virtual network gateway.
    Gateway,
    /// Straight to the Internet.
    Internet,
    /// Inside the virtual network.
    VnetLocal,
    /// Nowhere: dropped.
    Drop,
    /// To an appliance whose address is not known.
    Unknown(Unknown),
}

impl NextHop {
    /// Azure's name of the next hop type.
    #[must_use]
    pub fn azure_type(&self) -> &'static str {
        match self {
            Self::Firewall(_) | Self::Appliance(_) | Self::Unknown(_) => "VirtualAppliance",
            Self::Addresses(addresses) if addresses.len() > 1 => "VirtualApplianceEcmp",
            Self::Addresses(_) => "VirtualAppliance",
            Self::Gateway => "VirtualNetworkGateway",
            Self::Internet => "Internet",
            Self::VnetLocal => "VnetLocal",
            Self::Drop => "None",
        }
    }
}
