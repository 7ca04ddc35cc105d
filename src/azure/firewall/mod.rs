//! Azure Firewall: threat intelligence, then DNAT, network and application rules, then deny
//! (MicrosoftDocs/azure-docs, articles/firewall/rule-processing.md).

mod denial;
mod judge;
mod order;
mod snat;
mod tags;

pub use order::{FirewallOrder, Placed};
pub use tags::{FqdnTagContent, FqdnTagContents};

pub(super) use judge::{PassedBy, Request, fact_tier, judge};
pub(super) use order::{firewall_element, owner_element, rule_element, setting_element};
pub(super) use snat::{Snat, snat_element, translated_source};
