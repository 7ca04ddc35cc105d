//! Identities and roles, and what forbids whatever roles grant.

use super::{Body, CommonClause, Ignore, Place, Word};

/// A clause of an identity.
#[derive(Debug, Clone, PartialEq)]
pub enum IdentityClause {
    /// `principal-id GUID`
    PrincipalId(Word),
    /// `member-of GROUP, …`
    MemberOf(Vec<Word>),
    /// `role "NAME" on SCOPE [existing]`
    Role {
        /// The role.
        role: Word,
        /// Where it holds.
        scope: Scope,
        /// It exists already.
        existing: bool,
        /// The whole clause.
        span: Place,
    },
    /// Any resource's clause.
    Common(CommonClause),
}

/// Where a role holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// `vnet`, `subnet`, `resource-group`, …
    pub kind: Word,
    /// The name; `None` for `this resource-group` and `this subscription`.
    pub name: Option<Word>,
}

/// A clause of a custom role.
#[derive(Debug, Clone, PartialEq)]
pub enum RoleClause {
    /// `actions ACTION, …`
    Actions(Vec<Word>),
    /// `not-actions ACTION, …`
    NotActions(Vec<Word>),
}

/// `deny-assignment NAME on SCOPE { }` or `azure-policy NAME on SCOPE { }`
#[derive(Debug, Clone, PartialEq)]
pub struct Denial<C> {
    /// Its name.
    pub name: Word,
    /// Where it holds.
    pub scope: Scope,
    /// Its clauses.
    pub body: Body<C>,
}

/// A clause of a deny assignment.
#[derive(Debug, Clone, PartialEq)]
pub enum DenyAssignmentClause {
    /// `actions ACTION, …`
    Actions(Vec<Word>),
    /// `not-actions ACTION, …`
    NotActions(Vec<Word>),
    /// `principals IDENTITY, …`
    Principals(Vec<Word>),
    /// `except IDENTITY, …`
    Except(Vec<Word>),
    /// `scope-only`
    ScopeOnly(Word),
    /// `ignore`
    Ignore(Ignore),
}

/// A clause of an assignment of Azure Policy.
#[derive(Debug, Clone, PartialEq)]
pub enum AzurePolicyClause {
    /// `effect EFFECT`
    Effect(Word),
    /// `resource-types TYPE, …`
    ResourceTypes(Vec<Word>),
    /// `ignore`
    Ignore(Ignore),
}
