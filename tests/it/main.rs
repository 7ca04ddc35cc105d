//! Integration tests.

#![cfg(test)]

mod allow_lists;
mod assertions;
#[cfg(unix)]
mod bicep;
mod broken;
mod catalog_schema;
mod catalog_tools;
mod causes;
mod ci_kit;
mod cli;
mod compile_properties;
mod conformance;
mod corpus;
mod coverage;
mod cross_check;
mod described;
mod diff;
mod dns;
mod errors;
mod explain;
mod explain_properties;
mod fixes;
mod fuzzed;
mod gaps;
mod ids;
mod incidents;
mod kernel;
mod known_later;
mod language;
mod layering;
mod limits;
mod lint;
mod lint_fixtures;
mod optimize;
mod outbound_types;
mod policies;
mod policy;
mod private_endpoints;
mod probe;
mod query;
mod readme;
mod refused;
mod reports;
mod rule_examples;
mod rule_pages;
mod sabotage;
mod service_tags;
mod shown;
mod support;
mod syntax_properties;
mod tags;
mod verify;
mod worked_examples;
mod written;
