//! What is known about Azure, read from `rules/azure/`.
//!
//! A fact that Azure can change is data there, never a constant here. Each file is read when it is first needed.
//! The files are built in and a test loads them all, so a file that does not load is a mistake in the build:
//! accessors then answer as if nothing were known, and [`Facts::problems`] tells.

mod api_versions;
mod by_name;
mod cluster_zones;
mod document;
mod errors;
mod fqdn_tags;
mod hdinsight;
mod limits;
mod microsoft_domains;
mod node_provisioning;
mod nsg_rules;
mod outbound;
mod platform;
mod platform_services;
mod ports;
mod product;
mod roles;
mod routing_policies;
mod rule_content;
mod service_tags;
mod skus;
mod subject;
mod subnets;
mod system_routes;
mod threat_intelligence;
mod yaml;

pub use api_versions::ApiVersion;
pub use cluster_zones::{ApiServerAccess, ClusterZone};
pub use document::{Header, Source, SourceId};
pub use errors::{ErrorFact, ErrorPhase};
pub use fqdn_tags::FqdnTagFact;
pub use hdinsight::ManagementAddresses;
pub use limits::{Bound, Limit, LimitFact, LimitState};
pub use microsoft_domains::MicrosoftDomain;
pub use node_provisioning::{API_SERVER, ProvisioningStep, REGISTRY};
pub use nsg_rules::{DefaultRule, DefaultRuleSide, RuleAccess, RuleDirection};
pub use outbound::{
    NetworkOwner, OutboundEgress, OutboundRequirement, OutboundResource, OutboundType,
};
pub use platform::PlatformAddress;
pub use platform_services::{PlatformServiceFact, PrivateLinkName};
pub use ports::{KnownPorts, PortUse};
pub use product::Product;
pub use roles::{ActionNeed, ActionTarget, RequiredActions, RoleDefinition, action_matches};
pub use routing_policies::{RoutingPolicy, RoutingPolicyFact};
pub use rule_content::{BroadTag, LegacyService, NamedDomain, PortNeed, RuleContent, SqlPorts};
pub use service_tags::{Listing, ServiceTagFact, ServiceTagMatch, TagFeature, TagNeed, TagUse};
pub use skus::{
    FirewallFeature, FirewallFeatureFact, FirewallTier, FirewallTierFact, ManagementInterface,
};
pub use subject::Subject;
pub use subnets::{
    Attachment, DefaultRouteRule, DelegatedSubnet, GatewayPropagation, ReservedAddresses,
    ReservedRange, ReservedSubnet,
};
pub use system_routes::{SystemNextHop, SystemRoute, SystemRouteDestination};
pub use threat_intelligence::ListedName;

use std::net::IpAddr;

use ipnet::IpNet;

use crate::diag::Finding;
use crate::net::{Cloud, Fqdn, PortRange, Service, Transport};

use by_name::ByName;
use document::Section;
use limits::{Limits, UNLIMITED};
use nsg_rules::DefaultRules;
use outbound::OutboundTypes;
use roles::Roles;
use rule_content::NOTHING_SAID;
use skus::FirewallSkus;
use subnets::{NO_RESERVED_ADDRESSES, Subnets};

/// All facts.
#[derive(Debug)]
pub struct Facts {
    api_versions: Section<ByName<ApiVersion>>,
    cluster_zones: Section<Vec<ClusterZone>>,
    errors: Section<ByName<ErrorFact>>,
    firewall_skus: Section<FirewallSkus>,
    fqdn_tags: Section<ByName<FqdnTagFact>>,
    hdinsight_management: Section<Vec<ManagementAddresses>>,
    limits: Section<Limits>,
    microsoft_domains: Section<ByName<MicrosoftDomain>>,
    node_provisioning: Section<Vec<ProvisioningStep>>,
    nsg_default_rules: Section<DefaultRules>,
    outbound_types: Section<OutboundTypes>,
    platform_addresses: Section<Vec<PlatformAddress>>,
    platform_services: Section<ByName<PlatformServiceFact>>,
    ports: Section<ByName<KnownPorts>>,
    roles: Section<Roles>,
    routing_policies: Section<Vec<RoutingPolicyFact>>,
    rule_content: Section<RuleContent>,
    service_tags: Section<ByName<ServiceTagFact>>,
    subnets: Section<Subnets>,
    system_routes: Section<Vec<SystemRoute>>,
    threat_intelligence: Section<ByName<ListedName>>,
}

/// Runs a method of the section of a subject, whatever its type.
macro_rules! with_section {
    ($facts:expr, $subject:expr, $section:ident => $answer:expr) => {
        match $subject {
            Subject::ApiVersions => {
                let $section = &$facts.api_versions;
                $answer
            }
            Subject::ClusterZones => {
                let $section = &$facts.cluster_zones;
                $answer
            }
            Subject::Errors => {
                let $section = &$facts.errors;
                $answer
            }
            Subject::FirewallSkus => {
                let $section = &$facts.firewall_skus;
                $answer
            }
            Subject::FqdnTags => {
                let $section = &$facts.fqdn_tags;
                $answer
            }
            Subject::HdinsightManagement => {
                let $section = &$facts.hdinsight_management;
                $answer
            }
            Subject::Limits => {
                let $section = &$facts.limits;
                $answer
            }
            Subject::MicrosoftDomains => {
                let $section = &$facts.microsoft_domains;
                $answer
            }
            Subject::NodeProvisioning => {
                let $section = &$facts.node_provisioning;
                $answer
            }
            Subject::NsgDefaultRules => {
                let $section = &$facts.nsg_default_rules;
                $answer
            }
            Subject::OutboundTypes => {
                let $section = &$facts.outbound_types;
                $answer
            }
            Subject::PlatformAddresses => {
                let $section = &$facts.platform_addresses;
                $answer
            }
            Subject::PlatformServices => {
                let $section = &$facts.platform_services;
                $answer
            }
            Subject::Ports => {
                let $section = &$facts.ports;
                $answer
            }
            Subject::Roles => {
                let $section = &$facts.roles;
                $answer
            }
            Subject::RoutingPolicies => {
                let $section = &$facts.routing_policies;
                $answer
            }
            Subject::RuleContent => {
                let $section = &$facts.rule_content;
                $answer
            }
            Subject::ServiceTags => {
                let $section = &$facts.service_tags;
                $answer
            }
            Subject::Subnets => {
                let $section = &$facts.subnets;
                $answer
            }
            Subject::SystemRoutes => {
                let $section = &$facts.system_routes;
                $answer
            }
            Subject::ThreatIntelligence => {
                let $section = &$facts.threat_intelligence;
                $answer
            }
        }
    };
}

impl Facts {
    /// The facts that are built in.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: Facts = Facts {
            api_versions: Section::new(Subject::ApiVersions),
            cluster_zones: Section::new(Subject::ClusterZones),
            errors: Section::new(Subject::Errors),
            firewall_skus: Section::new(Subject::FirewallSkus),
            fqdn_tags: Section::new(Subject::FqdnTags),
            hdinsight_management: Section::new(Subject::HdinsightManagement),
            limits: Section::new(Subject::Limits),
            microsoft_domains: Section::new(Subject::MicrosoftDomains),
            node_provisioning: Section::new(Subject::NodeProvisioning),
            nsg_default_rules: Section::new(Subject::NsgDefaultRules),
            outbound_types: Section::new(Subject::OutboundTypes),
            platform_addresses: Section::new(Subject::PlatformAddresses),
            platform_services: Section::new(Subject::PlatformServices),
            ports: Section::new(Subject::Ports),
            roles: Section::new(Subject::Roles),
            routing_policies: Section::new(Subject::RoutingPolicies),
            rule_content: Section::new(Subject::RuleContent),
            service_tags: Section::new(Subject::ServiceTags),
            subnets: Section::new(Subject::Subnets),
            system_routes: Section::new(Subject::SystemRoutes),
            threat_intelligence: Section::new(Subject::ThreatIntelligence),
        };
        &BUILTIN
    }

    /// The title and sources of a file; `None` when it does not load.
    #[must_use]
    pub fn header(&self, subject: Subject) -> Option<&Header> {
        with_section!(self, subject, section => section.header())
    }

    /// The source that an entry of a file cites.
    #[must_use]
    pub fn source(&self, subject: Subject, id: &SourceId) -> Option<&Source> {
        let sources = &self.header(subject)?.sources;
        sources.iter().find(|source| source.id == *id)
    }

    /// Why files that were needed so far did not load.
    #[must_use]
    pub fn problems(&self) -> Vec<Finding> {
        let problem =
            |subject: &Subject| with_section!(self, *subject, section => section.problem());
        Subject::ALL.iter().filter_map(problem).cloned().collect()
    }

    /// A limit.
    #[must_use]
    pub fn limit(&self, limit: Limit) -> &LimitFact {
        let fact = self.limits.entries().and_then(|limits| limits.get(limit));
        fact.unwrap_or(&UNLIMITED)
    }

    /// The routes that every subnet starts with.
    #[must_use]
    pub fn system_routes(&self) -> &[SystemRoute] {
        self.system_routes.entries().map_or(&[], Vec::as_slice)
    }

    /// A routing policy of virtual WAN hubs.
    #[must_use]
    pub fn routing_policy(&self, policy: RoutingPolicy) -> Option<&RoutingPolicyFact> {
        let mut known = self.routing_policies.entries()?.iter();
        known.find(|fact| fact.policy == policy)
    }

    /// The ranges that Azure takes for private: those whose system route drops packets, RFC 1918 and RFC 6598.
    pub fn private_ranges(&self) -> impl Iterator<Item = IpNet> {
        self.system_routes()
            .iter()
            .filter_map(|route| match (route.next_hop, route.destination) {
                (SystemNextHop::None, SystemRouteDestination::Prefix(prefix)) => Some(prefix),
                _ => None,
            })
    }

    /// Whether an address is one of private networks, IPv6's unique local addresses among them.
    #[must_use]
    pub fn is_private(&self, address: IpAddr) -> bool {
        let unique_local = matches!(address, IpAddr::V6(address) if address.is_unique_local());
        unique_local || self.private_ranges().any(|range| range.contains(&address))
    }

    /// The rules that every network security group ends with in a direction, by ascending priority.
    pub fn default_rules(&self, direction: RuleDirection) -> impl Iterator<Item = &DefaultRule> {
        let rules = self.nsg_default_rules.entries();
        let rules = rules.into_iter().flat_map(DefaultRules::iter);
        rules.filter(move |rule| rule.direction == direction)
    }

    /// What a node reaches for while it comes up, in order.
    #[must_use]
    pub fn node_provisioning(&self) -> &[ProvisioningStep] {
        self.node_provisioning.entries().map_or(&[], Vec::as_slice)
    }

    /// The addresses that the Azure host answers itself.
    #[must_use]
    pub fn platform_addresses(&self) -> &[PlatformAddress] {
        self.platform_addresses.entries().map_or(&[], Vec::as_slice)
    }

    /// The address of Azure's DNS and of its health probes.
    #[must_use]
    pub fn azure_dns(&self) -> Option<&PlatformAddress> {
        let dns = Service::Net {
            transport: Transport::Udp,
            ports: PortRange::single(53),
        };
        let mut addresses = self.platform_addresses().iter();
        addresses.find(|address| address.services.contains(&dns))
    }

    /// The platform service that a subnet's service endpoints name so, in any case.
    #[must_use]
    pub fn platform_service(&self, name: &str) -> Option<&PlatformServiceFact> {
        self.platform_services.entries()?.get(name)
    }

    /// All platform services that are known.
    pub fn platform_services(&self) -> impl Iterator<Item = &PlatformServiceFact> {
        let services = self.platform_services.entries();
        services.into_iter().flat_map(ByName::iter)
    }

    /// The platform service of a cloud that a public name belongs to, and the end of names that it has.
    #[must_use]
    pub fn service_of(
        &self,
        name: &Fqdn,
        cloud: Cloud,
    ) -> Option<(&PlatformServiceFact, &PrivateLinkName)> {
        self.platform_services().find_map(|service| {
            let end = service.names_in(cloud).find(|end| end.ends(name))?;
            Some((service, end))
        })
    }

    /// The ends of the public names of all platform services of a cloud.
    pub fn service_names(&self, cloud: Cloud) -> impl Iterator<Item = &PrivateLinkName> {
        let services = self.platform_services();
        services.flat_map(move |service| service.names_in(cloud))
    }

    /// The ports that are known for a use.
    pub fn ports(&self, purpose: PortUse) -> impl Iterator<Item = &KnownPorts> {
        let ports = self.ports.entries();
        let ports = ports.into_iter().flat_map(ByName::iter);
        ports.filter(move |known| known.purpose == purpose)
    }

    /// Whether a name is one of Microsoft's services.
    #[must_use]
    pub fn is_microsoft_name(&self, name: &str) -> bool {
        let domains = self.microsoft_domains.entries();
        let mut domains = domains.into_iter().flat_map(ByName::iter);
        domains.any(|domain| {
            name.strip_suffix(domain.name.as_str())
                .is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
    }

    /// The domains under which Microsoft names its services.
    pub fn microsoft_domains(&self) -> impl Iterator<Item = &str> {
        let domains = self.microsoft_domains.entries();
        let domains = domains.into_iter().flat_map(ByName::iter);
        domains.map(|domain| domain.name.as_str())
    }

    /// The names that threat intelligence is known to list.
    pub fn known_hostile_names(&self) -> impl Iterator<Item = &str> {
        let names = self.threat_intelligence.entries();
        let names = names.into_iter().flat_map(ByName::iter);
        names.map(|listed| listed.name.as_str())
    }

    /// Whether threat intelligence is known to list a name.
    #[must_use]
    pub fn is_known_hostile(&self, name: &str) -> bool {
        let names = self.threat_intelligence.entries();
        names.is_some_and(|names| names.get(name).is_some())
    }

    /// Where the management of HDInsight comes in from, everywhere and by region.
    #[must_use]
    pub fn hdinsight_management(&self) -> &[ManagementAddresses] {
        let addresses = self.hdinsight_management.entries();
        addresses.map_or(&[], Vec::as_slice)
    }

    /// What rules of a firewall should not say.
    #[must_use]
    pub fn rule_content(&self) -> &RuleContent {
        self.rule_content.entries().unwrap_or(&NOTHING_SAID)
    }

    /// The service tag of that name in any case, with or without a region.
    #[must_use]
    pub fn service_tag<'name>(&self, name: &'name str) -> Option<ServiceTagMatch<'_, 'name>> {
        service_tags::find(self.service_tags.entries()?, name)
    }

    /// The names of all service tags, without regions.
    pub fn service_tag_names(&self) -> impl Iterator<Item = &str> {
        let tags = self.service_tags.entries();
        let tags = tags.into_iter().flat_map(ByName::iter);
        tags.map(|tag| tag.name.as_str())
    }

    /// The FQDN tag of that name in any case and spelling.
    #[must_use]
    pub fn fqdn_tag(&self, name: &str) -> Option<&FqdnTagFact> {
        fqdn_tags::find(self.fqdn_tags.entries()?, name)
    }

    /// The names of all FQDN tags; of a family only what its members start with.
    pub fn fqdn_tag_names(&self) -> impl Iterator<Item = &str> {
        let tags = self.fqdn_tags.entries();
        let tags = tags.into_iter().flat_map(ByName::iter);
        tags.map(|tag| tag.name.as_str())
    }

    /// The built-in role of that name or id, in any case.
    #[must_use]
    pub fn role(&self, name_or_id: &str) -> Option<&RoleDefinition> {
        self.roles.entries()?.find(name_or_id)
    }

    /// The names of all built-in roles that are known.
    pub fn role_names(&self) -> impl Iterator<Item = &str> {
        let roles = self.roles.entries();
        let roles = roles.into_iter().flat_map(|roles| roles.definitions.iter());
        roles.map(|role| role.name.as_str())
    }

    /// What the identity of a cluster needs on one kind of resource.
    pub fn required_actions(
        &self,
        product: Product,
        target: ActionTarget,
    ) -> impl Iterator<Item = &RequiredActions> {
        let roles = self.roles.entries();
        let required = roles.into_iter().flat_map(|roles| &roles.required_actions);
        required.filter(move |needs| needs.product == product && needs.target == target)
    }

    /// The subnet of that reserved name. Azure wants the exact case; a name that differs in case only is found too,
    /// so that the difference can be told.
    #[must_use]
    pub fn reserved_subnet(&self, name: &str) -> Option<&ReservedSubnet> {
        self.subnets.entries()?.reserved.get(name)
    }

    /// The names of all reserved subnets.
    pub fn reserved_subnet_names(&self) -> impl Iterator<Item = &str> {
        let subnets = self.subnets.entries();
        let reserved = subnets
            .into_iter()
            .flat_map(|subnets| subnets.reserved.iter());
        reserved.map(|subnet| subnet.name.as_str())
    }

    /// What a subnet delegated to that service must be like.
    #[must_use]
    pub fn delegated_subnet(&self, delegation: &str) -> Option<&DelegatedSubnet> {
        self.subnets.entries()?.delegated.get(delegation)
    }

    /// How many addresses of every subnet Azure keeps.
    #[must_use]
    pub fn reserved_addresses(&self) -> &ReservedAddresses {
        let subnets = self.subnets.entries();
        subnets.map_or(&NO_RESERVED_ADDRESSES, |s| &s.reserved_addresses)
    }

    /// The ranges that a service cannot live with.
    pub fn reserved_ranges(&self, product: Product) -> impl Iterator<Item = &ReservedRange> {
        let subnets = self.subnets.entries();
        let ranges = subnets
            .into_iter()
            .flat_map(|subnets| &subnets.reserved_ranges);
        ranges.filter(move |range| range.product == product)
    }

    /// The names that the private DNS zone of a cluster may have in a cloud.
    pub fn cluster_zones(&self, cloud: Cloud) -> impl Iterator<Item = &ClusterZone> {
        let zones = self.cluster_zones.entries();
        let zones = zones.into_iter().flatten();
        zones.filter(move |zone| zone.cloud == cloud)
    }

    /// The error of that code, old or new, in any case.
    #[must_use]
    pub fn error(&self, code: &str) -> Option<&ErrorFact> {
        errors::find(self.errors.entries()?, code)
    }

    /// All errors that are known.
    pub fn errors(&self) -> impl Iterator<Item = &ErrorFact> {
        let errors = self.errors.entries();
        errors.into_iter().flat_map(ByName::iter)
    }

    /// The error behind an exit code of a node's provisioning script.
    #[must_use]
    pub fn error_of_exit_code(&self, exit_code: u16) -> Option<&ErrorFact> {
        let mut errors = self.errors.entries()?.iter();
        errors.find(|error| error.exit_code == Some(exit_code))
    }

    /// The newest stable API version of a resource type, in any case.
    #[must_use]
    pub fn api_version(&self, resource_type: &str) -> Option<&str> {
        let versions = self.api_versions.entries()?;
        versions.get(resource_type).map(|v| v.version.as_str())
    }

    /// Whether a tier of firewall has a feature.
    #[must_use]
    pub fn sku_has(&self, tier: FirewallTier, feature: FirewallFeature) -> bool {
        self.feature(feature)
            .is_some_and(|fact| fact.tiers.contains(&tier))
    }

    /// What is known about a feature of the firewall; `None` when the file does not load.
    #[must_use]
    pub fn feature(&self, feature: FirewallFeature) -> Option<&FirewallFeatureFact> {
        self.firewall_skus.entries()?.features.get(&feature)
    }

    /// What is known about a tier of firewall; `None` when the file does not load.
    #[must_use]
    pub fn tier(&self, tier: FirewallTier) -> Option<&FirewallTierFact> {
        let mut tiers = self.firewall_skus.entries()?.tiers.iter();
        tiers.find(|fact| fact.tier == tier)
    }

    /// The outbound type of that name, in any case.
    #[must_use]
    pub fn outbound_type(&self, product: Product, name: &str) -> Option<&OutboundType> {
        self.outbound_types.entries()?.find(product, name)
    }

    /// The outbound types of a service.
    pub fn outbound_types(&self, product: Product) -> impl Iterator<Item = &OutboundType> {
        let types = self.outbound_types.entries();
        types.into_iter().flat_map(move |types| types.of(product))
    }
}

#[cfg(test)]
mod tests;
