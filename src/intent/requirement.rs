//! Requirements, and everything else that is wanted.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::base::{Date, Origin, Span, Spanned};
use crate::diag::Id as FindingId;
use crate::estate::{Id, Pool};
use crate::net::{Destination, Fqdn, FqdnPattern, Service};

use super::assertion::Assertion;
use super::catalog::Level;

/// Something a pool must be able to reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// Who needs it.
    pub pool: Id<Pool>,
    /// A name that stays the same when other requirements come and go.
    pub name: SmolStr,
    /// The group it belongs to, such as a group of a catalog; rules are collected by it.
    pub purpose: SmolStr,
    /// Where to.
    pub destinations: Vec<Spanned<Destination>>,
    /// Over what.
    pub services: Vec<Spanned<Service>>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<Spanned<SmolStr>>,
    /// Where it was agreed.
    pub ticket: Option<Spanned<SmolStr>>,
    /// Until when.
    pub expires: Option<Spanned<Date>>,
    /// How badly the catalog says it is needed; `None` for a requirement that somebody wrote.
    pub level: Option<Level>,
    /// Where it comes from.
    pub origin: Origin,
}

/// A catalog entry whose value exists only later; the template has a parameter for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The pool that needs it.
    pub pool: Id<Pool>,
    /// The catalog entry.
    pub entry: SmolStr,
    /// The value that is missing.
    pub value: SmolStr,
    /// When it exists, in words.
    pub available: Option<String>,
    /// How to learn it, in words.
    pub how: Option<String>,
    /// The template's parameter for it.
    pub parameter: SmolStr,
    /// Where it comes from.
    pub origin: Origin,
}

/// A value of a catalog that nobody set, and that would let less through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowing {
    /// The pool.
    pub pool: Id<Pool>,
    /// The value to set.
    pub value: SmolStr,
    /// The catalog entry that it narrows.
    pub entry: SmolStr,
}

/// How the catalog of a pool was applied, for the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolSummary {
    /// The pool.
    pub pool: Id<Pool>,
    /// The catalog.
    pub catalog: SmolStr,
    /// Entries that became requirements.
    pub taken: usize,
    /// Entries that were not asked for, by level.
    pub not_asked: Vec<(Level, usize)>,
    /// Where the documents behind them contradict each other: the id in the catalog, and what about.
    pub decided: Vec<(SmolStr, String)>,
    /// What the pool says about it.
    pub choices: CatalogChoices,
}

/// What a pool says about its catalog: which entries it takes, and values for them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogChoices {
    /// Catalogs beside that of its kind.
    pub also: Vec<SmolStr>,
    /// The version, where it is written.
    pub version: Option<SmolStr>,
    /// The cluster types in it.
    pub clusters: Vec<SmolStr>,
    /// The features that are written; others follow from the estate.
    pub features: Vec<SmolStr>,
    /// The levels that are asked for beyond what is needed.
    pub include: BTreeSet<Level>,
    /// Values of the catalog's placeholders.
    pub values: BTreeMap<SmolStr, SmolStr>,
}

/// A flow towards a pool that must be let in.
#[derive(Debug, Clone, PartialEq)]
pub struct Admission {
    /// The pool.
    pub pool: Id<Pool>,
    /// A name that stays the same when others come and go.
    pub name: SmolStr,
    /// From where.
    pub sources: Vec<Destination>,
    /// To which address.
    pub destinations: Vec<Destination>,
    /// Over what.
    pub services: Vec<Service>,
    /// Why.
    pub reason: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// A route that the subnets of a pool must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredRoute {
    /// The pool.
    pub pool: Id<Pool>,
    /// Its name in a route table.
    pub name: SmolStr,
    /// What it applies to.
    pub prefix: IpNet,
    /// Where it leads.
    pub target: RouteTarget,
    /// What is there only comes in, and is answered.
    pub replies_only: bool,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a required route leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteTarget {
    /// To the firewall that the pool leaves through.
    Firewall,
    /// Straight to the Internet.
    Internet,
}

/// `ignore TG0000 "why" until 2027-01-31`: silences findings of one id inside a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignore {
    /// Which findings.
    pub id: FindingId,
    /// Where: findings that name a place inside.
    pub scope: Span,
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: Option<Spanned<Date>>,
    /// Where it is written.
    pub span: Span,
}

/// `sample *.contoso.com = www.contoso.com`: names that a wildcard stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The wildcard.
    pub wildcard: FqdnPattern,
    /// The names.
    pub names: Vec<Fqdn>,
    /// Where they are given.
    pub origin: Origin,
}

/// Everything that is wanted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Intent {
    /// What must be reachable.
    pub requirements: Vec<Requirement>,
    /// What must be so.
    pub assertions: Vec<Assertion>,
    /// What must be let in.
    pub admissions: Vec<Admission>,
    /// Routes that must be there.
    pub routes: Vec<RequiredRoute>,
    /// What waits for a value.
    pub waiting: Vec<Waiting>,
    /// What would let less through.
    pub narrowings: Vec<Narrowing>,
    /// How catalogs were applied.
    pub pools: Vec<PoolSummary>,
    /// What is silenced.
    pub ignores: Vec<Ignore>,
    /// Names to ask DNS for in the place of wildcards.
    pub samples: Vec<Sample>,
}

impl Intent {
    /// Where requirements and admissions come from. A rule of the estate that comes from there was compiled: what is
    /// wrong with it is wrong with the requirement.
    #[must_use]
    pub fn compiled_origins(&self) -> FxHashSet<Origin> {
        let requirements = self.requirements.iter().map(|it| it.origin);
        let admissions = self.admissions.iter().map(|it| it.origin);
        requirements.chain(admissions).collect()
    }
}
