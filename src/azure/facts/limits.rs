//! Limits, and how close a count is to one.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::SourceId;
use super::document::{Entries, cited};

macro_rules! limits {
    ($($(#[$doc:meta])* $limit:ident $key:literal,)*) => {
        /// A limit that Azure sets. The fact file names the source of each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        pub enum Limit {
            $($(#[$doc])* #[serde(rename = $key)] $limit,)*
        }

        impl Limit {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$limit,)*];

            /// Its key in the fact file.
            #[must_use]
            pub fn key(self) -> &'static str {
                match self { $(Self::$limit => $key,)* }
            }
        }
    };
}

limits! {
    /// Most route tables per subscription and region.
    RouteTablesPerRegion "route-tables-per-region",
    /// Most routes per route table.
    RoutesPerRouteTable "routes-per-route-table",
    /// Most routes with a service tag per route table.
    ServiceTagRoutesPerRouteTable "service-tag-routes-per-route-table",
    /// Fewest next hop addresses per ECMP route.
    EcmpNextHopsMinimum "ecmp-next-hops-minimum",
    /// Most next hop addresses per ECMP route.
    EcmpNextHops "ecmp-next-hops",
    /// Most virtual networks per subscription and region.
    VirtualNetworksPerRegion "virtual-networks-per-region",
    /// Most subnets per virtual network.
    SubnetsPerVirtualNetwork "subnets-per-virtual-network",
    /// Most peerings per virtual network.
    PeeringsPerVirtualNetwork "peerings-per-virtual-network",
    /// Most DNS servers per virtual network.
    DnsServersPerVirtualNetwork "dns-servers-per-virtual-network",
    /// Most private addresses per virtual network.
    PrivateAddressesPerVirtualNetwork "private-addresses-per-virtual-network",
    /// Most private addresses per group of peered virtual networks.
    PrivateAddressesPerPeeredNetworks "private-addresses-per-peered-networks",
    /// Most public addresses per NAT gateway.
    PublicAddressesPerNatGateway "public-addresses-per-nat-gateway",
    /// Most SNAT ports per public address of a NAT gateway.
    SnatPortsPerNatGatewayAddress "snat-ports-per-nat-gateway-address",
    /// Fewest SNAT ports that a load balancer gives a machine unasked.
    SnatPortsPerMachineMinimum "snat-ports-per-machine-minimum",
    /// Most network security groups per subscription and region.
    NetworkSecurityGroupsPerRegion "network-security-groups-per-region",
    /// Most rules per network security group.
    RulesPerNetworkSecurityGroup "rules-per-network-security-group",
    /// Most source addresses and ranges per network security group.
    SourceAddressesPerNetworkSecurityGroup "source-addresses-per-network-security-group",
    /// Most destination addresses and ranges per network security group.
    DestinationAddressesPerNetworkSecurityGroup "destination-addresses-per-network-security-group",
    /// Most application security groups per subscription and region.
    ApplicationSecurityGroups "application-security-groups",
    /// Most application security groups per IP configuration of a network interface.
    ApplicationSecurityGroupsPerInterface "application-security-groups-per-interface",
    /// Most application security groups per source or destination of one security rule.
    ApplicationSecurityGroupsPerRuleSide "application-security-groups-per-rule-side",
    /// Most application security groups in all rules of a network security group.
    ApplicationSecurityGroupsPerNetworkSecurityGroup "application-security-groups-per-network-security-group",
    /// Most IP configurations per application security group.
    IpConfigurationsPerApplicationSecurityGroup "ip-configurations-per-application-security-group",
    /// Lowest priority of a security rule.
    SecurityRulePriorityMinimum "security-rule-priority-minimum",
    /// Highest priority of a security rule.
    SecurityRulePriority "security-rule-priority",
    /// Most characters in the description of a security rule.
    SecurityRuleDescriptionLength "security-rule-description-length",
    /// Most unique source and destination pairs in the network rules of a firewall.
    FirewallUniqueSourcesDestinations "firewall-unique-sources-destinations",
    /// Most bytes per rule collection group.
    FirewallRuleCollectionGroupBytes "firewall-rule-collection-group-bytes",
    /// Most rule collection groups per firewall policy.
    FirewallRuleCollectionGroupsPerPolicy "firewall-rule-collection-groups-per-policy",
    /// Most unique DNAT destinations per firewall.
    FirewallDnatUniqueDestinations "firewall-dnat-unique-destinations",
    /// Most rule collections per firewall.
    FirewallRuleCollections "firewall-rule-collections",
    /// Lowest port of a network or application rule.
    FirewallRulePortMinimum "firewall-rule-port-minimum",
    /// Highest port of a network rule.
    FirewallNetworkRulePort "firewall-network-rule-port",
    /// Highest port of an application rule.
    FirewallApplicationRulePort "firewall-application-rule-port",
    /// Highest port in the destination of a NAT rule.
    FirewallNatRulePort "firewall-nat-rule-port",
    /// Most public addresses per firewall.
    FirewallPublicAddresses "firewall-public-addresses",
    /// Most IP groups per firewall.
    FirewallIpGroups "firewall-ip-groups",
    /// Most addresses and prefixes and ranges per IP group.
    FirewallEntriesPerIpGroup "firewall-entries-per-ip-group",
    /// Most domain names in the network rules of a firewall.
    FirewallNamesInNetworkRules "firewall-names-in-network-rules",
    /// Most custom DNS servers per firewall or firewall policy.
    FirewallDnsServers "firewall-dns-servers",
    /// Longest inspected TLS session, in seconds.
    FirewallTlsInspectionTimeout "firewall-tls-inspection-timeout",
    /// Most firewalls per virtual network.
    FirewallsPerVirtualNetwork "firewalls-per-virtual-network",
    /// Lowest priority of a rule collection or rule collection group.
    FirewallPriorityMinimum "firewall-priority-minimum",
    /// Highest priority of a rule collection or rule collection group.
    FirewallPriority "firewall-priority",
    /// Most SNAT ports per public address and firewall instance.
    FirewallSnatPortsPerAddress "firewall-snat-ports-per-address",
    /// Fewest instances per firewall.
    FirewallInstancesMinimum "firewall-instances-minimum",
    /// Most instances per firewall.
    FirewallInstances "firewall-instances",
    /// Most nodes per cluster with kubenet.
    KubenetNodes "kubenet-nodes",
    /// Most authorized ranges per cluster.
    AuthorizedRangesPerCluster "authorized-ranges-per-cluster",
    /// Most characters in the name of a firewall.
    NameLengthFirewall "name-length-firewall",
    /// Most characters in the name of most network resources; the scope in the fact file lists them.
    NameLengthNetworkResource "name-length-network-resource",
    /// Most characters in the name of a rule collection.
    NameLengthRuleCollection "name-length-rule-collection",
    /// Fewest characters in the name of a virtual network.
    NameLengthVirtualNetworkMinimum "name-length-virtual-network-minimum",
    /// Most characters in the name of a virtual network.
    NameLengthVirtualNetwork "name-length-virtual-network",
    /// Fewest characters in the name of a private endpoint.
    NameLengthPrivateEndpointMinimum "name-length-private-endpoint-minimum",
    /// Most characters in the name of a private endpoint.
    NameLengthPrivateEndpoint "name-length-private-endpoint",
    /// Most characters in the name of a private DNS zone.
    NameLengthPrivateDnsZone "name-length-private-dns-zone",
    /// Fewest labels in the name of a private DNS zone.
    PrivateDnsZoneLabelsMinimum "private-dns-zone-labels-minimum",
    /// Most labels in the name of a private DNS zone.
    PrivateDnsZoneLabels "private-dns-zone-labels",
    /// Most characters in the name of a resource group.
    NameLengthResourceGroup "name-length-resource-group",
    /// Fewest characters in the name of a user-assigned identity.
    NameLengthIdentityMinimum "name-length-identity-minimum",
    /// Most characters in the name of a user-assigned identity.
    NameLengthIdentity "name-length-identity",
    /// Most characters in the name of an AKS cluster.
    NameLengthAksCluster "name-length-aks-cluster",
    /// Most characters in the name of the virtual network, subnet or resource group under an overlay cluster.
    NameLengthAksOverlayNetwork "name-length-aks-overlay-network",
    /// Most characters in the subzone of the private DNS zone of an AKS cluster.
    NameLengthAksPrivateSubzone "name-length-aks-private-subzone",
    /// Most characters in the name of an HDInsight on AKS cluster pool.
    NameLengthHdinsightOnAksPool "name-length-hdinsight-on-aks-pool",
    /// Most characters in the managed resource group of an HDInsight on AKS cluster pool.
    NameLengthHdinsightOnAksManagedGroup "name-length-hdinsight-on-aks-managed-group",
}

/// Which side of its value a limit allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// No more than the value.
    #[default]
    Maximum,
    /// No less than the value.
    Minimum,
}

/// How a count stands to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitState {
    /// Well inside.
    Within,
    /// Inside, but past the point from which to warn.
    Near,
    /// Past the value, but some source allows it.
    Disputed,
    /// Past what any source allows.
    Exceeded,
}

/// What is known about a limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitFact {
    /// Whether the value is the most or the least.
    #[serde(default)]
    pub bound: Bound,
    /// The value to stay within.
    pub value: u64,
    /// The most that any source allows, where they disagree.
    pub disputed_up_to: Option<u64>,
    /// The fraction of a maximum from which to warn.
    #[serde(default = "usual_warning")]
    pub warn_at: f64,
    /// What is counted.
    pub unit: String,
    /// Of what.
    pub scope: String,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

fn usual_warning() -> f64 {
    0.8
}

impl LimitFact {
    /// The count from which to warn.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "limits are far below 2^53, and a cast of a float saturates"
    )]
    pub fn warning_value(&self) -> u64 {
        (self.value as f64 * self.warn_at).ceil() as u64
    }

    /// How a count stands to it.
    #[must_use]
    pub fn state(&self, count: u64) -> LimitState {
        match self.bound {
            Bound::Minimum if count < self.value => LimitState::Exceeded,
            Bound::Minimum => LimitState::Within,
            Bound::Maximum if count > self.disputed_up_to.unwrap_or(self.value) => {
                LimitState::Exceeded
            }
            Bound::Maximum if count > self.value => LimitState::Disputed,
            // A full fraction asks for no warning: the highest priority is as good as any other.
            Bound::Maximum if self.warn_at < 1.0 && count >= self.warning_value() => {
                LimitState::Near
            }
            Bound::Maximum => LimitState::Within,
        }
    }
}

cited!(LimitFact);

/// Every limit, each once.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Limits(BTreeMap<Limit, LimitFact>);

impl Limits {
    pub(super) fn get(&self, limit: Limit) -> Option<&LimitFact> {
        self.0.get(&limit)
    }
}

impl Entries for Limits {
    fn citations(&self) -> Vec<&SourceId> {
        self.0.citations()
    }

    fn fault(&self) -> Option<String> {
        let missing = Limit::ALL
            .iter()
            .find(|limit| !self.0.contains_key(limit))?;
        Some(format!("limit `{}` is missing", missing.key()))
    }
}

/// Stands in for every limit when the file does not load: nothing exceeds it.
pub(super) static UNLIMITED: LimitFact = LimitFact {
    bound: Bound::Maximum,
    value: u64::MAX,
    disputed_up_to: None,
    warn_at: 1.0,
    unit: String::new(),
    scope: String::new(),
    source: SourceId::NONE,
    note: None,
};
