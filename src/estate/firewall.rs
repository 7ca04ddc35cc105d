//! Azure Firewall: the resource, policies, rules.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::base::{Origin, Span, Spanned};
use crate::net::{AddressRange, AppProtocol, Destination, Fqdn, PortRange, Transport};

use super::{Endpoint, Meta, PublicAddress, Ref, Vnet};

/// The name that the subnet of a firewall must have (azure-docs, firewall/firewall-faq.yml).
pub const FIREWALL_SUBNET: &str = "AzureFirewallSubnet";

/// The name that the subnet of a firewall's management interface must have (azure-docs, firewall/management-nic.md).
pub const MANAGEMENT_SUBNET: &str = "AzureFirewallManagementSubnet";

/// A firewall.
#[derive(Debug, Clone, PartialEq)]
pub struct Firewall {
    /// Name and origin.
    pub meta: Meta,
    /// The network its subnet is in.
    pub vnet: Ref<Vnet>,
    /// Its tier.
    pub tier: Spanned<Tier>,
    /// The address of its internal load balancer, in `AzureFirewallSubnet`.
    pub private_ip: Option<Spanned<IpAddr>>,
    /// Addresses it translates to.
    pub public_ips: Vec<PublicAddress>,
    /// How many public addresses Azure gives and keeps for it, in a virtual WAN hub.
    pub managed_public_ips: Option<Spanned<u32>>,
    /// The public address of its management interface, which forced tunnelling needs.
    pub management_ip: Option<PublicAddress>,
    /// Its policy.
    pub policy: Option<Ref<FirewallPolicy>>,
    /// Settings written on the firewall; in force only without a policy.
    pub settings: FirewallSettings,
    /// Classic rule collections; in force only without a policy.
    pub collections: Vec<RuleCollection>,
    /// Availability zones.
    pub zones: Vec<Spanned<u8>>,
}

/// The tier of a firewall or policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Tier {
    /// Basic.
    Basic,
    /// Standard.
    #[default]
    Standard,
    /// Premium.
    Premium,
}

impl Tier {
    /// All tiers.
    pub const ALL: [Self; 3] = [Self::Basic, Self::Standard, Self::Premium];

    /// Azure's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Standard => "Standard",
            Self::Premium => "Premium",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a firewall does with destinations known to be hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreatIntel {
    /// Nothing.
    Off,
    /// Logs.
    Alert,
    /// Drops.
    Deny,
}

/// What a firewall does with traffic that looks like an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idps {
    /// Nothing.
    Off,
    /// Logs.
    Alert,
    /// Drops.
    Deny,
}

/// Settings that a policy or a firewall without policy has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FirewallSettings {
    /// It answers DNS on its private address. Off when not given.
    pub dns_proxy: Option<Spanned<bool>>,
    /// The servers it asks; Azure's own when empty.
    pub dns_servers: Vec<Spanned<IpAddr>>,
    /// Threat intelligence; Azure's default when not given.
    pub threat_intel: Option<Spanned<ThreatIntel>>,
    /// Destinations not translated; Azure's default when empty.
    pub snat_private_ranges: Vec<Spanned<IpNet>>,
    /// Whom threat intelligence leaves alone.
    pub threat_intel_allowed: Vec<Spanned<Destination>>,
    /// Names in network rules work without the DNS proxy, when this is off.
    pub names_need_proxy: Option<Spanned<bool>>,
    /// Intrusion detection and prevention, of policies only; off when not given.
    pub idps: Option<Spanned<Idps>>,
    /// SQL in redirect mode passes by application rules, of policies only; off when not given.
    pub sql_redirect: Option<Spanned<bool>>,
}

impl FirewallSettings {
    /// Whether the DNS proxy is on.
    #[must_use]
    pub fn proxies_dns(&self) -> bool {
        self.dns_proxy.is_some_and(|proxy| proxy.value)
    }

    /// Whether network rules may name domains: the DNS proxy is on, or is not needed for it
    /// (Azure's own words, `AzureFirewallDNSProxyMustBeEnabled`).
    #[must_use]
    pub fn takes_names(&self) -> bool {
        self.proxies_dns() || self.names_need_proxy.is_some_and(|needed| !needed.value)
    }
}

/// A firewall policy.
#[derive(Debug, Clone, PartialEq)]
pub struct FirewallPolicy {
    /// Name and origin.
    pub meta: Meta,
    /// Its tier.
    pub tier: Spanned<Tier>,
    /// The policy whose rules come first.
    pub parent: Option<Ref<FirewallPolicy>>,
    /// DNS, threat intelligence, SNAT.
    pub settings: FirewallSettings,
    /// Rule collection groups.
    pub groups: Vec<RuleCollectionGroup>,
}

/// A rule collection group.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleCollectionGroup {
    /// Its name in the policy.
    pub name: SmolStr,
    /// Why it is there.
    pub origin: Origin,
    /// Order within the policy: lower comes first.
    pub priority: Spanned<u32>,
    /// Its collections.
    pub collections: Vec<RuleCollection>,
    /// Deployed only when this parameter has a value.
    pub needs_parameter: Option<SmolStr>,
}

/// What the rules of a collection do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Lets through.
    Allow,
    /// Drops.
    Deny,
    /// Translates the destination.
    Dnat,
}

/// A rule collection: rules of one kind with one action.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleCollection {
    /// Its name in the group.
    pub name: SmolStr,
    /// Why it is there.
    pub origin: Origin,
    /// Order within the group: lower comes first.
    pub priority: Spanned<u32>,
    /// What its rules do.
    pub action: Action,
    /// Its rules.
    pub rules: Rules,
}

/// The rules of a collection, all of one kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Rules {
    /// Network rules: addresses, transports, ports.
    Network(Vec<NetworkRule>),
    /// Application rules: names, application protocols.
    Application(Vec<ApplicationRule>),
    /// DNAT rules: translated destinations.
    Nat(Vec<NatRule>),
}

impl Rules {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Network(rules) => rules.len(),
            Self::Application(rules) => rules.len(),
            Self::Nat(rules) => rules.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What every firewall rule has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// Its name in the collection.
    pub name: SmolStr,
    /// Why it is there.
    pub origin: Origin,
    /// A sentence for people.
    pub description: String,
    /// Where a policy writes it; `None` for a rule that was made from a requirement.
    pub written: Option<RuleText>,
}

/// Where a policy writes a rule, so that a fix can add to it or take it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleText {
    /// All of it.
    pub whole: Span,
    /// Its last source.
    pub source: Span,
    /// Its last destination.
    pub destination: Span,
    /// Its last service.
    pub service: Span,
}

/// A network rule.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkRule {
    /// Name, origin, description.
    pub info: RuleInfo,
    /// From where.
    pub sources: Vec<Endpoint>,
    /// To where.
    pub destinations: Vec<Endpoint>,
    /// Over what.
    pub transports: Vec<Transport>,
    /// To which ports.
    pub ports: Vec<PortRange>,
}

/// An application rule.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationRule {
    /// Name, origin, description.
    pub info: RuleInfo,
    /// From where.
    pub sources: Vec<Endpoint>,
    /// To which names.
    pub destinations: Vec<Endpoint>,
    /// Over what, on which port.
    pub protocols: Vec<(AppProtocol, u16)>,
    /// The firewall opens TLS and looks inside.
    pub terminate_tls: Option<Origin>,
    /// Categories of web sites, whose members only Azure knows.
    pub web_categories: Vec<Spanned<SmolStr>>,
}

/// A DNAT rule.
#[derive(Debug, Clone, PartialEq)]
pub struct NatRule {
    /// Name, origin, description.
    pub info: RuleInfo,
    /// From where.
    pub sources: Vec<Endpoint>,
    /// To which address of the firewall.
    pub destinations: Vec<Endpoint>,
    /// Over what.
    pub transports: Vec<Transport>,
    /// To which port.
    pub port: u16,
    /// Where to instead.
    pub translated: Translated,
    /// On which port instead.
    pub translated_port: u16,
}

/// Where a DNAT rule sends flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Translated {
    /// To an address.
    Address(IpAddr),
    /// To a name.
    Fqdn(Fqdn),
}

/// A named list of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpGroup {
    /// Name and origin.
    pub meta: Meta,
    /// Prefixes in it.
    pub prefixes: Vec<Spanned<IpNet>>,
    /// Ranges in it.
    pub ranges: Vec<Spanned<AddressRange>>,
}
