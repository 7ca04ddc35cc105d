//! What rules share: sets of addresses and ports, the ends of firewall rules, and which rule covers which.

pub(super) mod cover;
pub(super) mod ends;
pub(super) mod range_set;
pub(super) mod written;
