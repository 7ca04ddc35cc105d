//! `tidegate import`

use crate::diag::Severity;
use crate::emit::egress::policy_text;
use crate::report;

use super::Outcome;
use super::arguments::{ImportFormat, ImportOptions};
use super::estates::read_network;
use super::output::{default_settings, print, print_error, refuse, write_file};

pub(super) fn run(options: &ImportOptions) -> Outcome {
    match write(options) {
        Ok(outcome) => outcome,
        Err(message) => refuse(&message),
    }
}

fn write(options: &ImportOptions) -> Result<Outcome, String> {
    let network = read_network(&options.paths, &options.parameters, &default_settings()?)?;
    let wrong: Vec<_> = network
        .findings
        .iter()
        .filter(|finding| finding.severity >= Severity::Warning)
        .cloned()
        .collect();
    print_error(&report::concise(&wrong, &network.sources));
    let written = match options.format {
        ImportFormat::Egress => policy_text(&network.estate, &network.intent),
    };
    match &options.out {
        Some(path) => {
            write_file(path, &written.text)?;
            print_error(&format!("{path} is written\n"));
        }
        None => print(&written.text),
    }
    let left_out = written.left_out.len();
    if left_out > 0 {
        print_error(&format!(
            "{left_out} {} not known; each is a comment in the policy\n",
            if left_out == 1 {
                "thing is"
            } else {
                "things are"
            }
        ));
    }
    let broken = wrong
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    Ok(if broken {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}
