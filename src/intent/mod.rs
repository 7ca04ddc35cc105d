//! The intent: what must be reachable, and what must never be.

pub mod catalog;
mod requirement;

pub use requirement::{
    Admission, Assertion, CatalogChoices, Ignore, Intent, Narrowing, PoolSummary, RequiredRoute,
    Requirement, RouteTarget, Subject, Waiting,
};
