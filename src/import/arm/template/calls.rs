//! Functions that need the template, or that do not evaluate all their arguments.

use std::sync::Arc;

use crate::base::Span;
use crate::import::arm::expression::{Expression, Node};
use crate::import::arm::functions;
use crate::import::{Data, Symbol, Value, Why};

use super::access::Step;
use super::machine::{Fault, Machine, Site};
use super::scope::{Context, Index};
use super::spelling::{spell, spell_call, symbolic_call};

/// A call: its name, its arguments, and where it is written.
#[derive(Clone, Copy)]
pub(super) struct Call<'e> {
    pub(super) name: &'e str,
    pub(super) arguments: &'e [Expression],
    pub(super) site: Site,
    /// The name.
    pub(super) place: Span,
}

impl Call<'_> {
    /// The value's place.
    pub(super) fn span(&self) -> Span {
        self.site.content
    }

    /// Says that the arguments are wrong.
    pub(super) fn wrong(&self, message: impl Into<String>) -> Fault {
        Fault::wrong(message, self.place)
    }
}

impl<'d> Machine<'_, 'd> {
    /// The value of a call.
    pub(super) fn call(
        &mut self,
        expression: &Expression,
        site: Site,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let Node::Call {
            namespace,
            name,
            arguments,
        } = &expression.node
        else {
            return Err(Fault::TooLarge);
        };
        let call = Call {
            name,
            arguments,
            site,
            place: site.span(expression.offset, name.len()),
        };
        if let Some(namespace) = namespace {
            return self.user_function(namespace, call, context);
        }
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "parameters" => self.parameter_call(call, context),
            "variables" => self.variable_call(call, context),
            "if" => self.choose(call, context),
            "and" => self.all(call, Neutral::True, context),
            "or" => self.all(call, Neutral::False, context),
            "coalesce" => self.coalesce(call, context),
            "copyindex" => self.copy_index(call, context),
            "lambdavariables" => self.lambda_variable(call, context),
            "map" | "filter" | "reduce" | "sort" | "groupby" | "toobject" | "mapvalues" => {
                self.lambda_call(&lower, call, context)
            }
            "references" => self.references(call, context),
            "resourceinfo" => self.resource_info(call, context),
            "resourceid" | "subscriptionresourceid" => self.id_call(&lower, call, context),
            "providers" | "pickzones" => self.opaque(call, context),
            _ => self.pure(&lower, call, context),
        }
    }

    /// All arguments.
    pub(super) fn arguments(
        &mut self,
        call: Call<'_>,
        context: &Context<'d>,
    ) -> Result<Vec<Value>, Fault> {
        let mut values = Vec::with_capacity(call.arguments.len());
        for argument in call.arguments {
            values.push(self.expression(argument, call.site, context)?);
        }
        Ok(values)
    }

    /// One argument.
    pub(super) fn argument(
        &mut self,
        call: Call<'_>,
        at: usize,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        match call.arguments.get(at) {
            Some(argument) => self.expression(argument, call.site, context),
            None => Err(call.wrong(format!("`{}` has too few arguments", call.name))),
        }
    }

    /// A function whose meaning is in its arguments.
    fn pure(&mut self, lower: &str, call: Call<'_>, context: &Context<'d>) -> Result<Value, Fault> {
        let values = self.arguments(call, context)?;
        if let Some(result) = Self::known_function(call, &values) {
            return result;
        }
        if lower.starts_with("list") {
            return Ok(run_time(call, &values));
        }
        Err(Fault::NotUnderstood {
            message: format!("the function `{}` is not known", call.name),
            span: call.place,
        })
    }

    /// A pure function with its arguments.
    pub(super) fn known_function(call: Call<'_>, values: &[Value]) -> Option<Result<Value, Fault>> {
        let result = functions::call(call.name, values, call.span())?;
        Some(result.map_err(|error| call.wrong(error.message)))
    }

    /// A function whose answer only Azure knows.
    fn opaque(&mut self, call: Call<'_>, context: &Context<'d>) -> Result<Value, Fault> {
        let values = self.arguments(call, context)?;
        Ok(run_time(call, &values))
    }

    /// `if`: only the branch that counts is evaluated. Where that is not known, equal branches still have a value.
    fn choose(&mut self, call: Call<'_>, context: &Context<'d>) -> Result<Value, Fault> {
        if call.arguments.len() != 3 {
            return Err(call.wrong("`if` takes a condition and two values"));
        }
        let condition = self.argument(call, 0, context)?;
        match condition.known_bool() {
            Some(true) => return self.argument(call, 1, context),
            Some(false) => return self.argument(call, 2, context),
            None => {}
        }
        let Some(because) = condition.unknown().cloned() else {
            return Err(call.wrong("the condition of `if` is a truth value"));
        };
        self.doubts += 1;
        let branches = [1, 2].map(|at| self.argument(call, at, context));
        self.doubts -= 1;
        match branches {
            [Ok(yes), Ok(no)] => {
                let values = [condition, yes, no];
                Self::known_function(call, &values).unwrap_or(Err(Fault::TooLarge))
            }
            // A branch that is wrong may be one that is never taken.
            [Err(Fault::TooLarge), _] | [_, Err(Fault::TooLarge)] => Err(Fault::TooLarge),
            _ => {
                let text = format!("if({}, …)", spell(&condition));
                Ok(Self::unknown(text, because.why.clone(), call.span()))
            }
        }
    }

    /// `and`, `or`: evaluated until the answer is known.
    fn all(
        &mut self,
        call: Call<'_>,
        neutral: Neutral,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let neutral = neutral == Neutral::True;
        let mut open: Vec<Value> = Vec::new();
        for at in 0..call.arguments.len() {
            let doubt = u32::from(!open.is_empty());
            self.doubts += doubt;
            let value = self.argument(call, at, context);
            self.doubts -= doubt;
            let value = value?;
            match value.known_bool() {
                Some(known) if known == neutral => {}
                Some(known) => return Ok(Value::new(Data::Bool(known), call.span())),
                None if value.unknown().is_some() => open.push(value),
                None => {
                    return Err(call.wrong(format!("`{}` takes truth values", call.name)));
                }
            }
        }
        Ok(match open.as_slice() {
            [] => Value::new(Data::Bool(neutral), call.span()),
            [only] => only.clone(),
            [first, ..] => {
                let because = first.unknown().cloned();
                let because = because.unwrap_or_else(|| Symbol::new("", Why::RunTime));
                let name = if neutral { "and" } else { "or" };
                Self::symbol(&symbolic_call(name, &open, &because), call.span())
            }
        })
    }

    /// `coalesce`: evaluated until something is not `null`.
    fn coalesce(&mut self, call: Call<'_>, context: &Context<'d>) -> Result<Value, Fault> {
        let mut open: Vec<Value> = Vec::new();
        for at in 0..call.arguments.len() {
            let value = self.argument(call, at, context)?;
            match &value.data {
                Data::Null => {}
                Data::Unknown(symbol) if !never_null(symbol) => open.push(value),
                _ => {
                    open.push(value);
                    break;
                }
            }
        }
        Ok(match open.as_slice() {
            [] => Value::new(Data::Null, call.span()),
            [only] => only.clone(),
            [first, ..] => {
                let because = first.unknown().cloned();
                let because = because.unwrap_or_else(|| Symbol::new("", Why::RunTime));
                Self::symbol(&symbolic_call("coalesce", &open, &because), call.span())
            }
        })
    }

    /// `copyIndex`: of the loop with a name or of the innermost one, plus an offset.
    fn copy_index(&mut self, call: Call<'_>, context: &Context<'d>) -> Result<Value, Fault> {
        let values = self.arguments(call, context)?;
        let mut name = None;
        let mut offset = 0;
        for value in &values {
            match &value.data {
                Data::Int(number) => offset = *number,
                Data::Text(text) => name = text.known(),
                Data::Unknown(symbol) => {
                    let text = spell_call("copyIndex", &values);
                    return Ok(Self::unknown(text, symbol.why.clone(), call.span()));
                }
                _ => return Err(call.wrong("`copyIndex` takes the name of a loop and a number")),
            }
        }
        match context.frame.index(name.map(|name| name.as_str())) {
            Some(Index::Known(index)) => {
                let data = Data::Int(index.saturating_add(offset));
                Ok(Value::new(data, call.span()))
            }
            Some(Index::Any(symbol)) if offset == 0 => Ok(Self::symbol(symbol, call.span())),
            Some(Index::Any(symbol)) => {
                let text = format!("add({}, {offset})", symbol.text);
                Ok(Self::unknown(text, symbol.why.clone(), call.span()))
            }
            None => Err(call.wrong(match name {
                Some(name) => format!("no loop `{name}` lies around `copyIndex`"),
                None => "no loop lies around `copyIndex`".to_owned(),
            })),
        }
    }

    /// Functions whose properties are computed one by one.
    pub(super) fn stepped_call(
        &mut self,
        name: &str,
        arguments: &[Expression],
        steps: &[Step],
        (site, place): (Site, Span),
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let call = Call {
            name,
            arguments,
            site,
            place,
        };
        if name.eq_ignore_ascii_case("reference") {
            return self.reference(call, steps, context);
        }
        self.scope_call(call, steps, context)
    }
}

/// The answer that decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Neutral {
    True,
    False,
}

/// Whether what a symbol stands for is surely not `null`: a parameter that must have a value.
fn never_null(symbol: &Arc<Symbol>) -> bool {
    matches!(symbol.why, Why::NoValue { .. })
        && symbol.text.starts_with("parameters('")
        && symbol.text.ends_with("')")
}

/// What only Azure knows when the template runs.
fn run_time(call: Call<'_>, values: &[Value]) -> Value {
    let text = spell_call(call.name, values);
    Machine::unknown(text, Why::RunTime, call.span())
}
