//! From intent to estate: the routes, firewall rules and security rules that let the required flows out.
//!
//! Deterministic, and stable under edits: names and priorities are made of what a thing is, not of its place in a
//! list, so another requirement changes nothing but its own lines.

mod allow_list;
mod delivery;
mod firewall;
mod groups;
mod naming;
mod nsg;
mod private;
mod routes;
mod rules;
mod slots;

pub use allow_list::{AllowList, allow_list};
pub use delivery::{Delivery, Mechanism, RuleForm};

use crate::azure::FqdnTagContents;
use crate::azure::facts::Facts;
use crate::diag::Finding;
use crate::estate::Estate;
use crate::intent::Intent;

use private::PrivateWays;

/// Where firewall rules live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FirewallModel {
    /// In rule collection groups of a firewall policy.
    #[default]
    Policy,
    /// In rule collections of the firewall itself.
    Classic,
}

/// What compiling gives.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The estate that meets the intent.
    pub estate: Estate,
    /// How each requirement is met, in the order of the intent.
    pub deliveries: Vec<Delivery>,
    /// What cannot be met, and what Azure would refuse.
    pub findings: Vec<Finding>,
}

/// Adds to an estate what the intent needs. FQDN tags are replaced by names for appliances that are not Azure's.
///
/// What reaches a private endpoint needs no firewall rule. Whether a name does is asked of the estate as it is with all
/// rules, because servers on the way to an answer may need some of them.
#[must_use]
pub fn compile(
    estate: Estate,
    intent: &Intent,
    facts: &Facts,
    fqdn_tags: &FqdnTagContents,
    model: FirewallModel,
) -> Compiled {
    let with = |estate, ways| with_ways(estate, intent, facts, fqdn_tags, model, ways);
    if !private::is_conceivable(&estate, intent) {
        return with(estate, PrivateWays::default());
    }
    let public = with(estate.clone(), PrivateWays::default());
    let ways = PrivateWays::of(&public.estate, intent, facts);
    if ways.is_empty() {
        return public;
    }
    with(estate, ways)
}

fn with_ways(
    mut estate: Estate,
    intent: &Intent,
    facts: &Facts,
    fqdn_tags: &FqdnTagContents,
    model: FirewallModel,
    ways: PrivateWays,
) -> Compiled {
    let mut findings = Vec::new();
    routes::add(&mut estate, intent, facts, &mut findings);
    let plan = rules::plan(&estate, intent, facts, ways, &mut findings);
    let added = firewall::add(&mut estate, intent, &plan, model, facts);
    findings.extend(added.findings);
    let mut left_out = added.left_out;
    left_out.extend(allow_list::add(
        &mut estate,
        intent,
        &plan,
        fqdn_tags,
        &mut findings,
    ));
    nsg::add(&mut estate, intent, &plan, facts);
    let deliveries = plan.deliveries(&estate, intent, &left_out);
    Compiled {
        estate,
        deliveries,
        findings,
    }
}
