//! What a finding says beside its message, in words.

use crate::base::SourceMap;
use crate::diag::{Edit, Finding, Fix};

/// A line below a message.
pub(super) enum Advice {
    /// What to do.
    Help(String),
    /// What Azure would say.
    Azure(String),
}

impl Advice {
    /// The line.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Help(text) | Self::Azure(text) => text,
        }
    }
}

/// Everything that a finding says beside its message: Azure's answer, help, repairs.
pub(super) fn advice(finding: &Finding, sources: &SourceMap) -> Vec<Advice> {
    let mut lines: Vec<Advice> = azure_answer(finding)
        .map(Advice::Azure)
        .into_iter()
        .collect();
    lines.extend(finding.help.iter().cloned().map(Advice::Help));
    let fixes = finding.fixes.iter();
    lines.extend(fixes.map(|fix| Advice::Help(describe(fix, sources))));
    lines
}

/// What Azure would answer, when it would answer something.
pub(super) fn azure_answer(finding: &Finding) -> Option<String> {
    let azure = finding.azure_error.as_ref()?;
    Some(match &azure.message {
        Some(message) => format!("Azure answers {}: {message}", azure.code),
        None => format!("Azure answers {}", azure.code),
    })
}

/// A repair in words: what to write where.
pub(super) fn describe(fix: &Fix, sources: &SourceMap) -> String {
    let edit = |edit: &Edit| {
        let written = sources.text(edit.span);
        let text = edit.text.trim();
        match (written.is_empty(), text.is_empty()) {
            (true, _) => format!("add `{text}` at {}", sources.describe(edit.span)),
            (false, true) => format!("remove `{written}`"),
            (false, false) => format!(
                "write `{text}` for `{written}` at {}",
                sources.describe(edit.span)
            ),
        }
    };
    let edits: Vec<String> = fix.edits.iter().map(edit).collect();
    format!("fix: {}: {}", fix.title, edits.join(", "))
}

/// A message as a sentence: a capital first and a full stop last.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut characters = text.chars();
    let mut out: String = match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => return String::new(),
    };
    if !out.ends_with(['.', '!', '?', ':']) {
        out.push('.');
    }
    out
}

/// A number and what it counts.
pub(in crate::report) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn messages_become_sentences() {
        assert_eq!(
            sentence("route `a` leads nowhere"),
            "Route `a` leads nowhere."
        );
        assert_eq!(sentence("`a` is unknown"), "`a` is unknown.");
        assert_eq!(sentence("ärger?"), "Ärger?");
        assert_eq!(sentence(" "), "");
    }
}
