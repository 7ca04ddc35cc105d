//! The intent: what must be reachable, and what must never be.

mod assertion;
pub mod catalog;
mod names;
mod requirement;

pub use assertion::{Assertion, Demand, Devices, Subject, Via};
pub use names::{Names, NeededName, names};
pub use requirement::{
    Admission, CatalogChoices, Ignore, Intent, Narrowing, PoolSummary, RequiredRoute, Requirement,
    RouteTarget, Sample, Waiting,
};
