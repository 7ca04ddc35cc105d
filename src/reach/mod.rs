//! Which flows the rules of a network match, as sets.
//!
//! Built from the same facts as the evaluator of single flows, and from none of its code: each is held against the
//! other.

mod alike;
mod balance;
mod crossing;
mod destinations;
mod ends;
mod evaluate;
mod firewall_rules;
mod kinds;
mod needless;
mod proof;
mod protocols;
mod security_rules;
mod stopped_before;
mod wanted;
mod witness;

pub use alike::{application_rules_alike, network_rules_alike, security_rules_alike};
pub use balance::{Balance, Missing, Need, Surplus};
pub use crossing::Crossing;
pub use destinations::Destinations;
pub use ends::names_the_azure_host;
pub use evaluate::{Evaluator, Fate, FlowMap, Piece, Standing, tags_of};
pub use firewall_rules::FirewallRules;
pub use kinds::decided_by_network_rules;
pub use needless::Role;
pub use proof::{Proof, open_questions};
pub use security_rules::SecurityRules;
pub use stopped_before::{Senders, StoppedBefore};
pub use wanted::{Unset, Wanted};
pub use witness::{witness, witness_from_anywhere, witness_in};

/// How many comparisons may be made for one rule.
const STEPS: u64 = 2_000_000;
