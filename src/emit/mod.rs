//! From estate to Azure's own languages: ARM templates and Bicep.
//!
//! The estate becomes one [`Template`], a tree of resources whose expressions are data; each writer renders that same
//! tree. Nothing here decides what is deployed, and nothing here is trusted: what is written is checked afterwards.
//!
//! [`egress`] goes another way: it writes an estate, and what is wanted of it, as a policy's text.

pub mod allow_list;
mod arm;
mod bicep;
mod built;
mod dns;
pub mod egress;
mod firewall;
mod hub;
mod identity;
mod network;
mod security;
mod template;

pub use built::built;
pub use template::{Expr, Output, Parameter, Resource, Target, Template, Value};

use crate::azure::facts::Facts;
use crate::base::{Origin, SourceMap};
use crate::estate::{Estate, Home, Meta, Region};

/// Every type of resource that a template can name.
const KINDS: &[&str] = &[
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.Authorization/roleDefinitions",
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "Microsoft.Network/applicationSecurityGroups",
    "Microsoft.Network/azureFirewalls",
    "Microsoft.Network/firewallPolicies",
    "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
    "Microsoft.Network/ipGroups",
    "Microsoft.Network/natGateways",
    "Microsoft.Network/networkSecurityGroups",
    "Microsoft.Network/privateDnsZones",
    "Microsoft.Network/privateDnsZones/A",
    "Microsoft.Network/privateDnsZones/AAAA",
    "Microsoft.Network/privateDnsZones/CNAME",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
    "Microsoft.Network/publicIPAddresses",
    "Microsoft.Network/routeTables",
    "Microsoft.Network/virtualHubs",
    "Microsoft.Network/virtualHubs/hubVirtualNetworkConnections",
    "Microsoft.Network/virtualHubs/routingIntent",
    "Microsoft.Network/virtualNetworks",
    "Microsoft.Network/virtualNetworks/subnets",
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
    "Microsoft.Network/virtualWans",
];

/// The language to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// An ARM template in JSON.
    #[default]
    Arm,
    /// A Bicep file.
    Bicep,
}

impl Format {
    /// The usual name of the file.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Arm => "main.json",
            Self::Bicep => "main.bicep",
        }
    }
}

/// The template for an estate: everything that is deployed, and nothing that exists already.
///
/// The sources give the words that each resource comes from.
#[must_use]
pub fn template(estate: &Estate, facts: &Facts, sources: &SourceMap) -> Template {
    let mut builder = Builder {
        estate,
        facts,
        sources,
        template: Template::default(),
    };
    builder.api_versions();
    builder.parameters();
    security::add(&mut builder);
    network::add(&mut builder);
    firewall::add(&mut builder);
    hub::add(&mut builder);
    dns::add(&mut builder);
    identity::add(&mut builder);
    builder.not_deployed();
    builder.template
}

/// The template as text.
#[must_use]
pub fn render(template: &Template, format: Format) -> String {
    match format {
        Format::Arm => arm::render(template),
        Format::Bicep => bicep::render(template),
    }
}

struct Builder<'a> {
    estate: &'a Estate,
    facts: &'a Facts,
    sources: &'a SourceMap,
    template: Template,
}

impl Builder<'_> {
    /// A resource of the template, in the order of its sections.
    fn resource(&mut self, target: Target, origin: Origin) -> Resource {
        let versions = &self.template.api_versions;
        let api_version = versions.get(target.kind).cloned().unwrap_or_default();
        Resource {
            origin: self.words(origin),
            api_version,
            target,
            location: None,
            scope: None,
            condition: None,
            depends_on: Vec::new(),
            top_level: Vec::new(),
            properties: Vec::new(),
        }
    }

    fn push(&mut self, resource: Resource) {
        self.template.resources.push(resource);
    }

    fn location(&self) -> Value {
        match &self.estate.region {
            Region::Named(name) => Value::text(name.as_str()),
            Region::Parameter(name) => Value::Expr(Expr::Parameter(name.to_string())),
            Region::OfResourceGroup => Value::Expr(Expr::ResourceGroupLocation),
        }
    }

    /// The file and the line that an element comes from, without its number: a line added above changes nothing.
    fn words(&self, origin: Origin) -> String {
        let line = |span: crate::base::Span| {
            let file = self.sources.get(span.file)?;
            let start = file
                .text()
                .get(..span.start as usize)?
                .rfind('\n')
                .map_or(0, |at| at + 1);
            let line = file.text().get(start..)?.lines().next()?.trim();
            let line = line.trim_end_matches('{').trim_end();
            Some(format!(
                "{}: {line}",
                file.path().file_name().unwrap_or_default()
            ))
        };
        match origin {
            Origin::Written(span) => line(span).unwrap_or_default(),
            Origin::Catalog { because, entry } => {
                let because = line(because).unwrap_or_default();
                let entry = self.sources.text(entry);
                format!("{because} ({entry})")
            }
            Origin::Platform => "Azure".to_owned(),
        }
    }

    fn api_versions(&mut self) {
        let facts = self.facts;
        let version = |kind: &&'static str| Some((*kind, facts.api_version(kind)?.to_owned()));
        self.template.api_versions = KINDS.iter().filter_map(version).collect();
    }

    fn parameters(&mut self) {
        for open in &self.estate.open_parameters {
            self.template.parameters.push(Parameter {
                name: open.name.to_string(),
                default: open.optional.then(String::new),
                description: open.description.clone(),
            });
        }
    }

    /// What the policy declares and the template does not deploy.
    fn not_deployed(&mut self) {
        let estate = self.estate;
        let mut note = |kind: &str, meta: &Meta| {
            if meta.home == Home::Deployed {
                self.template
                    .not_deployed
                    .push(format!("{kind} `{}`", meta.name));
            }
        };
        estate
            .load_balancers
            .iter()
            .for_each(|(_, it)| note("load balancer", &it.meta));
        estate
            .gateways
            .iter()
            .for_each(|(_, it)| note("gateway", &it.meta));
        estate
            .appliances
            .iter()
            .for_each(|(_, it)| note("appliance", &it.meta));
        estate
            .private_endpoints
            .iter()
            .for_each(|(_, it)| note("private endpoint", &it.meta));
        estate
            .pools
            .iter()
            .for_each(|(_, it)| note("pool", &it.meta));
    }
}

/// The target of a top-level resource.
fn target(kind: &'static str, prefix: &str, meta: &Meta) -> Target {
    Target::new(kind, prefix, &[meta.name.as_str()], &meta.home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_an_api_version() {
        let unknown: Vec<_> = KINDS
            .iter()
            .filter(|kind| Facts::builtin().api_version(kind).is_none())
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
