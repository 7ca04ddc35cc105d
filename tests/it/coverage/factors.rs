//! Products with the ways out that Azure has for them, and what else may vary about a pool.

use tidegate::azure::facts::{Facts, RoutingPolicy};
use tidegate::intent::catalog::Catalog;
use tidegate::net::Cloud;

use super::setup::{Dns, Setup, Way};
use super::values::{Given, values};

/// A product as it is combined.
pub(super) struct Product {
    pub(super) catalog: &'static str,
    pub(super) also: &'static [&'static str],
    pub(super) ways: &'static [Way],
    pub(super) regions: &'static [(Cloud, &'static str)],
}

/// Regions with regular and irregular names in service tags, of every cloud.
const REGIONS: &[(Cloud, &str)] = &[
    (Cloud::Public, "westeurope"),
    (Cloud::Public, "eastus2"),
    (Cloud::Public, "francecentral"),
    (Cloud::Public, "brazilsoutheast"),
    (Cloud::China, "chinaeast2"),
    (Cloud::China, "chinanorth3"),
    (Cloud::UsGovernment, "usgovvirginia"),
    (Cloud::UsGovernment, "usgovarizona"),
];

pub(super) const PRODUCTS: &[Product] = &[
    Product {
        catalog: "aks",
        also: &[],
        ways: &[
            Way::LoadBalancer,
            Way::ManagedNatGateway,
            Way::NatGateway,
            Way::Firewall,
            Way::ClassicFirewall,
            Way::Appliance,
            Way::VirtualHub,
            Way::IsolatedBehindFirewall,
            Way::Isolated,
            Way::Block,
        ],
        regions: REGIONS,
    },
    Product {
        catalog: "aks",
        also: &["dependencies"],
        ways: &[
            Way::LoadBalancer,
            Way::NatGateway,
            Way::Firewall,
            Way::ClassicFirewall,
            Way::Appliance,
            Way::VirtualHub,
        ],
        regions: REGIONS,
    },
    Product {
        catalog: "hdinsight-on-aks",
        also: &[],
        ways: &[
            Way::LoadBalancer,
            Way::Firewall,
            Way::ClassicFirewall,
            Way::Appliance,
            Way::VirtualHub,
        ],
        // Those that its documents name.
        regions: &[
            (Cloud::Public, "westeurope"),
            (Cloud::Public, "eastus2"),
            (Cloud::Public, "koreacentral"),
            (Cloud::Public, "uksouth"),
        ],
    },
    Product {
        catalog: "hdinsight-on-aks",
        also: &["dependencies"],
        ways: &[Way::Firewall, Way::Appliance],
        regions: &[(Cloud::Public, "westus3"), (Cloud::Public, "centralindia")],
    },
    Product {
        catalog: "hdinsight-classic",
        also: &[],
        ways: &[
            Way::NatGateway,
            Way::Firewall,
            Way::ClassicFirewall,
            Way::VirtualHub,
        ],
        // An appliance of another vendor cannot be told what the FQDN tag HDInsight holds, which is an error.
        // Its catalog lists names of the public cloud only.
        regions: &[
            (Cloud::Public, "westeurope"),
            (Cloud::Public, "eastus"),
            (Cloud::Public, "japaneast"),
        ],
    },
    Product {
        catalog: "azure-arc-kubernetes",
        also: &[],
        ways: &[Way::Firewall, Way::Appliance],
        regions: REGIONS,
    },
    Product {
        catalog: "azure-arc-kubernetes",
        also: &["dependencies"],
        ways: &[Way::Appliance],
        regions: REGIONS,
    },
    Product {
        catalog: "aks-arc-azure-local",
        also: &[],
        ways: &[Way::Appliance],
        // Entries are tied to these, and to none of them.
        regions: &[
            (Cloud::Public, "westeurope"),
            (Cloud::Public, "eastus"),
            (Cloud::Public, "japaneast"),
            (Cloud::Public, "southcentralus"),
            (Cloud::Public, "canadacentral"),
            (Cloud::UsGovernment, "usgovvirginia"),
            (Cloud::China, "chinaeast2"),
        ],
    },
];

/// One thing that may be one way or another.
#[derive(Debug, Clone)]
pub(super) enum Choice {
    Region(Cloud, &'static str),
    Version(String),
    Feature(String, bool),
    Given(Given),
    Include(&'static [&'static str]),
    Dns(Dns),
    Plugin(&'static str),
    PrivateCluster(bool),
    PrivateIngress(bool),
    Management(&'static str),
    Premium(bool),
    Hub(bool),
    Via(bool),
}

/// Everything that may vary about a product on a way, each with what it may be. The region comes first, because which
/// versions and values there are depends on it.
pub(super) fn factors(product: &Product, way: Way) -> Vec<Vec<Choice>> {
    let setup = setup(product, way, &product.regions[0]);
    let catalogs: Vec<&Catalog> = setup.catalogs().collect();
    let both = |choice: fn(bool) -> Choice| vec![choice(false), choice(true)];
    let regions = product.regions.iter();
    let regions = regions.filter(|(cloud, _)| is_offered(way, *cloud));
    let mut factors = vec![
        regions
            .map(|(cloud, region)| Choice::Region(*cloud, region))
            .collect(),
        vec![
            Choice::Given(Given::Needed),
            Choice::Given(Given::Everything),
        ],
        vec![
            Choice::Include(&[]),
            Choice::Include(&["recommended", "optional", "observed"]),
        ],
    ];
    let versions = setup.catalog.versions.iter();
    factors.push(
        versions
            .map(|version| Choice::Version(version.id.to_string()))
            .collect(),
    );
    let features = catalogs.iter().flat_map(|catalog| &catalog.features);
    let mut features: Vec<&str> = features.map(|feature| feature.name.as_str()).collect();
    features.sort_unstable();
    features.dedup();
    let free = features.iter().filter(|name| is_free(name, way));
    factors.extend(free.map(|name| {
        [false, true]
            .map(|on| Choice::Feature((*name).to_owned(), on))
            .into()
    }));
    if !setup.is_on_premises() && !way.is_of_service() {
        if way.has_firewall() {
            // Private zones are seen by Azure's resolver only.
            if way != Way::IsolatedBehindFirewall {
                factors.push(
                    [Dns::Firewall, Dns::FirewallThatAsks]
                        .map(Choice::Dns)
                        .into(),
                );
            }
            if way != Way::ClassicFirewall {
                factors.push(both(Choice::Premium));
            }
        }
        if way.has_firewall() && way != Way::VirtualHub || way == Way::Appliance {
            factors.push(both(Choice::Hub));
        }
    }
    if setup.catalog.product.outbound_types {
        factors.push(
            ["azure-overlay", "azure", "kubenet"]
                .map(Choice::Plugin)
                .into(),
        );
        factors.push(both(Choice::PrivateCluster));
        if matches!(way, Way::Firewall | Way::ClassicFirewall) {
            factors.push(both(Choice::Via));
        }
    }
    if features.contains(&"private_ingress") {
        factors.push(both(Choice::PrivateIngress));
    }
    if features.contains(&"rp_inbound") {
        factors.push(["inbound", "outbound"].map(Choice::Management).into());
    }
    factors.retain(|choices| choices.len() > 1);
    factors
}

/// Whether a cloud has what a way out is made of.
fn is_offered(way: Way, cloud: Cloud) -> bool {
    let policy = Facts::builtin().routing_policy(RoutingPolicy::Internet);
    way != Way::VirtualHub || policy.is_some_and(|policy| policy.clouds.contains(&cloud))
}

/// Features that are written. Others follow from clauses that are factors themselves, or from the way out.
fn is_free(feature: &str, way: Way) -> bool {
    let derived = [
        "private_aks",
        "private_cluster",
        "private_ingress",
        "custom_dns",
        "firewall_dns_proxy",
        "azure_provided_dns",
        "rp_inbound",
        "rp_outbound",
        "nva_not_azure_firewall",
        "outbound_user_defined_routing",
        "outbound_load_balancer",
        "network_isolated",
    ];
    // Without egress only what has a private endpoint, or needs nothing, can be had.
    let without_egress = ["key_vault_csi", "konnectivity"];
    !derived.contains(&feature)
        && (!matches!(way, Way::Isolated | Way::Block) || without_egress.contains(&feature))
        && (way != Way::Block || feature != "key_vault_csi")
}

fn setup(product: &Product, way: Way, (cloud, region): &(Cloud, &'static str)) -> Setup {
    Setup {
        also: product.also.to_vec(),
        ..Setup::new(product.catalog, way, *cloud, region)
    }
}

/// A product on a way with one choice for each factor.
pub(super) fn combined(product: &Product, way: Way, choices: &[&Choice]) -> Setup {
    let mut setup = setup(product, way, &product.regions[0]);
    setup.dns = Dns::Firewall;
    let mut given = Given::Needed;
    for choice in choices {
        match choice {
            Choice::Region(cloud, region) => {
                setup.cloud = *cloud;
                setup.region = (*region).to_owned();
            }
            Choice::Version(version) => {
                setup.version = version_in(setup.catalog, version, setup.cloud);
            }
            Choice::Feature(name, on) => {
                if *on {
                    setup.switch_on(name);
                }
            }
            Choice::Given(wanted) => given = *wanted,
            Choice::Include(levels) => setup.include = levels.to_vec(),
            Choice::Dns(dns) => setup.dns = *dns,
            Choice::Plugin(plugin) => setup.plugin = plugin,
            Choice::PrivateCluster(private) => setup.private_cluster = *private,
            Choice::PrivateIngress(private) => setup.private_ingress = *private,
            Choice::Management(management) => setup.management = Some(management),
            Choice::Premium(premium) => setup.premium = *premium,
            Choice::Hub(hub) => setup.hub = *hub,
            Choice::Via(via) => setup.via = *via,
        }
    }
    match way {
        // The private endpoint of an isolated network is that of one vault, not of all.
        Way::Isolated => {
            given = Given::Everything;
            // In China the catalog asks for the vaults of everybody, which no private endpoint gives.
            if setup.cloud == Cloud::China {
                setup.features.remove("key_vault_csi");
            }
        }
        // Classic rules cannot wait for a value.
        Way::ClassicFirewall if given == Given::Needed => given = Given::NeededAtLast,
        _ => {}
    }
    let of_catalogs = setup.catalogs();
    setup.values = of_catalogs
        .flat_map(|catalog| values(catalog, &setup.region, given))
        .collect();
    setup
}

/// This version, where the catalog lists anything of it in the cloud, or else one of which it does.
fn version_in(catalog: &Catalog, version: &str, cloud: Cloud) -> Option<String> {
    let listed = |id: &str| {
        let mut entries = catalog.endpoints.iter();
        entries
            .any(|entry| entry.clouds.contains(&cloud) && entry.versions.iter().any(|it| it == id))
    };
    let others = catalog.versions.iter().map(|version| version.id.as_str());
    std::iter::once(version)
        .chain(others)
        .find(|id| listed(id))
        .map(str::to_owned)
}
