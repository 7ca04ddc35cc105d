//! What a catalog says, checked: what a product must reach, when, why, and who says so.
//!
//! Plain data. Every entry knows its place in the YAML file; every name it uses (parameter, feature, source,
//! ambiguity) is declared in the same catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::base::{Date, FileId, Span};
use crate::net::{self, Cloud, PortRange, Service, Transport};

use super::on_premises::{InternalPort, IpPlan, ServicePort};
use super::template::{Template, TemplateKind};

/// One catalog file.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The name to use it by, such as `hdinsight-on-aks`.
    pub name: SmolStr,
    /// The place of that name.
    pub span: Span,
    /// The file it was read from.
    pub file: FileId,
    /// What it is about, in a sentence.
    pub title: String,
    /// The product.
    pub product: Product,
    /// The versions of the product that entries tell apart, the oldest first; none when they tell none apart.
    pub versions: Vec<Version>,
    /// The placeholders its texts may use.
    pub parameters: Vec<Parameter>,
    /// The conditions its entries may name.
    pub features: Vec<Feature>,
    /// Features that bring others with them.
    pub feature_implications: Vec<FeatureImplication>,
    /// Features named by the product that need nothing more.
    pub no_extra_endpoints: Option<NoExtraEndpoints>,
    /// The documents it rests on.
    pub sources: Vec<Source>,
    /// What must, should or may be reachable.
    pub endpoints: Vec<Endpoint>,
    /// Network security group rules as documented.
    pub nsg_rules: Vec<NsgRule>,
    /// Groups for which no such rules are documented.
    pub nsg_none_for: Vec<SmolStr>,
    /// Routes as documented.
    pub routes: Vec<Route>,
    /// Roles that the identity of workloads needs on services.
    pub data_roles: Vec<DataRole>,
    /// Ports that services of the product listen on.
    pub service_ports: Vec<ServicePort>,
    /// Ports between machines of the product.
    pub internal_ports: Vec<InternalPort>,
    /// How many addresses the product takes.
    pub ip_plans: Vec<IpPlan>,
    /// Names and zones of the product's own.
    pub dns: Vec<DnsEntry>,
    /// The mode without any egress, when the product has one.
    pub network_isolated: Option<NetworkIsolated>,
    /// Rules of the product that are no endpoints.
    pub constraints: Vec<Constraint>,
    /// Places where the documents contradict each other, and what was decided.
    pub ambiguities: Vec<Ambiguity>,
}

impl Catalog {
    /// The parameter of that name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }

    /// The feature of that name.
    #[must_use]
    pub fn feature(&self, name: &str) -> Option<&Feature> {
        self.features.iter().find(|feature| feature.name == name)
    }

    /// The source of that id.
    #[must_use]
    pub fn source(&self, id: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// The ambiguity of that id.
    #[must_use]
    pub fn ambiguity(&self, id: &str) -> Option<&Ambiguity> {
        self.ambiguities.iter().find(|entry| entry.id == id)
    }

    /// The endpoint of that id.
    #[must_use]
    pub fn endpoint(&self, id: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.id == id)
    }

    /// The version of that name.
    #[must_use]
    pub fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// The version that is meant when none is named: the newest.
    #[must_use]
    pub fn newest_version(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// What it says of one version of the product, without a word of versions.
    #[must_use]
    pub fn of_version(&self, id: &str) -> Self {
        let belongs = |versions: &mut Vec<SmolStr>| {
            let belongs = versions.is_empty() || versions.iter().any(|version| version == id);
            versions.clear();
            belongs
        };
        let mut catalog = self.clone();
        catalog.endpoints.retain_mut(|it| belongs(&mut it.versions));
        catalog
            .internal_ports
            .retain_mut(|it| belongs(&mut it.versions));
        catalog.ip_plans.retain_mut(|it| belongs(&mut it.versions));
        catalog
    }

    /// The date of the newest document that its endpoints rest on.
    #[must_use]
    pub fn newest_source(&self) -> Option<Date> {
        let cited = self.endpoints.iter().flat_map(|endpoint| &endpoint.sources);
        let cited: BTreeSet<&SmolStr> = cited.map(|source| &source.source).collect();
        let sources = self.sources.iter();
        let sources = sources.filter(|source| cited.contains(&source.id));
        sources.filter_map(Source::date).max()
    }
}

/// A set of words with one fixed spelling each, as the YAML uses them.
pub(super) trait Word: Sized + Copy + 'static {
    /// What the word stands for in a message, such as `protocol`.
    const WHAT: &'static str;
    /// Every word and its meaning.
    const WORDS: &'static [(&'static str, Self)];
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in the YAML.
            #[must_use]
            pub fn keyword(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The meaning of a word.
            #[must_use]
            pub fn from_keyword(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|item| item.keyword() == word)
            }
        }

        impl $crate::intent::catalog::model::Word for $name {
            const WHAT: &'static str = $what;
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant),)*];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.keyword())
            }
        }
    };
}

pub(super) use words;

impl Word for Cloud {
    const WHAT: &'static str = "cloud";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("AzureCloud", Self::Public),
        ("AzureChinaCloud", Self::China),
        ("AzureUSGovernment", Self::UsGovernment),
    ];
}

impl Word for Transport {
    const WHAT: &'static str = "protocol of a network rule";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("TCP", Self::Tcp),
        ("UDP", Self::Udp),
        ("ICMP", Self::Icmp),
        ("Any", Self::Any),
    ];
}

impl Word for net::AppProtocol {
    const WHAT: &'static str = "protocol of an application rule";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("Http", Self::Http),
        ("Https", Self::Https),
        ("Mssql", Self::Mssql),
    ];
}

/// What the catalog is about.
#[derive(Debug, Clone)]
pub struct Product {
    /// Its full name.
    pub name: String,
    /// Whether it can still be had.
    pub status: Status,
    /// Since when, or until when.
    pub status_note: Option<String>,
    /// Where it exists.
    pub clouds: Vec<Cloud>,
    /// The regions its documents name, as ARM names; empty when they name none.
    pub regions_documented: Vec<SmolStr>,
    /// Where that list comes from.
    pub regions_source: Option<String>,
    /// Whether its clusters have an outbound type; without one, machines leave as their network does.
    pub outbound_types: bool,
    /// Where its machines stand.
    pub place: Place,
}

words! {
    /// Where the machines of a product stand.
    Place, "place" {
        /// In a virtual network.
        Azure = "azure",
        /// In a network of its owner.
        OnPremises = "on-premises",
        /// In either.
        Anywhere = "anywhere",
    }
}

/// A version of a product that entries tell apart.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its name.
    pub id: SmolStr,
    /// Its place.
    pub span: Span,
    /// What it is.
    pub title: String,
    /// The date of the document that describes it.
    pub doc_date: Option<String>,
}

words! {
    /// Whether a product can still be had.
    Status, "product status" {
        /// It can.
        Current = "current",
        /// It can be tried.
        Preview = "preview",
        /// It is gone.
        Retired = "retired",
    }
}

/// A placeholder that texts of the catalog may use.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name, without braces.
    pub name: SmolStr,
    /// Its place.
    pub span: Span,
    /// What its values look like.
    pub kind: ParameterKind,
    /// A value as an example.
    pub example: Option<String>,
    /// When its value is known, such as `after cluster creation`.
    pub available: Option<String>,
    /// How to find its value.
    pub how: Option<String>,
    /// More about it.
    pub note: Option<String>,
    /// The values that documents give, by region.
    pub values: RegionValues,
    /// The id of the [`Ambiguity`] that its values depend on.
    pub ambiguity: Option<SmolStr>,
    /// Who gives its values.
    pub sources: Vec<SourceRef>,
}

/// Values of a parameter that documents give, several with commas between them.
#[derive(Debug, Clone, Default)]
pub struct RegionValues {
    /// By ARM name of the region.
    pub by_region: BTreeMap<SmolStr, SmolStr>,
    /// In every other region; `None` when the documents give none.
    pub otherwise: Option<SmolStr>,
}

impl RegionValues {
    /// The value in a region.
    #[must_use]
    pub fn get(&self, region: &str) -> Option<&str> {
        let value = self.by_region.get(region).or(self.otherwise.as_ref());
        value.map(SmolStr::as_str)
    }
}

words! {
    /// What the values of a parameter look like.
    ParameterKind, "parameter type" {
        /// An ARM region name, such as `westeurope`.
        Region = "arm-region-name",
        /// The suffix of `AzureCloud.*` for a region.
        AzureCloudSuffix = "azurecloud-region-suffix",
        /// The suffix of other service tags for a region.
        ServiceTagSuffix = "service-tag-region-suffix",
        /// The short code that Azure Arc has for a region, such as `weu`.
        ArcShort = "arc-short-region",
        /// Service tags with commas between them.
        ServiceTagList = "service-tag-list",
        /// A domain name.
        Fqdn = "fqdn",
        /// Domain names with commas between them.
        FqdnList = "fqdn-list",
        /// An IPv4 address.
        Ipv4 = "ipv4",
        /// IPv4 addresses with commas between them.
        Ipv4List = "ipv4-list",
        /// A prefix.
        Cidr = "cidr",
        /// Prefixes with commas between them.
        CidrList = "cidr-list",
        /// A GUID, such as a subscription id.
        Guid = "guid",
        /// The name of a storage account.
        StorageAccount = "storage-account-name",
        /// The name of an Azure SQL server.
        SqlServer = "sql-server-name",
        /// The name of a key vault.
        KeyVault = "key-vault-name",
        /// The name of a container registry.
        Registry = "registry-name",
        /// The name of a cluster.
        Cluster = "cluster-name",
        /// Another name.
        Name = "name",
    }
}

impl ParameterKind {
    /// Whether a region gives the value.
    #[must_use]
    pub fn is_of_region(self) -> bool {
        matches!(
            self,
            Self::Region | Self::AzureCloudSuffix | Self::ServiceTagSuffix
        )
    }

    /// Whether a value may be several, with commas between them.
    #[must_use]
    pub fn is_list(self) -> bool {
        matches!(
            self,
            Self::FqdnList | Self::Ipv4List | Self::CidrList | Self::ServiceTagList
        )
    }

    /// Checks a value that a user gives.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn check(self, value: &str) -> Result<(), &'static str> {
        let all = |text: &str, valid: &dyn Fn(&str) -> bool| {
            text.split(',').all(|item| valid(item.trim()))
        };
        let ipv4 = |text: &str| net::parse_address(text).is_some_and(|address| address.is_ipv4());
        let cidr = |text: &str| net::parse_prefix(text).is_ok();
        let fqdn = |text: &str| text.parse::<net::Fqdn>().is_ok();
        let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        let (valid, expected) = match self {
            Self::Fqdn => (fqdn(value), "expected one domain name"),
            Self::FqdnList => (all(value, &fqdn), "expected domain names, `,` between them"),
            Self::Ipv4 => (ipv4(value), "expected an IPv4 address"),
            Self::Ipv4List => (
                all(value, &ipv4),
                "expected IPv4 addresses, `,` between them",
            ),
            Self::Cidr => (cidr(value), "expected a prefix such as 10.1.0.0/16"),
            Self::CidrList => (
                all(value, &cidr),
                "expected prefixes such as 10.1.0.0/16, `,` between them",
            ),
            Self::Guid => (value.len() == 36 && hex(value), "expected a GUID"),
            Self::Region | Self::AzureCloudSuffix | Self::ServiceTagSuffix => (
                is_label(value),
                "expected the name of a region without spaces",
            ),
            Self::ServiceTagList => (
                all(value, &|tag| {
                    !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
                }),
                "expected service tags, `,` between them",
            ),
            Self::ArcShort => (
                is_label(value),
                "expected the short code of a region, such as weu",
            ),
            Self::StorageAccount
            | Self::SqlServer
            | Self::KeyVault
            | Self::Registry
            | Self::Cluster
            | Self::Name => (
                is_label(value),
                "expected the bare name, without the domain after it",
            ),
        };
        if valid { Ok(()) } else { Err(expected) }
    }
}

fn is_label(text: &str) -> bool {
    !text.contains('.') && text.parse::<net::Fqdn>().is_ok()
}

/// A condition that entries may name: something the pool has or does.
#[derive(Debug, Clone)]
pub struct Feature {
    /// Its name.
    pub name: SmolStr,
    /// Other names for it.
    pub aliases: Vec<SmolStr>,
    /// Its place.
    pub span: Span,
    /// What it means.
    pub note: String,
    /// Properties of the cluster's resource that switch it on, any of them: the path of a switch, or a path with a word of
    /// a node pool behind `=`, an asterisk at its end for all that begin so.
    pub switched_on_by: Vec<SmolStr>,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

/// A feature that brings others with it.
#[derive(Debug, Clone)]
pub struct FeatureImplication {
    /// Who has this one …
    pub feature: SmolStr,
    /// … has these too.
    pub implies: Vec<SmolStr>,
    /// More about it.
    pub note: Option<String>,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

/// Names of add-ons that need no more than the core does. They are not features.
#[derive(Debug, Clone)]
pub struct NoExtraEndpoints {
    /// The add-ons.
    pub features: Vec<SmolStr>,
    /// How that is known.
    pub basis: String,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

/// A document at one version.
#[derive(Debug, Clone)]
pub struct Source {
    /// The id that references use.
    pub id: SmolStr,
    /// Its place.
    pub span: Span,
    /// The repository, as `owner/name`.
    pub repo: String,
    /// The path in the repository.
    pub path: String,
    /// The commit, or a word such as `unknown`.
    pub commit: String,
    /// The date the document bears; usually `YYYY-MM-DD`.
    pub doc_date: Option<String>,
    /// The date of the commit.
    pub commit_date: Option<String>,
    /// The last change of the document before that commit.
    pub last_change: Option<String>,
    /// The licence of the repository.
    pub licence: Option<String>,
    /// More about it.
    pub note: Option<String>,
}

impl Source {
    /// The date of the document, or else of the commit, when it is a date of the calendar.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        [&self.doc_date, &self.commit_date]
            .into_iter()
            .flatten()
            .find_map(|text| text.parse().ok())
    }

    /// The first digits of the commit, enough to find it; `None` when none is known.
    #[must_use]
    pub fn short_commit(&self) -> Option<&str> {
        let is_hash = self.commit.len() >= 7 && self.commit.bytes().all(|b| b.is_ascii_hexdigit());
        self.commit.get(..7).filter(|_| is_hash)
    }
}

/// Who says so, and in which section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRef {
    /// The id of a [`Source`].
    pub source: SmolStr,
    /// The section of the document.
    pub section: Option<String>,
}

/// Something that must, should or may be reachable.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its id, unique in the catalog.
    pub id: SmolStr,
    /// The place of that id.
    pub span: Span,
    /// Entries that belong together, such as `core.network`.
    pub group: SmolStr,
    /// Where it applies; never empty.
    pub clouds: Vec<Cloud>,
    /// The versions it applies to; empty when it applies to all.
    pub versions: Vec<SmolStr>,
    /// Which way connections are opened.
    pub direction: Direction,
    /// How badly it is needed.
    pub level: Level,
    /// When it applies.
    pub when: When,
    /// What to allow.
    pub form: Form,
    /// Other forms that serve instead.
    pub alternatives: Vec<Alternative>,
    /// What for.
    pub purpose: String,
    /// Names that its wildcards stand for, to be asked of DNS.
    pub samples: Vec<Template>,
    /// When the destination is known, such as `after cluster creation`.
    pub known: Option<String>,
    /// Features of the firewall that the form needs.
    pub needs: Vec<SmolStr>,
    /// More about it.
    pub notes: Vec<String>,
    /// What the document literally says where this entry differs.
    pub documented: Option<Documented>,
    /// Whether it was concluded rather than read.
    pub basis: Basis,
    /// The id of the [`Ambiguity`] it depends on.
    pub ambiguity: Option<SmolStr>,
    /// The private endpoint that can stand in its place.
    pub private_endpoint: Option<PrivateEndpoint>,
    /// What to write where Azure Firewall cannot express the destinations.
    pub fallback: Option<Fallback>,
    /// The path of the URL, when it is known; rules for hosts are wider.
    pub url_path: Option<String>,
    /// What intercepting TLS on the way would break.
    pub tls: Option<TlsFacts>,
    /// When it came and went.
    pub lifecycle: Option<Lifecycle>,
    /// Whether the product is known to work without it.
    pub safe_to_block: Option<bool>,
    /// The groups of this catalog whose endpoints it allows too.
    pub covers: Vec<SmolStr>,
    /// The endpoints of a catalog that its tag stands for.
    pub expands_to: Option<Expansion>,
    /// The part of the product that needs it.
    pub component: Option<String>,
    /// The machines that open the connection, where these are not those of the cluster.
    pub from_component: Vec<String>,
    /// When in its life the product needs it; always when empty.
    pub phases: Vec<Phase>,
    /// The only regions whose lists have it; all regions when empty.
    pub regions_listed: Vec<SmolStr>,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

words! {
    /// When in its life a product needs an endpoint.
    Phase, "phase" {
        /// While it is being deployed.
        Deployment = "deployment",
        /// Once it is.
        PostDeployment = "post_deployment",
    }
}

words! {
    /// Which way connections are opened.
    Direction, "direction" {
        /// By the cluster.
        Outbound = "outbound",
        /// To the cluster.
        Inbound = "inbound",
    }
}

words! {
    /// How badly an endpoint is needed.
    Level, "requirement" {
        /// Without it nothing works.
        Required = "required",
        /// Needed when its condition holds.
        Conditional = "conditional",
        /// Works without it, but should not.
        Recommended = "recommended",
        /// A matter of taste.
        Optional = "optional",
        /// Seen on the wire, asked for by no document.
        Observed = "observed",
        /// No longer used.
        Retired = "retired",
    }
}

/// Whether an entry was read in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// A document states it.
    Stated,
    /// It follows from what documents state.
    Inferred,
}

/// When an entry applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When {
    /// Every one of these features must be there.
    pub all: Vec<SmolStr>,
    /// At least one of these, unless there are none.
    pub any: Vec<SmolStr>,
    /// None of these may be there.
    pub none: Vec<SmolStr>,
}

impl When {
    /// Whether it applies to what has these features.
    #[must_use]
    pub fn holds(&self, features: &BTreeSet<SmolStr>) -> bool {
        let has = |feature: &SmolStr| features.contains(feature);
        self.all.iter().all(has)
            && (self.any.is_empty() || self.any.iter().any(has))
            && !self.none.iter().any(has)
    }

    /// Whether it applies always.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.all.is_empty() && self.any.is_empty() && self.none.is_empty()
    }

    /// Every feature it names.
    pub fn features(&self) -> impl Iterator<Item = &SmolStr> {
        self.all.iter().chain(&self.any).chain(&self.none)
    }
}

impl fmt::Display for When {
    /// Reads `with a and b, and c or d, unless e or f`; empty when it applies always.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.all.is_empty() {
            parts.push(format!("with {}", self.all.join(" and ")));
        }
        if !self.any.is_empty() {
            parts.push(format!("with {}", self.any.join(" or ")));
        }
        if !self.none.is_empty() {
            parts.push(format!("unless {}", self.none.join(" or ")));
        }
        f.write_str(&parts.join(", "))
    }
}

/// Which kind of Azure Firewall rule allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The kind of rule.
    pub rule: RuleKind,
    /// What runs over it.
    pub services: Vec<Service>,
    /// Where it goes; never empty.
    pub destinations: Vec<Template>,
}

impl Form {
    /// The names of all placeholders, in order, repetitions included.
    pub fn placeholders(&self) -> impl Iterator<Item = &SmolStr> {
        self.destinations.iter().flat_map(Template::placeholders)
    }
}

words! {
    /// The kind of a firewall rule.
    RuleKind, "rule kind" {
        /// By name, for HTTP, HTTPS and SQL Server.
        Application = "application",
        /// By address, tag or resolved name.
        Network = "network",
    }
}

impl RuleKind {
    /// Whether rules of this kind can have destinations of that kind.
    #[must_use]
    pub fn takes(self, kind: TemplateKind) -> bool {
        match self {
            Self::Application => matches!(kind, TemplateKind::Fqdn | TemplateKind::FqdnTag),
            Self::Network => !matches!(kind, TemplateKind::FqdnTag),
        }
    }
}

/// Another form that serves instead, complete: what the YAML leaves out is inherited.
#[derive(Debug, Clone)]
pub struct Alternative {
    /// What to allow instead.
    pub form: Form,
    /// When to take it.
    pub note: Option<String>,
    /// When its destination is known.
    pub known: Option<String>,
}

/// What a document literally says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Documented {
    /// The kind of destination.
    pub kind: Option<String>,
    /// The destination.
    pub destination: Option<String>,
    /// The protocol.
    pub protocol: Option<String>,
    /// The port or ports.
    pub port: Option<String>,
    /// The kind of rule.
    pub rule: Option<String>,
    /// The condition.
    pub when: Option<String>,
}

/// A private endpoint that can stand in the place of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateEndpoint {
    /// Its private DNS zone.
    pub zone: SmolStr,
    /// Other zones that it needs.
    pub also: Vec<SmolStr>,
}

/// What to write where Azure Firewall cannot express the destinations.
#[derive(Debug, Clone)]
pub struct Fallback {
    /// Wider names that it can express.
    pub fqdns: Vec<Template>,
    /// Why.
    pub reason: String,
}

/// What intercepting TLS on the way would break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFacts {
    /// About the application protocol negotiation.
    pub alpn: Option<String>,
    /// Whether web sockets are used.
    pub websocket: Option<bool>,
}

/// When an endpoint came and went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    /// The day the document began to name it.
    pub added_to_doc: Option<String>,
    /// What takes its place.
    pub replaced_by: Option<String>,
    /// When it stopped, and who says so.
    pub retired: Option<String>,
}

/// The endpoints that a tag stands for, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// The catalog that lists them.
    pub catalog: SmolStr,
    /// Its groups.
    pub groups: Vec<SmolStr>,
    /// How that is known.
    pub basis: Option<String>,
    /// The place of the catalog's name.
    pub span: Span,
}

/// A network security group rule as documented.
#[derive(Debug, Clone)]
pub struct NsgRule {
    /// Its id, unique in the catalog.
    pub id: SmolStr,
    /// The place of that id.
    pub span: Span,
    /// The group of endpoints it belongs to.
    pub group: SmolStr,
    /// Which way.
    pub direction: Direction,
    /// From where; `None` is the pool's subnet.
    pub source: Option<Template>,
    /// To where; `None` is the pool's subnet.
    pub destination: Option<Template>,
    /// What runs over it.
    pub services: Vec<Service>,
    /// Whether it lets through.
    pub access: Access,
    /// When it applies.
    pub when: When,
    /// More about it.
    pub note: Option<String>,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

words! {
    /// Whether a security rule lets through.
    Access, "access" {
        /// It does.
        Allow = "Allow",
        /// It does not.
        Deny = "Deny",
    }
}

/// A role that the identity of workloads needs on a service.
#[derive(Debug, Clone)]
pub struct DataRole {
    /// Its id, unique in the catalog.
    pub id: SmolStr,
    /// The place of that id.
    pub span: Span,
    /// The role, by its name in Azure.
    pub role: String,
    /// The kind of the service, such as `storage`.
    pub service: String,
    /// The parameter whose value names the resource; every one of the kind without.
    pub parameter: Option<SmolStr>,
    /// When it applies.
    pub when: When,
    /// What for.
    pub purpose: String,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

/// A route as documented.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its id, unique in the catalog.
    pub id: SmolStr,
    /// The place of that id.
    pub span: Span,
    /// The destinations it takes.
    pub prefix: Template,
    /// Where to.
    pub next_hop: NextHop,
    /// The address of the appliance.
    pub next_hop_address: Option<Template>,
    /// When it is needed, in words.
    pub requirement: String,
    /// What is there only comes in, and is answered.
    pub replies_only: bool,
    /// When it applies.
    pub when: When,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

words! {
    /// The kind of a route's next hop.
    NextHop, "next hop type" {
        /// A firewall or another appliance.
        VirtualAppliance = "VirtualAppliance",
        /// Straight out.
        Internet = "Internet",
        /// A VPN or ExpressRoute gateway.
        VirtualNetworkGateway = "VirtualNetworkGateway",
        /// Inside the virtual network.
        VnetLocal = "VnetLocal",
        /// Nowhere.
        None = "None",
    }
}

/// A name or a zone of the product's own.
#[derive(Debug, Clone)]
pub struct DnsEntry {
    /// What it is.
    pub kind: DnsKind,
    /// The name, with placeholders.
    pub pattern: Template,
    /// Where it applies; empty means wherever the product exists.
    pub clouds: Vec<Cloud>,
    /// When it applies.
    pub when: When,
    /// More about it.
    pub note: Option<String>,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

words! {
    /// What a name of the product's own is.
    DnsKind, "kind of name" {
        /// A name that everybody can resolve.
        PublicFqdn = "public_fqdn",
        /// A name that only linked networks resolve.
        PrivateFqdn = "private_fqdn",
        /// A name that resolves inside the product's network only.
        InternalFqdn = "internal_fqdn",
        /// A private zone of the product.
        PrivateZone = "private_zone",
        /// The private zone of the Kubernetes API server.
        AksPrivateZone = "aks_private_zone",
    }
}

/// The mode without any egress.
#[derive(Debug, Clone)]
pub struct NetworkIsolated {
    /// The outbound types that mean it.
    pub outbound_types: Vec<String>,
    /// What it needs.
    pub requires: Vec<String>,
    /// Ids of endpoints needed to start; usually none.
    pub endpoints_needed_for_bootstrap: Vec<SmolStr>,
    /// The private zone of the container registry.
    pub acr_private_endpoint_zone: Option<SmolStr>,
    /// What it excludes.
    pub unsupported: Vec<String>,
    /// Extensions that it excludes.
    pub unsupported_extensions: Vec<String>,
    /// What to beware of.
    pub caution: Option<String>,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

/// A rule of the product that is no endpoint.
#[derive(Debug, Clone)]
pub struct Constraint {
    /// Its id, unique in the catalog.
    pub id: SmolStr,
    /// The place of that id.
    pub span: Span,
    /// What it demands.
    pub text: String,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

/// A place where the documents contradict each other.
#[derive(Debug, Clone)]
pub struct Ambiguity {
    /// Its id.
    pub id: SmolStr,
    /// The place of that id.
    pub span: Span,
    /// The subject.
    pub about: String,
    /// The contradiction.
    pub text: String,
    /// What this catalog does about it.
    pub resolution: String,
}

/// Every service for transports over ports; all ports for transports without any.
pub(super) fn net_services(transports: &[Transport], ports: &[PortRange]) -> Vec<Service> {
    let mut services = Vec::new();
    for &transport in transports {
        if transport.has_ports() {
            services.extend(ports.iter().map(|&ports| Service::Net { transport, ports }));
        } else {
            services.push(Service::Net {
                transport,
                ports: PortRange::ALL,
            });
        }
    }
    services
}

/// The prefix of a literal address; `None` for `*`, which is everywhere.
pub(super) fn parse_address(text: &str) -> Result<Option<IpNet>, net::PrefixError> {
    if text == "*" {
        return Ok(None);
    }
    net::parse_prefix(text).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_is_all_and_any_and_none() {
        let set = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
        let when = When {
            all: vec!["a".into()],
            any: vec!["b".into(), "c".into()],
            none: vec!["d".into()],
        };
        assert!(when.holds(&set(&["a", "b"])));
        assert!(when.holds(&set(&["a", "c", "x"])));
        assert!(!when.holds(&set(&["a"])));
        assert!(!when.holds(&set(&["b"])));
        assert!(!when.holds(&set(&["a", "b", "d"])));
        assert!(When::default().holds(&set(&[])));
        assert_eq!(when.to_string(), "with a, with b or c, unless d");
        assert_eq!(When::default().to_string(), "");
    }

    #[test]
    fn values_must_fit_their_parameter() {
        for (kind, good, bad) in [
            (
                ParameterKind::StorageAccount,
                "contoso",
                "contoso.dfs.core.windows.net",
            ),
            (ParameterKind::Ipv4, "10.0.0.4", "fd00::1"),
            (ParameterKind::Ipv4List, "10.0.0.4, 10.0.0.5", "10.0.0.4;"),
            (ParameterKind::Cidr, "10.1.0.0/16", "10.1.0.1/16"),
            (ParameterKind::Fqdn, "x.hcp.eastus.azmk8s.io", "*.azmk8s.io"),
            (
                ParameterKind::Guid,
                "00000000-0000-0000-0000-000000000000",
                "x",
            ),
        ] {
            assert_eq!(kind.check(good), Ok(()), "{kind}");
            assert!(kind.check(bad).is_err(), "{kind}");
        }
    }
}
