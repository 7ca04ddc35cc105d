//! Settings of firewalls and their policies.

pub(super) mod ignored_rules;
mod in_force;
pub(super) mod inheritance;
pub(super) mod intrusion_detection;
pub(super) mod snat_ranges;
pub(super) mod threat_intelligence;
pub(super) mod zones;
