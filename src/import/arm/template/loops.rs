//! `copy`: how often, and what each round gives.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::base::Span;
use crate::import::json::Json;
use crate::import::{Data, Symbol, Value, Why};

use super::machine::Machine;
use super::scope::{Binding, Context, Index, LoopKind};

/// How many rounds a loop takes. Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/copy-resources.md
/// ("The count can't exceed 800").
const MAX_ROUNDS: i64 = 800;

/// How often a loop runs.
pub(super) enum Rounds {
    /// So often.
    Known(i64),
    /// More often than is taken.
    Cut(Arc<Symbol>),
    /// That is not known.
    Any(Arc<Symbol>),
}

impl<'d> Machine<'_, 'd> {
    /// How often a loop runs.
    pub(super) fn rounds(&mut self, copy: Json<'d>, context: &Context<'d>) -> Rounds {
        let Some(count) = copy.get("count") else {
            let message = "`copy` has no `count`".to_owned();
            self.report_wrong(message, copy.span(), None);
            return Rounds::Any(Symbol::new("copy.count", Why::Wrong));
        };
        let value = self.value(count, context);
        match value.known_int() {
            Some(rounds) if rounds > MAX_ROUNDS => {
                let message = format!("a loop runs {rounds} times, more than {MAX_ROUNDS}");
                self.report_too_large(message, count.content_span());
                Rounds::Cut(Symbol::new("too large", Why::TooLarge))
            }
            Some(rounds) if rounds < 0 => {
                let message = format!("a loop cannot run {rounds} times");
                self.report_wrong(message, count.content_span(), None);
                Rounds::Known(0)
            }
            Some(rounds) => Rounds::Known(rounds),
            None => match value.unknown() {
                Some(symbol) => Rounds::Any(Arc::clone(symbol)),
                None => {
                    let message = "the `count` of a loop is a whole number".to_owned();
                    self.report_wrong(message, count.content_span(), None);
                    Rounds::Any(Symbol::new("copy.count", Why::Wrong))
                }
            },
        }
    }

    /// The list that a loop over values makes.
    pub(super) fn repeated(
        &mut self,
        copy: Json<'d>,
        name: Option<&SmolStr>,
        context: &Context<'d>,
    ) -> Value {
        let span = copy.span();
        let Some(input) = copy.get("input") else {
            return Value::new(Data::Array(Arc::new([])), span);
        };
        let round = |machine: &mut Self, index: Index| {
            let binding = Binding::Loop {
                name: name.cloned(),
                index,
                of: LoopKind::Value,
            };
            machine.value(input, &context.with(binding))
        };
        let rounds = self.rounds(copy, context);
        let (last, rest) = match &rounds {
            Rounds::Known(rounds) => (*rounds, None),
            Rounds::Cut(symbol) => (MAX_ROUNDS, Some(symbol)),
            Rounds::Any(symbol) => (0, Some(symbol)),
        };
        let mut items = Vec::new();
        for index in 0..last {
            if self.exhausted() {
                return Self::too_large(span);
            }
            items.push(round(self, Index::Known(index)));
        }
        let Some(rest) = rest else {
            return Value::new(Data::Array(items.into()), span);
        };
        let rest = rest_of(rest, name, span);
        // Functions would count the elements; only a property may show one and say that there are more.
        if self.resource.is_none() {
            return rest;
        }
        if let Rounds::Any(symbol) = &rounds {
            items.push(round(self, any_round(name, symbol)));
        }
        items.push(rest);
        Value::new(Data::Array(items.into()), span)
    }
}

/// What more a loop gives.
fn rest_of(symbol: &Symbol, name: Option<&SmolStr>, span: Span) -> Value {
    let name = name.map_or("copy", SmolStr::as_str);
    let text = format!("{name}[0..{}]", symbol.text);
    Machine::unknown(text, symbol.why.clone(), span)
}

/// The index of a loop that runs an unknown number of times.
pub(super) fn any_round(name: Option<&SmolStr>, count: &Symbol) -> Index {
    let text = match name {
        Some(name) => format!("copyIndex('{name}')"),
        None => "copyIndex()".to_owned(),
    };
    Index::Any(Symbol::new(text, count.why.clone()))
}

/// The rounds of a loop over resources: the index of each, and the symbol on which its being there depends.
pub(super) fn indices(
    rounds: &Rounds,
    name: Option<&SmolStr>,
) -> Vec<(Index, Option<Arc<Symbol>>)> {
    let known = |last: i64| (0..last).map(|index| (Index::Known(index), None));
    match rounds {
        Rounds::Known(last) => known(*last).collect(),
        Rounds::Cut(_) => known(MAX_ROUNDS).collect(),
        Rounds::Any(symbol) => vec![(any_round(name, symbol), Some(Arc::clone(symbol)))],
    }
}
