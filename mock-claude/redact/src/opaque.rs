//! Whether a word reads like a credential or like a word.

/// Whether a word looks drawn rather than written: it has a digit, or capitals inside.
pub(crate) fn is_opaque(word: &[u8]) -> bool {
    let is_mixed = || {
        word.iter().any(u8::is_ascii_lowercase) && word.iter().skip(1).any(u8::is_ascii_uppercase)
    };
    word.iter().any(u8::is_ascii_digit) || is_mixed()
}

/// Whether a value that stands after a name is a literal and not code: letters and digits, and
/// nothing behind it that makes it an expression.
pub(crate) fn is_literal(value: &[u8], next: Option<u8>) -> bool {
    let is_call = next.is_some_and(|next| matches!(next, b'(' | b'[' | b'.' | b'{'));
    let has_letter = value.iter().any(u8::is_ascii_alphabetic);
    has_letter && value.iter().any(u8::is_ascii_digit) && !is_call
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_credentials() {
        for word in ["understanding", "Functions", "well-being", "AUTHORIZATION"] {
            assert!(!is_opaque(word.as_bytes()), "{word}");
        }
        for word in ["abcdefgh12", "dXNlcjpwYXNz"] {
            assert!(is_opaque(word.as_bytes()), "{word}");
        }
        assert!(is_literal(b"hunter2hunter2", Some(b'\n')) && is_literal(b"abc123", None));
        assert!(!is_literal(b"b64decode", Some(b'(')) && !is_literal(b"settings", None));
    }
}
