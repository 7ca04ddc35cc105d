//! Who may do what where: deny assignments and role assignments of identities
//! (MicrosoftDocs/azure-docs, articles/role-based-access-control/overview.md, role-definitions.md and
//! deny-assignments.md).
//!
//! An assignment holds at its scope and everything below it: management group, subscription, resource group,
//! resource, subnet. A deny assignment that applies decides. Otherwise role assignments of the identity and of its
//! groups add up: what one role leaves out another may still grant.

mod decide;
mod scope;
mod target;
#[cfg(test)]
mod tests;

pub use decide::{Decision, decide};
pub use scope::{covers, is_at};
pub use target::Target;

use crate::estate::{self, Estate, Id, Identity, RoleAssignment};

use super::facts::{Facts, RoleDefinition, action_matches};

/// A role, built in or of the policy.
#[derive(Debug, Clone, Copy)]
pub enum Role<'a> {
    /// Built in.
    BuiltIn(&'a RoleDefinition),
    /// Of the policy.
    Custom(&'a estate::RoleDefinition),
}

impl Role<'_> {
    /// Whether it grants an action: it is in its actions and not in its not-actions.
    #[must_use]
    pub fn grants(self, action: &str) -> bool {
        self.holds(action) && !self.takes_out(action)
    }

    /// Whether the action is in its actions.
    #[must_use]
    pub fn holds(self, action: &str) -> bool {
        let matches = |pattern: &str| action_matches(pattern, action);
        match self {
            Self::BuiltIn(role) => role.actions.iter().any(|pattern| matches(pattern)),
            Self::Custom(role) => role.actions.iter().any(|pattern| matches(&pattern.value)),
        }
    }

    /// Whether the action is in its not-actions.
    #[must_use]
    pub fn takes_out(self, action: &str) -> bool {
        let matches = |pattern: &str| action_matches(pattern, action);
        match self {
            Self::BuiltIn(role) => role.not_actions.iter().any(|pattern| matches(pattern)),
            Self::Custom(role) => role
                .not_actions
                .iter()
                .any(|pattern| matches(&pattern.value)),
        }
    }
}

/// The role of that name or GUID; those of the policy come first.
#[must_use]
pub fn role<'a>(estate: &'a Estate, facts: &'a Facts, name: &str) -> Option<Role<'a>> {
    let mut custom = estate.role_definitions.iter();
    let custom = custom.find(|(_, role)| role.name.eq_ignore_ascii_case(name));
    custom
        .map(|(_, role)| Role::Custom(role))
        .or_else(|| facts.role(name).map(Role::BuiltIn))
}

/// The assignments of an identity itself, without those of its groups.
pub fn assignments_of(
    estate: &Estate,
    identity: Id<Identity>,
) -> impl Iterator<Item = &RoleAssignment> {
    let assignments = estate.role_assignments.iter();
    assignments
        .map(|(_, assignment)| assignment)
        .filter(move |assignment| assignment.identity == identity)
}

/// Whether an identity may do an action on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Some assignment grants it.
    Granted,
    /// A deny assignment forbids it, whatever roles grant.
    Denied,
    /// No assignment grants it.
    Missing,
    /// None grants it as far as is known, but a role that holds there is not known.
    Unknown,
}

/// Whether an identity may do an action on a resource. What a deny assignment forbids counts as missing here;
/// [`decide`] tells the two apart.
#[must_use]
pub fn may(
    estate: &Estate,
    facts: &Facts,
    identity: Id<Identity>,
    action: &str,
    target: &Target,
) -> Answer {
    match decide(estate, facts, identity, action, target).answer {
        Answer::Denied => Answer::Missing,
        answer => answer,
    }
}
