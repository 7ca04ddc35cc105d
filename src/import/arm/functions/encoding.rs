//! Base64, data URIs and percent encoding.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-string.md.

use super::call::{Call, ONLY_AZURE_KNOWS, Outcome, Stop};
use super::{base64, json};

/// `base64(text)`
pub(super) fn to_base64(call: &Call<'_>) -> Outcome {
    call.string_value(base64::encode(call.known_text(0)?.as_bytes()))
}

/// `base64ToString(base64)`
pub(super) fn base64_to_string(call: &Call<'_>) -> Outcome {
    call.string_value(decoded(call, call.known_text(0)?)?)
}

/// `base64ToJson(base64)`
pub(super) fn base64_to_json(call: &Call<'_>) -> Outcome {
    json::parse(call, &decoded(call, call.known_text(0)?)?)
}

fn decoded(call: &Call<'_>, text: &str) -> Result<String, Stop> {
    let Some(bytes) = base64::decode(text) else {
        return Err(call.wrong("wants base64"));
    };
    // What stands in place of bytes that are no text is not documented.
    String::from_utf8(bytes).map_err(|_| ONLY_AZURE_KNOWS)
}

/// `dataUri(text)`, in the form of Azure's example.
pub(super) fn data_uri(call: &Call<'_>) -> Outcome {
    let encoded = base64::encode(call.known_text(0)?.as_bytes());
    call.string_value(format!("data:text/plain;charset=utf8;base64,{encoded}"))
}

/// `dataUriToString(uri)`
pub(super) fn data_uri_to_string(call: &Call<'_>) -> Outcome {
    let text = call.known_text(0)?;
    let Some((head, content)) = text.strip_prefix("data:").and_then(|t| t.split_once(',')) else {
        return Err(call.wrong("wants a data URI such as `data:;base64,SGVsbG8=`"));
    };
    if head.ends_with(";base64") {
        call.string_value(decoded(call, content)?)
    } else {
        Err(ONLY_AZURE_KNOWS)
    }
}

/// `uriComponent(text)`: all but letters, digits and `-_.~` as `%` with two digits.
pub(super) fn uri_component(call: &Call<'_>) -> Outcome {
    let mut encoded = String::new();
    for byte in call.known_text(0)?.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    call.string_value(encoded)
}

/// `uriComponentToString(text)`
pub(super) fn uri_component_to_string(call: &Call<'_>) -> Outcome {
    let text = call.known_text(0)?;
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        match (first, behind) {
            (b'%', [high, low, behind @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or(0);
                bytes.extend(u8::try_from(digit(high) * 16 + digit(low)));
                rest = behind;
            }
            _ => bytes.push(*first),
        }
    }
    let decoded = String::from_utf8(bytes).map_err(|_| ONLY_AZURE_KNOWS)?;
    call.string_value(decoded)
}
