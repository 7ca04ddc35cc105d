//! The fact files.

macro_rules! subjects {
    ($($(#[$doc:meta])* $subject:ident $file:literal,)*) => {
        /// A file of facts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Subject {
            $($(#[$doc])* $subject,)*
        }

        impl Subject {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$subject,)*];

            /// Where it lies in the project.
            #[must_use]
            pub fn path(self) -> &'static str {
                match self { $(Self::$subject => concat!("rules/azure/", $file),)* }
            }

            /// Its text, as built in.
            pub(super) const fn text(self) -> &'static str {
                match self {
                    $(Self::$subject => include_str!(concat!("../../../rules/azure/", $file)),)*
                }
            }
        }
    };
}

subjects! {
    /// API versions of resource types.
    ApiVersions "api-versions.yaml",
    /// Names of the private DNS zones of clusters.
    ClusterZones "cluster-zones.yaml",
    /// Error codes and messages.
    Errors "errors.yaml",
    /// Features by firewall tier.
    FirewallSkus "firewall-skus.yaml",
    /// FQDN tags.
    FqdnTags "fqdn-tags.yaml",
    /// Addresses of the management of HDInsight.
    HdinsightManagement "hdinsight-management.yaml",
    /// Limits and ranges.
    Limits "limits.yaml",
    /// Domains of Microsoft's.
    MicrosoftDomains "microsoft-domains.yaml",
    /// Steps of a node's start.
    NodeProvisioning "node-provisioning.yaml",
    /// Default security rules.
    NsgDefaultRules "nsg-default-rules.yaml",
    /// Outbound types of clusters.
    OutboundTypes "outbound-types.yaml",
    /// Addresses of the Azure host.
    PlatformAddresses "platform-addresses.yaml",
    /// Platform services.
    PlatformServices "platform-services.yaml",
    /// Ports with a known use.
    Ports "ports.yaml",
    /// Built-in roles and required actions.
    Roles "roles.yaml",
    /// Routing policies of virtual WAN hubs.
    RoutingPolicies "routing-policies.yaml",
    /// What rules of a firewall should not say.
    RuleContent "rule-content.yaml",
    /// Service tags.
    ServiceTags "service-tags.yaml",
    /// Reserved subnets and addresses.
    Subnets "subnets.yaml",
    /// System routes.
    SystemRoutes "system-routes.yaml",
    /// The feed of threat intelligence.
    ThreatIntelligence "threat-intelligence.yaml",
}
