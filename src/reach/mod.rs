//! Which flows the rules of a network match, as sets.
//!
//! Built from the same facts as the evaluator of single flows, and from none of its code: each is held against the
//! other.

mod security_rules;

pub use security_rules::{SecurityRules, names_the_azure_host};
