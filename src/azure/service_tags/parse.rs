//! The file as Microsoft writes it.

use std::borrow::Cow;
use std::fmt;

use ipnet::IpNet;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use smol_str::SmolStr;

use crate::net::parse_prefix;

use super::{ServiceTags, ServiceTagsError};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'t> {
    #[serde(deserialize_with = "change_number")]
    change_number: u64,
    #[serde(borrow)]
    cloud: Cow<'t, str>,
    #[serde(borrow)]
    values: Vec<Value<'t>>,
}

/// A tag. Its `id` repeats the name; region and service are the parts of the name in other spellings.
#[derive(Deserialize)]
struct Value<'t> {
    #[serde(borrow)]
    name: Cow<'t, str>,
    #[serde(borrow)]
    properties: Properties<'t>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'t> {
    #[serde(borrow)]
    address_prefixes: Vec<Text<'t>>,
}

/// A text that borrows from the file even inside a list.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'t>(#[serde(borrow)] Cow<'t, str>);

pub(super) fn parse(text: &str) -> Result<ServiceTags, ServiceTagsError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document: Document<'_> = serde_json::from_str(text)?;
    let tags: Result<_, _> = document.values.iter().map(tag).collect();
    ServiceTags::new(document.cloud.into(), document.change_number, tags?)
}

fn tag(value: &Value<'_>) -> Result<(SmolStr, Vec<IpNet>), ServiceTagsError> {
    let prefixes = value.properties.address_prefixes.iter().map(|Text(text)| {
        parse_prefix(text).map_err(|reason| ServiceTagsError::Prefix {
            tag: value.name.to_string(),
            prefix: text.to_string(),
            reason,
        })
    });
    let prefixes: Result<_, _> = prefixes.collect();
    Ok((SmolStr::from(&*value.name), prefixes?))
}

/// A number in the published files, the same number as text in what Azure's tools answer.
fn change_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct ChangeNumber;

    impl Visitor<'_> for ChangeNumber {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the number of the file")
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
            Ok(number)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
            let number = text.parse();
            number.map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
        }
    }

    deserializer.deserialize_any(ChangeNumber)
}
