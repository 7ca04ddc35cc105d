//! The one table of ids. An id is never used again for another meaning.

use std::fmt;

use super::Severity;

macro_rules! ids {
    ($($id:ident $severity:ident $title:literal,)*) => {
        /// A stable id: `TG0xxx` language and input, `TG1xxx` routing, `TG2xxx` firewall placement and SKU,
        /// `TG3xxx` firewall rules, `TG4xxx` NSG, `TG5xxx` DNS, `TG6xxx` identity and RBAC, `TG7xxx` cluster and
        /// requirements, `TG8xxx` hygiene, `TG9xxx` Azure limits.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Id {
            $(#[doc = $title] $id,)*
        }

        impl Id {
            /// All ids in order.
            pub const ALL: &'static [Self] = &[$(Self::$id,)*];

            /// The code, such as `TG1001`.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$id => stringify!($id),)* }
            }

            /// What it is about, in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$id => $title,)* }
            }

            /// The severity unless a finding says otherwise.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$id => Severity::$severity,)* }
            }
        }
    };
}

ids! {
    TG0001 Error "text that does not fit the grammar",
    TG0002 Error "unknown keyword",
    TG0003 Error "block without its closing brace",
    TG0004 Error "malformed value",
    TG0005 Error "prefix with host bits set",
    TG0006 Error "asterisk where none may stand",
    TG0007 Error "name declared twice",
    TG0008 Error "reference to nothing",
    TG0009 Error "clause given twice",
    TG0010 Error "clause missing",
    TG0011 Error "policies that use each other in a circle",
    TG0012 Error "file used twice",
    TG0013 Error "file that cannot be read",
    TG0014 Error "parameter that does not exist",
    TG0015 Error "parameter without a value where one is needed",
    TG0016 Error "unknown catalog, feature, region or cloud",
    TG0017 Error "address outside the network it must lie in",
    TG0018 Error "language version this tool does not know",
    TG0019 Error "catalog or fact file that does not load",
    TG0020 Warning "ignore that silences nothing",
    TG0021 Warning "ignore that has expired",
    TG0022 Error "ignore of an unknown id",
    TG0023 Error "combination that makes no sense",
    TG0024 Warning "parameter that nothing uses",
    TG0025 Error "text that is no JSON",
    TG0026 Warning "key given twice",
    TG0027 Error "template expression that Azure refuses",
    TG0028 Warning "template expression that is not understood",
    TG0029 Warning "template too large to expand",
    TG0030 Warning "linked template that was not found",
    TG0031 Note "value that only the deployment tells",
    TG0032 Error "value that Azure refuses",
    TG0033 Note "reference to a resource outside the input",
    TG0034 Note "file that was left out",
    TG0035 Warning "instruction in a comment that is not understood",
    TG0036 Warning "resource stated twice with different values",
    TG0037 Error "Bicep file that does not compile",
    TG0038 Note "effective routes or rules that are not used",
    TG0039 Warning "effective routes that are not those of the input",
    TG0040 Warning "effective security rules that are not those of the input",
    TG0041 Warning "rules of a network manager that are not looked at",
    TG0045 Note "catalog whose documents are old",
    TG0046 Warning "service tag file that is old",
    TG0047 Warning "lock file that is old",
    TG0050 Warning "declaration of a catalog that nothing uses",
    TG0051 Warning "catalog entry that asks for what another one asks for",
    TG0052 Warning "catalog entry that no firewall rule can express",
    TG0053 Warning "catalog entry that never applies",
    TG0054 Warning "catalog source without a date",
    TG0099 Warning "findings left out of a report",
    TG1001 Error "default route of a pool with user-defined routing",
    TG1002 Error "overlapping or duplicate prefixes",
    TG1003 Error "route without a usable next hop",
    TG1004 Error "subnet outside its vnet",
    TG1005 Error "default route that is only learned",
    TG1006 Error "default route in parts",
    TG1007 Error "next hop in a network out of reach",
    TG1008 Error "routing loop",
    TG1009 Error "next hop that does not forward",
    TG1010 Warning "learned routes past a firewall",
    TG1011 Error "routes of a gateway subnet",
    TG1012 Error "way of a firewall to the Internet",
    TG1013 Warning "route past the firewall of a pool",
    TG1014 Warning "service endpoint past a firewall",
    TG1015 Warning "peering past a route to a firewall",
    TG1016 Error "reply to a firewall address through the firewall",
    TG1017 Error "route that drops a required destination",
    TG1018 Warning "routes that compete for the addresses of a service tag",
    TG1020 Warning "subnets of a pool that leave by different ways",
    TG1021 Error "management of HDInsight without a route back",
    TG1022 Warning "subnets with a firewall in one direction only",
    TG1031 Error "network security group on the subnet of a gateway",
    TG1032 Warning "subnet too small for the nodes of its pool",
    TG1033 Note "subnet that relies on default outbound access",
    TG1034 Note "NAT gateway that routes lead past",
    TG1035 Error "gateways of a peering that do not fit together",
    TG1036 Warning "peering in one direction only",
    TG1037 Error "routing intent that the cloud does not offer",
    TG2001 Error "firewall subnet",
    TG2002 Error "firewall feature its SKU does not have",
    TG2003 Error "firewall that cannot take the rules",
    TG2004 Warning "classic rules of a firewall",
    TG2005 Note "threat intelligence that stops nothing",
    TG2006 Note "intrusion detection that stops nothing",
    TG2007 Note "firewall in a single availability zone",
    TG2008 Warning "SNAT ranges that do not fit the networks",
    TG2009 Warning "settings of a policy and its parent",
    TG3001 Error "requirement no rule can express",
    TG3002 Error "domain name in a network rule without DNS proxy",
    TG3003 Error "unknown service tag",
    TG3004 Error "unknown FQDN tag",
    TG3005 Warning "service tag Azure does not list for this use",
    TG3006 Error "rule Azure Firewall refuses",
    TG3007 Warning "rule that is never asked",
    TG3008 Warning "rule that a parent policy decides before",
    TG3009 Warning "application rule that a network rule decides before",
    TG3010 Note "rule that makes no difference",
    TG3011 Note "deny behind an allow that it crosses",
    TG3012 Warning "network rule to everywhere on every port",
    TG3013 Warning "service tag of all of Azure",
    TG3014 Warning "application rule to names of everybody",
    TG3015 Warning "wildcard that matches more or less than it looks",
    TG3016 Warning "network rule by a name that moves",
    TG3019 Warning "Azure SQL without the ports of redirection",
    TG3020 Warning "well-known port by the wrong transport",
    TG3022 Note "ICMP to the Internet",
    TG3023 Warning "IP group that says the same twice",
    TG3024 Note "deny without a reason",
    TG3026 Warning "rule that lets out more machines than it is for",
    TG3027 Note "web category without TLS inspection",
    TG3028 Warning "rule with a wide range of ports",
    TG3029 Warning "service that is not meant for the Internet",
    TG3031 Note "rule for a name that a private endpoint answers",
    TG3032 Warning "service tag without another that it needs",
    TG3033 Warning "name that only an FQDN tag may let through",
    TG3034 Note "network rule by a name that changes faster than the firewall asks",
    TG4001 Error "network security group cannot tell names apart",
    TG4002 Error "security rule Azure refuses",
    TG4003 Note "subnet without a network security group",
    TG4004 Error "security rule that denies what a pool needs",
    TG4005 Warning "allow rule for the network that routes widen to the Internet",
    TG4006 Warning "deny rule for the Internet that routes make hollow",
    TG4007 Note "allow rules that the default rules make needless",
    TG4008 Warning "security rule that denies the Azure host",
    TG4009 Error "security rule that denies traffic inside a cluster",
    TG4010 Warning "management port open to the Internet",
    TG4011 Warning "security rule that never decides",
    TG5001 Note "DNS proxy that nobody asks",
    TG5002 Error "DNS servers that cannot answer",
    TG5003 Warning "private DNS zone that the resolver does not see",
    TG5004 Note "single DNS server",
    TG5005 Warning "private endpoint that traffic goes past",
    TG5006 Warning "private endpoint that DNS does not lead to",
    TG5007 Warning "answer that depends on the server asked",
    TG6001 Error "network permissions of a pool's identity",
    TG6002 Error "unknown role",
    TG6003 Error "identity that exists too late",
    TG6004 Warning "role on more than a cluster needs",
    TG6005 Warning "custom role without the right to join",
    TG6010 Error "role on data that workloads need",
    TG7001 Error "expired requirement",
    TG7002 Warning "requirement that expires soon",
    TG7003 Warning "requirement that waits for a value",
    TG7004 Warning "retired service",
    TG7005 Error "required endpoint out of reach",
    TG7006 Error "outbound type that does not fit the network",
    TG7007 Error "authorized ranges of an API server",
    TG7008 Error "cluster that the resource provider refuses",
    TG7009 Warning "host that was replaced or retired",
    TG7010 Note "requirement that nobody answers for",
    TG7011 Error "assertion that does not hold",
    TG7030 Note "choice where documents disagree",
    TG7031 Error "addresses of a site that do not fit the cluster",
    TG8001 Warning "resource that nothing uses",
    TG8002 Note "requirement said twice or contradicted",
    TG8010 Note "security rule that makes no difference",
    TG8011 Note "deny of a security group behind an allow that it crosses",
    TG8012 Warning "firewall rule for what security groups deny before",
    TG8013 Warning "route that no packet takes",
    TG9001 Error "Azure limit exceeded",
    TG9002 Warning "Azure limit nearly reached",
    TG9003 Warning "too few SNAT ports",
}

impl Id {
    /// Whether an error of this id is a judgement that a policy may overrule, and not something that stands in the way of
    /// a whole and valid template.
    #[must_use]
    pub fn can_be_accepted(self) -> bool {
        !matches!(
            self,
            Self::TG1003
                | Self::TG2002
                | Self::TG2003
                | Self::TG3001
                | Self::TG3002
                | Self::TG3006
                | Self::TG4002
                | Self::TG6002
        )
    }

    /// How dangerous it is, from 0.1 to 10, when it is about something that is open to more than it should be or gets
    /// past what should stop it; `None` for everything that is merely wrong.
    #[must_use]
    pub fn security_severity(self) -> Option<f32> {
        match self {
            // Ports stay open to all of the Internet, where the policy asked for names.
            Self::TG4001 => Some(5.0),
            // Packets leave past the firewall that should judge them.
            Self::TG1013 | Self::TG1014 => Some(5.0),
            // They stay inside one's own networks, past the firewall.
            Self::TG1010 | Self::TG1015 => Some(3.0),
            // Anything gets out to anybody.
            Self::TG3012 => Some(8.0),
            // Data gets out to accounts and machines of strangers, or in the clear.
            Self::TG3013 | Self::TG3014 | Self::TG3029 => Some(6.0),
            // A deny that does not hold, a wildcard that takes strangers, machines that nobody meant.
            Self::TG3009 | Self::TG3015 | Self::TG3026 | Self::TG3028 => Some(4.0),
            _ => None,
        }
    }

    /// Whether it says that something was not read or not understood, so that nothing can be said about it.
    #[must_use]
    pub fn limits_understanding(self) -> bool {
        matches!(
            self,
            Self::TG0013
                | Self::TG0019
                | Self::TG0025
                | Self::TG0028
                | Self::TG0029
                | Self::TG0030
                | Self::TG0031
                | Self::TG0033
                | Self::TG0034
                | Self::TG0037
        )
    }

    /// Whether an error of this id says that Azure refuses what is written.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        !self.can_be_accepted()
            || matches!(
                self,
                Self::TG0032
                    | Self::TG1002
                    | Self::TG1004
                    | Self::TG2001
                    | Self::TG2002
                    | Self::TG3003
                    | Self::TG3004
                    | Self::TG6003
                    | Self::TG7006
                    | Self::TG7007
                    | Self::TG7008
                    | Self::TG9001
            )
    }

    /// The id of that code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.code() == code)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
