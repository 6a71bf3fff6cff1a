//! Text that is percent-encoded to fit into a URL.

use std::fmt::Write as _;

/// What was meant; nothing where it is no encoding of text.
pub(crate) fn decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    String::from_utf8(decoded_bytes(text)?).ok()
}

/// The bytes that were meant, text or not; nothing where it is no encoding.
pub(crate) fn decoded_bytes(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, after @ ..] = rest else { return None };
        bytes.push((digit(*high)? << 4) | digit(*low)?);
        rest = after;
    }
    Some(bytes)
}

/// The encoding of everything but letters, digits, `-`, `.`, `_`, `~` and what is `kept`.
pub(crate) fn encoded(bytes: &[u8], kept: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) || kept.contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// The value of a hexadecimal digit.
fn digit(letter: u8) -> Option<u8> {
    char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_read_and_what_is_no_encoding_is_not() {
        let id = "tests%2Fa.py%3A%3Atest%5Ba%20b%5D%C3%A9+";
        assert_eq!(decoded(id).as_deref(), Some("tests/a.py::test[a b]é+"));
        for wrong in ["%", "%2", "%zz", "a%+1", "%0x", "%ff"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
        assert_eq!(decoded_bytes("a%ff"), Some(b"a\xff".to_vec()), "bytes need not be text");
    }

    #[test]
    fn what_is_encoded_can_be_read_again() {
        let text = "tests/a.py::é %3A~-._";
        assert_eq!(encoded(text.as_bytes(), b"/"), "tests/a.py%3A%3A%C3%A9%20%253A~-._");
        assert_eq!(decoded(&encoded(text.as_bytes(), b"")).as_deref(), Some(text));
    }
}
