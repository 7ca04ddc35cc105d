//! Why a cluster cannot get out: the causes that failures in the field come down to.

use std::fmt;

macro_rules! causes {
    ($($variant:ident => $slug:literal, $summary:literal;)*) => {
        /// The cause of a failure. Slugs are stable: they are what machines read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause {
            $(#[doc = $summary] $variant,)*
        }

        impl Cause {
            /// All of them, by layer.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable name, such as `route.no_route_table`.
            #[must_use]
            pub fn slug(self) -> &'static str {
                match self {
                    $(Self::$variant => $slug,)*
                }
            }

            /// What is wrong, in one sentence.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self {
                    $(Self::$variant => $summary,)*
                }
            }

            /// What, why, how to see it in Azure, and what to do, as Markdown.
            #[must_use]
            pub fn doc(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("causes/", $slug, ".md")),)*
                }
            }
        }
    };
}

causes! {
    NoRouteTable => "route.no_route_table", "The subnet has no route table although the cluster leaves by one.";
    NoDefaultRoute => "route.no_default_route", "The route table has no route for 0.0.0.0/0.";
    DefaultNextHopType => "route.default_next_hop_type", "The default route leads to the Internet or nowhere instead of to an appliance or a gateway.";
    NextHopUnreachable => "route.next_hop_unreachable", "The next hop is wrong, cannot be reached directly, or does not carry the flow.";
    OverrideOrBypass => "route.override_or_bypass", "A more specific path wins over the one that was meant.";
    AsymmetricReturn => "route.asymmetric_return", "The request arrives, but its reply passes a stateful device that never saw the request.";
    PodRoutesOrTableDrift => "route.pod_routes_or_table_drift", "Routes for the pods are missing, or the route table is shared or was replaced.";
    NoSnat => "egress.no_snat", "There is no public address to leave with, or its ports run out.";
    OutboundTypeConflict => "cluster.outbound_type_conflict", "The outbound type contradicts the cluster's profile, its subnet or the network around it.";
    AuthorizedRangesExcludeEgress => "cluster.authorized_ranges_exclude_egress", "The API server does not let in the address that the nodes leave with.";
    Proxy => "cluster.proxy", "The HTTP proxy cannot be reached, does not let the name through, or is not used where it must be.";
    IsolatedBootstrap => "cluster.isolated_bootstrap", "The registry that a network isolated cluster starts from cannot be reached.";
    EndpointNotAllowed => "firewall.endpoint_not_allowed", "No rule of the firewall allows the name.";
    NetworkRuleMissing => "firewall.network_rule_missing", "No network rule allows a flow that application rules cannot carry.";
    RuleFieldMismatch => "firewall.rule_field_mismatch", "A rule of the firewall nearly matches: its source, port, protocol or kind differs.";
    L7Unmatchable => "firewall.l7_unmatchable", "An application rule can never match: the flow shows no name, or TLS inspection breaks it.";
    OrderOrPrecedence => "firewall.order_or_precedence", "Something else in the firewall decides before the rule that was meant to.";
    PrivateZoneUnresolvable => "dns.private_zone_unresolvable", "The resolver cannot see the private zone that holds the name.";
    FqdnNetworkRuleProxy => "dns.fqdn_network_rule_proxy", "A network rule names a host, but the firewall's DNS proxy is off or not what the clients ask.";
    PrivateLinkDependency => "dns.private_link_dependency", "The private endpoint of something the cluster depends on is not what its name leads to.";
    DnsPathOrServers => "dns.path_or_servers", "The DNS servers cannot be reached, or do not answer alike.";
    NsgOutboundDeny => "nsg.outbound_deny", "A security rule denies the flow on its way out.";
    NsgIntraClusterDeny => "nsg.intra_cluster_deny", "A security rule denies traffic inside the cluster.";
    NsgServiceTagExpansion => "nsg.service_tag_expansion", "A service tag in a security rule means something else under these routes.";
    ManagementPath => "platform.management_path", "The platform cannot reach the cluster, or the cluster the platform.";
    MissingPermission => "rbac.missing_permission", "The identity lacks an action on a resource that it has to read, write or join.";
    UnsupportedIdentity => "identity.unsupported_type", "This kind of identity is not allowed with a route table or zone of one's own.";
    DnsZonePermission => "rbac.private_dns_zone", "The identity has no rights on the private DNS zone.";
    PolicyDeny => "policy.deny", "Azure Policy forbids what the outbound type needs.";
    ServiceAccessControl => "service.access_control", "The network let the flow through; the service refuses it.";
}

impl Cause {
    /// The cause of that slug.
    #[must_use]
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.slug() == slug)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SECTIONS: [&str; 4] = [
        "## What is wrong",
        "## Why it happens",
        "## How to see it in Azure",
        "## What to do",
    ];

    #[test]
    fn slugs_are_unique_and_lead_back() {
        let slugs: BTreeSet<&str> = Cause::ALL.iter().map(|cause| cause.slug()).collect();
        assert_eq!(slugs.len(), Cause::ALL.len());
        for cause in Cause::ALL {
            assert_eq!(Cause::from_slug(cause.slug()), Some(*cause));
        }
        assert_eq!(Cause::from_slug("route.nothing"), None);
    }

    #[test]
    fn every_page_has_a_title_and_the_four_sections_with_text() {
        for cause in Cause::ALL {
            let title = cause.doc().lines().next().unwrap_or("");
            assert!(
                title.strip_prefix("# ").is_some_and(|t| !t.is_empty()),
                "{cause}"
            );
            let mut headings = Vec::new();
            let mut code = false;
            let mut before = "";
            for line in cause.doc().lines() {
                code ^= line.starts_with("```");
                if !code && line.starts_with('#') {
                    assert!(!before.starts_with("##"), "{cause}: nothing below {before}");
                    headings.push(line);
                }
                if !line.is_empty() {
                    before = line;
                }
            }
            assert!(!code, "{cause}: a block of code stays open");
            assert!(!before.starts_with('#'), "{cause}: nothing below {before}");
            assert_eq!(
                headings.split_first(),
                Some((&title, &SECTIONS[..])),
                "{cause}"
            );
        }
    }

    #[test]
    fn every_page_fits_a_terminal() {
        for cause in Cause::ALL {
            let lines = cause.doc().lines().count();
            assert!((12..=38).contains(&lines), "{cause}: {lines} lines");
            for line in cause.doc().lines() {
                let width = line.chars().count();
                assert!(width <= 100, "{cause}: {width} columns: {line}");
                assert_eq!(line.trim_end(), line, "{cause}");
            }
        }
    }
}
