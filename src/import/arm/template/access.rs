//! Expressions, and steps into values: properties, indexes, `tryGet`.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use crate::base::{Span, did_you_mean_help};
use crate::import::arm::expression::{Expression, Node};
use crate::import::{Data, Object, Reference, Symbol, Value, Why};

use super::machine::{Fault, Machine, Site};
use super::scope::Context;
use super::spelling::spell;

/// A step into a value.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) key: Key,
    pub(super) miss: Miss,
    /// Where the step is written.
    pub(super) span: Span,
}

/// To what a step leads.
#[derive(Debug, Clone)]
pub(super) enum Key {
    Name(SmolStr),
    At(i64),
    /// That is not known.
    Any(Value),
}

/// What a step gives when there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Miss {
    /// It is wrong.
    Wrong,
    /// `null`, as with `tryGet`.
    Null,
}

impl Key {
    /// The step as one of a path.
    pub(super) fn segment(&self) -> Option<SmolStr> {
        match self {
            Self::Name(name) => Some(name.clone()),
            Self::At(index) => Some(format_smolstr!("{index}")),
            Self::Any(_) => None,
        }
    }

    /// The step as text behind a symbol.
    fn spelled(&self) -> SmolStr {
        match self {
            Self::Name(name) if is_word(name) => format_smolstr!(".{name}"),
            Self::Name(name) => format_smolstr!("['{}']", name.replace('\'', "''")),
            Self::At(index) => format_smolstr!("[{index}]"),
            Self::Any(value) => format_smolstr!("[{}]", spell(value)),
        }
    }
}

fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl<'d> Machine<'_, 'd> {
    /// The value of an expression.
    pub(super) fn expression(
        &mut self,
        expression: &Expression,
        site: Site,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let span = site.content;
        self.deeper(span, |machine| match &expression.node {
            Node::Text(text) => Ok(Value::new(Data::Text(text.clone().into()), span)),
            Node::Int(number) => Ok(Value::new(Data::Int(*number), span)),
            Node::Call {
                namespace: None,
                name,
                ..
            } if !name.eq_ignore_ascii_case("tryGet") && !stepped(name) => {
                machine.call(expression, site, context)
            }
            Node::Call {
                namespace: Some(_), ..
            } => machine.call(expression, site, context),
            _ => machine.access(expression, site, context),
        })
        .unwrap_or(Err(Fault::TooLarge))
    }

    /// Steps into a value. What has properties only in parts, such as a resource, is given the whole path.
    fn access(
        &mut self,
        expression: &Expression,
        site: Site,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let mut steps = Vec::new();
        let mut base = expression;
        loop {
            match &base.node {
                Node::Property { of, name } => {
                    steps.push(Step {
                        key: Key::Name(name.clone()),
                        miss: Miss::Wrong,
                        span: site.span(base.offset + 1, name.len()),
                    });
                    base = of;
                }
                Node::Index { of, at } => {
                    steps.push(self.index(at, Miss::Wrong, site, context)?);
                    base = of;
                }
                Node::Call {
                    namespace: None,
                    name,
                    arguments,
                } if name.eq_ignore_ascii_case("tryGet") => {
                    let Some((of, keys)) = arguments.split_first() else {
                        let place = site.span(base.offset, name.len());
                        return Err(Fault::wrong("`tryGet` takes a value and a key", place));
                    };
                    for key in keys.iter().rev() {
                        steps.push(self.index(key, Miss::Null, site, context)?);
                    }
                    base = of;
                }
                _ => break,
            }
        }
        steps.reverse();
        if let Node::Call {
            namespace: None,
            name,
            arguments,
        } = &base.node
            && stepped(name)
        {
            let place = site.span(base.offset, name.len());
            return self.stepped_call(name, arguments, &steps, (site, place), context);
        }
        let value = self.expression(base, site, context)?;
        Self::walk(value, &steps)
    }

    fn index(
        &mut self,
        at: &Expression,
        miss: Miss,
        site: Site,
        context: &Context<'d>,
    ) -> Result<Step, Fault> {
        let value = self.expression(at, site, context)?;
        let key = match &value.data {
            Data::Int(index) => Key::At(*index),
            Data::Text(text) => match text.known() {
                Some(name) => Key::Name(name.clone()),
                None => Key::Any(value),
            },
            // `tryGet` takes an object that counts from the end.
            Data::Unknown(_) | Data::Object(_) => Key::Any(value),
            _ => {
                let place = site.span(at.offset, 1);
                return Err(Fault::wrong("an index is a number or a name", place));
            }
        };
        Ok(Step {
            key,
            miss,
            span: site.span(at.offset, 1),
        })
    }

    /// Goes all steps.
    pub(super) fn walk(value: Value, steps: &[Step]) -> Result<Value, Fault> {
        steps.iter().try_fold(value, Self::step)
    }

    fn step(value: Value, step: &Step) -> Result<Value, Fault> {
        let missing = |message: String, help: Option<String>| match step.miss {
            Miss::Null => Ok(Value::new(Data::Null, value.span)),
            Miss::Wrong => Err(Fault::Wrong {
                message,
                span: step.span,
                help,
            }),
        };
        match (&value.data, &step.key) {
            (Data::Unknown(symbol), key) => Ok(Value::new(
                Data::Unknown(Arc::new(extended(symbol, key))),
                value.span,
            )),
            (Data::Object(object), Key::Name(name)) => match object.get(name) {
                Some(found) => Ok(found.clone()),
                None if has_open_keys(object) => Ok(stepped_symbol(&value, &step.key)),
                None => {
                    let names = object.members.iter().map(|member| member.key.as_str());
                    let help = did_you_mean_help(name, names);
                    missing(format!("the object has no property `{name}`"), help)
                }
            },
            (Data::Array(items), Key::At(index)) => {
                let item = usize::try_from(*index).ok().and_then(|at| items.get(at));
                match item {
                    Some(item) => Ok(item.clone()),
                    None => missing(
                        format!(
                            "index {index} is outside the list, which has {} elements",
                            items.len()
                        ),
                        None,
                    ),
                }
            }
            (Data::Object(_) | Data::Array(_), Key::Any(_)) => {
                Ok(stepped_symbol(&value, &step.key))
            }
            (Data::Null, _) => missing("`null` has no properties".to_owned(), None),
            (Data::Object(_), Key::At(_)) => {
                missing("an object has names, no indexes".to_owned(), None)
            }
            (Data::Array(_), Key::Name(name)) => {
                missing(format!("a list has indexes, no property `{name}`"), None)
            }
            _ => missing(
                "a value without properties has one asked for".to_owned(),
                None,
            ),
        }
    }
}

/// Whether a function gives something whose properties are computed one by one.
fn stepped(name: &str) -> bool {
    [
        "reference",
        "resourceGroup",
        "subscription",
        "tenant",
        "managementGroup",
        "deployment",
        "deployer",
        "environment",
    ]
    .iter()
    .any(|other| name.eq_ignore_ascii_case(other))
}

/// Whether an object has keys that are not known.
fn has_open_keys(object: &Object) -> bool {
    object
        .members
        .iter()
        .any(|member| member.key.contains("${"))
}

/// What lies behind a step that cannot be gone, though there are values.
fn stepped_symbol(value: &Value, key: &Key) -> Value {
    let why = match key {
        Key::Any(key) => key.unknown().map(|symbol| symbol.why.clone()),
        _ => None,
    };
    let text = format_smolstr!("{}{}", spell(value), key.spelled());
    Machine::unknown(text, why.unwrap_or(Why::RunTime), value.span)
}

/// What lies behind a step from a symbol.
pub(super) fn extended(symbol: &Symbol, key: &Key) -> Symbol {
    let reference = symbol.reference.as_ref().and_then(|reference| {
        let mut path = reference.path.clone();
        path.push(key.segment()?);
        Some(Reference {
            target: reference.target.clone(),
            path,
        })
    });
    Symbol {
        text: format_smolstr!("{}{}", symbol.text, key.spelled()),
        why: symbol.why.clone(),
        reference,
    }
}
