//! How Azure treats a packet, a name or a request.
//!
//! Nothing here uses `space`, reads files or renders text: the concrete evaluator is the oracle of the symbolic one.

mod cause;
mod dataplane;
mod dns;
pub mod facts;
mod firewall;
mod flow;
pub mod gaps;
pub mod next_hop;
mod nsg;
mod packet;
pub mod preflight;
mod private_way;
pub mod provisioning;
pub mod rbac;
pub mod routing;
pub mod rule_sets;
mod samples;
mod service_tags;
mod shown;
mod tag_membership;
#[cfg(test)]
mod testing;
mod truth;
pub mod usage;
mod walk;
mod whereabouts;

pub use cause::Cause;
pub use dataplane::Dataplane;
pub use dns::{Answer, Resolution};
pub use firewall::{FirewallOrder, FqdnTagContent, FqdnTagContents, Placed};
pub use flow::{
    Announced, Assumption, Blocker, Element, Field, Flow, NearMiss, Outcome, RulePlace, Sender,
    Site, Stage, Step, Target, Trace, Verdict,
};
pub use samples::{sample_service, sample_targets};
pub use service_tags::{ServiceTags, ServiceTagsError, TagStatement};
pub use tag_membership::{Membership, MembershipAnswer, MembershipReason, membership};
pub use whereabouts::{Region, is_wide};
