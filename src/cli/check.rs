//! `tidegate check`

use crate::report::{self, summary};

use super::Outcome;
use super::arguments::{CheckOptions, FindingFormat};
use super::output::{analyse_policy, color, findings_text, outcome, print, print_error};

pub(super) fn run(options: &CheckOptions) -> Outcome {
    let analysis = match analyse_policy(&options.policy) {
        Ok(analysis) => analysis,
        Err(outcome) => return outcome,
    };
    match options.format {
        FindingFormat::Json => print(&report::json(&analysis.findings, &analysis.sources)),
        FindingFormat::Concise => print(&report::concise(&analysis.findings, &analysis.sources)),
        FindingFormat::Text => {
            print_error(&findings_text(
                &analysis,
                color(options.policy.reading.color),
            ));
            if analysis.findings.is_empty() {
                print(&format!("{}: no findings\n", options.policy.policy));
            }
            if let Some(text) = summary::unproved_assertions(&analysis.intent) {
                print(&format!("{text}\n"));
            }
        }
    }
    outcome(&analysis, options.policy.fail_on)
}
