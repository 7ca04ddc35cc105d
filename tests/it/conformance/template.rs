//! An emitted template, and what the policy says exists beside it.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate::estate::{Estate, Home, Meta};

use super::expression::{self, Expression};

/// A resource id: its home when that is not the deployment's, its type, its names; compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ResourceId(Vec<String>);

impl ResourceId {
    fn new<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(parts.into_iter().map(str::to_ascii_lowercase).collect())
    }

    /// The id that the arguments of `resourceId` stand for.
    pub(super) fn of_arguments(arguments: &[Expression]) -> Self {
        let texts: Vec<String> = arguments.iter().map(Expression::to_string).collect();
        Self::new(texts.iter().map(String::as_str))
    }

    /// The id of a resource of this deployment.
    pub(super) fn deployed(kind: &str, names: &[String]) -> Self {
        let kind = expression::quoted(kind);
        Self::new(
            [kind.as_str()]
                .into_iter()
                .chain(names.iter().map(String::as_str)),
        )
    }

    fn of_home(home: &Home, kind: &str, names: &[&str]) -> Self {
        let mut parts = Vec::new();
        if let Home::Existing {
            resource_group,
            subscription,
        } = home
        {
            parts.extend(subscription.as_deref().map(expression::quoted));
            let own_group = || {
                subscription
                    .is_some()
                    .then(|| "resourceGroup().name".to_owned())
            };
            parts.extend(
                resource_group
                    .as_deref()
                    .map(expression::quoted)
                    .or_else(own_group),
            );
        }
        parts.push(expression::quoted(kind));
        parts.extend(names.iter().map(|name| expression::quoted(name)));
        Self::new(parts.iter().map(String::as_str))
    }
}

impl std::fmt::Display for ResourceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// An emitted template.
#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) name: String,
    pub(super) json: Value,
    /// What the policy declares as existing.
    pub(super) existing: BTreeSet<ResourceId>,
}

impl Template {
    pub(super) fn new(name: String, text: &str, estate: &Estate) -> Result<Self, String> {
        let json = serde_json::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        let existing = existing(estate);
        Ok(Self {
            name,
            json,
            existing,
        })
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        self.json["resources"]
            .as_array()
            .into_iter()
            .flatten()
            .map(Resource)
    }
}

/// A resource of a template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resource<'a>(pub(super) &'a Value);

impl<'a> Resource<'a> {
    pub(super) fn kind(self) -> &'a str {
        self.0["type"].as_str().unwrap_or("")
    }

    pub(super) fn name(self) -> &'a str {
        self.0["name"].as_str().unwrap_or("")
    }

    pub(super) fn is_conditional(self) -> bool {
        self.0.get("condition").is_some()
    }

    /// The segments of its name as the arguments of `resourceId` would have them; a computed name is one segment.
    pub(super) fn segments(self) -> Vec<String> {
        match expression::of_text(self.name()) {
            Some(Ok(computed)) => vec![computed.to_string()],
            _ => self.name().split('/').map(expression::quoted).collect(),
        }
    }

    pub(super) fn id(self) -> ResourceId {
        ResourceId::deployed(self.kind(), &self.segments())
    }

    /// The resource it is a part of by its name, if any.
    pub(super) fn parent(self) -> Option<ResourceId> {
        let (kind, _) = self
            .kind()
            .rsplit_once('/')
            .filter(|(kind, _)| kind.contains('/'))?;
        let segments = self.segments();
        Some(ResourceId::deployed(
            kind,
            segments.get(..segments.len() - 1)?,
        ))
    }

    /// The resources written inside it.
    pub(super) fn inside(self) -> Vec<ResourceId> {
        let subnets = self.0["properties"]["subnets"]
            .as_array()
            .into_iter()
            .flatten();
        let kind = format!("{}/subnets", self.kind());
        subnets
            .filter_map(|subnet| subnet["name"].as_str())
            .map(|name| {
                let mut segments = self.segments();
                segments.push(expression::quoted(name));
                ResourceId::deployed(&kind, &segments)
            })
            .collect()
    }
}

/// Every text of a value with the path to it and the key it stands under, which for members of a list is the list's.
pub(super) fn texts<'a>(
    path: &str,
    key: &'a str,
    value: &'a Value,
    visit: &mut dyn FnMut(&str, &'a str, &'a str),
) {
    match value {
        Value::String(text) => visit(path, key, text),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(&format!("{path}[{index}]"), key, item, visit);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                texts(&format!("{path}.{key}"), key, value, visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn existing(estate: &Estate) -> BTreeSet<ResourceId> {
    let mut found = BTreeSet::new();
    let mut add = |kind: &str, meta: &Meta| {
        if meta.home.is_existing() {
            found.insert(ResourceId::of_home(
                &meta.home,
                &format!("Microsoft.{kind}"),
                &[meta.name.as_str()],
            ));
        }
    };
    estate
        .vnets
        .iter()
        .for_each(|(_, it)| add("Network/virtualNetworks", &it.meta));
    estate
        .route_tables
        .iter()
        .for_each(|(_, it)| add("Network/routeTables", &it.meta));
    estate
        .nsgs
        .iter()
        .for_each(|(_, it)| add("Network/networkSecurityGroups", &it.meta));
    estate
        .security_groups
        .iter()
        .for_each(|(_, it)| add("Network/applicationSecurityGroups", &it.meta));
    estate
        .firewalls
        .iter()
        .for_each(|(_, it)| add("Network/azureFirewalls", &it.meta));
    estate
        .firewall_policies
        .iter()
        .for_each(|(_, it)| add("Network/firewallPolicies", &it.meta));
    estate
        .ip_groups
        .iter()
        .for_each(|(_, it)| add("Network/ipGroups", &it.meta));
    estate
        .public_ips
        .iter()
        .for_each(|(_, it)| add("Network/publicIPAddresses", &it.meta));
    estate
        .nat_gateways
        .iter()
        .for_each(|(_, it)| add("Network/natGateways", &it.meta));
    estate
        .wans
        .iter()
        .for_each(|(_, it)| add("Network/virtualWans", &it.meta));
    estate
        .hubs
        .iter()
        .for_each(|(_, it)| add("Network/virtualHubs", &it.meta));
    estate
        .dns_zones
        .iter()
        .for_each(|(_, it)| add("Network/privateDnsZones", &it.meta));
    estate
        .identities
        .iter()
        .for_each(|(_, it)| add("ManagedIdentity/userAssignedIdentities", &it.meta));
    let subnets = estate
        .subnets
        .iter()
        .filter(|(_, subnet)| subnet.meta.home.is_existing());
    found.extend(subnets.map(|(_, subnet)| {
        let vnet = &estate.vnets[subnet.vnet].meta;
        let names = [vnet.name.as_str(), subnet.meta.name.as_str()];
        ResourceId::of_home(
            &vnet.home,
            "Microsoft.Network/virtualNetworks/subnets",
            &names,
        )
    }));
    found
}
