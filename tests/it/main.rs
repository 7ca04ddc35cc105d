//! Integration tests.

mod errors;
mod policy;
