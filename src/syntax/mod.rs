//! The `.egress` language: text to tree, tree to estate and intent, and the formatter.
//!
//! Invariants: the tokens of a file, joined, are the file; parsing never fails, it returns what it understood and
//! findings for the rest; the formatter changes white space only.

mod format;
mod load;
mod lower;
mod outline;
mod parameter_file;
mod parse;
mod token;
pub mod tree;

pub use format::{FormatError, format};
pub use load::{Loaded, load};
pub use lower::{Binding, Lowered, Parameters, lower};
pub use outline::{Anchor, Outline};
pub use parameter_file::{ParameterFileError, parameters_from_yaml};
pub use parse::{Parsed, parse, usages};
