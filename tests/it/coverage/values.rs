//! Values for the placeholders of catalogs.

use std::collections::BTreeMap;

use tidegate::intent::catalog::{Catalog, Parameter, ParameterKind};

/// A value that fits a parameter. What a policy has to agree on elsewhere, such as an address of its own network, goes by
/// the name of the parameter.
pub(super) fn value_of(parameter: &Parameter) -> Option<&'static str> {
    let by_name = match parameter.name.as_str() {
        "hdinsight_subnet_cidr" => Some("10.40.12.0/24"),
        "domain_controller_ips" => Some("10.40.12.4, 10.40.12.5"),
        "pool_subnet_cidr" => Some("10.40.0.0/22"),
        "firewall_private_ip" => Some("10.40.8.4"),
        "firewall_public_ip" => Some("203.0.113.8"),
        "custom_dns_ip" => Some("203.0.113.53"),
        "ingress_public_ip" => Some("198.51.100.20"),
        "region_cidrs" => Some("20.50.0.0/16, 20.51.0.0/16"),
        "management_addresses" => Some("20.49.1.4, 20.49.1.5"),
        "storage_account_ip" => Some("20.48.1.4"),
        "region_arc_short" => Some("weu"),
        _ => None,
    };
    by_name.or(match parameter.kind {
        ParameterKind::Region
        | ParameterKind::AzureCloudSuffix
        | ParameterKind::ServiceTagSuffix => None,
        ParameterKind::Fqdn => Some("shop-a1b2c3d4.hcp.westeurope.azmk8s.io"),
        ParameterKind::FqdnList => Some("agents.contoso.com, updates.contoso.com"),
        ParameterKind::Ipv4 => Some("20.50.1.9"),
        ParameterKind::Ipv4List => Some("20.50.2.4, 20.50.2.5"),
        ParameterKind::Cidr => Some("198.51.100.64/26"),
        ParameterKind::CidrList => Some("198.51.100.128/26, 203.0.113.128/26"),
        ParameterKind::Guid => Some("11111111-2222-3333-4444-555555555555"),
        ParameterKind::ServiceTagList => Some("HDInsight"),
        ParameterKind::ArcShort => Some("weu"),
        ParameterKind::StorageAccount => Some("contosolake"),
        ParameterKind::SqlServer => Some("contoso-orders"),
        ParameterKind::KeyVault => Some("contoso-vault"),
        ParameterKind::Registry => Some("contosoacr"),
        ParameterKind::Cluster => Some("contoso-cluster"),
        ParameterKind::Name => Some("contoso-name"),
    })
}

/// How much of a catalog is given values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// What the entries cannot do without: they take their first, often wider, form.
    Needed,
    /// The same once the cluster exists.
    NeededAtLast,
    /// Everything: entries take the narrowest form they have.
    Everything,
}

/// Values for the parameters of a catalog in a region, which gives some itself. What exists only after the cluster does
/// is not needed before.
pub(super) fn values(
    catalog: &Catalog,
    region: &str,
    given: Given,
) -> BTreeMap<String, &'static str> {
    let is_needed = |parameter: &Parameter| {
        let mut forms = catalog.endpoints.iter().map(|endpoint| &endpoint.form);
        (parameter.available.is_none() || given == Given::NeededAtLast)
            && forms.any(|form| form.placeholders().any(|name| *name == parameter.name))
    };
    let parameters = catalog.parameters.iter();
    parameters
        .filter(|parameter| parameter.values.get(region).is_none())
        .filter(|parameter| given == Given::Everything || is_needed(parameter))
        .filter_map(|parameter| Some((parameter.name.to_string(), value_of(parameter)?)))
        .collect()
}
