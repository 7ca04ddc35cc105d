//! Smaller rules that do the same, as text, as a policy and as JSON.

mod json;
mod text;

pub use json::json;
pub use text::text;

use crate::azure::rule_sets::Owner;
use crate::base::{Origin, SourceMap};
use crate::emit::egress::{RuleOwners, rules_text};
use crate::estate::{Direction, Estate};
use crate::verify::{Left, List, Named, Optimized, RuleKind, Whose};

/// What an answer is shown with.
#[derive(Debug, Clone, Copy)]
pub struct View<'v> {
    /// How the network was called.
    pub name: &'v str,
    /// The network as it is.
    pub before: &'v Estate,
    /// The answer.
    pub optimized: &'v Optimized,
    /// The sources of the network.
    pub sources: &'v SourceMap,
    /// How many characters a line has.
    pub width: usize,
}

/// The resources whose rules are smaller, in the language of policies.
#[must_use]
pub fn rules(view: &View<'_>) -> String {
    let mut owners = RuleOwners::default();
    for list in view.optimized.lists.iter().filter(|it| it.is_smaller()) {
        match list.whose {
            Whose::SecurityGroup(id, _) if !owners.nsgs.contains(&id) => owners.nsgs.push(id),
            Whose::Firewall(Owner::Policy(id), _) if !owners.firewall_policies.contains(&id) => {
                owners.firewall_policies.push(id);
            }
            Whose::Firewall(Owner::Firewall(id), _) if !owners.firewalls.contains(&id) => {
                owners.firewalls.push(id);
            }
            _ => {}
        }
    }
    rules_text(&view.optimized.network, &owners).text
}

/// What some rules are called together: `nsg web, inbound`.
fn name(view: &View<'_>, list: &List) -> String {
    let estate = view.before;
    match list.whose {
        Whose::SecurityGroup(id, direction) => {
            let direction = match direction {
                Direction::Inbound => "inbound",
                Direction::Outbound => "outbound",
            };
            format!("nsg {}, {direction}", estate.nsgs[id].meta.name)
        }
        Whose::Firewall(owner, kind) => {
            let owner = match owner {
                Owner::Policy(id) => {
                    format!("firewall policy {}", estate.firewall_policies[id].meta.name)
                }
                Owner::Firewall(id) => format!("firewall {}", estate.firewalls[id].meta.name),
            };
            let kind = match kind {
                RuleKind::Network => "network rules",
                RuleKind::Application => "application rules",
            };
            format!("{owner}, {kind}")
        }
    }
}

/// Where something is written.
fn place(view: &View<'_>, origin: Origin) -> Option<String> {
    let span = origin.span()?;
    Some(view.sources.describe(span))
}

/// A rule with its place: `probe (infra/main.json:12:5)`.
fn placed(view: &View<'_>, rule: &Named) -> String {
    match place(view, rule.origin) {
        Some(place) => format!("{} ({place})", rule.name),
        None => rule.name.to_string(),
    }
}

/// Why rules are left as they are.
fn why(view: &View<'_>, left: &Left) -> String {
    match left {
        Left::Unknown(why) => why.clone(),
        Left::Unclear(rule) => format!("what {} matches is not known", placed(view, rule)),
        Left::TooLarge => "whether fewer would do the same is too large to decide".to_owned(),
        Left::NotProved => "fewer were not proved to do the same".to_owned(),
    }
}
