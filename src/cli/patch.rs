//! Changes of a network as files: `patch.json`, a template of the changed resources, and `patch.egress`, the difference
//! as a policy.

use camino::Utf8Path;

use crate::azure::facts::Facts;
use crate::base::SourceMap;
use crate::emit::egress::policy_text;
use crate::emit::{self, Template};
use crate::estate::Estate;
use crate::intent::Intent;

use super::Outcome;
use super::output::{print_error, refuse, write_file};
use super::pipeline::Analysis;

/// Writes what differs between a network and a changed copy of it into a folder.
///
/// # Errors
/// When a file cannot be written; that is told already.
pub(super) fn write_patch(
    folder: &Utf8Path,
    network: &Analysis,
    changed: Option<&Estate>,
) -> Result<(), Outcome> {
    let Some(changed) = changed else {
        print_error("there is no change to write\n");
        return Ok(());
    };
    let files = [
        (
            "patch.json",
            changed_resources(&network.estate, changed, &network.sources),
        ),
        ("patch.egress", difference(&network.estate, changed)),
    ];
    for condition in &network.estate.gaps.conditions {
        let place = network.sources.describe(condition.resource);
        print_error(&format!(
            "note: {place} is deployed only if {}; what is written says nothing of that\n",
            condition.text
        ));
    }
    for (name, text) in files {
        let path = folder.join(name);
        write_file(&path, &text).map_err(|message| refuse(&message))?;
        print_error(&format!("{path} is written\n"));
    }
    Ok(())
}

/// A template of the resources that differ.
fn changed_resources(before: &Estate, after: &Estate, sources: &SourceMap) -> String {
    let facts = Facts::builtin();
    let known = emit::template(before, facts, sources);
    let mut template = emit::template(after, facts, sources);
    let text = |resource: &emit::Resource| {
        let alone = Template {
            resources: vec![resource.clone()],
            ..Template::default()
        };
        emit::render(&alone, emit::Format::Arm)
    };
    let known: Vec<String> = known.resources.iter().map(text).collect();
    template
        .resources
        .retain(|resource| !known.contains(&text(resource)));
    template.outputs.clear();
    emit::render(&template, emit::Format::Arm)
}

/// What differs between two networks, as policies.
fn difference(before: &Estate, after: &Estate) -> String {
    let nothing = Intent::default();
    let (before, after) = (policy_text(before, &nothing), policy_text(after, &nothing));
    let difference = similar::TextDiff::from_lines(&before.text, &after.text);
    let mut unified = difference.unified_diff();
    unified
        .context_radius(3)
        .header("network", "changed")
        .to_string()
}
