//! The state of one expansion: findings, bounds, and what was already parsed.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::base::{FileId, SourceMap, Span};
use crate::diag::{Finding, Id, Severity};
use crate::import::arm::expression::{self, Expression};
use crate::import::json::{Document, Json, Kind};
use crate::import::{Data, Symbol, Value, Why};

use super::ExpandOptions;
use super::counts::Counts;
use super::links::Shelf;
use super::resources::Handle;
use super::scope::ScopeRef;

/// How deep evaluation goes: values, expressions and what they name, one in another. Azure's own templates stay far below.
const MAX_DEPTH: u32 = 160;

/// How many values one file may take to evaluate.
const MAX_STEPS: u32 = 5_000_000;

/// What is wrong with an expression.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// Azure refuses it.
    Wrong {
        message: String,
        span: Span,
        help: Option<String>,
    },
    /// This program does not know it.
    NotUnderstood { message: String, span: Span },
    /// A bound was hit; that was said.
    TooLarge,
}

impl Fault {
    /// Azure refuses it.
    pub(super) fn wrong(message: impl Into<String>, span: Span) -> Self {
        Self::Wrong {
            message: message.into(),
            span,
            help: None,
        }
    }
}

/// An expression that was parsed.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) result: Result<Expression, (String, Span)>,
    pub(super) site: Site,
}

/// Where an expression is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    /// The content of the string, with the brackets.
    pub(super) content: Span,
    /// Without escapes, offsets in the text are offsets in the file.
    plain: bool,
}

impl Site {
    fn of(json: Json<'_>) -> Self {
        Self {
            content: json.content_span(),
            plain: json.kind() == Kind::String,
        }
    }

    /// The place of so many bytes at an offset in the expression.
    pub(super) fn span(self, offset: u32, length: usize) -> Span {
        if !self.plain {
            return self.content;
        }
        let start = (self.content.start + 1 + offset).min(self.content.end);
        let length = u32::try_from(length).unwrap_or(0);
        Span {
            start,
            end: (start + length).min(self.content.end),
            ..self.content
        }
    }
}

/// The state of one expansion.
pub(super) struct Machine<'r, 'd> {
    pub(super) sources: &'r mut SourceMap,
    pub(super) options: &'r ExpandOptions<'r>,
    pub(super) shelf: &'d Shelf,
    pub(super) findings: Vec<Finding>,
    pub(super) counts: Counts,
    /// All deployments, the root first.
    pub(super) scopes: Vec<ScopeRef<'d>>,
    /// Linked files that were read, by their paths; those that are not there too.
    pub(super) linked: FxHashMap<String, Option<&'d Document>>,
    /// Whether a wanted resource is being evaluated.
    pub(super) network: bool,
    /// The resource that is being evaluated.
    pub(super) resource: Option<Span>,
    /// How many conditions that are not known lie around: what is wrong there may never be reached.
    pub(super) doubts: u32,
    /// How many things lie around that are never deployed: what is wrong there does not matter.
    pub(super) silence: u32,
    /// The properties that are being read.
    pub(super) following: Vec<(Handle, SmolStr)>,
    /// All resources by type and key, once asked for.
    pub(super) index: FxHashMap<SmolStr, Rc<FxHashMap<SmolStr, Vec<Handle>>>>,
    /// Whether all deployments were entered, so that all resources are known.
    pub(super) all_entered: bool,
    reported: FxHashSet<(Id, Span)>,
    parsed: FxHashMap<(FileId, usize), Rc<Parsed>>,
    counted: FxHashSet<(FileId, usize, Relevance)>,
    depth: u32,
    steps: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Relevance {
    Any,
    Network,
}

impl<'r, 'd> Machine<'r, 'd> {
    pub(super) fn new(
        sources: &'r mut SourceMap,
        options: &'r ExpandOptions<'r>,
        shelf: &'d Shelf,
    ) -> Self {
        Self {
            sources,
            options,
            shelf,
            findings: Vec::new(),
            counts: Counts::default(),
            scopes: Vec::new(),
            linked: FxHashMap::default(),
            network: false,
            resource: None,
            doubts: 0,
            silence: 0,
            following: Vec::new(),
            index: FxHashMap::default(),
            all_entered: false,
            reported: FxHashSet::default(),
            parsed: FxHashMap::default(),
            counted: FxHashSet::default(),
            depth: 0,
            steps: 0,
        }
    }

    /// Adds a finding, unless there is one with this id at this place.
    pub(super) fn report(&mut self, finding: Finding) {
        let place = finding.places().next();
        if place.is_none_or(|span| self.reported.insert((finding.id, span))) {
            self.findings.push(finding);
        }
    }

    /// Says what is wrong with an expression.
    pub(super) fn report_fault(&mut self, fault: Fault) {
        if self.silence > 0 {
            return;
        }
        match fault {
            Fault::Wrong {
                message,
                span,
                help,
            } => self.report_wrong(message, span, help),
            Fault::NotUnderstood { message, span } => {
                self.report(Finding::new(Id::TG0028, message).at(span, "not understood"));
            }
            Fault::TooLarge => {}
        }
    }

    /// Says that Azure refuses something; only maybe, where a condition is not known.
    pub(super) fn report_wrong(&mut self, message: String, span: Span, help: Option<String>) {
        if self.silence > 0 {
            return;
        }
        let finding = Finding::new(Id::TG0027, message)
            .at(span, "here")
            .maybe_help(help)
            .azure("InvalidTemplate", None);
        let finding = if self.doubts > 0 {
            finding.severity(Severity::Warning).assumed()
        } else {
            finding
        };
        self.report(finding);
    }

    /// Says that a bound was hit.
    pub(super) fn report_too_large(&mut self, message: impl Into<String>, span: Span) {
        self.report(Finding::new(Id::TG0029, message).at(span, "cut off here"));
    }

    /// Evaluates one level deeper, unless that is too deep or takes too long.
    pub(super) fn deeper<T>(
        &mut self,
        span: Span,
        evaluate: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        self.steps = self.steps.saturating_add(1);
        if self.steps > MAX_STEPS {
            if self.steps == MAX_STEPS + 1 {
                self.report_too_large("the template takes too many steps to expand", span);
            }
            return None;
        }
        if self.depth >= MAX_DEPTH {
            self.report_too_large("values and expressions lie too deep in one another", span);
            return None;
        }
        self.depth += 1;
        let result = evaluate(self);
        self.depth -= 1;
        Some(result)
    }

    /// Whether the steps are used up.
    pub(super) fn exhausted(&self) -> bool {
        self.steps > MAX_STEPS
    }

    /// Counts steps that were made at once.
    pub(super) fn spend(&mut self, steps: usize) {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.steps = self.steps.saturating_add(steps).min(MAX_STEPS + 2);
    }

    /// Parses the expression of a string, once.
    pub(super) fn parse(&mut self, json: Json<'d>, text: &str) -> Rc<Parsed> {
        let key = (json.document().file(), json.index());
        if let Some(parsed) = self.parsed.get(&key) {
            return Rc::clone(parsed);
        }
        let site = Site::of(json);
        let inner = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text);
        let result = expression::parse(inner).map_err(|error| {
            let offset = u32::try_from(error.offset).unwrap_or(0);
            let span = site.span(offset, 1);
            let (start, end) = (span.start as usize, span.end as usize);
            let span = self.sources.span(span.file, start, end);
            (error.message, span)
        });
        let parsed = Rc::new(Parsed { result, site });
        self.parsed.insert(key, Rc::clone(&parsed));
        parsed
    }

    /// Counts an expression with what it gave, once.
    pub(super) fn count(&mut self, json: Json<'d>, value: &Value) {
        let (file, at) = (json.document().file(), json.index());
        if self.counted.insert((file, at, Relevance::Any)) {
            self.counts.all.add(value);
        }
        if self.network && self.counted.insert((file, at, Relevance::Network)) {
            self.counts.network.add(value);
        }
    }

    /// A value that is not known, by its expression.
    pub(super) fn unknown(text: impl Into<SmolStr>, why: Why, span: Span) -> Value {
        Value::new(Data::Unknown(Symbol::new(text, why)), span)
    }

    /// What stands for a value that would be too large.
    pub(super) fn too_large(span: Span) -> Value {
        Self::unknown("too large", Why::TooLarge, span)
    }

    /// A symbol as a value.
    pub(super) fn symbol(symbol: &Arc<Symbol>, span: Span) -> Value {
        Value::new(Data::Unknown(Arc::clone(symbol)), span)
    }
}
