//! What was found, as text for people and programs.

pub mod catalog;
mod wrap;
