//! Parameters of a policy: `param NAME [= VALUE]`, used as `$NAME`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::base::{Origin, Span, did_you_mean_help};
use crate::diag::{Finding, Id};
use crate::estate::OpenParameter;
use crate::syntax::parse::Parsed;
use crate::syntax::tree::{Item, Word};

use super::unread::Unread;

/// What is given from outside, on the command line or in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Values of the policy's parameters.
    pub values: BTreeMap<SmolStr, SmolStr>,
    /// What exists by now of clusters that the policy was written for.
    pub bindings: Vec<Binding>,
}

/// The name or address of the API server of a pool, known once its cluster exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The pool; the only one when not given.
    pub pool: Option<SmolStr>,
    /// A domain name or an address.
    pub api_server: SmolStr,
}

impl Parameters {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// What a word stands for once its parameter is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    /// This text.
    Known(SmolStr),
    /// The value of this parameter, which only the deployment will tell.
    Open(SmolStr),
}

#[derive(Debug)]
struct Declared {
    span: Span,
    value: Option<SmolStr>,
    used: bool,
    left_open: Option<LeftOpen>,
}

/// How a template gets along with a parameter that nobody gave a value yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LeftOpen {
    /// What needs it is left out until there is a value.
    Optional,
    /// The deployment must give a value.
    Needed,
}

/// The parameters of a policy with their values.
#[derive(Debug)]
pub(super) struct ParameterTable {
    declared: BTreeMap<SmolStr, Declared>,
    unread: Unread,
}

impl ParameterTable {
    pub(super) fn read(files: &[Parsed], given: &Parameters, findings: &mut Vec<Finding>) -> Self {
        let mut table = Self {
            declared: BTreeMap::new(),
            unread: Unread::of(files),
        };
        for item in files.iter().flat_map(|file| &file.items) {
            let Item::Param { name, default } = item else {
                continue;
            };
            if !is_identifier(&name.value) {
                let message = format!("`{}` cannot be the name of a parameter", name.value);
                let help = "use letters, digits and underscores, and begin with a letter";
                findings.push(
                    Finding::new(Id::TG0004, message)
                        .at(name.span, "declared here")
                        .help(help),
                );
                table.unread.note(&name.value);
                continue;
            }
            if let Some(first) = table.declared.get(&name.value) {
                let message = format!("parameter `{}` is declared twice", name.value);
                findings.push(
                    Finding::new(Id::TG0007, message)
                        .at(name.span, "declared again here")
                        .related(first.span, "declared first here"),
                );
                continue;
            }
            let value = given
                .values
                .get(&name.value)
                .or(default.as_ref().map(|word| &word.value))
                .cloned();
            table.declared.insert(
                name.value.clone(),
                Declared {
                    span: name.span,
                    value,
                    used: false,
                    left_open: None,
                },
            );
        }
        for name in given
            .values
            .keys()
            .filter(|name| !table.declared.contains_key(*name))
        {
            let known: Vec<&str> = table.declared.keys().map(SmolStr::as_str).collect();
            let finding = Finding::new(Id::TG0014, format!("the policy has no parameter `{name}`"))
                .maybe_help(did_you_mean_help(name, known.iter().copied()))
                .help(format!("declare it with: param {name}"));
            findings.push(finding);
        }
        table
    }

    /// What a word stands for; `None`, and a finding, when it names a parameter that does not exist.
    pub(super) fn text(&mut self, word: &Word, findings: &mut Vec<Finding>) -> Option<Text> {
        let Some(name) = word.value.strip_prefix('$') else {
            return Some(Text::Known(word.value.clone()));
        };
        let Some(declared) = self.declared.get_mut(name) else {
            if self.unread.may_declare(&name.into()) {
                return None;
            }
            let known: Vec<&str> = self.declared.keys().map(SmolStr::as_str).collect();
            findings.push(
                Finding::new(Id::TG0014, format!("there is no parameter `{name}`"))
                    .at(word.span, "used here")
                    .maybe_help(did_you_mean_help(name, known.iter().copied()))
                    .help(format!("declare it with: param {name}")),
            );
            return None;
        };
        declared.used = true;
        Some(match &declared.value {
            Some(value) => Text::Known(value.clone()),
            None => Text::Open(SmolStr::from(name)),
        })
    }

    /// Notes that a parameter stays open at a place where it may.
    pub(super) fn leave_open(&mut self, name: &str, how: LeftOpen) {
        if let Some(declared) = self.declared.get_mut(name) {
            declared.left_open = declared.left_open.max(Some(how));
        }
    }

    /// The finding for a parameter left open where a value is needed now.
    pub(super) fn needs_value(&self, name: &str, word: &Word, what: &str) -> Finding {
        let finding = Finding::new(
            Id::TG0015,
            format!("parameter `{name}` has no value, but {what} must be known to compile"),
        )
        .at(word.span, "needed here")
        .help(format!(
            "give it one with --param {name}=VALUE, or in the policy: param {name} = VALUE"
        ));
        match self.declared.get(name) {
            Some(declared) => finding.related(declared.span, "declared without a value"),
            None => finding,
        }
    }

    /// The parameters that the template must have, and findings for those that nothing uses.
    pub(super) fn finish(self, findings: &mut Vec<Finding>) -> Vec<OpenParameter> {
        let mut open = Vec::new();
        for (name, declared) in self.declared {
            if !declared.used && self.unread.is_empty() {
                let message = format!("parameter `{name}` is never used");
                findings.push(
                    Finding::new(Id::TG0024, message)
                        .at(declared.span, "declared here")
                        .help(format!("use it as ${name}, or remove it")),
                );
            }
            if let Some(left_open) = declared.left_open {
                let optional = left_open == LeftOpen::Optional;
                let until = if optional {
                    " Leave empty until it exists."
                } else {
                    ""
                };
                open.push(OpenParameter {
                    description: format!("Value of `{name}` in the policy.{until}"),
                    name,
                    optional,
                    origin: Origin::Written(declared.span),
                });
            }
        }
        open
    }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
