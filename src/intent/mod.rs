//! What must be reachable: requirements, and the catalogs they come from.
//!
//! Nothing here knows how Azure works.

pub mod catalog;
