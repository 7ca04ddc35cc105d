//! Base64 of RFC 4648, with padding.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = [0, 0, 0];
        group
            .iter_mut()
            .zip(chunk)
            .for_each(|(to, from)| *to = *from);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for place in 0..4 {
            let letter = LETTERS.get((bits >> (18 - 6 * place)) as usize & 63);
            match letter {
                Some(letter) if place <= chunk.len() => text.push(char::from(*letter)),
                _ => text.push('='),
            }
        }
    }
    text
}

/// The bytes of a text; nothing when it is no base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let letters: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let (groups, rest) = letters.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for (index, group) in groups.iter().enumerate() {
        let padding = group
            .iter()
            .rev()
            .take_while(|letter| **letter == b'=')
            .count();
        if padding > 2 || (padding > 0 && index + 1 < groups.len()) {
            return None;
        }
        let mut bits = 0;
        for (place, letter) in group.iter().enumerate() {
            let value = if place >= 4 - padding {
                0
            } else {
                value(*letter)?
            };
            bits = bits << 6 | value;
        }
        let decoded = bits.to_be_bytes();
        bytes.extend(decoded.get(1..4 - padding).unwrap_or_default());
    }
    Some(bytes)
}

fn value(letter: u8) -> Option<u32> {
    let at = LETTERS.iter().position(|known| *known == letter)?;
    u32::try_from(at).ok()
}
