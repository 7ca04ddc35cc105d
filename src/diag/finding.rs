//! One finding.

use std::fmt;

use crate::base::{Origin, Span};

use super::{Change, Id, Proposal};

/// How bad it is. `Error` only for what is provably wrong or refused by Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably wrong, or it will be.
    Warning,
    /// Wrong, or refused by Azure.
    Error,
}

impl Severity {
    /// The word shown and written in JSON.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())
    }
}

/// How sure the tool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Confidence {
    /// It rests on an assumption that the message names.
    Assumed,
    /// It follows from what was read.
    #[default]
    Certain,
}

impl Confidence {
    /// The word written in JSON.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Assumed => "assumed",
            Self::Certain => "certain",
        }
    }
}

/// A place and what it has to do with the finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there, without a final full stop.
    pub text: String,
}

/// What Azure itself would answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AzureError {
    /// The error code, such as `RouteTableInvalidNextHop`.
    pub code: String,
    /// Azure's message as far as it is known, with this estate's names filled in.
    pub message: Option<String>,
}

/// One change of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What to replace; an empty span inserts.
    pub span: Span,
    /// With what.
    pub text: String,
}

/// Whether a fix can be applied without a human looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// It changes nothing but the fault.
    Safe,
    /// It needs a look: it changes what is reachable.
    Unsafe,
}

/// A repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an instruction.
    pub title: String,
    /// May it be applied unseen?
    pub safety: Safety,
    /// The changes, none overlapping.
    pub edits: Vec<Edit>,
}

/// Something to tell a user.
///
/// Messages start in lower case, end without a full stop and quote the user's words in backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which rule or message.
    pub id: Id,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// One sentence.
    pub message: String,
    /// The place first of all; `None` when there is none, as for an unreadable file named on the command line.
    pub primary: Option<Label>,
    /// Other places involved.
    pub related: Vec<Label>,
    /// The way of a flow from place to place, where the finding is about one; empty else.
    pub path: Vec<Label>,
    /// What to do about it, a line each.
    pub help: Vec<String>,
    /// What Azure would say, when it would say something.
    pub azure_error: Option<AzureError>,
    /// Repairs as edits.
    pub fixes: Vec<Fix>,
    /// Repairs of resources that no policy states; what the resources were read from makes edits of them.
    pub proposals: Vec<Proposal>,
}

impl Finding {
    /// A finding with the usual severity of its id and no place yet.
    pub fn new(id: Id, message: impl Into<String>) -> Self {
        Self {
            id,
            severity: id.severity(),
            confidence: Confidence::Certain,
            message: message.into(),
            primary: None,
            related: Vec::new(),
            path: Vec::new(),
            help: Vec::new(),
            azure_error: None,
            fixes: Vec::new(),
            proposals: Vec::new(),
        }
    }

    /// Puts it at a place, with a few words about that place.
    #[must_use]
    pub fn at(mut self, place: impl Into<Origin>, text: impl Into<String>) -> Self {
        self.primary = place.into().span().map(|span| Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds another place involved. An origin without a place in the sources adds nothing.
    #[must_use]
    pub fn related(mut self, place: impl Into<Origin>, text: impl Into<String>) -> Self {
        if let Some(span) = place.into().span() {
            self.related.push(Label {
                span,
                text: text.into(),
            });
        }
        self
    }

    /// Adds the next place on the way of the flow that it is about. An origin without a place adds nothing.
    #[must_use]
    pub fn step(mut self, place: impl Into<Origin>, text: impl Into<String>) -> Self {
        if let Some(span) = place.into().span() {
            self.path.push(Label {
                span,
                text: text.into(),
            });
        }
        self
    }

    /// Adds a line of help.
    #[must_use]
    pub fn help(mut self, line: impl Into<String>) -> Self {
        self.help.push(line.into());
        self
    }

    /// Adds a line of help when there is one.
    #[must_use]
    pub fn maybe_help(mut self, line: Option<String>) -> Self {
        self.help.extend(line);
        self
    }

    /// Gives it another severity than its id usually has.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Says that it rests on an assumption.
    #[must_use]
    pub fn assumed(mut self) -> Self {
        self.confidence = Confidence::Assumed;
        self
    }

    /// Adds what Azure would answer.
    #[must_use]
    pub fn azure(mut self, code: impl Into<String>, message: Option<String>) -> Self {
        self.azure_error = Some(AzureError {
            code: code.into(),
            message,
        });
        self
    }

    /// Adds a repair.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, safety: Safety, edits: Vec<Edit>) -> Self {
        self.fixes.push(Fix {
            title: title.into(),
            safety,
            edits,
        });
        self
    }

    /// Adds a repair of resources that no policy states. Without a change it adds nothing.
    #[must_use]
    pub fn propose(
        mut self,
        title: impl Into<String>,
        safety: Safety,
        changes: impl IntoIterator<Item = Change>,
    ) -> Self {
        let changes: Vec<Change> = changes.into_iter().collect();
        if !changes.is_empty() {
            self.proposals.push(Proposal {
                title: title.into(),
                safety,
                changes,
            });
        }
        self
    }

    /// Whether a policy may accept it with a reason: not when what is deployed would lack a rule or be refused.
    #[must_use]
    pub fn can_be_ignored(&self) -> bool {
        self.severity != Severity::Error || self.id.can_be_accepted()
    }

    /// Every place it names, the primary one first.
    pub fn places(&self) -> impl Iterator<Item = Span> + '_ {
        self.primary
            .iter()
            .chain(&self.related)
            .map(|label| label.span)
    }
}

/// Sorts by place, then id, then words, so that output never depends on the order of checks, and drops repetitions.
pub fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| finding.primary.as_ref().map(|label| label.span);
        key(a)
            .cmp(&key(b))
            .then(a.id.cmp(&b.id))
            .then_with(|| a.message.cmp(&b.message))
    });
    findings.dedup();
}
