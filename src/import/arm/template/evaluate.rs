//! JSON of a template → values: strings with expressions, expressions as keys, lists made by loops.

use std::borrow::Cow;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::base::Span;
use crate::import::arm::expression;
use crate::import::json::{Json, Kind};
use crate::import::{Data, Member, Object, Text, Value, Why};

use super::machine::{Fault, Machine};
use super::scope::Context;

/// How deep values from elsewhere are given new places.
const MAX_PLACED_DEPTH: u32 = 64;

/// A value as it is written, without expressions, as in parameter files.
pub(super) fn literal(json: Json<'_>) -> Value {
    let data = match json.kind() {
        Kind::Array => Data::Array(json.items().map(literal).collect()),
        Kind::Object => {
            let member = |(key, value): (Json<'_>, Json<'_>)| Member {
                key: key.as_str().unwrap_or_default().into(),
                key_span: key.content_span(),
                value: literal(value),
            };
            let members = json.members().map(member).collect();
            Data::Object(Arc::new(Object { members }))
        }
        Kind::String | Kind::EscapedString => {
            Data::Text(Text::Known(json.as_str().unwrap_or_default().into()))
        }
        _ => scalar(json),
    };
    Value::new(data, json.content_span())
}

fn scalar(json: Json<'_>) -> Data {
    match json.kind() {
        Kind::True => Data::Bool(true),
        Kind::False => Data::Bool(false),
        Kind::Number => {
            let source = json.source();
            match source.parse() {
                Ok(number) => Data::Int(number),
                Err(_) => Data::Float(source.parse().unwrap_or(f64::NAN)),
            }
        }
        _ => Data::Null,
    }
}

impl<'d> Machine<'_, 'd> {
    /// The value of what is written.
    pub(super) fn value(&mut self, json: Json<'d>, context: &Context<'d>) -> Value {
        let span = json.content_span();
        self.deeper(span, |machine| match json.kind() {
            Kind::String | Kind::EscapedString => machine.string(json, context),
            Kind::Array => {
                let items = json.items().map(|item| machine.value(item, context));
                Value::new(Data::Array(items.collect()), span)
            }
            Kind::Object => machine.object(json, context, &[]),
            _ => Value::new(scalar(json), span),
        })
        .unwrap_or_else(|| Self::too_large(span))
    }

    /// The value of an object, without some of its members.
    pub(super) fn object(
        &mut self,
        json: Json<'d>,
        context: &Context<'d>,
        without: &[&str],
    ) -> Value {
        let mut members = Vec::new();
        for (key, value) in json.members() {
            let name = key.as_str().unwrap_or_default();
            if without.iter().any(|other| name.eq_ignore_ascii_case(other)) {
                continue;
            }
            if name.eq_ignore_ascii_case("copy")
                && value.items().any(|item| item.get("input").is_some())
            {
                self.copied_members(value, context, &mut members);
                continue;
            }
            members.push(Member {
                key: self.key(key, name, context),
                key_span: key.content_span(),
                value: self.value(value, context),
            });
        }
        Value::new(Data::Object(Arc::new(Object { members })), json.span())
    }

    fn key(&mut self, json: Json<'d>, name: Cow<'d, str>, context: &Context<'d>) -> SmolStr {
        if !name.starts_with('[') {
            return name.into();
        }
        if !expression::is_expression(&name) {
            return expression::unescape_literal(&name).into();
        }
        let value = self.string(json, context);
        value
            .text()
            .map_or_else(|| name.into(), |text| text.to_string().into())
    }

    /// The members that `copy` makes, each a list.
    fn copied_members(&mut self, copy: Json<'d>, context: &Context<'d>, members: &mut Vec<Member>) {
        for item in copy.items() {
            let Some(name) = item.get("name") else {
                continue;
            };
            let Some(key) = self.value(name, context).text() else {
                continue;
            };
            let key = SmolStr::from(key.to_string());
            members.push(Member {
                value: self.repeated(item, Some(&key), context),
                key,
                key_span: name.content_span(),
            });
        }
    }

    /// The value of a string: itself, or what its expression gives.
    fn string(&mut self, json: Json<'d>, context: &Context<'d>) -> Value {
        let span = json.content_span();
        let text = json.as_str().unwrap_or_default();
        if !expression::is_expression(&text) {
            let text = expression::unescape_literal(&text);
            return Value::new(Data::Text(Text::Known(text.into())), span);
        }
        let parsed = self.parse(json, &text);
        let result = match &parsed.result {
            Ok(expression) => self.expression(expression, parsed.site, context),
            Err((message, place)) => Err(Fault::wrong(
                format!("this is no expression: {message}"),
                *place,
            )),
        };
        let value = match result {
            Ok(value) => self.placed(value, span),
            Err(fault) => {
                let why = match fault {
                    Fault::TooLarge => Why::TooLarge,
                    Fault::Wrong { .. } => Why::Wrong,
                    Fault::NotUnderstood { .. } => Why::NotUnderstood,
                };
                self.report_fault(fault);
                let spelled = match &parsed.result {
                    Ok(expression) => expression.to_string(),
                    Err(_) => text.to_string(),
                };
                Self::unknown(spelled, why, span)
            }
        };
        self.count(json, &value);
        value
    }

    /// A value at the place of its use.
    fn placed(&mut self, value: Value, span: Span) -> Value {
        match (&value.data, self.resource) {
            (Data::Array(_) | Data::Object(_), Some(resource)) => {
                self.moved(value, span, resource, 0)
            }
            _ => shallow(value, span),
        }
    }

    /// A value from elsewhere at the place of its use, with all that lies in it.
    fn moved(&mut self, value: Value, span: Span, resource: Span, depth: u32) -> Value {
        let outside = !resource.contains(value.span);
        let mut moved = if outside || depth == 0 {
            shallow(value, span)
        } else {
            value
        };
        if depth > MAX_PLACED_DEPTH {
            return moved;
        }
        moved.data = match moved.data {
            Data::Array(items) if !items.is_empty() => {
                self.spend(items.len());
                let items = items.iter().cloned();
                Data::Array(
                    items
                        .map(|item| self.moved(item, span, resource, depth + 1))
                        .collect(),
                )
            }
            Data::Object(object) if !object.members.is_empty() => {
                self.spend(object.members.len());
                let members = object.members.iter().cloned();
                let members = members.map(|member| Member {
                    value: self.moved(member.value, span, resource, depth + 1),
                    ..member
                });
                let members = members.collect();
                Data::Object(Arc::new(Object { members }))
            }
            data => data,
        };
        moved
    }

    /// Evaluates something that does not lie in the resource at hand.
    pub(super) fn elsewhere<T>(&mut self, evaluate: impl FnOnce(&mut Self) -> T) -> T {
        let resource = self.resource.take();
        let result = evaluate(self);
        self.resource = resource;
        result
    }
}

/// A value at the place of its use; where it is written is kept.
fn shallow(value: Value, span: Span) -> Value {
    if value.span == span {
        return value;
    }
    Value {
        data: value.data,
        span,
        written: value.written.or(Some(value.span)),
    }
}
