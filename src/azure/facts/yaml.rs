//! The only place that knows which YAML library reads the facts.

use serde::de::DeserializeOwned;

/// Reads a document; the error says what is wrong and where.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_saphyr::from_str(text).map_err(|error| error.without_snippet().to_string())
}
