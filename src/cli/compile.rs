//! `tidegate compile`

use crate::azure::facts::Facts;
use crate::azure::usage::usage;
use crate::diag::Severity;
use crate::emit;
use crate::report::{self, summary};

use super::Outcome;
use super::arguments::{CompileOptions, TemplateFormat};
use super::output::{
    analyse_policy, color, findings_text, outcome, print, print_error, refuse, write_file,
};
use super::proof::prove_template;

pub(super) fn run(options: &CompileOptions) -> Outcome {
    let analysis = match analyse_policy(&options.policy) {
        Ok(analysis) => analysis,
        Err(outcome) => return outcome,
    };
    print_error(&findings_text(
        &analysis,
        color(options.policy.reading.color),
    ));
    let outcome = outcome(&analysis, options.policy.fail_on);
    if analysis.has(Severity::Error) || outcome != Outcome::Fine {
        print_error("Nothing was written.\n");
        return outcome;
    }
    let format = match options.format {
        TemplateFormat::Arm => emit::Format::Arm,
        TemplateFormat::Bicep => emit::Format::Bicep,
    };
    let template = emit::template(&analysis.estate, Facts::builtin(), &analysis.sources);
    // Bicep is proved by what it builds.
    let proved = match format {
        emit::Format::Arm => emit::render(&template, format),
        emit::Format::Bicep => emit::built(&template),
    };
    let proof = match prove_template(&analysis, &proved) {
        Ok(proof) => proof,
        Err(disproof) => {
            print_error(&report::disproof(&disproof.objections));
            print_error("Nothing was written.\n");
            return Outcome::Findings;
        }
    };
    let path = options.out.join(format.file_name());
    if let Err(message) = write_file(&path, &emit::render(&template, format)) {
        return refuse(&message);
    }
    let summary = summary::Compile {
        estate: &analysis.estate,
        intent: &analysis.intent,
        deliveries: &analysis.deliveries,
        template: &template,
        proved: &proof.proved,
        usage: &usage(&analysis.estate, Facts::builtin()),
    };
    print(&format!(
        "{} -> {path}\n\n{}",
        options.policy.policy,
        summary::compile(&summary)
    ));
    outcome
}
