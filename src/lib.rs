//! tidegate: a compiler, linter and explainer for Azure network egress.
//!
//! Folders are layers; `ARCHITECTURE.md` lists which may use which, and a test holds them to it.

pub mod azure;
pub mod base;
pub mod cli;
pub mod compile;
pub mod diag;
pub mod dns;
pub mod emit;
pub mod estate;
pub mod explain;
pub mod import;
pub mod intent;
pub mod lint;
pub mod net;
pub mod probe;
pub mod reach;
pub mod report;
pub mod space;
pub mod syntax;
pub mod verify;
