//! Integration tests.

mod errors;
mod language;
mod policies;
mod policy;
mod syntax_properties;
