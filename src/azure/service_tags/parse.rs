//! The file as Microsoft writes it.

use std::borrow::Cow;
use std::fmt;

use ipnet::IpNet;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use smol_str::SmolStr;

use crate::net::parse_prefix;

use super::{ServiceTags, ServiceTagsError, TagStatement};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'t> {
    change_number: ChangeNumber,
    #[serde(borrow)]
    cloud: Cow<'t, str>,
    #[serde(borrow)]
    values: Vec<Value<'t>>,
}

/// A tag. Its `id` repeats the name.
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
    #[serde(default)]
    change_number: Option<ChangeNumber>,
    #[serde(borrow, default)]
    region: Option<Text<'t>>,
    #[serde(borrow, default)]
    system_service: Option<Text<'t>>,
    #[serde(borrow, default)]
    network_features: Option<Vec<Text<'t>>>,
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
    ServiceTags::new(document.cloud.into(), document.change_number.0, tags?)
}

fn tag(value: &Value<'_>) -> Result<(SmolStr, TagStatement, Vec<IpNet>), ServiceTagsError> {
    let prefixes = value.properties.address_prefixes.iter().map(|Text(text)| {
        parse_prefix(text).map_err(|reason| ServiceTagsError::Prefix {
            tag: value.name.to_string(),
            prefix: text.to_string(),
            reason,
        })
    });
    let prefixes: Result<_, _> = prefixes.collect();
    let Properties {
        change_number,
        region,
        system_service,
        network_features,
        ..
    } = &value.properties;
    let text = |text: &Option<Text<'_>>| text.as_ref().map_or("", |Text(text)| text).into();
    let features = network_features.iter().flatten();
    let statement = TagStatement {
        change_number: change_number.as_ref().map(|number| number.0),
        region: text(region),
        system_service: text(system_service),
        features: features.map(|Text(text)| text.as_ref().into()).collect(),
    };
    Ok((SmolStr::from(&*value.name), statement, prefixes?))
}

/// A number in the published files, the same number as text in what Azure's tools answer.
struct ChangeNumber(u64);

impl<'de> Deserialize<'de> for ChangeNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = u64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a change number")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
                Ok(number)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
                let number = text.parse();
                number.map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Reader).map(Self)
    }
}
