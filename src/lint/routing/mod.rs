//! Rules about routes and where they lead.

pub(super) mod competing_tags;
pub(super) mod dnat_return;
pub(super) mod dropped_destination;
pub(super) mod firewall_subnet_routes;
pub(super) mod gateway_propagation;
pub(super) mod gateway_subnet;
pub(super) mod hdinsight_management;
pub(super) mod ip_forwarding;
pub(super) mod learned_default;
pub(super) mod one_sided_firewall;
pub(super) mod past_firewall;
pub(super) mod peering_bypass;
mod required;
pub(super) mod routing_intent;
pub(super) mod routing_loop;
pub(super) mod service_endpoint;
pub(super) mod split_default;
pub(super) mod uneven_subnets;
pub(super) mod unreachable_next_hop;
pub(super) mod way;
