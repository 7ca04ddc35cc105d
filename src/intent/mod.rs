//! The intent: what must be reachable, and what must never be.

mod assertion;
pub mod catalog;
mod requirement;

pub use assertion::{Assertion, Demand, Devices, Subject, Via};
pub use requirement::{
    Admission, CatalogChoices, Ignore, Intent, Narrowing, PoolSummary, RequiredRoute, Requirement,
    RouteTarget, Waiting,
};
