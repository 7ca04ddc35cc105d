//! `tidegate check`

use crate::diag::Id;
use crate::report::{self, Format, Run, summary};

use super::Outcome;
use super::arguments::CheckOptions;
use super::output::{analyse_policy, color, outcome, print, print_error, working_folder};

pub(super) fn run(options: &CheckOptions) -> Outcome {
    let analysis = match analyse_policy(&options.policy) {
        Ok(analysis) => analysis,
        Err(outcome) => return outcome,
    };
    let format = Format::from(options.report.format);
    let root = working_folder();
    let run = Run {
        gaps: &analysis.gaps(),
        ran: &analysis.rules_that_ran(),
        fail_on: options.policy.fail_on.into(),
        category: options.report.category.as_deref(),
        root: root.as_deref(),
        ..Run::new(&analysis.findings, &analysis.sources)
    };
    let text = report::render(format, &run, color(options.policy.reading.color));
    if format == Format::Text {
        print_error(&text);
        if analysis.findings.is_empty() {
            print(&format!("{}: no findings\n", options.policy.policy));
        }
        let judged = analysis.rules_that_ran().contains(&Id::TG7011);
        if let Some(text) = summary::judged_assertions(&analysis.intent).filter(|_| judged) {
            print(&format!("{text}\n"));
        }
    } else {
        print(&text);
    }
    outcome(&analysis, options.policy.fail_on)
}
