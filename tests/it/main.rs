//! Integration tests.

mod errors;
mod language;
mod policy;
mod syntax_properties;
