//! Random policies with requirements, in parts, so that a test can change one of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use tidegate::compile::FirewallModel;

/// What own rules of a policy open, and no requirement asks for.
pub(super) const OPENED: &str = "20.70.0.0/16";

/// A requirement, without what makes it different from all others.
#[derive(Debug, Clone)]
pub(super) struct Need {
    pub(super) pool: Index,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Name,
    NameOnItsOwnPort,
    NameInBothKindsOfRules,
    Wildcard,
    Database,
    /// Where nothing leads, as there is no gateway.
    Prefix,
    PrefixOverTwoTransports,
    ManyPrefixes,
    Tag,
    FqdnTag,
    /// What a rule collection group of the policy's own may deny.
    Shell,
    /// What a security rule of the policy's own may deny.
    Mail,
}

impl Kind {
    /// Target and services. The number keeps it apart from the others.
    fn words(self, number: usize) -> String {
        match self {
            Self::Name => format!("host-{number}.contoso.com https"),
            Self::NameOnItsOwnPort => format!("host-{number}.contoso.com tcp/587"),
            Self::NameInBothKindsOfRules => format!("host-{number}.contoso.com https, tcp/8883"),
            Self::Wildcard => format!("*.host-{number}.contoso.com http, https/8443"),
            Self::Database => format!("sql-{number}.database.windows.net mssql"),
            Self::Prefix => format!("172.16.{number}.0/24 tcp/9092-9094, tcp/2181"),
            Self::PrefixOverTwoTransports => {
                format!("20.117.{number}.0/24 tcp/53, udp/53, udp/123")
            }
            Self::ManyPrefixes => {
                let prefixes: Vec<String> = (0..20)
                    .map(|last| format!("20.118.{number}.{}/32", last * 2))
                    .collect();
                format!("{} tcp/443", prefixes.join(", "))
            }
            Self::Tag => format!("tag Sql.WestEurope tcp/{}", 11_000 + number),
            Self::FqdnTag => format!("fqdn-tag WindowsUpdate https/{}", 8_000 + number),
            Self::Shell => format!("20.119.{number}.0/24 tcp/20-22"),
            Self::Mail => format!("20.60.{number}.0/24 tcp/25"),
        }
    }
}

/// A policy in parts, so that a test can change one of them.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) model: FirewallModel,
    /// How many subnets each pool has.
    pub(super) pools: Vec<usize>,
    pub(super) one_nsg: bool,
    /// Priorities of rule collection groups that the policy writes itself.
    pub(super) own_groups: Vec<u32>,
    /// Priorities of security rules that the policy writes itself.
    pub(super) own_rules: Vec<u32>,
    pub(super) needs: Vec<Need>,
}

impl Policy {
    pub(super) fn pool_of(&self, need: &Need) -> usize {
        need.pool.index(self.pools.len())
    }

    pub(super) fn statement(&self, number: usize, need: &Need) -> String {
        let words = need.kind.words(number);
        format!(
            "require pool-{} -> {words} \"reason {number}\"\n",
            self.pool_of(need)
        )
    }

    pub(super) fn statements(&self) -> Vec<String> {
        let numbered = self.needs.iter().enumerate();
        numbered
            .map(|(number, need)| self.statement(number, need))
            .collect()
    }

    /// The policy without its requirements.
    pub(super) fn estate(&self) -> String {
        let mut text =
            String::from("egress 1\nregion westeurope\nvnet hub 10.0.0.0/8 {\n  dns firewall fw\n");
        text.push_str("  subnet AzureFirewallSubnet 10.0.0.0/26\n");
        let nsg = |pool: usize| if self.one_nsg { 0 } else { pool };
        for (pool, subnets) in self.pools.iter().enumerate() {
            for subnet in 0..*subnets {
                let (second, nsg) = (pool + 1, nsg(pool));
                let _ = writeln!(
                    text,
                    "  subnet nodes-{pool}-{subnet} 10.{second}.{subnet}.0/24 {{ route-table to-fw nsg nsg-{nsg} }}"
                );
            }
        }
        text.push_str("}\nroute-table to-fw { route default 0.0.0.0/0 -> firewall fw }\n");
        text.push_str("identity id { role \"Network Contributor\" on this resource-group }\n");
        text.push_str(&self.firewall());
        let groups: BTreeSet<usize> = (0..self.pools.len()).map(nsg).collect();
        for group in groups {
            let _ = writeln!(text, "nsg nsg-{group} {{{}}}", self.own_security_rules());
        }
        for (pool, subnets) in self.pools.iter().enumerate() {
            let subnets: Vec<String> = (0..*subnets)
                .map(|subnet| format!("hub.nodes-{pool}-{subnet}"))
                .collect();
            let _ = writeln!(
                text,
                "pool pool-{pool} in {} {{ outbound userDefinedRouting network-plugin azure-overlay identity id }}",
                subnets.join(", ")
            );
        }
        text
    }

    fn own_security_rules(&self) -> String {
        let rules = self.own_rules.iter().map(|priority| {
            format!(
                " rule own-{priority} {priority} outbound deny from hub to tag Internet tcp/25 "
            )
        });
        rules.collect()
    }

    fn firewall(&self) -> String {
        // Every other one opens what nobody requires.
        let collection = |priority: &u32| match priority {
            200 | 64_500 => format!(
                "network-rules own-{priority} {priority} allow {{ rule more from hub to {OPENED} tcp/443 }}"
            ),
            _ => format!(
                "network-rules own-{priority} {priority} deny {{ rule no-ssh from hub to any tcp/22 }}"
            ),
        };
        match self.model {
            FirewallModel::Classic => {
                let own: Vec<String> = self.own_groups.iter().map(collection).collect();
                format!(
                    "firewall fw in hub {{ private-ip 10.0.0.4 dns-proxy on {} }}\n",
                    own.join(" ")
                )
            }
            FirewallModel::Policy => {
                let group = |priority: &u32| {
                    let collection = collection(priority);
                    format!("rule-collection-group own-{priority} {priority} {{ {collection} }}")
                };
                let own: Vec<String> = self.own_groups.iter().map(group).collect();
                format!(
                    "firewall fw in hub {{ private-ip 10.0.0.4 policy rules }}\nfirewall-policy rules {{ dns-proxy on {} }}\n",
                    own.join(" ")
                )
            }
        }
    }
}

/// Any policy.
pub(super) fn policy() -> impl Strategy<Value = Policy> {
    let kind = select(vec![
        Kind::Name,
        Kind::NameOnItsOwnPort,
        Kind::NameInBothKindsOfRules,
        Kind::Wildcard,
        Kind::Database,
        Kind::Prefix,
        Kind::PrefixOverTwoTransports,
        Kind::ManyPrefixes,
        Kind::Tag,
        Kind::FqdnTag,
        Kind::Shell,
        Kind::Mail,
    ]);
    let need = (any::<Index>(), kind).prop_map(|(pool, kind)| Need { pool, kind });
    (
        select(vec![FirewallModel::Policy, FirewallModel::Classic]),
        prop::collection::vec(1_usize..=3, 1..=3),
        any::<bool>(),
        subsequence(vec![100, 200, 500, 64_500], 0..=3),
        subsequence(vec![100, 150, 999, 1_500, 4_000], 0..=4),
        prop::collection::vec(need, 1..=8),
    )
        .prop_map(
            |(model, pools, one_nsg, own_groups, own_rules, needs)| Policy {
                model,
                pools,
                one_nsg,
                own_groups,
                own_rules,
                needs,
            },
        )
}
