//! Rules about what is said twice, or in an order that Azure does not keep.

pub(super) mod behind_group;
pub(super) mod crossing;
pub(super) mod idle_route;
pub(super) mod needless;
pub(super) mod said_twice;
