//! Parameter values from a YAML or JSON file: one mapping from names to scalars.

use std::collections::BTreeMap;

use serde::Deserialize;
use smol_str::SmolStr;

/// Why a parameter file could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParameterFileError(String);

#[derive(Deserialize)]
#[serde(transparent)]
struct File(BTreeMap<String, Scalar>);

/// A value as written: YAML's own types make no difference to a policy.
struct Scalar(SmolStr);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Scalar;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, a number, true or false")
            }
            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(SmolStr::new(text)))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(SmolStr::from(value.to_string())))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(SmolStr::from(value.to_string())))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
                Ok(Scalar(SmolStr::from(value.to_string())))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar(SmolStr::from(value.to_string())))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Reads the values of a parameter file. JSON is YAML, so both are read alike.
///
/// # Errors
/// What is wrong and where, in words.
pub fn parameters_from_yaml(text: &str) -> Result<BTreeMap<SmolStr, SmolStr>, ParameterFileError> {
    let file: File = serde_saphyr::from_str(text)
        .map_err(|error| ParameterFileError(error.without_snippet().to_string()))?;
    Ok(file
        .0
        .into_iter()
        .map(|(name, value)| (SmolStr::from(name), value.0))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_and_json_are_read_alike() {
        let expected: BTreeMap<SmolStr, SmolStr> =
            [("location", "westeurope"), ("port", "443"), ("on", "true")]
                .map(|(k, v)| (k.into(), v.into()))
                .into();
        assert_eq!(
            parameters_from_yaml("location: westeurope\nport: 443\non: true\n"),
            Ok(expected.clone())
        );
        assert_eq!(
            parameters_from_yaml(r#"{"location": "westeurope", "port": 443, "on": true}"#),
            Ok(expected)
        );
        assert!(parameters_from_yaml("location: [a, b]").is_err());
        assert!(parameters_from_yaml("- a").is_err());
    }
}
