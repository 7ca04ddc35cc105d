//! How Azure treats a packet, a name or a request.
//!
//! Nothing here uses `space`, reads files or renders text: the concrete evaluator is the oracle of the symbolic one.

pub mod facts;
pub mod next_hop;
pub mod rbac;
pub mod rule_sets;
pub mod usage;
