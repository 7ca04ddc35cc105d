//! From trees to estate and intent: names get their targets, words their types, catalogs their requirements.
//!
//! Lowering never fails. What it cannot make sense of becomes a finding, and the rest is lowered all the same.
//! It runs in steps, so that what a step needs is there whatever the order in the files: names, then networks
//! and other resources, then pools, then rules and requirements.

mod api_server;
mod assertion;
mod cluster;
mod declare;
mod denial;
mod description;
mod device;
mod dns;
mod firewall;
mod group;
mod hub;
mod identity;
mod intent;
mod names;
mod network;
mod parameter;
mod pool;
mod resource;
mod routing;
mod sample;
mod security;
mod site;
mod target;
mod unread;
mod value;

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::base::Span;
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{
    Appliance, ApplicationSecurityGroup, DnsServer, Estate, Firewall, FirewallPolicy, Gateway,
    Identity, IpGroup, LoadBalancer, NatGateway, Nsg, PlatformService, Pool, PrivateDnsZone,
    PrivateEndpoint, Proxy, PublicIp, Ref, RouteTable, Subnet, VirtualHub, VirtualWan, Vnet,
};
use crate::intent::Intent;
use crate::intent::catalog::Library;

use self::group::Group;
use self::names::Names;
use self::parameter::ParameterTable;
use self::unread::Unread;
use super::parse::Parsed;
use super::tree::Word;

pub use self::parameter::{Binding, Parameters};

/// What a policy means.
#[derive(Debug, Clone)]
pub struct Lowered {
    /// What is there.
    pub estate: Estate,
    /// What is wanted.
    pub intent: Intent,
    /// What could not be made sense of.
    pub findings: Vec<Finding>,
}

/// Gives the meaning of a policy's files.
#[must_use]
pub fn lower(files: &[Parsed], library: &Library, parameters: &Parameters) -> Lowered {
    let mut findings = Vec::new();
    let table = ParameterTable::read(files, parameters, &mut findings);
    let mut lowering = Lowering {
        catalogs: library,
        parameters: table,
        bindings: &parameters.bindings,
        names: NameTables::default(),
        groups: BTreeMap::new(),
        unread: Unread::of(files),
        region_is_unknown: false,
        estate: Estate::default(),
        intent: Intent::default(),
        findings,
    };
    lowering.place(files);
    let declared = lowering.declare(files);
    lowering.define_networks(&declared);
    lowering.define_resources(&declared);
    lowering.report_circles_of_parents();
    lowering.report_hubs();
    lowering.define_identities(&declared);
    lowering.define_denials(&declared);
    lowering.check_bindings();
    lowering.define_pools(&declared);
    lowering.define_groups();
    lowering.define_rules(&declared);
    lowering.define_intent(&declared);
    lowering.report_unused_groups();
    lowering.report_unused_catalogs(files);

    let Lowering {
        parameters,
        mut estate,
        intent,
        mut findings,
        ..
    } = lowering;
    estate
        .open_parameters
        .extend(parameters.finish(&mut findings));
    Lowered {
        estate,
        intent,
        findings,
    }
}

struct Lowering<'a> {
    catalogs: &'a Library,
    parameters: ParameterTable,
    bindings: &'a [Binding],
    names: NameTables,
    groups: BTreeMap<SmolStr, Group<'a>>,
    unread: Unread,
    /// A region is written, but there is none of that name.
    region_is_unknown: bool,
    estate: Estate,
    intent: Intent,
    findings: Vec<Finding>,
}

#[derive(Debug)]
struct NameTables {
    vnets: Names<Vnet>,
    /// Under `vnet.subnet`.
    subnets: Names<Subnet>,
    route_tables: Names<RouteTable>,
    nsgs: Names<Nsg>,
    security_groups: Names<ApplicationSecurityGroup>,
    firewalls: Names<Firewall>,
    firewall_policies: Names<FirewallPolicy>,
    ip_groups: Names<IpGroup>,
    public_ips: Names<PublicIp>,
    nat_gateways: Names<NatGateway>,
    load_balancers: Names<LoadBalancer>,
    gateways: Names<Gateway>,
    wans: Names<VirtualWan>,
    hubs: Names<VirtualHub>,
    appliances: Names<Appliance>,
    private_endpoints: Names<PrivateEndpoint>,
    dns_zones: Names<PrivateDnsZone>,
    dns_servers: Names<DnsServer>,
    services: Names<PlatformService>,
    proxies: Names<Proxy>,
    identities: Names<Identity>,
    pools: Names<Pool>,
}

impl Default for NameTables {
    fn default() -> Self {
        Self {
            vnets: Names::new("vnet"),
            subnets: Names::new("subnet"),
            route_tables: Names::new("route-table"),
            nsgs: Names::new("nsg"),
            security_groups: Names::new("security-group"),
            firewalls: Names::new("firewall"),
            firewall_policies: Names::new("firewall-policy"),
            ip_groups: Names::new("ip-group"),
            public_ips: Names::new("public-ip"),
            nat_gateways: Names::new("nat-gateway"),
            load_balancers: Names::new("load-balancer"),
            gateways: Names::new("gateway"),
            wans: Names::new("virtual-wan"),
            hubs: Names::new("virtual-hub"),
            appliances: Names::new("appliance"),
            private_endpoints: Names::new("private-endpoint"),
            dns_zones: Names::new("private-dns-zone"),
            dns_servers: Names::new("dns-server"),
            services: Names::new("service"),
            proxies: Names::new("proxy"),
            identities: Names::new("identity"),
            pools: Names::new("pool"),
        }
    }
}

/// Which single-valued clauses of a block have been seen, and where.
#[derive(Debug, Default)]
struct Once(Vec<(&'static str, Span)>);

impl Lowering<'_> {
    fn report(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// The element that a word refers to. When there is none, a finding says so and the reference has no target.
    fn reference<T>(
        &mut self,
        word: &Word,
        names: impl Fn(&NameTables) -> &Names<T>,
    ) -> Option<Ref<T>> {
        let word = self.word(word, "a name")?;
        let (reference, finding) = names(&self.names).resolve(&word);
        self.report_unknown(&word.value, finding);
        Some(reference)
    }

    /// Reports a reference to nothing, unless a statement that could not be read may declare the name.
    fn report_unknown(&mut self, name: &SmolStr, finding: Option<Finding>) {
        if !self.unread.may_declare(name) {
            self.findings.extend(finding);
        }
    }

    fn references<T>(
        &mut self,
        words: &[Word],
        names: impl Fn(&NameTables) -> &Names<T>,
    ) -> Vec<Ref<T>> {
        words
            .iter()
            .filter_map(|word| self.reference(word, &names))
            .collect()
    }

    /// Whether a clause that may stand once in a block stands there for the first time.
    fn first_time(&mut self, once: &mut Once, keyword: &'static str, span: Span) -> bool {
        match once.0.iter().find(|(seen, _)| *seen == keyword) {
            Some((_, first)) => {
                let finding =
                    Finding::new(FindingId::TG0009, format!("`{keyword}` is given twice"))
                        .at(span, "again here")
                        .related(*first, "first here");
                self.report(finding);
                false
            }
            None => {
                once.0.push((keyword, span));
                true
            }
        }
    }
}
