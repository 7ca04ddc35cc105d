//! Which element of the estate a resource became.

use crate::estate::{
    Appliance, ApplicationSecurityGroup, DnsServer, Firewall, FirewallPolicy, Gateway, Id,
    Identity, IpGroup, LoadBalancer, NatGateway, Nsg, PlatformService, Pool, PrivateDnsZone,
    PrivateEndpoint, PublicIp, RouteTable, Subnet, VirtualHub, VirtualWan, Vnet,
};

/// A kind of element that resources refer to.
pub(super) trait Element: Sized {
    /// The element, when a resource became one of this kind.
    fn of(slot: Slot) -> Option<Id<Self>>;
}

macro_rules! slots {
    ($($(#[$doc:meta])* $name:ident($element:ty)),+ $(,)?) => {
        /// The element that a resource became.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Slot {
            $($(#[$doc])* $name(Id<$element>)),+
        }

        $(impl Element for $element {
            fn of(slot: Slot) -> Option<Id<Self>> {
                match slot {
                    Slot::$name(id) => Some(id),
                    _ => None,
                }
            }
        })+
    };
}

slots! {
    /// A virtual network.
    Vnet(Vnet),
    /// A subnet.
    Subnet(Subnet),
    /// A route table.
    RouteTable(RouteTable),
    /// A network security group.
    Nsg(Nsg),
    /// An application security group.
    SecurityGroup(ApplicationSecurityGroup),
    /// A firewall.
    Firewall(Firewall),
    /// A firewall policy.
    FirewallPolicy(FirewallPolicy),
    /// An IP group.
    IpGroup(IpGroup),
    /// A public address or a prefix of them.
    PublicIp(PublicIp),
    /// A NAT gateway.
    NatGateway(NatGateway),
    /// A load balancer.
    LoadBalancer(LoadBalancer),
    /// A virtual network gateway.
    Gateway(Gateway),
    /// An appliance: what a machine or an interface became.
    Appliance(Appliance),
    /// A private endpoint.
    PrivateEndpoint(PrivateEndpoint),
    /// A private DNS zone.
    DnsZone(PrivateDnsZone),
    /// A DNS server: what an inbound endpoint of a resolver became.
    DnsServer(DnsServer),
    /// A virtual WAN.
    Wan(VirtualWan),
    /// A virtual WAN hub.
    Hub(VirtualHub),
    /// A managed identity.
    Identity(Identity),
    /// A resource of a platform service: the first of its public names.
    Service(PlatformService),
    /// A cluster or cluster pool.
    Pool(Pool),
}
