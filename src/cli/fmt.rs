//! `tidegate fmt`

use camino::Utf8Path;

use crate::base::{FileReader as _, SourceMap};
use crate::report::{self, Color};
use crate::syntax::{self, FormatError};

use super::Outcome;
use super::arguments::FmtOptions;
use super::output::{Disk, print, print_error, refuse, write_file};

pub(super) fn run(options: &FmtOptions) -> Outcome {
    let mut worst = Outcome::Fine;
    for path in &options.policies {
        match format_file(path, options.check) {
            Outcome::Fine => {}
            Outcome::Unusable => worst = Outcome::Unusable,
            outcome if worst == Outcome::Fine => worst = outcome,
            _ => {}
        }
    }
    worst
}

fn format_file(path: &Utf8Path, check: bool) -> Outcome {
    let text = match Disk.read(path) {
        Ok(text) => text,
        Err(error) => return refuse(&format!("cannot read {path}: {error}")),
    };
    let mut sources = SourceMap::default();
    let file = sources.add(path, text.clone());
    let parsed = syntax::parse(&sources, file);
    match syntax::format(&sources, &parsed) {
        Ok(formatted) if formatted == text => Outcome::Fine,
        Ok(_) if check => {
            print(&format!("{path} is not laid out in the standard way\n"));
            Outcome::Findings
        }
        Ok(formatted) => match write_file(path, &formatted) {
            Ok(()) => Outcome::Fine,
            Err(message) => refuse(&message),
        },
        Err(FormatError::HasMistakes) => {
            print_error(&report::human(&parsed.findings, &sources, Color::Never));
            print_error(&format!("{path}: {}\n", FormatError::HasMistakes));
            Outcome::Findings
        }
        Err(error) => refuse(&format!("{path}: {error}")),
    }
}
