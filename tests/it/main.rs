//! Integration tests.

#![cfg(test)]

mod cli;
mod conformance;
mod errors;
mod ids;
mod language;
mod layering;
mod limits;
mod policies;
mod policy;
mod refused;
mod support;
mod syntax_properties;
