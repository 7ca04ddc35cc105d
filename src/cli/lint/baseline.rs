//! A baseline: the findings of an old network that are accepted for now, so that new ones stand out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::SourceMap;
use crate::diag::Finding;
use crate::report::{Accepted, AcceptedBy, fingerprints};

/// The version of the file's shape.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    findings: Vec<Entry>,
}

/// An accepted finding. The fingerprint counts; the rest is for people who review the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fingerprint: String,
    id: String,
    path: String,
    message: String,
}

/// The accepted findings by their fingerprints.
#[derive(Debug, Default)]
pub(super) struct Baseline {
    messages: BTreeMap<String, String>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// One message about what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if file.version != VERSION {
            return Err(format!(
                "version {} of the baseline is not known; write it again with --write-baseline",
                file.version
            ));
        }
        let entries = file.findings.into_iter();
        Ok(Self {
            messages: entries
                .map(|entry| (entry.fingerprint, format!("{} {}", entry.id, entry.message)))
                .collect(),
        })
    }

    /// Takes the accepted findings out, and tells which entries fit none any more.
    pub(super) fn apply(
        mut self,
        findings: &mut Vec<Finding>,
        sources: &SourceMap,
    ) -> (Vec<Accepted>, Vec<String>) {
        let prints = fingerprints(findings.iter(), sources);
        let mut accepted = Vec::new();
        let mut prints = prints.into_iter();
        findings.retain(|finding| {
            let known = prints
                .next()
                .and_then(|print| self.messages.remove(&print))
                .is_some();
            if known {
                accepted.push(Accepted {
                    finding: finding.clone(),
                    by: AcceptedBy::Outside,
                    reason: Some("part of the baseline".to_owned()),
                });
            }
            !known
        });
        (accepted, self.messages.into_values().collect())
    }
}

/// The baseline that accepts all of these findings.
pub(super) fn text_of(findings: &[Finding], sources: &SourceMap) -> String {
    let prints = fingerprints(findings.iter(), sources);
    let entry = |(finding, fingerprint): (&Finding, String)| Entry {
        fingerprint,
        id: finding.id.code().to_owned(),
        path: finding
            .primary
            .as_ref()
            .and_then(|label| sources.get(label.span.file))
            .map(|file| file.path().as_str().replace('\\', "/"))
            .unwrap_or_default(),
        message: finding.message.clone(),
    };
    let file = File {
        version: VERSION,
        findings: findings.iter().zip(prints).map(entry).collect(),
    };
    // Every key is a text, so this cannot fail.
    let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Id;

    #[test]
    fn what_is_accepted_is_taken_out_once() {
        let mut sources = SourceMap::default();
        let file = sources.add("a.json", "{\"a\": 1, \"b\": 2}".to_owned());
        let at = |start: usize| sources.span(file, start, start + 3);
        let old = Finding::new(Id::TG1002, "old").at(at(1), "");
        let new = Finding::new(Id::TG1002, "new").at(at(9), "");
        let text = text_of(std::slice::from_ref(&old), &sources);
        let baseline = Baseline::parse(&text).unwrap();
        let mut findings = vec![old.clone(), old.clone(), new];
        let (accepted, stale) = baseline.apply(&mut findings, &sources);
        assert_eq!((accepted.len(), stale.len(), findings.len()), (1, 0, 2));
        let (_, stale) = Baseline::parse(&text)
            .unwrap()
            .apply(&mut Vec::new(), &sources);
        assert_eq!(stale, ["TG1002 old"]);
    }

    #[test]
    fn a_foreign_file_is_refused() {
        assert!(Baseline::parse("{}").is_err());
        assert!(
            Baseline::parse("{\"version\": 9, \"findings\": []}")
                .unwrap_err()
                .contains("version 9")
        );
    }
}
