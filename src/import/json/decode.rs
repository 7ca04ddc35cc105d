//! From bytes to text: UTF-8 or UTF-16, with or without a byte order mark.

/// Why bytes are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Bytes that are not UTF-8, and no mark that says they are something else.
    #[error("byte {0} is not UTF-8; save the file as UTF-8")]
    NotUtf8(usize),
    /// UTF-16 with half a character.
    #[error("the file is broken UTF-16; save it as UTF-8")]
    BrokenUtf16,
}

/// Reads text as Windows PowerShell, Azure's portal and everybody else write it.
///
/// # Errors
/// When it is neither UTF-8 nor UTF-16.
pub fn decode(bytes: Vec<u8>) -> Result<String, DecodeError> {
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // JSON begins with an ASCII character, so a zero byte beside it tells UTF-16 without a mark.
        [first, 0, ..] if *first != 0 => utf16(&bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(&bytes, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest.to_vec()),
        _ => utf8(bytes),
    }
}

/// Writes a text in the encoding of what it was read from, with the same byte order mark or none.
#[must_use]
pub fn encode_like(before: &[u8], text: &str) -> Vec<u8> {
    let units = |mark: &[u8], to: fn(u16) -> [u8; 2]| {
        let units = text.encode_utf16().flat_map(to);
        mark.iter().copied().chain(units).collect()
    };
    match before {
        [0xff, 0xfe, ..] => units(&[0xff, 0xfe], u16::to_le_bytes),
        [0xfe, 0xff, ..] => units(&[0xfe, 0xff], u16::to_be_bytes),
        [first, 0, ..] if *first != 0 => units(&[], u16::to_le_bytes),
        [0, second, ..] if *second != 0 => units(&[], u16::to_be_bytes),
        [0xef, 0xbb, 0xbf, ..] => [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat(),
        _ => text.as_bytes().to_vec(),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, DecodeError> {
    String::from_utf8(bytes).map_err(|error| DecodeError::NotUtf8(error.utf8_error().valid_up_to()))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, DecodeError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(DecodeError::BrokenUtf16);
    }
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .collect::<Result<String, _>>()
        .map_err(|_| DecodeError::BrokenUtf16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        let text = "{\"ä\": \"𝄞\"}";
        let units = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        let with = |mark: &[u8], rest: Vec<u8>| [mark, &rest].concat();
        for bytes in [
            text.as_bytes().to_vec(),
            with(&[0xef, 0xbb, 0xbf], text.as_bytes().to_vec()),
            with(&[0xff, 0xfe], units(u16::to_le_bytes)),
            with(&[0xfe, 0xff], units(u16::to_be_bytes)),
            units(u16::to_le_bytes),
            units(u16::to_be_bytes),
        ] {
            assert_eq!(encode_like(&bytes, text), bytes);
            assert_eq!(decode(bytes).as_deref(), Ok(text));
        }
        assert_eq!(decode(vec![b'{', 0xff, b'}']), Err(DecodeError::NotUtf8(1)));
        assert_eq!(
            decode(vec![0xff, 0xfe, 0x41]),
            Err(DecodeError::BrokenUtf16)
        );
        assert_eq!(
            decode(vec![0xff, 0xfe, 0x00, 0xd8]),
            Err(DecodeError::BrokenUtf16)
        );
        assert_eq!(decode(Vec::new()).as_deref(), Ok(""));
    }
}
