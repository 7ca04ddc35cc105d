//! Functions that take a lambda: `map`, `filter`, `reduce`, `sort`, `groupBy`, `toObject`, `mapValues`.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-lambda.md.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::import::arm::expression::{Expression, Node};
use crate::import::{Data, Member, Object, Symbol, Value};

use super::calls::Call;
use super::machine::{Fault, Machine};
use super::scope::{Binding, Context};
use super::spelling::spell;

/// A lambda: the names of its variables and what it gives.
#[derive(Clone, Copy)]
struct Lambda<'e> {
    names: &'e [Expression],
    body: &'e Expression,
}

/// What a function with a lambda gives: a value, or the symbol that keeps it from being known.
type Answer = Result<Result<Data, Arc<Symbol>>, Fault>;

impl<'d> Machine<'_, 'd> {
    /// A variable of a lambda.
    pub(super) fn lambda_variable(
        &mut self,
        call: Call<'_>,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let name = self.argument(call, 0, context)?;
        let found = name
            .known_text()
            .and_then(|name| context.frame.local(name).cloned());
        found.ok_or_else(|| call.wrong("no lambda around it has this variable"))
    }

    /// A function with a lambda, by its name in lower case.
    pub(super) fn lambda_call(
        &mut self,
        lower: &str,
        call: Call<'_>,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let subject = self.argument(call, 0, context)?;
        if let Data::Unknown(because) = &subject.data {
            return Ok(Self::open_lambda(call, &subject, because));
        }
        let answer = match (lower, &subject.data) {
            ("mapvalues", Data::Object(object)) => self.map_values(object, call, context)?,
            ("map", Data::Array(items)) => self.map(items, call, context)?,
            ("filter", Data::Array(items)) => self.filter(items, call, context)?,
            ("reduce", Data::Array(items)) => self.reduce(items, call, context)?,
            ("sort", Data::Array(items)) => self.sort(items, call, context)?,
            ("groupby", Data::Array(items)) => self.group_by(items, call, context)?,
            ("toobject", Data::Array(items)) => self.object_from(items, call, context)?,
            ("mapvalues", _) => {
                return Err(call.wrong(format!("`{}` takes an object", call.name)));
            }
            _ => return Err(call.wrong(format!("`{}` takes a list", call.name))),
        };
        Ok(match answer {
            Ok(data) => Value::new(data, call.span()),
            Err(because) => Self::open_lambda(call, &subject, &because),
        })
    }

    /// What stands for the value of a function with a lambda that is not known.
    fn open_lambda(call: Call<'_>, subject: &Value, because: &Symbol) -> Value {
        let mut text = format!("{}({}", call.name, spell(subject));
        for argument in call.arguments.iter().skip(1) {
            text.push_str(", ");
            text.push_str(&argument.to_string());
        }
        text.push(')');
        Self::unknown(text, because.why.clone(), call.span())
    }

    fn lambda<'e>(call: Call<'e>, at: usize) -> Result<Lambda<'e>, Fault> {
        let lambda = call
            .arguments
            .get(at)
            .and_then(|argument| match &argument.node {
                Node::Call {
                    namespace: None,
                    name,
                    arguments,
                } if name.eq_ignore_ascii_case("lambda") => {
                    let (body, names) = arguments.split_last()?;
                    Some(Lambda { names, body })
                }
                _ => None,
            });
        lambda.ok_or_else(|| call.wrong(format!("`{}` takes a lambda", call.name)))
    }

    /// What a lambda gives for its variables. Those it does not name are not bound.
    fn apply(
        &mut self,
        lambda: Lambda<'_>,
        values: &[Value],
        call: Call<'_>,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let mut inner = context.clone();
        for (name, value) in lambda.names.iter().zip(values) {
            if let Node::Text(name) = &name.node {
                inner = inner.with(Binding::Local {
                    name: name.clone(),
                    value: value.clone(),
                });
            }
        }
        self.expression(lambda.body, call.site, &inner)
    }

    fn map(&mut self, items: &[Value], call: Call<'_>, context: &Context<'d>) -> Answer {
        let lambda = Self::lambda(call, 1)?;
        let mut mapped = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let values = [item.clone(), number(index, call)];
            mapped.push(self.apply(lambda, &values, call, context)?);
        }
        Ok(Ok(Data::Array(mapped.into())))
    }

    fn filter(&mut self, items: &[Value], call: Call<'_>, context: &Context<'d>) -> Answer {
        let lambda = Self::lambda(call, 1)?;
        let mut kept = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let values = [item.clone(), number(index, call)];
            let verdict = self.apply(lambda, &values, call, context)?;
            match (verdict.known_bool(), verdict.unknown()) {
                (Some(true), _) => kept.push(item.clone()),
                (Some(false), _) => {}
                (None, Some(symbol)) => return Ok(Err(Arc::clone(symbol))),
                (None, None) => {
                    return Err(call.wrong("the lambda of `filter` gives a truth value"));
                }
            }
        }
        Ok(Ok(Data::Array(kept.into())))
    }

    fn reduce(&mut self, items: &[Value], call: Call<'_>, context: &Context<'d>) -> Answer {
        let mut sum = self.argument(call, 1, context)?;
        let lambda = Self::lambda(call, 2)?;
        for (index, item) in items.iter().enumerate() {
            let values = [sum, item.clone(), number(index, call)];
            sum = self.apply(lambda, &values, call, context)?;
        }
        Ok(Ok(sum.data))
    }

    /// Sorts by insertion: lists in templates are short, and an order that a template makes up may have no meaning.
    fn sort(&mut self, items: &[Value], call: Call<'_>, context: &Context<'d>) -> Answer {
        let lambda = Self::lambda(call, 1)?;
        let mut sorted: Vec<Value> = Vec::with_capacity(items.len());
        for item in items {
            let mut at = sorted.len();
            while let Some(before) = at.checked_sub(1).and_then(|at| sorted.get(at)) {
                let values = [item.clone(), before.clone()];
                let verdict = self.apply(lambda, &values, call, context)?;
                match (verdict.known_bool(), verdict.unknown()) {
                    (Some(true), _) => at -= 1,
                    (Some(false), _) => break,
                    (None, Some(symbol)) => return Ok(Err(Arc::clone(symbol))),
                    (None, None) => {
                        return Err(call.wrong("the lambda of `sort` gives a truth value"));
                    }
                }
            }
            sorted.insert(at, item.clone());
        }
        Ok(Ok(Data::Array(sorted.into())))
    }

    fn group_by(&mut self, items: &[Value], call: Call<'_>, context: &Context<'d>) -> Answer {
        let lambda = Self::lambda(call, 1)?;
        let mut groups: Vec<(SmolStr, Vec<Value>)> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let values = [item.clone(), number(index, call)];
            let key = self.apply(lambda, &values, call, context)?;
            let key = match as_key(&key, call)? {
                Ok(key) => key,
                Err(symbol) => return Ok(Err(symbol)),
            };
            match groups
                .iter_mut()
                .find(|(other, _)| other.eq_ignore_ascii_case(&key))
            {
                Some((_, group)) => group.push(item.clone()),
                None => groups.push((key, vec![item.clone()])),
            }
        }
        let member = |(key, group): (SmolStr, Vec<Value>)| Member {
            key,
            key_span: call.span(),
            value: Value::new(Data::Array(group.into()), call.span()),
        };
        let members = groups.into_iter().map(member).collect();
        Ok(Ok(Data::Object(Arc::new(Object { members }))))
    }

    fn object_from(&mut self, items: &[Value], call: Call<'_>, context: &Context<'d>) -> Answer {
        let key_of = Self::lambda(call, 1)?;
        let value_of = match call.arguments.len() {
            0..=2 => None,
            _ => Some(Self::lambda(call, 2)?),
        };
        let mut members: Vec<Member> = Vec::with_capacity(items.len());
        for item in items {
            let values = [item.clone()];
            let key = self.apply(key_of, &values, call, context)?;
            let key = match as_key(&key, call)? {
                Ok(key) => key,
                Err(symbol) => return Ok(Err(symbol)),
            };
            let value = match value_of {
                Some(lambda) => self.apply(lambda, &values, call, context)?,
                None => item.clone(),
            };
            members.retain(|member| !member.key.eq_ignore_ascii_case(&key));
            members.push(Member {
                key,
                key_span: call.span(),
                value,
            });
        }
        Ok(Ok(Data::Object(Arc::new(Object { members }))))
    }

    fn map_values(&mut self, object: &Object, call: Call<'_>, context: &Context<'d>) -> Answer {
        let lambda = Self::lambda(call, 1)?;
        let mut members = Vec::with_capacity(object.members.len());
        for member in &object.members {
            let values = [member.value.clone()];
            members.push(Member {
                value: self.apply(lambda, &values, call, context)?,
                ..member.clone()
            });
        }
        Ok(Ok(Data::Object(Arc::new(Object { members }))))
    }
}

fn number(index: usize, call: Call<'_>) -> Value {
    let index = i64::try_from(index).unwrap_or(i64::MAX);
    Value::new(Data::Int(index), call.span())
}

/// A value as a key; a key that is not known makes the whole object unknown, as another element may have the same.
fn as_key(value: &Value, call: Call<'_>) -> Result<Result<SmolStr, Arc<Symbol>>, Fault> {
    if let Some(symbol) = value.unknown() {
        return Ok(Err(Arc::clone(symbol)));
    }
    match value.known_text() {
        Some(key) => Ok(Ok(key.clone())),
        None => Err(call.wrong(format!("the keys of `{}` are strings", call.name))),
    }
}
