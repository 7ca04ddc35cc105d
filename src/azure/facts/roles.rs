//! Built-in roles, what they grant, and which actions clusters need on a network.

use serde::Deserialize;

use super::SourceId;
use super::by_name::{ByName, Named};
use super::document::{Cited, Entries, cited};
use super::product::Product;

/// A built-in role. Its id is the same in every cloud.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleDefinition {
    /// Its name.
    pub name: String,
    /// Its id, a GUID.
    pub id: String,
    /// What it grants, with wildcards.
    pub actions: Vec<String>,
    /// What it leaves out of that again. Another role may still grant it.
    #[serde(default)]
    pub not_actions: Vec<String>,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

impl RoleDefinition {
    /// Whether the role holds an action such as `Microsoft.Network/virtualNetworks/read`: in its actions and not in
    /// its not-actions. Source: `MicrosoftDocs/azure-docs`, articles/role-based-access-control/role-definitions.md.
    #[must_use]
    pub fn grants(&self, action: &str) -> bool {
        let matches = |patterns: &[String]| patterns.iter().any(|p| action_matches(p, action));
        matches(&self.actions) && !matches(&self.not_actions)
    }
}

cited!(RoleDefinition);

impl Named for RoleDefinition {
    fn name(&self) -> &str {
        &self.name
    }
}

/// Whether a pattern of a role covers an action.
///
/// `*` stands for any text, slashes included, and case does not matter. `/*/` also covers a single slash: Managed
/// Identity Operator is the documented grant for `userAssignedIdentities/assign/action` and holds
/// `userAssignedIdentities/*/assign/action`.
#[must_use]
pub fn action_matches(pattern: &str, action: &str) -> bool {
    // reached[n]: the pattern so far covers the first n bytes of the action.
    let mut reached: Vec<bool> = std::iter::once(true)
        .chain(action.bytes().map(|_| false))
        .collect();
    let mut pattern = pattern.as_bytes();
    while let Some((&byte, rest)) = pattern.split_first() {
        if let Some(after) = pattern.strip_prefix(b"/*/") {
            let slash = after_literal(&reached, action, b'/');
            let spanned = after_literal(&after_star(&slash), action, b'/');
            reached = slash.iter().zip(spanned).map(|(a, b)| *a || b).collect();
            pattern = after;
        } else {
            reached = match byte {
                b'*' => after_star(&reached),
                literal => after_literal(&reached, action, literal),
            };
            pattern = rest;
        }
    }
    reached.last().copied().unwrap_or(false)
}

fn after_literal(reached: &[bool], action: &str, literal: u8) -> Vec<bool> {
    let steps = reached
        .iter()
        .zip(action.bytes())
        .map(|(reached, byte)| *reached && byte.eq_ignore_ascii_case(&literal));
    std::iter::once(false).chain(steps).collect()
}

fn after_star(reached: &[bool]) -> Vec<bool> {
    let mut any = false;
    let widen = |reached: &bool| {
        any |= *reached;
        any
    };
    reached.iter().map(widen).collect()
}

/// What an action is needed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionTarget {
    /// The virtual network.
    VirtualNetwork,
    /// The subnet of the nodes.
    Subnet,
    /// The route table of that subnet.
    RouteTable,
    /// The network security group of that subnet.
    NetworkSecurityGroup,
    /// The NAT gateway of that subnet.
    NatGateway,
    /// A public address for outbound traffic.
    PublicIpAddress,
    /// The private DNS zone of the API server.
    PrivateDnsZone,
    /// A user-assigned identity of the cluster.
    UserAssignedIdentity,
}

/// How firm a need is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionNeed {
    /// Without it the cluster fails.
    Always,
    /// The join right of whoever attaches the resource to another.
    Linked,
    /// The sources disagree on it.
    Contested,
}

/// Actions that the identity of a cluster needs on one kind of resource.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredActions {
    /// Of which service.
    pub product: Product,
    /// On what.
    pub target: ActionTarget,
    /// How firmly.
    pub need: ActionNeed,
    /// The role that the documentation asks for, where it names one instead of actions.
    pub role: Option<String>,
    /// The actions, without wildcards.
    pub actions: Vec<String>,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(RequiredActions);

/// The roles file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Roles {
    pub(super) definitions: ByName<RoleDefinition>,
    pub(super) required_actions: Vec<RequiredActions>,
}

impl Roles {
    /// The role of that name or id.
    pub(super) fn find(&self, name_or_id: &str) -> Option<&RoleDefinition> {
        let by_id = |role: &&RoleDefinition| role.id.eq_ignore_ascii_case(name_or_id);
        self.definitions
            .get(name_or_id)
            .or_else(|| self.definitions.iter().find(by_id))
    }
}

impl Entries for Roles {
    fn citations(&self) -> Vec<&SourceId> {
        let required = self.required_actions.iter().map(Cited::source);
        self.definitions
            .citations()
            .into_iter()
            .chain(required)
            .collect()
    }

    fn fault(&self) -> Option<String> {
        let mut named = self
            .required_actions
            .iter()
            .filter_map(|r| r.role.as_deref());
        let unknown = named.find(|role| self.definitions.get(role).is_none())?;
        Some(format!("role `{unknown}` is not defined"))
    }
}
