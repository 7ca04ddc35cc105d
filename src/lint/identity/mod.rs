//! Rules about identities and their roles.

pub(super) mod broad_role;
pub(super) mod data_role;
pub(super) mod join_actions;
pub(super) mod system_assigned;
