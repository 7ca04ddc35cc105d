//! Declared names, and references to them.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::base::{Span, did_you_mean_help};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Id, Ref};
use crate::syntax::tree::Word;

/// The declared names of one kind of thing. Azure compares names without regard to case.
#[derive(Debug)]
pub(super) struct Names<T> {
    /// The kind, as the language calls it.
    kind: &'static str,
    names: BTreeMap<SmolStr, Declared<T>>,
}

#[derive(Debug)]
struct Declared<T> {
    id: Id<T>,
    span: Span,
    /// As it was written.
    name: SmolStr,
}

impl<T> Names<T> {
    pub(super) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            names: BTreeMap::new(),
        }
    }

    /// Enters a name, unless it is there already: then the finding says where.
    pub(super) fn declare(
        &mut self,
        name: &Word,
        make: impl FnOnce() -> Id<T>,
    ) -> Result<Id<T>, Finding> {
        let key = key(&name.value);
        if let Some(first) = self.names.get(&key) {
            let kind = self.kind;
            return Err(Finding::new(
                FindingId::TG0007,
                format!("{kind} `{}` is declared twice", name.value),
            )
            .at(name.span, "declared again here")
            .related(first.span, "declared first here"));
        }
        let id = make();
        self.names.insert(
            key,
            Declared {
                id,
                span: name.span,
                name: name.value.clone(),
            },
        );
        Ok(id)
    }

    pub(super) fn get(&self, name: &str) -> Option<Id<T>> {
        self.names.get(&key(name)).map(|declared| declared.id)
    }

    /// What a name refers to. A name of nothing gives a reference without target, and a finding.
    pub(super) fn resolve(&self, name: &Word) -> (Ref<T>, Option<Finding>) {
        let id = self.get(&name.value);
        let reference = Ref {
            id,
            name: name.value.clone(),
            origin: name.span.into(),
        };
        let finding = id.is_none().then(|| self.unknown(name));
        (reference, finding)
    }

    fn unknown(&self, name: &Word) -> Finding {
        let kind = self.kind;
        let help = did_you_mean_help(&name.value, self.written());
        let declare = help.is_none().then(|| match self.names.len() {
            0 => format!("the policy declares no {kind}"),
            _ => format!(
                "declared are: {}",
                self.written().collect::<Vec<_>>().join(", ")
            ),
        });
        Finding::new(
            FindingId::TG0008,
            format!("there is no {kind} `{}`", name.value),
        )
        .at(name.span, "refers to nothing")
        .maybe_help(help)
        .maybe_help(declare)
    }

    /// The names as they were written, in alphabetical order.
    pub(super) fn written(&self) -> impl Iterator<Item = &str> {
        self.names.values().map(|declared| declared.name.as_str())
    }
}

fn key(name: &str) -> SmolStr {
    SmolStr::from(name.to_ascii_lowercase())
}
