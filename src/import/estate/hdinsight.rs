//! HDInsight: pools of clusters on AKS, and clusters of machines.
//!
//! Names of properties: Azure/bicep-types-az, generated/hdinsight/microsoft.hdinsight. As of clusters of AKS, a pool
//! whose network or way out is not stated becomes none.

use crate::base::Spanned;
use crate::estate::{
    ApiServer, AuthorizedRanges, NodeSettings, OutboundType, Pool, PoolSetting, Ref, Subnet,
};
use crate::import::Value;

use super::Builder;
use super::cluster::is_empty_text;
use super::entity::Entity;
use super::gap::{Part, not_known};
use super::slot::Slot;

impl<'e> Builder<'e> {
    pub(super) fn define_cluster_pool(&mut self, entity: &'e Entity<'e>) {
        let network = |key: &str| entity.property(&["networkProfile", key]);
        let subnet = network("subnetId").filter(|value| !is_empty_text(value));
        let Some(subnet) = subnet.and_then(|subnet| self.reference(subnet)) else {
            return;
        };
        // Which type holds when none is stated is not documented.
        let choices = OutboundType::ALL.map(|it| (it.name(), it));
        let before = self.gaps.len();
        let read = match network("outboundType") {
            Some(value) => self.choice(value, &choices),
            None => Err(not_known("no outbound type is stated", entity.name_span)),
        };
        let outbound = match read {
            Ok(outbound) => outbound,
            Err(unknown) => {
                if let Some(id) = subnet.id {
                    self.gap(Slot::Subnet(id), Part::Exit, unknown.clone());
                }
                self.gap(None, Part::Settings, unknown);
                return;
            }
        };
        let ranges =
            network("apiServerAuthorizedIpRanges").map(|value| (value, self.ranges(value)));
        let mut pool = self.hdinsight_pool(entity, "hdinsight-on-aks", outbound, vec![subnet]);
        pool.private_cluster = self.when_on(
            PoolSetting::PrivateCluster,
            network("enablePrivateApiServer"),
        );
        pool.api_server.authorized_ranges = ranges.and_then(|(value, prefixes)| {
            Some(AuthorizedRanges {
                origin: value.span.into(),
                prefixes: prefixes?,
            })
        });
        self.add_pool(pool, before);
    }

    fn ranges(&mut self, value: &'e Value) -> Option<Vec<Spanned<ipnet::IpNet>>> {
        let (prefixes, unknown) = self.list(Some(value), Self::prefix);
        let known = unknown.is_empty() && !prefixes.is_empty();
        self.setting_gaps(PoolSetting::AuthorizedRanges, unknown);
        known.then_some(prefixes)
    }

    /// A cluster of machines has no outbound type: its routes are those of the subnet, and it checks none.
    pub(super) fn define_hdinsight_cluster(&mut self, entity: &'e Entity<'e>) {
        let before = self.gaps.len();
        let roles = entity.property(&["computeProfile", "roles"]);
        let mut subnets: Vec<Ref<Subnet>> = Vec::new();
        for role in roles.and_then(Value::items).unwrap_or_default() {
            let Some(subnet) = role.at(&["virtualNetworkProfile", "subnet"]) else {
                continue;
            };
            if let Some(subnet) = self.reference::<Subnet>(subnet)
                && !subnets.iter().any(|other| other.name == subnet.name)
            {
                subnets.push(subnet);
            }
        }
        if subnets.is_empty() {
            return;
        }
        let outbound = Spanned::new(OutboundType::OfSubnet, entity.name_span);
        let mut pool = self.hdinsight_pool(entity, "hdinsight-classic", outbound, subnets);
        let connection = entity.property(&["networkProperties", "resourceProviderConnection"]);
        pool.management_inbound = connection.and_then(|value| {
            let read = self.choice(value, &[("Inbound", true), ("Outbound", false)]);
            self.setting(PoolSetting::Management, read)
        });
        self.add_pool(pool, before);
    }

    fn hdinsight_pool(
        &self,
        entity: &'e Entity<'e>,
        kind: &str,
        outbound: Spanned<OutboundType>,
        subnets: Vec<Ref<Subnet>>,
    ) -> Pool {
        Pool {
            meta: self.meta(entity),
            kind: Some(Spanned::new(kind.into(), entity.name_span)),
            subnets,
            outbound,
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
            properties: Vec::new(),
            management_inbound: None,
        }
    }
}
