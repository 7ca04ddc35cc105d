//! One combination as a policy in the language.

use std::collections::{BTreeMap, BTreeSet};

use tidegate::compile::FirewallModel;
use tidegate::intent::catalog::{Catalog, Place};
use tidegate::net::Cloud;

use super::super::policy::built_in;

/// How a pool leaves, and through what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// The load balancer that is made with the cluster.
    LoadBalancer,
    /// A NAT gateway of the service, in a network of the service.
    ManagedNatGateway,
    /// A NAT gateway of the network's owner.
    NatGateway,
    /// Routes to Azure Firewall, whose rules are in a policy.
    Firewall,
    /// Routes to Azure Firewall, whose rules are its own.
    ClassicFirewall,
    /// Routes to an appliance of another vendor, for which an allow list is compiled.
    Appliance,
    /// Routes to the firewall of a virtual WAN hub.
    VirtualHub,
    /// No egress, in a network of one's own, with private endpoints.
    Isolated,
    /// Network isolated as the service has it, and yet with routes to Azure Firewall for what features need.
    IsolatedBehindFirewall,
    /// No egress, in a network of the service.
    Block,
}

impl Way {
    /// The outbound type, for products that have one.
    pub(super) fn outbound(self) -> &'static str {
        match self {
            Self::LoadBalancer => "loadBalancer",
            Self::ManagedNatGateway => "managedNATGateway",
            Self::NatGateway => "userAssignedNATGateway",
            Self::Firewall | Self::ClassicFirewall | Self::Appliance | Self::VirtualHub => {
                "userDefinedRouting"
            }
            Self::Isolated | Self::IsolatedBehindFirewall => "none",
            Self::Block => "block",
        }
    }

    pub(super) fn model(self) -> FirewallModel {
        match self {
            Self::ClassicFirewall => FirewallModel::Classic,
            _ => FirewallModel::Policy,
        }
    }

    /// Whether Azure Firewall is on the way.
    pub(super) fn has_firewall(self) -> bool {
        matches!(
            self,
            Self::Firewall
                | Self::ClassicFirewall
                | Self::VirtualHub
                | Self::IsolatedBehindFirewall
        )
    }

    /// Whether the nodes are in a network that the service makes and keeps.
    pub(super) fn is_of_service(self) -> bool {
        matches!(self, Self::ManagedNatGateway | Self::Block)
    }

    /// Whether nothing on the way tells names apart.
    pub(super) fn filters_no_names(self) -> bool {
        matches!(
            self,
            Self::LoadBalancer | Self::ManagedNatGateway | Self::NatGateway
        )
    }

    /// Whether security groups are all that filters, which know no names.
    pub(super) fn leaves_open(self) -> bool {
        matches!(self, Self::LoadBalancer | Self::NatGateway)
    }

    fn is_isolated(self) -> bool {
        matches!(
            self,
            Self::Isolated | Self::IsolatedBehindFirewall | Self::Block
        )
    }

    fn has_route_table(self) -> bool {
        self.has_firewall() || self == Self::Appliance
    }
}

/// Where the names of nodes are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Dns {
    #[default]
    Azure,
    /// By the firewall, where there is one.
    Firewall,
    /// By the firewall, which asks a server outside.
    FirewallThatAsks,
    /// By a server outside. Who resolves by another server than the firewall may get other addresses than it.
    Custom,
}

/// One combination.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) catalog: &'static Catalog,
    pub(super) way: Way,
    pub(super) cloud: Cloud,
    pub(super) region: String,
    /// Catalogs beside that of the product.
    pub(super) also: Vec<&'static str>,
    pub(super) version: Option<String>,
    /// Features that are written; those that follow from other clauses are not among them.
    pub(super) features: BTreeSet<String>,
    pub(super) include: Vec<&'static str>,
    pub(super) values: BTreeMap<String, &'static str>,
    pub(super) dns: Dns,
    pub(super) plugin: &'static str,
    pub(super) private_cluster: bool,
    pub(super) private_ingress: bool,
    /// Of clusters of HDInsight.
    pub(super) management: Option<&'static str>,
    pub(super) premium: bool,
    /// The firewall or appliance stands in a network of its own, peered with that of the nodes.
    pub(super) hub: bool,
    /// The route table is not written: `via` asks for it.
    pub(super) via: bool,
}

impl Setup {
    /// A pool that has nothing but what it must have.
    pub(super) fn new(catalog: &str, way: Way, cloud: Cloud, region: &str) -> Self {
        let (_, library) = built_in();
        Self {
            catalog: library.get(catalog).unwrap(),
            way,
            cloud,
            region: region.to_owned(),
            also: Vec::new(),
            version: None,
            features: BTreeSet::new(),
            include: Vec::new(),
            values: BTreeMap::new(),
            dns: Dns::default(),
            plugin: "azure-overlay",
            private_cluster: false,
            private_ingress: false,
            management: None,
            premium: false,
            hub: false,
            via: false,
        }
    }

    /// Gives the pool a feature: by its name, or by the clause that it follows from. What follows from the way out is as
    /// that is.
    pub(super) fn switch_on(&mut self, feature: &str) {
        match feature {
            "private_aks" | "private_cluster" => self.private_cluster = true,
            "private_ingress" => self.private_ingress = true,
            "custom_dns" => self.dns = Dns::Custom,
            "firewall_dns_proxy" => self.dns = Dns::Firewall,
            "azure_provided_dns" => self.dns = Dns::Azure,
            "rp_inbound" => self.management = Some("inbound"),
            "rp_outbound" => self.management = Some("outbound"),
            "outbound_user_defined_routing" | "outbound_load_balancer" | "network_isolated" => {}
            name => {
                self.features.insert(name.to_owned());
            }
        }
    }

    pub(super) fn is_on_premises(&self) -> bool {
        match self.catalog.product.place {
            Place::Azure => false,
            Place::OnPremises => true,
            Place::Anywhere => self.way == Way::Appliance,
        }
    }

    /// The catalogs, that of the product first.
    pub(super) fn catalogs(&self) -> impl Iterator<Item = &'static Catalog> {
        let (_, library) = built_in();
        let also = self.also.iter().filter_map(|name| library.get(name));
        std::iter::once(self.catalog).chain(also)
    }

    /// The policy.
    pub(super) fn text(&self) -> String {
        let mut text = format!("egress 1\n\ncloud {}\nregion {}\n", self.cloud, self.region);
        for catalog in self.catalogs() {
            text.push_str(&format!("use {}\n", catalog.name));
        }
        text.push('\n');
        if self.is_on_premises() {
            text.push_str(&self.site());
        } else if !self.way.is_of_service() {
            text.push_str(&self.network());
        }
        text.push_str(&self.pool());
        text
    }

    fn site(&self) -> String {
        "site plant 172.20.0.0/16 {\n  dns 172.20.0.53\n  route internet 0.0.0.0/0 -> appliance edge\n  \
         network management 172.20.4.0/24\n  network nodes 172.20.8.0/22\n}\n\
         appliance edge in plant {\n  private-ip 172.20.4.1, 172.20.8.1\n  public-ip 198.51.100.7\n  snat on\n  \
         allow requirements\n}\n\
         dns-server plant-dns in plant { address 172.20.0.53  forwarders 1.1.1.1 }\n"
            .to_owned()
    }

    fn network(&self) -> String {
        let way = self.way;
        let dns = match self.dns {
            Dns::Azure => "dns azure",
            Dns::Firewall | Dns::FirewallThatAsks if way.has_firewall() => "dns firewall fw",
            Dns::Firewall | Dns::FirewallThatAsks => "dns azure",
            Dns::Custom => "dns 203.0.113.53",
        };
        let mut nodes = String::from("nsg nodes-nsg  default-outbound off");
        if way.has_route_table() && !self.via {
            nodes.push_str("  route-table egress");
        }
        if way == Way::NatGateway {
            nodes.push_str("  nat-gateway nat");
        }
        let gate = if way.has_firewall() && way != Way::VirtualHub {
            "  subnet AzureFirewallSubnet 10.40.8.0/26\n"
        } else if way == Way::Appliance {
            "  subnet dmz 10.40.8.0/26 { nsg nodes-nsg  default-outbound off }\n"
        } else {
            ""
        };
        let in_hub = self.hub && !gate.is_empty();
        let mut text = format!(
            "vnet net 10.40.0.0/16 {{\n  {dns}\n  subnet nodes 10.40.0.0/22 {{ {nodes} }}\n  \
             subnet brokers 10.40.12.0/24 {{ default-outbound off }}\n  \
             subnet endpoints 10.40.13.0/24 {{ default-outbound off }}\n{}}}\n",
            if in_hub { "" } else { gate }
        );
        if in_hub {
            let gate = gate.replace("10.40.", "10.39.");
            text.push_str(&format!(
                "vnet hub 10.39.0.0/16 {{\n{gate}}}\npeering hub <-> net {{ forwarded-traffic on }}\n"
            ));
        }
        text.push_str(&self.gate(if in_hub { "hub" } else { "net" }));
        text.push_str(match way {
            Way::Isolated => {
                "nsg nodes-nsg {\n  rule nothing-else 4000 outbound deny from any to tag Internet any \"isolated\"\n}\n"
            }
            _ => "nsg nodes-nsg { }\n",
        });
        if self.has_own_registry() {
            text.push_str(&self.bootstrap());
        }
        if self.catalog.product.outbound_types {
            text.push_str(
                "identity nodes-msi { role \"Network Contributor\" on this resource-group }\n",
            );
        }
        text
    }

    /// What the nodes leave through.
    fn gate(&self, vnet: &str) -> String {
        let servers = match self.dns {
            Dns::FirewallThatAsks => "  dns-servers 203.0.113.53",
            Dns::Azure | Dns::Firewall | Dns::Custom => "",
        };
        let tier = if self.premium { "Premium" } else { "Standard" };
        let address = if vnet == "hub" {
            "10.39.8.4"
        } else {
            "10.40.8.4"
        };
        let mut text = match self.way {
            Way::Firewall | Way::IsolatedBehindFirewall => format!(
                "public-ip fw-ip 203.0.113.8\n\
                 firewall fw in {vnet} {{ sku {tier}  private-ip {address}  public-ip fw-ip  policy fw-policy }}\n\
                 firewall-policy fw-policy {{ sku {tier}  dns-proxy on{servers}  threat-intel deny }}\n"
            ),
            Way::ClassicFirewall => format!(
                "public-ip fw-ip 203.0.113.8\n\
                 firewall fw in {vnet} {{ sku Standard  private-ip {address}  public-ip fw-ip  dns-proxy on{servers} }}\n"
            ),
            Way::VirtualHub => format!(
                "virtual-wan wan {{ existing }}\n\
                 virtual-hub whub 10.100.0.0/23 {{ wan wan  connect net  internet-routing on  private-routing on }}\n\
                 firewall fw in whub {{ sku {tier}  policy fw-policy  managed-public-ips 1 }}\n\
                 firewall-policy fw-policy {{ sku {tier}  dns-proxy on{servers}  threat-intel deny }}\n"
            ),
            Way::Appliance => format!(
                "appliance nva in {vnet}.dmz {{ private-ip {address}  public-ip 203.0.113.8  snat on  allow requirements }}\n"
            ),
            Way::NatGateway => {
                "public-ip nat-ip\nnat-gateway nat { public-ip nat-ip }\n".to_owned()
            }
            _ => String::new(),
        };
        if self.way.has_route_table() && !self.via {
            let to = if self.way == Way::Appliance {
                "appliance nva"
            } else {
                "firewall fw"
            };
            text.push_str(&format!(
                "route-table egress {{ route default 0.0.0.0/0 -> {to} }}\n"
            ));
        }
        text
    }

    /// The registry that isolated nodes start from, and the key vault that they may use, by private endpoints.
    fn bootstrap(&self) -> String {
        let region = &self.region;
        let (registries, vaults, vault_zone) = match self.cloud {
            Cloud::Public => ("azurecr.io", "vault.azure.net", "vaultcore.azure.net"),
            Cloud::China => ("azurecr.cn", "vault.azure.cn", "vaultcore.azure.cn"),
            Cloud::UsGovernment => (
                "azurecr.us",
                "vault.usgovcloudapi.net",
                "vaultcore.usgovcloudapi.net",
            ),
        };
        let mut text = format!(
            "service bootstrap {{\n  fqdn contosoboot.{registries}\n  alias contosoboot.privatelink.{registries}\n  kind acr\n  public-access off\n}}\n\
             private-endpoint bootstrap in net.endpoints {{\n  private-ip 10.40.13.10, 10.40.13.11\n  \
             for contosoboot.{registries}, contosoboot.{region}.data.{registries}\n  zone privatelink.{registries}\n  target bootstrap\n}}\n\
             private-dns-zone privatelink.{registries} {{\n  link net\n  record contosoboot 10.40.13.10\n  \
             record contosoboot.{region}.data 10.40.13.11\n}}\n\
             require shop -> contosoboot.{registries}, contosoboot.{region}.data.{registries} https \"what nodes start from\"\n"
        );
        if self.in_hub() {
            text = text.replace("  link net\n", "  link net\n  link hub\n");
        }
        if self.features.contains("key_vault_csi") && self.way == Way::Isolated {
            text.push_str(&format!(
                "private-endpoint vault in net.endpoints {{\n  private-ip 10.40.13.12\n  for contoso-vault.{vaults}\n  zone privatelink.{vault_zone}\n}}\n\
                 private-dns-zone privatelink.{vault_zone} {{\n  link net\n  record contoso-vault 10.40.13.12\n}}\n",
            ));
        }
        text
    }

    /// Whether nodes start from a registry of one's own.
    fn has_own_registry(&self) -> bool {
        matches!(self.way, Way::Isolated | Way::IsolatedBehindFirewall)
    }

    fn in_hub(&self) -> bool {
        self.hub
            && (self.way.has_firewall() || self.way == Way::Appliance)
            && self.way != Way::VirtualHub
    }

    fn pool(&self) -> String {
        let place = match (self.is_on_premises(), self.catalog.product.place) {
            (true, Place::OnPremises) => " in plant.management, plant.nodes",
            (true, _) => " in plant.nodes",
            _ if self.way.is_of_service() => "",
            _ => " in net.nodes",
        };
        let mut lines = vec![format!("kind {}", self.catalog.name)];
        let mut line = |keyword: &str, value: String| {
            if !value.is_empty() {
                lines.push(format!("{keyword} {value}"));
            }
        };
        line("also", self.also.join(", "));
        line("version", self.version.clone().unwrap_or_default());
        let features: Vec<&str> = self.features.iter().map(String::as_str).collect();
        let (clusters, features): (Vec<&str>, Vec<&str>) = features.into_iter().partition(|name| {
            name.starts_with("cluster_") && self.catalog.name == "hdinsight-on-aks"
        });
        let clusters: Vec<&str> = clusters
            .iter()
            .filter_map(|name| name.strip_prefix("cluster_"))
            .collect();
        line("clusters", clusters.join(", "));
        line("features", features.join(", "));
        line("include", self.include.join(", "));
        for (name, value) in &self.values {
            let quoted = if value.contains(',') {
                format!("\"{value}\"")
            } else {
                (*value).to_owned()
            };
            line("set", format!("{name} = {quoted}"));
        }
        line("management", self.management.unwrap_or_default().to_owned());
        if self.catalog.product.outbound_types {
            line("outbound", self.way.outbound().to_owned());
            if self.via && self.way.has_firewall() {
                line("via", "fw".to_owned());
            }
            line("network-plugin", self.plugin.to_owned());
            if self.plugin != "azure" {
                line("pod-cidr", "10.244.0.0/16".to_owned());
            }
            if self.way.filters_no_names() {
                line(
                    "ignore",
                    "TG4001 \"accepted by the owner of the platform\"".to_owned(),
                );
            }
            if !self.way.is_of_service() {
                line("identity", "nodes-msi".to_owned());
            }
            match self.way {
                _ if self.has_own_registry() => line("bootstrap-registry", "bootstrap".to_owned()),
                Way::IsolatedBehindFirewall | Way::Block => {
                    line("bootstrap-registry", "managed".to_owned());
                }
                _ => {}
            }
            if self.private_cluster || self.way.is_isolated() {
                lines.push("private-cluster".to_owned());
            }
            if self.private_ingress {
                lines.push("private-ingress".to_owned());
            }
        }
        if self.catalog.product.status == tidegate::intent::catalog::Status::Retired {
            lines.push("ignore TG7004 \"runs until its workloads have moved\"".to_owned());
        }
        let mut text = String::new();
        // Catalogs that know the servers of a network ask for them by themselves.
        if self.dns == Dns::Custom && self.catalog.feature("custom_dns").is_none() {
            text.push_str("require shop -> 203.0.113.53 udp/53 \"look-ups of names\"\n");
        }
        text + &format!("pool shop{place} {{\n  {}\n}}\n", lines.join("\n  "))
    }
}
