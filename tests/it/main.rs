//! Integration tests.

mod errors;
mod language;
mod policy;
