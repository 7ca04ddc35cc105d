//! HDInsight: pools of clusters on AKS, and clusters of machines.
//!
//! Names of properties: Azure/bicep-types-az, generated/hdinsight/microsoft.hdinsight. As of clusters of AKS, a pool
//! whose network or way out is not stated becomes none.

use crate::base::Spanned;
use crate::estate::{ApiServer, AuthorizedRanges, NodeSettings, OutboundType, Pool, Ref, Subnet};
use crate::import::Value;

use super::Builder;
use super::cluster::is_empty_text;
use super::entity::Entity;
use super::gap::Part;

impl<'e> Builder<'e> {
    pub(super) fn define_cluster_pool(&mut self, entity: &'e Entity<'e>) {
        let network = |key: &str| entity.property(&["networkProfile", key]);
        let subnet = network("subnetId").filter(|value| !is_empty_text(value));
        let Some(subnet) = subnet.and_then(|subnet| self.reference(subnet)) else {
            return;
        };
        // Which type holds when none is stated is not documented.
        let choices = OutboundType::ALL.map(|it| (it.name(), it));
        let outbound = network("outboundType").and_then(|value| {
            let read = self.choice(value, &choices);
            self.or_gap_of_none(Part::Settings, read)
        });
        let Some(outbound) = outbound else { return };
        let ranges =
            network("apiServerAuthorizedIpRanges").map(|value| (value, self.ranges(value)));
        let mut pool = self.hdinsight_pool(entity, "hdinsight-on-aks", outbound, vec![subnet]);
        pool.private_cluster = network("enablePrivateApiServer")
            .filter(|value| value.known_bool() == Some(true))
            .map(|value| value.span.into());
        pool.api_server.authorized_ranges = ranges.and_then(|(value, prefixes)| {
            Some(AuthorizedRanges {
                origin: value.span.into(),
                prefixes: prefixes?,
            })
        });
        self.estate.pools.push(pool);
    }

    fn ranges(&mut self, value: &'e Value) -> Option<Vec<Spanned<ipnet::IpNet>>> {
        let (prefixes, unknown) = self.list(Some(value), Self::prefix);
        let known = unknown.is_empty() && !prefixes.is_empty();
        self.settings_gaps(unknown);
        known.then_some(prefixes)
    }

    /// A cluster of machines has no outbound type: its routes are those of the subnet, and it checks none.
    pub(super) fn define_hdinsight_cluster(&mut self, entity: &'e Entity<'e>) {
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
        let outbound = Spanned::new(OutboundType::None, entity.name_span);
        let mut pool = self.hdinsight_pool(entity, "hdinsight", outbound, subnets);
        let connection = entity.property(&["networkProperties", "resourceProviderConnection"]);
        pool.management_inbound = connection.and_then(|value| {
            let read = self.choice(value, &[("Inbound", true), ("Outbound", false)]);
            self.or_gap_of_none(Part::Settings, read)
        });
        self.estate.pools.push(pool);
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
            api_server: ApiServer::default(),
            nodes: NodeSettings::default(),
            http_proxy: None,
            bootstrap: None,
            management_inbound: None,
        }
    }
}
