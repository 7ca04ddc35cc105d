//! Azure Resource Manager templates: the expressions in them, the functions of these expressions, and their evaluation.

pub mod expression;
pub(crate) mod functions;
pub mod template;
