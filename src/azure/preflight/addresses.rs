//! The subnets of a pool, and the addresses of its services and pods beside them
//! (MicrosoftDocs/azure-aks-docs, articles/aks/concepts-network-cni-overview.md and api-server-vnet-integration.md;
//! MicrosoftDocs/SupportArticles-docs, error codes subnetisdelegated, subnetisfull,
//! servicecidroverlapexistingsubnetscidr and dnsserviceipoutofservicecidr).

use ipnet::IpNet;

use crate::base::{Origin, Spanned};
use crate::estate::{Id, NetworkPlugin, Subnet};

use super::super::cause::Cause;
use super::super::facts::Product;
use super::super::flow::Element;
use super::Refusal;
use super::inspection::Inspection;

/// The cause that subnets and address plans come under.
const CAUSE: Cause = Cause::OutboundTypeConflict;

/// What a subnet for API servers is delegated to.
const API_SERVERS: &str = "Microsoft.ContainerService/managedClusters";

pub(super) fn check(inspection: &mut Inspection<'_>) {
    let subnets: Vec<_> = inspection.node_subnets().collect();
    for id in &subnets {
        delegated(inspection, *id);
        reserved_name(inspection, *id);
        full(inspection, *id);
    }
    api_server_subnet(inspection);
    reserved_ranges(inspection, &subnets);
    services(inspection, &subnets);
    pods(inspection, &subnets);
}

fn delegated(inspection: &mut Inspection<'_>, id: Id<Subnet>) {
    if let Some(delegation) = inspection.estate.subnets[id].delegations.first() {
        let element = inspection.of_subnet(id, "delegation", delegation.span.into());
        let text = format!(
            "hands the subnet to {}; the subnet of nodes must not be delegated",
            delegation.value
        );
        let refusal = Refusal::new(CAUSE, element, text);
        inspection.refuse(refusal.answered(inspection.facts, "SubnetIsDelegated", &[]));
    }
}

fn reserved_name(inspection: &mut Inspection<'_>, id: Id<Subnet>) {
    let name = &inspection.estate.subnets[id].meta.name;
    let reserved = inspection.facts.reserved_subnet(name);
    if reserved.is_some_and(|reserved| reserved.name == name.as_str()) {
        let text = "is kept by its name for another service; nodes need a subnet of their own";
        inspection.refuse(Refusal::new(CAUSE, inspection.subnet(id), text));
    }
}

/// Compares the nodes that are there with the addresses of the subnet.
fn full(inspection: &mut Inspection<'_>, id: Id<Subnet>) {
    let (estate, facts) = (inspection.estate, inspection.facts);
    let prefixes = &estate.subnets[id].prefixes;
    let nodes = inspection.pool.nodes.nodes.iter();
    let here = nodes.filter(|node| {
        let mut prefixes = prefixes.iter();
        prefixes.any(|prefix| prefix.value.contains(&node.address))
    });
    let count = u64::try_from(here.count()).unwrap_or(u64::MAX);
    let reserved = facts.reserved_addresses();
    let usable = reserved.usable_v4(prefixes.iter().map(|prefix| prefix.value));
    if count <= usable {
        return;
    }
    let prefix = prefixes
        .first()
        .map_or_else(String::new, |prefix| prefix.value.to_string());
    let text = format!("has {usable} addresses for machines, and {count} nodes are in it");
    let path = estate.subnet_path(id);
    let refusal = Refusal::new(CAUSE, inspection.subnet(id), text);
    let values = [("subnet", path.as_str()), ("prefix", prefix.as_str())];
    inspection.refuse(refusal.answered(facts, "SubnetIsFull", &values));
}

fn api_server_subnet(inspection: &mut Inspection<'_>) {
    let estate = inspection.estate;
    let subnet = inspection.pool.api_server.subnet.as_ref();
    let Some(id) = subnet.and_then(|subnet| subnet.id) else {
        return;
    };
    let delegations = &estate.subnets[id].delegations;
    let is_for_api_servers = |delegation: &&Spanned<smol_str::SmolStr>| {
        delegation.value.eq_ignore_ascii_case(API_SERVERS)
    };
    if let Some(other) = delegations.iter().find(|d| !is_for_api_servers(d)) {
        let element = inspection.of_subnet(id, "delegation", other.span.into());
        let text = format!(
            "is to {}; the subnet of an API server is delegated to {API_SERVERS}",
            other.value
        );
        inspection.refuse(Refusal::new(CAUSE, element, text));
    } else if delegations.is_empty() {
        inspection.assume(format!(
            "subnet `{}` gets its delegation to {API_SERVERS} with the cluster",
            estate.subnet_path(id)
        ));
    }
    let Some(fact) = inspection.facts.delegated_subnet(API_SERVERS) else {
        return;
    };
    for prefix in &estate.subnets[id].prefixes {
        if prefix.value.addr().is_ipv4() && prefix.value.prefix_len() > fact.longest_prefix {
            let element = inspection.of_subnet(id, "prefix", prefix.span.into());
            let text = format!(
                "is {}; the subnet of an API server is a /{} at least",
                prefix.value, fact.longest_prefix
            );
            inspection.refuse(Refusal::new(CAUSE, element, text));
        }
    }
}

/// An address range of the pool or its network.
struct Range {
    element: Element,
    prefix: IpNet,
}

impl Range {
    fn overlaps(&self, other: IpNet) -> bool {
        self.prefix.contains(&other) || other.contains(&self.prefix)
    }
}

fn service_range(inspection: &Inspection<'_>) -> Option<Range> {
    let prefix = inspection.pool.nodes.service_prefix?;
    let element = inspection.of_pool("service addresses", prefix.span.into());
    Some(Range {
        element,
        prefix: prefix.value,
    })
}

/// Addresses of pods that are not those of a subnet.
fn pod_ranges(inspection: &Inspection<'_>) -> Vec<Range> {
    match inspection.plugin() {
        Some(NetworkPlugin::AzureOverlay | NetworkPlugin::Kubenet) => {}
        Some(NetworkPlugin::Azure | NetworkPlugin::None) | None => return Vec::new(),
    }
    let prefixes = inspection.pool.pod_prefixes.iter();
    prefixes
        .map(|prefix| Range {
            element: inspection.of_pool("pod addresses", prefix.span.into()),
            prefix: prefix.value,
        })
        .collect()
}

fn subnet_ranges(inspection: &Inspection<'_>, id: Id<Subnet>) -> Vec<Range> {
    let prefixes = inspection.estate.subnets[id].prefixes.iter();
    prefixes
        .map(|prefix| Range {
            element: inspection.of_subnet(id, "prefix", Origin::from(prefix.span)),
            prefix: prefix.value,
        })
        .collect()
}

fn reserved_ranges(inspection: &mut Inspection<'_>, subnets: &[Id<Subnet>]) {
    let facts = inspection.facts;
    let mut ranges: Vec<Range> = service_range(inspection).into_iter().collect();
    ranges.extend(pod_ranges(inspection));
    for id in subnets {
        ranges.extend(subnet_ranges(inspection, *id));
    }
    for range in ranges {
        // What runs below HDInsight on AKS is AKS.
        let mut reserved = facts.reserved_ranges(Product::Aks);
        if let Some(reserved) = reserved.find(|reserved| range.overlaps(reserved.prefix)) {
            let text = format!(
                "{} overlaps {}, which AKS keeps for itself",
                range.prefix, reserved.prefix
            );
            inspection.refuse(Refusal::new(CAUSE, range.element, text));
        }
    }
}

/// Every subnet of the networks that the nodes are in.
fn neighbours(inspection: &Inspection<'_>, subnets: &[Id<Subnet>]) -> Vec<Id<Subnet>> {
    let estate = inspection.estate;
    let near = |vnet| subnets.iter().any(|id| estate.subnets[*id].vnet == vnet);
    let all = estate.subnets.iter();
    all.filter(|(_, subnet)| near(subnet.vnet))
        .map(|(id, _)| id)
        .collect()
}

/// The first subnet around the nodes that a range overlaps.
fn overlapped(
    inspection: &Inspection<'_>,
    subnets: &[Id<Subnet>],
    range: &Range,
) -> Option<String> {
    neighbours(inspection, subnets).into_iter().find_map(|id| {
        let mut prefixes = inspection.estate.subnets[id].prefixes.iter();
        let prefix = prefixes.find(|prefix| range.overlaps(prefix.value))?;
        let path = inspection.estate.subnet_path(id);
        Some(format!("{} of subnet `{path}`", prefix.value))
    })
}

fn services(inspection: &mut Inspection<'_>, subnets: &[Id<Subnet>]) {
    let facts = inspection.facts;
    let Some(range) = service_range(inspection) else {
        if !subnets.is_empty() {
            inspection.assume(
                "the addresses of services are not stated; they are taken to be apart from every subnet",
            );
        }
        return;
    };
    if let Some(subnet) = overlapped(inspection, subnets, &range) {
        let text = format!("{} overlaps {subnet}", range.prefix);
        let refusal = Refusal::new(CAUSE, range.element.clone(), text);
        let code = "ServiceCidrOverlapExistingSubnetsCidr";
        inspection.refuse(refusal.answered(facts, code, &[]));
    }
    if let Some(dns) = inspection.pool.nodes.dns_service_ip
        && !range.prefix.contains(&dns.value)
    {
        let element = inspection.of_pool("address of the cluster's DNS", dns.span.into());
        let text = format!(
            "{} is not among the service addresses {}",
            dns.value, range.prefix
        );
        let refusal = Refusal::new(CAUSE, element, text);
        inspection.refuse(refusal.answered(facts, "DnsServiceIpOutOfServiceCidr", &[]));
    }
}

/// Which codes the provider answers here is not known.
fn pods(inspection: &mut Inspection<'_>, subnets: &[Id<Subnet>]) {
    let services = service_range(inspection);
    for range in pod_ranges(inspection) {
        let subnet = overlapped(inspection, subnets, &range);
        let services = services
            .as_ref()
            .filter(|services| services.overlaps(range.prefix))
            .map(|services| format!("the service addresses {}", services.prefix));
        if let Some(other) = subnet.or(services) {
            let text = format!("{} overlaps {other}", range.prefix);
            inspection.refuse(Refusal::new(CAUSE, range.element, text));
        }
    }
}
