//! What DNS answered for the names of a policy, as text and JSON.

mod json;
mod text;

pub use json::{drift_json, json, views_json};
pub use text::{drift_text, text, views_text};

use camino::Utf8PathBuf;

use crate::azure::Dataplane;
use crate::dns::Locked;
use crate::intent::Names;

/// What became of the lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The file.
    pub path: Utf8PathBuf,
    /// The names that it has an answer for and that nobody answered for now; it was left as it is when there are some.
    pub lost: usize,
}

/// What an answer is shown with.
#[derive(Debug, Clone, Copy)]
pub struct View<'v> {
    /// Who needs which name.
    pub names: &'v Names,
    /// The network of the policy.
    pub plane: &'v Dataplane<'v>,
    /// How many characters a line has.
    pub width: usize,
}

/// An answer in one line: its aliases, and its addresses or why there are none.
fn answer(locked: &Locked) -> String {
    let aliases = locked.aliases.iter().map(|alias| format!("{alias} -> "));
    let aliases: String = aliases.collect();
    match &locked.failure {
        Some(failure) => format!("{aliases}{failure}"),
        None => {
            let addresses: Vec<String> = locked.addresses.iter().map(ToString::to_string).collect();
            format!("{aliases}{}", addresses.join(", "))
        }
    }
}
