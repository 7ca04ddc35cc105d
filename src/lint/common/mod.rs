//! What rules share: sets of addresses, ports and flows, the ends of rules, which rule covers which, the ways of flows.

pub(super) mod cover;
pub(super) mod edge;
pub(super) mod ends;
pub(super) mod path;
pub(super) mod public;
pub(super) mod range_set;
pub(super) mod wanted;
pub(super) mod written;
