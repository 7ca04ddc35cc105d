//! The first steps: where the policy lives, and which names it declares.

use smol_str::SmolStr;

use crate::base::did_you_mean_help;
use crate::base::{Span, Spanned};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{
    ApiServer, Appliance, ApplianceFilter, ApplicationSecurityGroup, DnsServer, DnsServers,
    Firewall, FirewallPolicy, FirewallSettings, Gateway, GatewayKind, Home, Id, Identity, IpGroup,
    LoadBalancer, Meta, NatGateway, NodeSettings, Nsg, OutboundType, PlatformService, Pool,
    Principal, PrivateDnsZone, PrivateEndpoint, PrivateEndpointPolicies, Proxy, PublicIp, Ref,
    Region, RouteTable, Subnet, Tier, VirtualHub, VirtualWan, Vnet,
};
use crate::net::Cloud;
use crate::syntax::parse::Parsed;
use crate::syntax::tree::{self, Item, Word};

use super::parameter::{LeftOpen, Text};
use super::{Lowering, Once};

/// A declared thing: its id, and the statement that defines it.
pub(super) enum Declared<'a> {
    Vnet(Id<Vnet>, &'a tree::Vnet),
    Site(Id<Vnet>, &'a tree::Site),
    Subnet(Id<Subnet>, &'a tree::Subnet),
    RouteTable(Id<RouteTable>, &'a tree::Block<tree::RouteTableClause>),
    Nsg(Id<Nsg>, &'a tree::Block<tree::NsgClause>),
    SecurityGroup(
        Id<ApplicationSecurityGroup>,
        &'a tree::Block<tree::SecurityGroupClause>,
    ),
    Firewall(Id<Firewall>, &'a tree::Firewall),
    FirewallPolicy(
        Id<FirewallPolicy>,
        &'a tree::Block<tree::FirewallPolicyClause>,
    ),
    IpGroup(Id<IpGroup>, &'a tree::IpGroup),
    PublicIp(Id<PublicIp>, &'a tree::PublicIp),
    NatGateway(Id<NatGateway>, &'a tree::Block<tree::NatGatewayClause>),
    LoadBalancer(Id<LoadBalancer>, &'a tree::Block<tree::LoadBalancerClause>),
    Gateway(Id<Gateway>, &'a tree::Placed<tree::GatewayClause>),
    VirtualWan(Id<VirtualWan>, &'a tree::Block<tree::VirtualWanClause>),
    VirtualHub(Id<VirtualHub>, &'a tree::VirtualHub),
    Appliance(Id<Appliance>, &'a tree::Placed<tree::ApplianceClause>),
    PrivateEndpoint(
        Id<PrivateEndpoint>,
        &'a tree::Placed<tree::PrivateEndpointClause>,
    ),
    DnsZone(Id<PrivateDnsZone>, &'a tree::Block<tree::DnsZoneClause>),
    DnsServer(Id<DnsServer>, &'a tree::DnsServer),
    Service(Id<PlatformService>, &'a tree::Block<tree::ServiceClause>),
    Proxy(Id<Proxy>, &'a tree::Proxy),
    Identity(Id<Identity>, &'a tree::Block<tree::IdentityClause>),
    Pool(Id<Pool>, &'a tree::Pool),
    Role(&'a tree::Block<tree::RoleClause>),
    DenyAssignment(&'a tree::Denial<tree::DenyAssignmentClause>),
    AzurePolicy(&'a tree::Denial<tree::AzurePolicyClause>),
    Peering(&'a tree::Peering),
    Require(&'a tree::Require),
    Assert(&'a tree::Assert),
}

impl<'a> Lowering<'a> {
    /// Version, cloud, region and used catalogs.
    pub(super) fn place(&mut self, files: &[Parsed]) {
        let mut once = Once::default();
        for item in files.iter().flat_map(|file| &file.items) {
            match item {
                // Every file may say its version.
                Item::Version(version) if version.value != "1" => {
                    let finding = Finding::new(
                        FindingId::TG0018,
                        format!("language version `{}` is not known", version.value),
                    )
                    .at(version.span, "not known")
                    .help("this tool reads version 1: write `egress 1`");
                    self.report(finding);
                }
                Item::Cloud(word) => {
                    if self.first_time(&mut once, "cloud", word.span) {
                        let clouds = Cloud::ALL.map(|cloud| (cloud.name(), cloud));
                        if let Some(cloud) = self.choice(word, "a cloud", &clouds) {
                            self.estate.cloud = cloud.value;
                        }
                    }
                }
                Item::Region(word) => {
                    if self.first_time(&mut once, "region", word.span) {
                        self.set_region(word);
                    }
                }
                Item::UseCatalog(word) => self.check_catalog(word),
                _ => {}
            }
        }
        self.check_region_in_cloud(files);
    }

    /// A catalog that is used and asked nothing is a leftover. Where a pool's kind is missing or unknown, that may
    /// be all that is wrong.
    pub(super) fn report_unused_catalogs(&mut self, files: &[Parsed]) {
        let catalogs = self.catalogs;
        let known = |kind: &Word| catalogs.get(&kind.value).is_some();
        let mut pools = self.estate.pools.iter();
        let kindless = pools.any(|(_, pool)| !pool.kind.as_ref().is_some_and(known));
        drop(pools);
        if kindless || !self.unread.is_empty() {
            return;
        }
        for item in files.iter().flat_map(|file| &file.items) {
            let Item::UseCatalog(word) = item else {
                continue;
            };
            if self.catalogs.get(&word.value).is_none() || self.is_asked(&word.value) {
                continue;
            }
            let name = &word.value;
            let finding = Finding::new(FindingId::TG8001, format!("no pool is of kind `{name}`"))
                .at(word.span, "used for nothing")
                .help("remove this line, or give a pool this kind");
            self.report(finding);
        }
    }

    /// Whether a pool is of this kind, or has the catalog beside that of its kind.
    fn is_asked(&self, name: &str) -> bool {
        let mut pools = self.estate.pools.iter();
        let mut beside = self.intent.pools.iter().flat_map(|pool| &pool.choices.also);
        pools.any(|(_, pool)| pool.kind.as_ref().is_some_and(|kind| kind.value == name))
            || beside.any(|also| also == name)
    }

    fn set_region(&mut self, word: &Word) {
        let text = match self.parameters.text(word, &mut self.findings) {
            None => return,
            Some(Text::Open(name)) => {
                self.parameters.leave_open(&name, LeftOpen::Needed);
                self.estate.region = Region::Parameter(name);
                return;
            }
            Some(Text::Known(text)) => text,
        };
        match self.catalogs.regions().get(&text) {
            Some(region) => self.estate.region = Region::Named(region.name.clone()),
            None => {
                self.region_is_unknown = true;
                let help = did_you_mean_help(&text, self.catalogs.regions().names());
                let finding =
                    Finding::new(FindingId::TG0016, format!("there is no region `{text}`"))
                        .at(word.span, "not known")
                        .maybe_help(help);
                self.report(finding);
            }
        }
    }

    fn check_region_in_cloud(&mut self, files: &[Parsed]) {
        let Region::Named(name) = &self.estate.region else {
            return;
        };
        let Some(region) = self.catalogs.regions().get(name) else {
            return;
        };
        let cloud = self.estate.cloud;
        if region.cloud == cloud {
            return;
        }
        let word = |wanted: fn(&Item) -> Option<&Word>| {
            files
                .iter()
                .flat_map(|file| &file.items)
                .find_map(wanted)
                .map(|word| word.span)
        };
        let written = word(|item| {
            if let Item::Region(word) = item {
                Some(word)
            } else {
                None
            }
        });
        let chosen = word(|item| {
            if let Item::Cloud(word) = item {
                Some(word)
            } else {
                None
            }
        });
        let Some(written) = written else { return };
        let finding = Finding::new(
            FindingId::TG0016,
            format!(
                "region `{name}` is in {}, but the policy is for {cloud}",
                region.cloud
            ),
        )
        .at(written, format!("a region of {}", region.cloud))
        .help(format!("write `cloud {}`", region.cloud));
        let finding = match chosen {
            Some(span) => finding.related(span, "the cloud of this policy"),
            None => finding,
        };
        self.report(finding);
    }

    pub(super) fn check_catalog(&mut self, word: &Word) {
        if self.catalogs.get(&word.value).is_none() {
            let help = did_you_mean_help(&word.value, self.catalogs.names());
            let known = format!(
                "known are: {}",
                self.catalogs.names().collect::<Vec<_>>().join(", ")
            );
            let finding = Finding::new(
                FindingId::TG0016,
                format!("there is no catalog `{}`", word.value),
            )
            .at(word.span, "not known")
            .maybe_help(help)
            .help(known);
            self.report(finding);
        }
    }

    /// Enters every name, and makes an element with its addresses for each.
    pub(super) fn declare(&mut self, files: &'a [Parsed]) -> Vec<Declared<'a>> {
        let mut declared = Vec::new();
        for file in files {
            for item in &file.items {
                self.declare_item(item, &mut declared);
                if let Item::Ignore(ignore) = item {
                    let whole = Span {
                        file: file.file,
                        start: 0,
                        end: u32::MAX,
                    };
                    self.ignore(ignore, whole);
                }
            }
        }
        declared
    }

    fn declare_item(&mut self, item: &'a Item, declared: &mut Vec<Declared<'a>>) {
        match item {
            Item::Vnet(vnet) => self.declare_vnet(vnet, declared),
            Item::Site(site) => self.declare_site(site, declared),
            Item::RouteTable(block) => declared.extend(self.declare_route_table(block)),
            Item::Nsg(block) => declared.extend(self.declare_nsg(block)),
            Item::SecurityGroup(block) => declared.extend(self.declare_security_group(block)),
            Item::Firewall(block) => declared.extend(self.declare_firewall(block)),
            Item::FirewallPolicy(block) => declared.extend(self.declare_firewall_policy(block)),
            Item::IpGroup(group) => declared.extend(self.declare_ip_group(group)),
            Item::PublicIp(ip) => declared.extend(self.declare_public_ip(ip)),
            Item::NatGateway(block) => declared.extend(self.declare_nat_gateway(block)),
            Item::LoadBalancer(block) => declared.extend(self.declare_load_balancer(block)),
            Item::Gateway(block) => declared.extend(self.declare_gateway(block)),
            Item::VirtualWan(block) => declared.extend(self.declare_virtual_wan(block)),
            Item::VirtualHub(hub) => declared.extend(self.declare_virtual_hub(hub)),
            Item::Appliance(block) => declared.extend(self.declare_appliance(block)),
            Item::PrivateEndpoint(block) => declared.extend(self.declare_private_endpoint(block)),
            Item::DnsZone(block) => declared.extend(self.declare_dns_zone(block)),
            Item::DnsServer(block) => declared.extend(self.declare_dns_server(block)),
            Item::Service(block) => declared.extend(self.declare_service(block)),
            Item::Proxy(block) => declared.extend(self.declare_proxy(block)),
            Item::Identity(block) => declared.extend(self.declare_identity(block)),
            Item::Pool(pool) => declared.extend(self.declare_pool(pool)),
            Item::Role(block) => declared.push(Declared::Role(block)),
            Item::DenyAssignment(denial) => declared.push(Declared::DenyAssignment(denial)),
            Item::AzurePolicy(denial) => declared.push(Declared::AzurePolicy(denial)),
            Item::Peering(peering) => declared.push(Declared::Peering(peering)),
            Item::Require(require) => declared.push(Declared::Require(require)),
            Item::Assert(assert) => declared.push(Declared::Assert(assert)),
            Item::Group { name, members } => self.declare_group(name, members),
            Item::Sample { wildcard, names } => self.sample(wildcard, names),
            Item::Version(_)
            | Item::Region(_)
            | Item::Cloud(_)
            | Item::UseCatalog(_)
            | Item::UseFile(_)
            | Item::Param { .. }
            | Item::Ignore(_) => {}
        }
    }

    /// The part that every resource has. Names follow Azure's rule for most network resources
    /// (azure-resource-manager/management/resource-name-rules).
    pub(super) fn meta(&mut self, name: &Word, body: Option<Span>) -> Meta {
        let known = self.text(name, "a name");
        let is_known = known.is_some();
        let text = known.unwrap_or_else(|| name.value.clone());
        let fits = text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
        if is_known && !fits {
            let finding = Finding::new(FindingId::TG0004, format!("`{text}` cannot be the name of a resource"))
                .at(name.span, "named here")
                .help("use letters, digits, `_`, `-` and `.`; begin with a letter or digit, end with one or with `_`");
            self.report(finding);
        }
        Meta {
            name: text,
            origin: name.span.into(),
            body,
            home: Home::Deployed,
        }
    }

    fn declare_vnet(&mut self, vnet: &'a tree::Vnet, declared: &mut Vec<Declared<'a>>) {
        let meta = self.meta(&vnet.name, vnet.body.span);
        let prefixes = self.prefixes(&vnet.prefixes);
        let table = &mut self.estate.vnets;
        let name = Spanned::new(meta.name.clone(), vnet.name.span);
        let id = match self.names.vnets.declare(&name, || {
            table.push(Vnet {
                meta,
                prefixes,
                dns: DnsServers::Azure,
                site: None,
            })
        }) {
            Ok(id) => id,
            Err(finding) => {
                for clause in &vnet.body.clauses {
                    if let tree::VnetClause::Subnet(subnet) = clause {
                        self.unread.note(&subnet.name.value);
                    }
                }
                return self.report(finding);
            }
        };
        declared.push(Declared::Vnet(id, vnet));
        for clause in &vnet.body.clauses {
            let tree::VnetClause::Subnet(subnet) = clause else {
                continue;
            };
            let meta = self.meta(&subnet.name, subnet.body.span);
            let prefixes = self.prefixes(&subnet.prefixes);
            let path = Spanned::new(
                SmolStr::from(format!("{}.{}", self.estate.vnets[id].meta.name, meta.name)),
                subnet.name.span,
            );
            let table = &mut self.estate.subnets;
            let make = || table.push(blank_subnet(meta, id, prefixes));
            match self.names.subnets.declare(&path, make) {
                Ok(id) => declared.push(Declared::Subnet(id, subnet)),
                Err(finding) => self.report(finding),
            }
        }
    }
}

/// A resource whose element is made from its name alone and filled in later.
macro_rules! declare {
    ($($function:ident $names:ident: $block:ty => $variant:ident, |$b:ident, $meta:ident| $element:expr;)*) => {
        impl<'a> Lowering<'a> {
            $(fn $function(&mut self, $b: &'a $block) -> Option<Declared<'a>> {
                let $meta = self.meta(&$b.name, $b.body.span);
                let name = Spanned::new($meta.name.clone(), $b.name.span);
                let table = &mut self.estate.$names;
                match self.names.$names.declare(&name, || table.push($element)) {
                    Ok(id) => Some(Declared::$variant(id, $b)),
                    Err(finding) => {
                        self.report(finding);
                        None
                    }
                }
            })*
        }
    };
}

/// A reference that a later step replaces.
fn pending<T>(word: &Word) -> Ref<T> {
    Ref {
        id: None,
        name: word.value.clone(),
        origin: word.span.into(),
    }
}

declare! {
    declare_route_table route_tables: tree::Block<tree::RouteTableClause> => RouteTable, |block, meta| RouteTable {
        meta,
        routes: Vec::new(),
        gateway_propagation: true,
    };
    declare_nsg nsgs: tree::Block<tree::NsgClause> => Nsg, |block, meta| Nsg { meta, rules: Vec::new() };
    declare_security_group security_groups: tree::Block<tree::SecurityGroupClause> => SecurityGroup, |block, meta| {
        ApplicationSecurityGroup { meta, members: None }
    };
    declare_firewall firewalls: tree::Firewall => Firewall, |block, meta| Firewall {
        meta,
        vnet: pending(&block.place),
        tier: Spanned::new(Tier::default(), block.name.span),
        private_ip: None,
        public_ips: Vec::new(),
        managed_public_ips: None,
        management_ip: None,
        policy: None,
        settings: FirewallSettings::default(),
        collections: Vec::new(),
        zones: Vec::new(),
    };
    declare_firewall_policy firewall_policies: tree::Block<tree::FirewallPolicyClause> => FirewallPolicy, |block, meta| {
        FirewallPolicy {
            meta,
            tier: Spanned::new(Tier::default(), block.name.span),
            parent: None,
            settings: FirewallSettings::default(),
            groups: Vec::new(),
        }
    };
    declare_ip_group ip_groups: tree::IpGroup => IpGroup, |block, meta| IpGroup {
        meta,
        prefixes: Vec::new(),
        ranges: Vec::new(),
    };
    declare_public_ip public_ips: tree::PublicIp => PublicIp, |block, meta| PublicIp {
        meta,
        address: None,
        zones: Vec::new(),
    };
    declare_nat_gateway nat_gateways: tree::Block<tree::NatGatewayClause> => NatGateway, |block, meta| NatGateway {
        meta,
        public_ips: Vec::new(),
        idle_timeout: None,
    };
    declare_load_balancer load_balancers: tree::Block<tree::LoadBalancerClause> => LoadBalancer, |block, meta| {
        LoadBalancer {
            meta,
            public_ips: Vec::new(),
            private_ips: Vec::new(),
            backends: Vec::new(),
            outbound_rule: false,
            ports: Vec::new(),
        }
    };
    declare_gateway gateways: tree::Placed<tree::GatewayClause> => Gateway, |block, meta| Gateway {
        meta,
        vnet: pending(&block.place),
        kind: Spanned::new(GatewayKind::Vpn, block.name.span),
        learned: Vec::new(),
    };
    declare_appliance appliances: tree::Placed<tree::ApplianceClause> => Appliance, |block, meta| Appliance {
        meta,
        subnet: pending(&block.place),
        private_ips: Vec::new(),
        ip_forwarding: true,
        forwarding_text: None,
        interface: None,
        public_ip: None,
        snat: false,
        filter: ApplianceFilter::Unstated,
        compiled: None,
    };
    declare_private_endpoint private_endpoints: tree::Placed<tree::PrivateEndpointClause> => PrivateEndpoint,
    |block, meta| PrivateEndpoint {
        meta,
        subnet: pending(&block.place),
        addresses: Vec::new(),
        names: Vec::new(),
        zone: None,
        target: None,
    };
    declare_identity identities: tree::Block<tree::IdentityClause> => Identity, |block, meta| Identity {
        meta,
        principal: Principal::FromResource,
        groups: Vec::new(),
    };
    declare_pool pools: tree::Pool => Pool, |pool, meta| Pool {
        meta,
        kind: None,
        subnets: Vec::new(),
        outbound: Spanned::new(OutboundType::LoadBalancer, pool.name.span),
        via: None,
        network_plugin: None,
        pod_prefixes: Vec::new(),
        private_cluster: None,
        private_ingress: None,
        identity: None,
        workload_identity: None,
        api_server: ApiServer::default(),
        nodes: NodeSettings::default(),
        http_proxy: None,
        bootstrap: None,
        management_inbound: None,
        properties: Vec::new(),
    };
}

impl<'a> Lowering<'a> {
    fn declare_dns_zone(
        &mut self,
        block: &'a tree::Block<tree::DnsZoneClause>,
    ) -> Option<Declared<'a>> {
        let Some(domain) = self.domain(&block.name) else {
            self.unread.note(&block.name.value);
            return None;
        };
        let name = Spanned::new(SmolStr::new(domain.value.as_str()), domain.span);
        let domain = domain.value;
        let meta = Meta {
            name: name.value.clone(),
            origin: name.span.into(),
            body: block.body.span,
            home: Home::Deployed,
        };
        let table = &mut self.estate.dns_zones;
        let make = || {
            table.push(PrivateDnsZone {
                meta,
                domain,
                links: Vec::new(),
                records: Vec::new(),
            })
        };
        match self.names.dns_zones.declare(&name, make) {
            Ok(id) => Some(Declared::DnsZone(id, block)),
            Err(finding) => {
                self.report(finding);
                None
            }
        }
    }
}

/// A subnet of which its own block has not been read yet.
pub(super) fn blank_subnet(
    meta: Meta,
    vnet: Id<Vnet>,
    prefixes: Vec<Spanned<ipnet::IpNet>>,
) -> Subnet {
    Subnet {
        meta,
        vnet,
        prefixes,
        route_table: None,
        nsg: None,
        nat_gateway: None,
        service_endpoints: Vec::new(),
        delegations: Vec::new(),
        private_endpoint_policies: PrivateEndpointPolicies::default(),
        default_outbound: None,
        endpoint_policy: None,
    }
}
