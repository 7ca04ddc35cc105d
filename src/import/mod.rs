//! Azure's JSON → estate: ARM templates, exports of `az`, REST bodies.
//!
//! Every reader gives [`Resource`]s, whose values know their places and may be symbolic; one builder makes the estate
//! from them. Importing never fails: what was not understood is a finding, what cannot be known is an unknown.

pub mod arm;
pub mod json;
mod resource;
mod value;

pub use resource::{Resource, ResourceId};
pub use value::{Data, Member, Object, Part, Reference, Symbol, Text, Value, Why};
