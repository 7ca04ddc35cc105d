//! The command line: the only place that touches files, environment, clock and terminal.
//!
//! Exit codes: 0 fine; 1 findings, a policy that does not compile, or a flow that does not arrive; 2 wrong usage, or a
//! file that cannot be read or understood; 3 what is asked is not known.

mod age;
mod arguments;
mod assertions;
mod bicep;
mod catalog;
mod catalog_check;
mod catalog_diff;
mod check;
mod compile;
mod diff;
mod estates;
mod explain;
mod fmt;
mod import;
mod lint;
mod lists;
mod lock;
mod network;
mod optimize;
mod output;
mod patch;
mod pipeline;
mod probe;
mod process;
mod proof;
mod query;
mod resolve;
mod revision;
mod rule;
mod tags;
mod trust;
mod verify;

use std::process::ExitCode;

use clap::Parser as _;

pub use self::age::MaxAge;
pub use self::assertions::Assertions;
pub use self::bicep::Builds;
pub use self::estates::{cloud_of_region, service_forms};
pub use self::lint::{Deploying, Input, Linted, lint_inputs};
pub use self::lists::{Gate, compiled_gates, gates, proved_files};
pub use self::lock::LockFile;
pub use self::pipeline::{Analysis, Options, analyse};
pub use self::proof::{Disproof, Proof, prove_template};

use self::arguments::{Arguments, Command};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Fine,
    /// There are findings that matter.
    Findings,
    /// It could not be done: wrong usage, or a file that cannot be read or written.
    Unusable,
    /// What is not known decides.
    Uncertain,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Fine => Self::SUCCESS,
            Outcome::Findings => Self::from(1),
            Outcome::Unusable => Self::from(2),
            Outcome::Uncertain => Self::from(3),
        }
    }
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; whether the terminal takes the text changes nothing.
            let _ = error.print();
            return if error.use_stderr() {
                Outcome::Unusable.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let outcome = match arguments.command {
        Command::Check(options) => check::run(&options),
        Command::Probe(options) => probe::run(&options),
        Command::Import(options) => import::run(&options),
        Command::Lint(options) => lint::run(&options),
        Command::Compile(options) => compile::run(&options),
        Command::Optimize(options) => optimize::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Diff(options) => diff::run(&options),
        Command::Query(options) => query::run(&options),
        Command::Fmt(options) => fmt::run(&options),
        Command::Catalog(command) => catalog::run(&command),
        Command::Resolve(options) => resolve::run(&options),
        Command::Tags(command) => tags::run(&command),
        Command::Rule(options) => rule::run(&options),
    };
    outcome.into()
}
