//! Integration tests.

#![cfg(test)]

mod causes;
mod cli;
mod compile_properties;
mod conformance;
mod described;
mod errors;
mod explain_properties;
mod ids;
mod incidents;
mod language;
mod layering;
mod limits;
mod policies;
mod policy;
mod readme;
mod refused;
mod service_tags;
mod support;
mod syntax_properties;
mod worked_examples;
