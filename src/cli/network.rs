//! A network as somebody names it: a policy, templates and exports, or either in a revision of git.

use camino::{Utf8Path, Utf8PathBuf};
use ignore::overrides::Override;

use crate::diag::{Finding, Severity};
use crate::report;

use super::arguments::{ColorChoice, DeploymentOptions};
use super::estates::read_network_telling;
use super::lint::collect::collect;
use super::output::{Disk, color, findings_text, print_error, refuse};
use super::pipeline::{Analysis, analyse};
use super::revision::Given;
use super::{Options, Outcome};

/// Reads what somebody named as a network. What is wrong with templates and exports is told, and does not stop the answer.
///
/// # Errors
/// When it cannot be read, or is a policy with mistakes; that is told already.
pub(super) fn read(
    written: &Utf8Path,
    deployment: &DeploymentOptions,
    colors: ColorChoice,
    settings: &Options,
) -> Result<Analysis, Outcome> {
    let given = Given::of(written).map_err(|message| refuse(&message))?;
    let refuse_given = |message: &str| refuse(&given.named(message));
    let policy = policy_at(&given.path).map_err(|message| refuse_given(&message))?;
    if let Some(policy) = policy {
        let mut analysis = analyse(&policy, &Disk, settings)
            .map_err(|error| refuse_given(&format!("cannot read {policy}: {error}")))?;
        given.name(&mut analysis.sources);
        if analysis.rules_skipped {
            let text = findings_text(&analysis, color(colors));
            print_error(&given.named(&text));
            return Err(Outcome::Unusable);
        }
        return Ok(analysis);
    }
    let paths = [given.path.clone()];
    let tell = |text: &str| print_error(&given.named(text));
    let mut network = read_network_telling(&paths, given.kept(), deployment, settings, &tell)
        .map_err(|message| refuse_given(&message))?;
    given.name(&mut network.sources);
    tell(&wrong_with(&network));
    Ok(network)
}

/// The policy that is meant: a file that is one, or the only one of a folder without anything else.
fn policy_at(path: &Utf8Path) -> Result<Option<Utf8PathBuf>, String> {
    let is_policy = |path: &Utf8Path| {
        let extension = path.extension();
        extension.is_some_and(|extension| extension.eq_ignore_ascii_case("egress"))
    };
    if !path.is_dir() {
        return Ok(is_policy(path).then(|| path.to_owned()));
    }
    let inputs = collect(&[path.to_owned()], &Override::empty())?;
    let (policies, others): (Vec<_>, Vec<_>) =
        inputs.into_iter().partition(|input| is_policy(&input.path));
    match policies.as_slice() {
        [policy] if others.is_empty() => Ok(Some(policy.path.clone())),
        [_, _, ..] if others.is_empty() => Err(format!(
            "there are {} policies in {path}, each of which is a network: name one",
            policies.len()
        )),
        _ => Ok(None),
    }
}

/// What is wrong with the files of a network.
pub(super) fn wrong_with(network: &Analysis) -> String {
    let findings = network.findings.iter();
    let wrong: Vec<Finding> = findings
        .filter(|finding| finding.severity >= Severity::Error)
        .cloned()
        .collect();
    report::concise(&wrong, &network.sources)
}
