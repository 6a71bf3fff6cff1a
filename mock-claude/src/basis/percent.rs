//! Text that was percent-encoded to fit into a URL.

/// What was meant; nothing where it is no encoding of text.
pub(crate) fn decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
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
    String::from_utf8(bytes).ok()
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
    }
}
