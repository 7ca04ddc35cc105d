//! Rules about subnets and peerings.

pub(super) mod capacity;
pub(super) mod default_outbound;
pub(super) mod gateway_nsg;
pub(super) mod idle_nat_gateway;
pub(super) mod one_sided_peering;
pub(super) mod peering_gateways;
