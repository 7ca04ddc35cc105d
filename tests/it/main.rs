//! Integration tests.

#![cfg(test)]

mod cli;
mod conformance;
mod errors;
mod language;
mod layering;
mod limits;
mod policy;
mod support;
mod syntax_properties;
