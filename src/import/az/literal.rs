//! JSON as it stands, as values.

use crate::import::json::{Json, Kind};
use crate::import::{Data, Member, Object, Text, Value};

/// A value without expressions. The parser bounds how deep it is.
pub(super) fn literal(json: Json<'_>) -> Value {
    let data = match json.kind() {
        Kind::Null => Data::Null,
        Kind::True => Data::Bool(true),
        Kind::False => Data::Bool(false),
        Kind::Number => number(json.source()),
        Kind::String | Kind::EscapedString => {
            let text = json.as_str().unwrap_or_default();
            Data::Text(Text::from(text.as_ref()))
        }
        Kind::Array => Data::Array(json.items().map(literal).collect()),
        Kind::Object => {
            let members = json.members().map(|(key, value)| Member {
                key: key.as_str().unwrap_or_default().as_ref().into(),
                key_span: key.content_span(),
                value: literal(value),
            });
            Data::Object(
                Object {
                    members: members.collect(),
                }
                .into(),
            )
        }
    };
    Value::new(data, json.content_span())
}

fn number(source: &str) -> Data {
    source.parse().map_or_else(
        |_| source.parse().map_or(Data::Null, Data::Float),
        Data::Int,
    )
}
