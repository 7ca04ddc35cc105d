//! What a catalog says of machines among themselves: ports between them, and how many addresses they take.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::Deserialize;
use smol_str::SmolStr;

use crate::base::Span;
use crate::net::{self, Service, Transport};

use super::load::Loader;
use super::model::{SourceRef, When, net_services, words};
use super::schema::{RawSourceRef, RawWhen};
use super::yaml::At;

/// A port that a service of the product listens on.
#[derive(Debug, Clone)]
pub struct ServicePort {
    /// Its id.
    pub id: SmolStr,
    /// The port.
    pub port: u16,
    /// The machines that listen.
    pub nodes: String,
    /// Who reaches it.
    pub exposure: Exposure,
    /// What listens.
    pub service: String,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

words! {
    /// Who reaches a port.
    Exposure, "exposure" {
        /// Everybody.
        Public = "public",
        /// Machines of the same network, or of one that is peered.
        Private = "private",
    }
}

/// Ports between machines of the product, or between them and their surroundings.
#[derive(Debug, Clone)]
pub struct InternalPort {
    /// Its id.
    pub id: SmolStr,
    /// The place of that id.
    pub span: Span,
    /// What runs over it.
    pub services: Vec<Service>,
    /// Who opens connections, in words; `None` when the documents do not say.
    pub from: Option<String>,
    /// To whom, in words.
    pub to: String,
    /// What for.
    pub purpose: String,
    /// The versions it applies to; empty when it applies to all.
    pub versions: Vec<SmolStr>,
    /// When it applies.
    pub when: When,
    /// What has to pass between VLANs, in words.
    pub cross_vlan: Option<String>,
    /// Either side opens connections.
    pub bidirectional: bool,
    /// The documents do not name the ports exactly.
    pub approximate: bool,
    /// The id of the ambiguity it depends on.
    pub ambiguity: Option<SmolStr>,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

/// How many addresses a deployment takes, and what is said of them.
#[derive(Debug, Clone)]
pub struct IpPlan {
    /// Its id.
    pub id: SmolStr,
    /// The place of that id.
    pub span: Span,
    /// The versions it applies to.
    pub versions: Vec<SmolStr>,
    /// How machines may get their addresses.
    pub modes: Vec<AddressMode>,
    /// What takes how many.
    pub addresses: Vec<AddressNeed>,
    /// Whether addresses of load balancers lie outside the pool of the machines.
    pub vip_apart: bool,
    /// How long a lease of the DHCP server lasts, in days.
    pub lease_days: Option<u32>,
    /// How many addresses are recommended, by what for: `total`, `vip`, `mac`.
    pub recommended: BTreeMap<String, u32>,
    /// Prefixes inside the cluster unless others are given.
    pub defaults: Option<ClusterPrefixes>,
    /// What is reached without a proxy unless something else is given.
    pub no_proxy: Vec<String>,
    /// A deployment that the document counts.
    pub example: Option<PlanExample>,
    /// What else it demands, a sentence each.
    pub rules: Vec<String>,
    /// The id of the ambiguity it depends on.
    pub ambiguity: Option<SmolStr>,
    /// Who says so.
    pub sources: Vec<SourceRef>,
}

/// Addresses that something takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressNeed {
    /// What takes them.
    pub unit: AddressUnit,
    /// How many each of it takes.
    pub count: u32,
    /// From where.
    pub pool: AddressPool,
    /// What for.
    pub purpose: String,
    /// In this mode only.
    pub mode: Option<AddressMode>,
}

words! {
    /// How machines get their addresses.
    AddressMode, "mode of addressing" {
        /// From a DHCP server.
        Dhcp = "dhcp",
        /// From a range that is set aside for them.
        Static = "static",
    }
}

words! {
    /// What takes addresses.
    AddressUnit, "unit that takes addresses" {
        /// The deployment as a whole, once.
        Deployment = "deployment",
        /// A cluster.
        Cluster = "cluster",
        /// A node of a control plane.
        ControlPlaneNode = "control-plane-node",
        /// A worker node.
        WorkerNode = "worker-node",
        /// A machine that balances load.
        LoadBalancer = "load-balancer",
        /// A service of type LoadBalancer.
        Service = "service",
        /// A pod.
        Pod = "pod",
    }
}

words! {
    /// Which addresses are taken.
    AddressPool, "pool of addresses" {
        /// Those of machines.
        Nodes = "nodes",
        /// Those of API servers and load balancers.
        Vip = "vip",
        /// Those of the management network.
        Management = "management",
    }
}

/// Prefixes inside a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterPrefixes {
    /// Of pods.
    pub pods: IpNet,
    /// Of services.
    pub services: IpNet,
    /// Whether that of services cannot be chosen.
    pub services_fixed: bool,
}

/// What a deployment consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deployed {
    /// Clusters.
    pub clusters: u32,
    /// Nodes of control planes.
    pub control_plane_nodes: u32,
    /// Worker nodes.
    pub worker_nodes: u32,
    /// Machines that balance load.
    pub load_balancers: u32,
    /// Services of type LoadBalancer.
    pub services: u32,
    /// Pods.
    pub pods: u32,
}

/// A deployment that a document counts, and what it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanExample {
    /// The deployment.
    pub deployed: Deployed,
    /// Addresses of machines.
    pub nodes: u32,
    /// Addresses of API servers and load balancers.
    pub vip: u32,
}

impl IpPlan {
    /// How many addresses of a pool a deployment takes.
    #[must_use]
    pub fn count(&self, pool: AddressPool, mode: AddressMode, deployed: Deployed) -> u32 {
        let needs = self
            .addresses
            .iter()
            .filter(|need| need.pool == pool && need.mode.is_none_or(|required| required == mode));
        needs
            .map(|need| {
                let units = match need.unit {
                    AddressUnit::Deployment => 1,
                    AddressUnit::Cluster => deployed.clusters,
                    AddressUnit::ControlPlaneNode => deployed.control_plane_nodes,
                    AddressUnit::WorkerNode => deployed.worker_nodes,
                    AddressUnit::LoadBalancer => deployed.load_balancers,
                    AddressUnit::Service => deployed.services,
                    AddressUnit::Pod => deployed.pods,
                };
                need.count.saturating_mul(units)
            })
            .fold(0, u32::saturating_add)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawServicePort {
    id: At<String>,
    port: u16,
    nodes: String,
    exposure: At<String>,
    service: String,
    sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawInternalPort {
    id: At<String>,
    protocol: At<String>,
    ports: Vec<At<String>>,
    from: Option<String>,
    to: String,
    purpose: String,
    #[serde(default)]
    versions: Vec<At<String>>,
    #[serde(default)]
    when: RawWhen,
    cross_vlan: Option<String>,
    #[serde(default)]
    bidirectional: bool,
    #[serde(default)]
    approximate: bool,
    ambiguity: Option<At<String>>,
    sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIpPlan {
    id: At<String>,
    versions: Vec<At<String>>,
    modes: Vec<At<String>>,
    addresses: Vec<RawAddressNeed>,
    #[serde(default)]
    vip_apart: bool,
    lease_days: Option<u32>,
    #[serde(default)]
    recommended: BTreeMap<String, u32>,
    defaults: Option<RawClusterPrefixes>,
    #[serde(default)]
    no_proxy: Vec<String>,
    example: Option<RawPlanExample>,
    rules: Vec<String>,
    ambiguity: Option<At<String>>,
    sources: Vec<RawSourceRef>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAddressNeed {
    #[serde(rename = "for")]
    unit: At<String>,
    count: u32,
    pool: At<String>,
    purpose: String,
    mode: Option<At<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClusterPrefixes {
    pod_cidr: At<String>,
    service_cidr: At<String>,
    #[serde(default)]
    service_cidr_fixed: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlanExample {
    clusters: Vec<RawExampleCluster>,
    services: u32,
    nodes: u32,
    vip: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExampleCluster {
    control_plane_nodes: u32,
    worker_nodes: u32,
}

impl Loader<'_> {
    pub(super) fn service_port(&mut self, raw: RawServicePort) -> Option<ServicePort> {
        Some(ServicePort {
            id: self.entry_id(&raw.id),
            port: raw.port,
            nodes: raw.nodes,
            exposure: self.check.word(&raw.exposure)?,
            service: raw.service,
            sources: self.sources(raw.sources),
        })
    }

    pub(super) fn internal_port(&mut self, raw: RawInternalPort) -> Option<InternalPort> {
        let transport: Option<Transport> = self.check.word(&raw.protocol);
        let ports: Vec<_> = raw
            .ports
            .iter()
            .filter_map(|at| self.check.port(at))
            .collect();
        Some(InternalPort {
            span: self.check.span(&raw.id),
            id: self.entry_id(&raw.id),
            services: net_services(&[transport?], &ports),
            from: raw.from,
            to: raw.to,
            purpose: raw.purpose,
            versions: self.version_list(&raw.versions),
            when: self.when(&raw.when),
            cross_vlan: raw.cross_vlan,
            bidirectional: raw.bidirectional,
            approximate: raw.approximate,
            ambiguity: self.ambiguity(raw.ambiguity.as_ref()),
            sources: self.sources(raw.sources),
        })
    }

    pub(super) fn ip_plan(&mut self, raw: RawIpPlan) -> IpPlan {
        IpPlan {
            span: self.check.span(&raw.id),
            id: self.entry_id(&raw.id),
            versions: self.version_list(&raw.versions),
            modes: self.check.words(&raw.modes),
            addresses: raw
                .addresses
                .into_iter()
                .filter_map(|need| {
                    Some(AddressNeed {
                        unit: self.check.word(&need.unit)?,
                        count: need.count,
                        pool: self.check.word(&need.pool)?,
                        purpose: need.purpose,
                        mode: need.mode.as_ref().and_then(|mode| self.check.word(mode)),
                    })
                })
                .collect(),
            vip_apart: raw.vip_apart,
            lease_days: raw.lease_days,
            recommended: raw.recommended,
            defaults: raw.defaults.and_then(|raw| {
                Some(ClusterPrefixes {
                    pods: self.prefix(&raw.pod_cidr)?,
                    services: self.prefix(&raw.service_cidr)?,
                    services_fixed: raw.service_cidr_fixed,
                })
            }),
            no_proxy: raw.no_proxy,
            example: raw.example.map(|raw| PlanExample {
                deployed: Deployed {
                    clusters: u32::try_from(raw.clusters.len()).unwrap_or(u32::MAX),
                    control_plane_nodes: raw.clusters.iter().map(|it| it.control_plane_nodes).sum(),
                    worker_nodes: raw.clusters.iter().map(|it| it.worker_nodes).sum(),
                    services: raw.services,
                    ..Deployed::default()
                },
                nodes: raw.nodes,
                vip: raw.vip,
            }),
            rules: raw.rules,
            ambiguity: self.ambiguity(raw.ambiguity.as_ref()),
            sources: self.sources(raw.sources),
        }
    }

    fn prefix(&mut self, at: &At<String>) -> Option<IpNet> {
        let read = net::parse_prefix(&at.value);
        if let Err(error) = &read {
            let message = format!("`{}` is no prefix: {error}", at.value);
            self.check.problem(at, message, "malformed");
        }
        read.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::catalog::Library;

    #[test]
    fn plans_count_their_examples_as_the_documents_do() {
        let mut counted = 0;
        let plans = Library::shared().catalogs();
        for plan in plans.flat_map(|catalog| &catalog.ip_plans) {
            let Some(example) = &plan.example else {
                continue;
            };
            for mode in &plan.modes {
                let count = |pool| plan.count(pool, *mode, example.deployed);
                assert_eq!(count(AddressPool::Nodes), example.nodes, "{}", plan.id);
                assert_eq!(count(AddressPool::Vip), example.vip, "{}", plan.id);
                counted += 1;
            }
        }
        assert!(counted > 0, "no example");
    }
}
