//! What the rules of a firewall say: rules that never decide, rules that let out too much, rules that miss their aim.

pub(super) mod broad_name;
pub(super) mod broad_tag;
pub(super) mod correlation;
pub(super) mod dead_rule;
pub(super) mod icmp;
pub(super) mod ip_group;
pub(super) mod legacy_service;
pub(super) mod moving_name;
pub(super) mod network_first;
pub(super) mod private_name;
pub(super) mod redundant;
pub(super) mod short_lived_name;
pub(super) mod sql_redirect;
pub(super) mod tag_needs;
pub(super) mod unexplained_deny;
pub(super) mod web_category;
pub(super) mod wide_open;
pub(super) mod wide_ports;
pub(super) mod wide_source;
pub(super) mod wildcard_trap;
pub(super) mod wrong_transport;
