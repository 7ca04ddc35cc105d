//! What rules of a firewall should not say, or should say otherwise: shared domains, names that move, old services.

use serde::Deserialize;

use crate::net::{Fqdn, PortRange, Service};

use super::SourceId;
use super::document::{Cited, Entries, cited, parsed, parsed_list};

/// A domain with something to know about the names below it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedDomain {
    /// The domain.
    #[serde(deserialize_with = "parsed")]
    pub name: Fqdn,
    /// A region stands between the domain and the names of customers.
    #[serde(default)]
    pub regional: bool,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

/// A service that is not meant for the Internet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegacyService {
    /// What it is called.
    pub name: String,
    /// What it speaks.
    #[serde(deserialize_with = "parsed_list")]
    pub services: Vec<Service>,
    /// What is wrong with it, as words behind its name.
    pub fault: String,
    /// What to use.
    pub instead: String,
    /// Service tags behind which it is as it should be.
    #[serde(default)]
    pub fine_to: Vec<String>,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

/// A protocol and the transports that it needs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortNeed {
    /// What it is called.
    pub name: String,
    /// The transports and ports it needs, all of them.
    #[serde(deserialize_with = "parsed_list")]
    pub needs: Vec<Service>,
    /// The service tag that a rule must lead to for its port to mean this.
    pub only_to: Option<String>,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

/// The ports of Azure SQL.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqlPorts {
    /// The service tag of the databases.
    pub tag: String,
    /// Where clients begin.
    #[serde(deserialize_with = "parsed")]
    pub first: Service,
    /// Where they are redirected to.
    #[serde(deserialize_with = "parsed")]
    pub redirect: Service,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

/// A service tag that holds machines of everybody.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BroadTag {
    /// The tag, without a region.
    pub name: String,
    /// What documents of Azure ask to let through to its regional forms.
    #[serde(deserialize_with = "parsed_list")]
    pub asked_for: Vec<Service>,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

/// How a firewall keeps the addresses of names in network rules.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameRefresh {
    /// It asks again after so many seconds.
    pub every_seconds: u32,
    /// Addresses that are not answered any more count for so many minutes.
    pub kept_minutes: u32,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(
    NameRefresh,
    NamedDomain,
    LegacyService,
    PortNeed,
    SqlPorts,
    BroadTag
);

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleContent {
    /// A range of more ports than this is wide.
    pub wide_port_range: u32,
    /// Domains in which every customer of a service has a name.
    pub shared_domains: Vec<NamedDomain>,
    /// Domains whose names have addresses that change from answer to answer.
    pub moving_domains: Vec<NamedDomain>,
    /// How often a firewall asks for the names of its network rules.
    pub name_refresh: Vec<NameRefresh>,
    /// Services that are not meant for the Internet.
    pub legacy_services: Vec<LegacyService>,
    /// Protocols that are often let through by the wrong transport.
    pub port_needs: Vec<PortNeed>,
    /// The ports of Azure SQL.
    pub sql: Vec<SqlPorts>,
    /// Service tags that hold machines of everybody.
    pub broad_tags: Vec<BroadTag>,
}

/// What is known when the file does not load.
pub(super) static NOTHING_SAID: RuleContent = RuleContent {
    wide_port_range: u32::MAX,
    shared_domains: Vec::new(),
    moving_domains: Vec::new(),
    name_refresh: Vec::new(),
    legacy_services: Vec::new(),
    port_needs: Vec::new(),
    sql: Vec::new(),
    broad_tags: Vec::new(),
};

impl RuleContent {
    /// Whether a range of ports is wide.
    #[must_use]
    pub fn is_wide(&self, ports: PortRange) -> bool {
        let (first, last) = ports.bounds();
        u32::from(last) - u32::from(first) >= self.wide_port_range
    }
}

impl Entries for RuleContent {
    fn citations(&self) -> Vec<&SourceId> {
        let domains = self.shared_domains.iter().chain(&self.moving_domains);
        let domains = domains.map(Cited::source);
        let refresh = self.name_refresh.iter().map(Cited::source);
        let legacy = self.legacy_services.iter().map(Cited::source);
        let needs = self.port_needs.iter().map(Cited::source);
        let sql = self.sql.iter().map(Cited::source);
        let broad = self.broad_tags.iter().map(Cited::source);
        domains
            .chain(legacy)
            .chain(needs)
            .chain(sql)
            .chain(broad)
            .chain(refresh)
            .collect()
    }
}
