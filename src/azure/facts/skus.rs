//! What each tier of Azure Firewall can do.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::SourceId;
use super::document::{Cited, Entries, cited};

/// A tier of Azure Firewall, or of a firewall policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirewallTier {
    /// `Basic`.
    Basic,
    /// `Standard`.
    Standard,
    /// `Premium`.
    Premium,
}

impl FirewallTier {
    /// All of them, the least capable first.
    pub const ALL: [Self; 3] = [Self::Basic, Self::Standard, Self::Premium];

    /// The name in Azure's JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Standard => "Standard",
            Self::Premium => "Premium",
        }
    }

    /// The tier of that name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|tier| tier.name().eq_ignore_ascii_case(name))
    }
}

macro_rules! features {
    ($($(#[$doc:meta])* $feature:ident $key:literal,)*) => {
        /// Something that not every firewall need be able to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        pub enum FirewallFeature {
            $($(#[$doc])* #[serde(rename = $key)] $feature,)*
        }

        impl FirewallFeature {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$feature,)*];

            /// Its key in the fact file.
            #[must_use]
            pub fn key(self) -> &'static str {
                match self { $(Self::$feature => $key,)* }
            }
        }
    };
}

features! {
    /// Rules on addresses, protocols and ports.
    NetworkRules "network-rules",
    /// Destination NAT.
    NatRules "nat-rules",
    /// Rules on names of HTTP, HTTPS and SQL traffic.
    ApplicationRules "application-rules",
    /// Service tags.
    ServiceTags "service-tags",
    /// FQDN tags.
    FqdnTags "fqdn-tags",
    /// Domain names in network rules.
    NamesInNetworkRules "names-in-network-rules",
    /// Answering DNS queries for clients.
    DnsProxy "dns-proxy",
    /// DNS servers other than Azure's.
    CustomDns "custom-dns",
    /// Web categories.
    WebCategories "web-categories",
    /// Rules on whole URLs.
    UrlFiltering "url-filtering",
    /// Looking into TLS.
    TlsInspection "tls-inspection",
    /// Intrusion detection and prevention.
    IntrusionDetection "intrusion-detection",
    /// Alerts on known malicious traffic.
    ThreatIntelligenceAlert "threat-intelligence-alert",
    /// Denying known malicious traffic.
    ThreatIntelligenceDeny "threat-intelligence-deny",
    /// A default route on the firewall's own subnet that leads elsewhere than to the Internet.
    ForcedTunnelling "forced-tunnelling",
}

/// Which tiers have a feature.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirewallFeatureFact {
    /// The tiers.
    pub tiers: Vec<FirewallTier>,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

/// Whether a firewall has an interface for its own management traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManagementInterface {
    /// It has.
    Always,
    /// It may have.
    Optional,
}

/// What is known about a tier.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirewallTierFact {
    /// The tier.
    pub tier: FirewallTier,
    /// The most traffic, in megabits a second.
    pub throughput_mbps: u32,
    /// The tiers of policies that it accepts.
    pub takes_policies: Vec<FirewallTier>,
    /// Whether it has a management interface.
    pub management_interface: ManagementInterface,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(FirewallFeatureFact, FirewallTierFact);

/// The tiers file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FirewallSkus {
    pub(super) features: BTreeMap<FirewallFeature, FirewallFeatureFact>,
    pub(super) tiers: Vec<FirewallTierFact>,
}

impl Entries for FirewallSkus {
    fn citations(&self) -> Vec<&SourceId> {
        let tiers = self.tiers.iter().map(Cited::source);
        self.features.citations().into_iter().chain(tiers).collect()
    }

    fn fault(&self) -> Option<String> {
        let described = |tier| self.tiers.iter().filter(|fact| fact.tier == tier).count() == 1;
        if let Some(tier) = FirewallTier::ALL.into_iter().find(|tier| !described(*tier)) {
            return Some(format!("tier `{}` is not described once", tier.name()));
        }
        let missing = FirewallFeature::ALL
            .iter()
            .find(|feature| !self.features.contains_key(feature))?;
        Some(format!("feature `{}` is missing", missing.key()))
    }
}
