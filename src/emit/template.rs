//! A template as a tree: what both writers render.

use std::collections::BTreeMap;

use crate::estate::Home;

/// A whole template.
#[derive(Debug, Clone, Default)]
pub struct Template {
    /// Values told at deployment.
    pub parameters: Vec<Parameter>,
    /// What is deployed, in a fixed order.
    pub resources: Vec<Resource>,
    /// What the deployment tells afterwards.
    pub outputs: Vec<Output>,
    /// The API version of each type that the template names, by type.
    pub api_versions: BTreeMap<&'static str, String>,
    /// What the policy declares and the template leaves to others, in words.
    pub not_deployed: Vec<String>,
}

/// A parameter of type string.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value when none is given.
    pub default: Option<String>,
    /// What it is for.
    pub description: String,
}

/// An output of type string.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Expr,
}

/// A resource and how to refer to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its type, such as `Microsoft.Network/routeTables`.
    pub kind: &'static str,
    /// Its symbol in Bicep.
    pub symbol: String,
    /// Its name, a segment for each level of its type.
    pub name: Vec<String>,
    /// Where it is.
    pub home: Home,
    /// The expression that makes its name, when that is not written out.
    pub computed_name: Option<Box<Expr>>,
    /// The API version to read it with, when it may not be part of the template.
    pub api_version: Option<String>,
    /// For a part written inside its parent: the parent, and the path from the parent's id to its own.
    pub inside: Option<(Box<Target>, String)>,
    /// For a resource of its own below another: that other.
    pub parent: Option<Box<Target>>,
}

impl Target {
    /// A resource of that type and name.
    #[must_use]
    pub fn new(kind: &'static str, prefix: &str, name: &[&str], home: &Home) -> Self {
        let words = std::iter::once(prefix).chain(name.iter().copied());
        let symbol: Vec<String> = words.map(identifier).collect();
        Self {
            kind,
            symbol: symbol.join("_"),
            name: name.iter().map(|segment| (*segment).to_owned()).collect(),
            home: home.clone(),
            computed_name: None,
            api_version: None,
            inside: None,
            parent: None,
        }
    }

    /// A resource of its own below this one.
    #[must_use]
    pub fn child(&self, kind: &'static str, prefix: &str, name: &str) -> Self {
        let names: Vec<&str> = self.name.iter().map(String::as_str).chain([name]).collect();
        Self {
            parent: Some(Box::new(self.clone())),
            ..Self::new(kind, prefix, &names, &Home::Deployed)
        }
    }
}

/// Letters, digits and underscores.
fn identifier(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}

/// A resource to deploy.
#[derive(Debug, Clone)]
pub struct Resource {
    /// What it is called.
    pub target: Target,
    /// The API version.
    pub api_version: String,
    /// The words of the policy it comes from.
    pub origin: String,
    /// Its location, for types that have one.
    pub location: Option<Value>,
    /// The resource it extends, when it is an extension.
    pub scope: Option<Target>,
    /// Deployed only if this holds.
    pub condition: Option<Expr>,
    /// Deployed after these.
    pub depends_on: Vec<Target>,
    /// Keys beside `properties`, such as `sku` and `zones`.
    pub top_level: Vec<(&'static str, Value)>,
    /// Its properties.
    pub properties: Vec<(&'static str, Value)>,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text, whatever it looks like.
    Text(String),
    /// A whole number.
    Integer(u32),
    /// True or false.
    Bool(bool),
    /// A list.
    List(Vec<Value>),
    /// An object; keys in order.
    Object(Vec<(&'static str, Value)>),
    /// Something computed at deployment.
    Expr(Expr),
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A list of texts.
    pub fn texts<T: ToString>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(
            items
                .into_iter()
                .map(|item| Self::Text(item.to_string()))
                .collect(),
        )
    }

    /// `{ id: … }`, as Azure refers to resources.
    #[must_use]
    pub fn reference(target: Target) -> Self {
        Self::Object(vec![("id", Self::id(target))])
    }

    /// The id of a resource.
    #[must_use]
    pub fn id(target: Target) -> Self {
        Self::Expr(Expr::Id(target))
    }
}

/// An expression of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A text.
    Text(String),
    /// The id of a resource.
    Id(Target),
    /// A parameter.
    Parameter(String),
    /// Whether a parameter has a value.
    HasValue(String),
    /// The location of the resource group.
    ResourceGroupLocation,
    /// The id of the resource group.
    ResourceGroupId,
    /// The id of a built-in role, by its GUID.
    BuiltInRole(String),
    /// A GUID made of these.
    Guid(Vec<Expr>),
    /// The principal of an identity.
    PrincipalOf(Target),
    /// The private address that a firewall got in its subnet.
    FirewallPrivateIp(Target),
    /// The private address that a firewall got in its virtual hub.
    HubFirewallPrivateIp(Target),
}
