//! Integration tests.

#![cfg(test)]

mod errors;
mod ids;
mod language;
mod policies;
mod policy;
mod refused;
mod syntax_properties;
