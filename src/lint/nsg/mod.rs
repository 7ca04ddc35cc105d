//! Rules about network security groups.

pub(super) mod default_allow;
pub(super) mod hollow_deny;
pub(super) mod inside_cluster;
pub(super) mod management_ports;
pub(super) mod missing;
pub(super) mod order;
pub(super) mod platform;
pub(super) mod required_flow;
pub(super) mod shadowed;
pub(super) mod widened_allow;
