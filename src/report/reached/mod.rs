//! What a subnet can reach, as text, Markdown and JSON.

mod json;
mod text;

pub use json::json;
pub use text::{markdown, text};

use crate::estate::Estate;
use crate::reach::{Destinations, Fate};
use crate::verify::{Detail, Reach, Reached};

/// What an answer is shown with.
#[derive(Debug, Clone, Copy)]
pub struct View<'v> {
    /// The answer.
    pub reached: &'v [Reached],
    /// The network.
    pub estate: &'v Estate,
    /// Who was asked about.
    pub from: &'v str,
    /// How much is told.
    pub detail: Detail,
    /// How many characters a line has.
    pub width: usize,
}

/// What becomes of flows.
const FATES: [Fate; 3] = [Fate::Allowed, Fate::NoReturn, Fate::Uncertain];

fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Allowed => "allowed",
        Fate::NoReturn => "without a reply",
        Fate::Uncertain => "not known",
    }
}

fn destinations(to: Destinations) -> &'static str {
    match to {
        Destinations::Names => "names",
        Destinations::Public => "public addresses",
        Destinations::Private => "private networks",
        Destinations::Unlisted => "whatever a condition holds",
        Destinations::Unroutable => "no router forwards",
        Destinations::Inside => "inside the networks",
        Destinations::Platform => "platform",
    }
}

/// By which devices, in words.
fn via(reach: &Reach) -> String {
    match reach.via.as_slice() {
        [] => "directly".to_owned(),
        devices => format!("by {}", devices.join(", then ")),
    }
}
