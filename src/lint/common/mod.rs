//! What several rules need.

pub(super) mod edge;
pub(super) mod flow_set;
pub(super) mod public;
