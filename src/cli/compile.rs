//! `tidegate compile`

use crate::azure::ServiceTags;
use crate::azure::facts::Facts;
use crate::azure::usage::usage;
use crate::diag::Severity;
use crate::emit;
use crate::emit::Template;
use crate::emit::allow_list::{File, ListFormat};
use crate::report::{self, summary};
use crate::verify::Proved;

use super::Outcome;
use super::arguments::{CompileFormat, CompileOptions};
use super::lists::{self, Gate};
use super::output::{
    analyse_policy, color, findings_text, outcome, print, print_error, refuse, write_file,
};
use super::pipeline::Analysis;
use super::proof::prove_template;
use super::tags::service_tags;

pub(super) fn run(options: &CompileOptions) -> Outcome {
    match compile(options) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn compile(options: &CompileOptions) -> Result<Outcome, Outcome> {
    let tags = service_tags(options.service_tags.as_deref())?;
    let analysis = analyse_policy(&options.policy)?;
    print_error(&findings_text(
        &analysis,
        color(options.policy.reading.color),
    ));
    let outcome = outcome(&analysis, options.policy.fail_on);
    if analysis.has(Severity::Error) || outcome != Outcome::Fine {
        print_error("Nothing was written.\n");
        return Err(outcome);
    }
    let (template_format, list_format) = match options.format {
        CompileFormat::Arm => (Some(emit::Format::Arm), ListFormat::Plain),
        CompileFormat::Bicep => (Some(emit::Format::Bicep), ListFormat::Plain),
        CompileFormat::Allowlist => (None, ListFormat::Plain),
        CompileFormat::Csv => (None, ListFormat::Csv),
        CompileFormat::PaloaltoEdl => (None, ListFormat::PaloAlto),
    };
    let template = emit::template(&analysis.estate, Facts::builtin(), &analysis.sources);
    // Of a policy for networks outside Azure there is nothing to deploy.
    let template_format = template_format.filter(|_| !template.resources.is_empty());
    let gates = match template_format {
        Some(_) => lists::compiled_gates(&analysis),
        None if matches!(options.format, CompileFormat::Arm | CompileFormat::Bicep) => {
            lists::compiled_gates(&analysis)
        }
        None => lists::gates(&analysis).map_err(|message| unwritten(&message))?,
    };
    let mut proved = match template_format {
        Some(format) => prove(&analysis, &template, format)?,
        None => Proved::default(),
    };
    let lists = proved_lists(&analysis, gates, list_format, tags.as_ref(), &mut proved)?;

    let mut paths = Vec::new();
    if let Some(format) = template_format {
        let path = options.out.join(format.file_name());
        let text = emit::render(&template, format);
        write_file(&path, &text).map_err(|message| refuse(&message))?;
        paths.push(path.to_string());
    }
    let lists = lists::write(&options.out, &lists).map_err(|message| refuse(&message))?;
    paths.extend(
        lists
            .iter()
            .flat_map(|list| list.paths.iter().take(1).cloned()),
    );
    let summary = summary::Compile {
        estate: &analysis.estate,
        intent: &analysis.intent,
        deliveries: &analysis.deliveries,
        template: &template,
        proved: &proved,
        usage: &usage(&analysis.estate, Facts::builtin()),
        lists: &lists,
    };
    print(&format!(
        "{} -> {}\n\n{}",
        options.policy.policy,
        paths.join(", "),
        summary::compile(&summary)
    ));
    Ok(outcome)
}

fn unwritten(message: &str) -> Outcome {
    print_error(message);
    if !message.ends_with('\n') {
        print_error("\n");
    }
    print_error("Nothing was written.\n");
    Outcome::Findings
}

/// The proof of the template; Bicep is proved by what it builds.
fn prove(
    analysis: &Analysis,
    template: &Template,
    format: emit::Format,
) -> Result<Proved, Outcome> {
    let text = match format {
        emit::Format::Arm => emit::render(template, format),
        emit::Format::Bicep => emit::built(template),
    };
    let proof = prove_template(analysis, &text);
    let proof = proof.map_err(|disproof| unwritten(&report::disproof(&disproof.objections)))?;
    Ok(proof.proved)
}

/// The lists of gates, each proved, and what that shows beside the template.
fn proved_lists(
    analysis: &Analysis,
    gates: Vec<Gate>,
    format: ListFormat,
    tags: Option<&ServiceTags>,
    proved: &mut Proved,
) -> Result<Vec<(Gate, Vec<File>)>, Outcome> {
    let mut lists = Vec::new();
    for gate in gates {
        let (files, shown) = lists::proved_files(analysis, &gate, format, tags)
            .map_err(|message| unwritten(&message))?;
        if let Some(shown) = shown {
            *proved = shown;
        }
        lists.push((gate, files));
    }
    Ok(lists)
}
