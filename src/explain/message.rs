//! From Azure's message to the causes that fit.

use crate::azure::Cause;
use crate::azure::facts::{ErrorFact, Facts, ProvisioningStep};

/// What a message of Azure tells.
#[derive(Debug, Clone)]
pub struct Decoded<'f> {
    /// The errors it names: by code, by exit code, by words.
    pub errors: Vec<&'f ErrorFact>,
    /// The exit code of the node's script, where it has one.
    pub exit: Option<u16>,
    /// The steps of a node that end with that exit code.
    pub steps: Vec<&'f ProvisioningStep>,
    /// The causes that fit, the likeliest first.
    pub causes: Vec<Cause>,
}

/// Reads a message of Azure: error codes old and new, exit codes, and the words of known messages.
#[must_use]
pub fn decode<'f>(facts: &'f Facts, message: &str) -> Decoded<'f> {
    let exit = exit_code(message);
    let mut errors: Vec<&ErrorFact> = Vec::new();
    let mut add = |error: &'f ErrorFact| {
        if !errors.iter().any(|known| known.code == error.code) {
            errors.push(error);
        }
    };
    for word in message.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
        if word.len() > 5
            && let Some(error) = facts.error(word)
        {
            add(error);
        }
    }
    if let Some(error) = exit.and_then(|exit| facts.error_of_exit_code(exit)) {
        add(error);
    }
    for error in facts.errors() {
        if error.words_occur_in(message) {
            add(error);
        }
    }
    let steps: Vec<&ProvisioningStep> = facts
        .node_provisioning()
        .iter()
        .filter(|step| {
            let by_exit = exit.is_some_and(|exit| step.exits.contains(&exit));
            let by_error = errors.iter().any(|error| {
                error
                    .exit_code
                    .is_some_and(|exit| step.exits.contains(&exit))
            });
            by_exit || by_error
        })
        .collect();
    let mut causes: Vec<Cause> = Vec::new();
    let slugs = errors
        .iter()
        .flat_map(|error| error.causes.iter())
        .chain(steps.iter().flat_map(|step| step.causes.iter()));
    for cause in slugs.filter_map(|slug| Cause::from_slug(slug)) {
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    Decoded {
        errors,
        exit,
        steps,
        causes,
    }
}

/// The exit code in a message such as `exit status=50`, `ExitCode: 51` or `vmssCSE exit status 52`.
fn exit_code(message: &str) -> Option<u16> {
    let lower = message.to_ascii_lowercase();
    let at = ["exit status", "exitcode", "exit code", "exit_code"]
        .into_iter()
        .filter_map(|words| lower.find(words).map(|at| at + words.len()))
        .min()?;
    let rest = lower.get(at..)?;
    let digits: String = rest
        .chars()
        .skip_while(|c| !c.is_ascii_digit() && !c.is_alphabetic())
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_found_in_every_spelling() {
        for (message, expected) in [
            ("VM has reported a failure … exit status=50", Some(50)),
            (
                "Enable failed: failed to execute command: command terminated with exit status=51",
                Some(51),
            ),
            (r#"{ "ExitCode": "52", "Output": "" }"#, Some(52)),
            ("vmssCSE exit code: 53", Some(53)),
            ("exit status unknown", None),
            ("nothing of the kind", None),
        ] {
            assert_eq!(exit_code(message), expected, "{message}");
        }
    }
}
