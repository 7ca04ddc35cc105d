//! Firewalls, policies, rule collections.

use super::{Body, CommonClause, Place, Placed, Target, Word};

/// `firewall NAME in VNET-OR-HUB { }`
pub type Firewall = Placed<FirewallClause>;

/// A setting that a firewall or a policy may have.
#[derive(Debug, Clone, PartialEq)]
pub enum FirewallSetting {
    /// `sku TIER`
    Sku(Word),
    /// `dns-proxy on|off`
    DnsProxy(Word),
    /// `dns-servers ADDRESS, …`
    DnsServers(Vec<Word>),
    /// `threat-intel off|alert|deny`
    ThreatIntel(Word),
    /// `threat-intel-allow NAME-OR-ADDRESS, …`
    ThreatIntelAllow(Vec<Word>),
    /// `names-need-proxy on|off`
    NamesNeedProxy(Word),
    /// `snat-private-ranges PREFIX, …`
    SnatPrivateRanges(Vec<Word>),
}

/// A setting that only a policy may have.
#[derive(Debug, Clone, PartialEq)]
pub enum PolicySetting {
    /// `idps off|alert|deny`
    Idps(Word),
    /// `sql-redirect on|off`
    SqlRedirect(Word),
}

/// A clause of a firewall.
#[derive(Debug, Clone, PartialEq)]
pub enum FirewallClause {
    /// `private-ip ADDRESS`
    PrivateIp(Word),
    /// `public-ip NAME-OR-ADDRESS, …`
    PublicIp(Vec<Word>),
    /// `managed-public-ips NUMBER`
    ManagedPublicIps(Word),
    /// `management-ip NAME-OR-ADDRESS`
    ManagementIp(Word),
    /// `policy NAME`
    Policy(Word),
    /// `zones N, …`
    Zones(Vec<Word>),
    /// A setting.
    Setting(FirewallSetting),
    /// A classic rule collection.
    Collection(RuleCollection),
    /// Any resource's clause.
    Common(CommonClause),
}

/// A clause of a firewall policy.
#[derive(Debug, Clone, PartialEq)]
pub enum FirewallPolicyClause {
    /// `parent NAME`
    Parent(Word),
    /// A setting.
    Setting(FirewallSetting),
    /// A setting that firewalls do not have.
    PolicySetting(PolicySetting),
    /// `rule-collection-group NAME PRIORITY { }`
    Group(RuleCollectionGroup),
    /// Any resource's clause.
    Common(CommonClause),
}

/// A rule collection group.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleCollectionGroup {
    /// Its name.
    pub name: Word,
    /// Its priority.
    pub priority: Word,
    /// Its collections.
    pub body: Body<RuleCollection>,
}

/// A rule collection.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleCollection {
    /// `network-rules NAME PRIORITY allow|deny { }`
    Network(Collection),
    /// `application-rules NAME PRIORITY allow|deny { }`
    Application(Collection),
    /// `dnat-rules NAME PRIORITY { }`
    Dnat(NatCollection),
}

impl RuleCollection {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Word {
        match self {
            Self::Network(collection) | Self::Application(collection) => &collection.name,
            Self::Dnat(collection) => &collection.name,
        }
    }
}

/// Network or application rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Collection {
    /// Its name.
    pub name: Word,
    /// Its priority.
    pub priority: Word,
    /// `allow` or `deny`.
    pub action: Word,
    /// Its rules.
    pub body: Body<Rule>,
}

/// DNAT rules.
#[derive(Debug, Clone, PartialEq)]
pub struct NatCollection {
    /// Its name.
    pub name: Word,
    /// Its priority.
    pub priority: Word,
    /// Its rules.
    pub body: Body<NatRule>,
}

/// `rule NAME from TARGET, … to TARGET, … SERVICE, … [tls-inspection] ["description"]`
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// All of it.
    pub span: Place,
    /// Its name.
    pub name: Word,
    /// From where.
    pub from: Vec<Target>,
    /// To where.
    pub to: Vec<Target>,
    /// Over what.
    pub services: Vec<Word>,
    /// `tls-inspection`, which has a meaning in application rules only.
    pub tls_inspection: Option<Word>,
    /// A sentence for people.
    pub description: Option<Word>,
}

/// `rule NAME from TARGET, … to TARGET SERVICE -> TARGET port PORT ["description"]`
#[derive(Debug, Clone, PartialEq)]
pub struct NatRule {
    /// All of it.
    pub span: Place,
    /// Its name.
    pub name: Word,
    /// From where.
    pub from: Vec<Target>,
    /// To which address of the firewall.
    pub to: Target,
    /// Over what.
    pub services: Vec<Word>,
    /// Where to instead: an address or a name.
    pub translated: Word,
    /// On which port instead.
    pub port: Word,
    /// A sentence for people.
    pub description: Option<Word>,
}
