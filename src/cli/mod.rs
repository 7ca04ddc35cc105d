//! The command line: the only place that touches files, environment, clock and terminal.
//!
//! Exit codes: 0 fine; 1 findings, or a policy that does not compile; 2 wrong usage, or a file that cannot be read.

mod arguments;
mod catalog;
mod check;
mod compile;
mod fmt;
mod output;
mod pipeline;
mod rule;

use std::process::ExitCode;

use clap::Parser as _;

pub use self::pipeline::{Analysis, Options, analyse};

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
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Fine => Self::SUCCESS,
            Outcome::Findings => Self::from(1),
            Outcome::Unusable => Self::from(2),
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
        Command::Compile(options) => compile::run(&options),
        Command::Fmt(options) => fmt::run(&options),
        Command::Catalog(command) => catalog::run(&command),
        Command::Rule(options) => rule::run(&options),
    };
    outcome.into()
}
