//! Rules about pools and what they need.

pub(super) mod address_plan;
pub(super) mod assertion;
pub(super) mod authorized_ranges;
mod decided;
pub(super) mod fqdn_tag_alone;
pub(super) mod outbound_type;
pub(super) mod owner;
mod passes;
pub(super) mod refusal;
pub(super) mod refused;
pub(super) mod required_endpoint;
pub(super) mod retired_endpoint;
pub(super) mod snat_ports;
