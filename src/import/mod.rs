//! Azure's JSON → estate: ARM templates, exports of `az`, REST bodies.
//!
//! Every reader gives [`Resource`]s, whose values know their places and may be symbolic; one builder makes the estate
//! from them. Importing never fails: what was not understood is a finding, what cannot be known is an unknown.

pub mod arm;
pub mod az;
mod beside;
pub mod bicep;
mod change;
pub mod estate;
mod ignores;
pub mod json;
mod kind;
mod project;
mod resource;
mod services;
mod shown;
mod unknowns;
mod value;

pub use arm::template::{Counts, Deployment, Tally};
pub use change::Templates;
pub use kind::{Kind, kind_of, template_of};
pub use project::{File, Found, Imported, Join, Options, import, read_file};
pub use resource::{Resource, ResourceId};
pub use services::{PublicName, ServiceForm};
pub use value::{Data, Member, Object, Part, Reference, Symbol, Text, Value, Why};
