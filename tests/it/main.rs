//! Integration tests.

#![cfg(test)]

mod cli;
mod conformance;
mod layering;
mod support;
