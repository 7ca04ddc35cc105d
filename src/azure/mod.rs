//! How Azure treats a packet, a name or a request.
//!
//! Nothing here uses `space`, reads files or renders text: the concrete evaluator is the oracle of the symbolic one.

mod cause;
mod dataplane;
pub mod facts;
mod flow;
pub mod next_hop;
pub mod preflight;
pub mod rbac;
pub mod rule_sets;
mod service_tags;
mod tag_membership;
pub mod usage;

pub use cause::Cause;
pub use dataplane::Dataplane;
pub use flow::{
    Announced, Assumption, Blocker, Element, Field, Flow, NearMiss, Outcome, RulePlace, Sender,
    Site, Stage, Step, Target, Trace, Verdict,
};
pub use service_tags::{ServiceTags, ServiceTagsError};
pub use tag_membership::{Membership, MembershipAnswer, MembershipReason, membership};
