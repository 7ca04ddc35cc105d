//! Networks held against policies, as text, Markdown and JSON.

mod json;
mod text;

pub use json::json;
pub use text::{markdown, text};

use crate::azure::{Element, Flow};
use crate::base::SourceMap;
use crate::estate::Estate;
use crate::intent::Intent;
use crate::verify::{Held, Openness, Repair};

/// What an answer is shown with.
#[derive(Debug, Clone, Copy)]
pub struct View<'v> {
    /// The answer.
    pub held: &'v Held,
    /// The changes that would settle it.
    pub repair: &'v Repair,
    /// The policy's estate.
    pub policy: &'v Estate,
    /// What the policy wants.
    pub intent: &'v Intent,
    /// The sources of the policy.
    pub policy_sources: &'v SourceMap,
    /// The network.
    pub network: &'v Estate,
    /// The sources of the network.
    pub sources: &'v SourceMap,
    /// How many characters a line has.
    pub width: usize,
}

/// An element with its place, where it is written down.
fn placed(element: &Element, sources: &SourceMap) -> String {
    match element.origin.span() {
        Some(span) => format!("{} ({})", element.name, sources.describe(span)),
        None => element.name.clone(),
    }
}

/// A flow in words: `10.10.1.4 -> mcr.microsoft.com tcp/443`.
pub(super) fn flow_words(flow: &Flow) -> String {
    let to = match (&flow.to.name, flow.to.address) {
        (Some(name), _) => name.to_string(),
        (None, Some(address)) => address.to_string(),
        (None, None) => "any address".to_owned(),
    };
    let tags: Vec<String> = flow
        .to
        .tags
        .iter()
        .map(|tag| format!("of tag {tag}"))
        .collect();
    let tags = if tags.is_empty() {
        String::new()
    } else {
        format!(" ({})", tags.join(", "))
    };
    let from = flow.from.address();
    let transport = flow.transport.keyword();
    if flow.transport.has_ports() {
        format!("{from} -> {to}{tags} {transport}/{}", flow.port)
    } else {
        format!("{from} -> {to}{tags} {transport}")
    }
}

/// How much is open, in words.
pub(super) fn measures(open: &Openness) -> Vec<String> {
    let mut measures = Vec::new();
    if open.addresses > 0 {
        let counted = |count: u128, one: &str, many: &str| {
            format!("{} {}", number(count), if count == 1 { one } else { many })
        };
        measures.push(format!(
            "{}, {} of address and port",
            counted(open.addresses, "address", "addresses"),
            counted(open.pairs, "pair", "pairs")
        ));
    }
    if !open.shared.is_empty() {
        measures.push(format!(
            "any account of anybody below {}",
            open.shared.join(", ")
        ));
    }
    measures
}

/// A number as people read it: with commas, or as a power where it is long.
pub(super) fn number(value: u128) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
