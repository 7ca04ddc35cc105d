//! Rules about what is said twice, or in an order that Azure does not keep.

pub(super) mod said_twice;
