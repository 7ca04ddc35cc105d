//! The documentation of ids as SARIF's reporting descriptors.

use crate::diag::{Id, Severity};

use super::super::documentation::{family, markdown, name, page, precision, summary};
use super::super::words::sentence;
use super::model::{Configuration, MarkdownText, RuleObject, RuleProperties, Text};

/// How many characters GitHub takes of a description.
const DESCRIPTION: usize = 1_024;

pub(super) fn rule(id: Id) -> RuleObject {
    let title = sentence(id.title());
    let doc = markdown(id);
    RuleObject {
        id: id.code(),
        name: name(id),
        full_description: Text {
            text: summary(id, DESCRIPTION),
        },
        help: MarkdownText {
            text: format!("{title}\n\n{doc}"),
            markdown: format!("**{id}: {title}**\n\n{doc}"),
        },
        short_description: Text { text: title },
        help_uri: page(id),
        default_configuration: Configuration {
            level: id.severity().keyword(),
        },
        properties: RuleProperties {
            tags: tags(id),
            precision: precision(id),
            problem_severity: match id.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "recommendation",
            },
            security_severity: id
                .security_severity()
                .map(|severity| format!("{severity:.1}")),
        },
    }
}

/// GitHub reads the severity only of rules with the tag `security`.
fn tags(id: Id) -> Vec<&'static str> {
    let security = id.security_severity().map(|_| "security");
    let always = ["azure", "egress", family(id)];
    security.into_iter().chain(always).collect()
}
