//! The forms in which a credential is repeated without an escape in it: as it is, in base64, in
//! hexadecimal digits, in UTF-16.
//!
//! What base64 makes of a credential depends on where in a group of three bytes it begins, so each
//! of the three has a form of its own: the digits that depend on nothing but the credential.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// One form of one credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) bytes: Vec<u8>,
    pub(crate) around: Around,
}

/// What stands around a form and holds bits of the credential too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Around {
    /// The digit of base64 before it.
    pub(crate) before: bool,
    /// The digit of base64 after it.
    pub(crate) after: bool,
    /// What fills up its last group.
    pub(crate) padding: bool,
}

/// Every form of a credential, the plain one first.
pub(crate) fn of(secret: &[u8]) -> Vec<Form> {
    let digits = const_hex::encode(secret);
    let mut forms: Vec<Vec<u8>> = vec![
        secret.to_vec(),
        digits.to_ascii_uppercase().into_bytes(),
        digits.into_bytes(),
        secret.iter().flat_map(|byte| [*byte, 0]).collect(),
        secret.iter().flat_map(|byte| [0, *byte]).collect(),
    ];
    forms.dedup();
    let plain = forms.into_iter().map(|bytes| Form { bytes, around: Around::default() });
    plain.chain(base64(secret)).collect()
}

/// What base64 makes of it, in both alphabets and at each of the three places.
pub(crate) fn base64(secret: &[u8]) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret);
        // Digits of six bits: those that begin in what stands before, or end in what follows, are
        // not the credential's alone.
        let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        let after = bytes.len() * 8 % 6 != 0;
        let around = Around { before: before > 0, after, padding: true };
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let digits = engine.encode(&bytes);
            let form = Form { bytes: digits.as_bytes()[first..last].to_vec(), around };
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

/// Whether a byte is a digit of base64, in either alphabet.
pub(crate) const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    #[test]
    fn base64_of_any_text_that_holds_it_holds_one_of_its_forms() {
        let secret = b"p?~>ssw\xffrd-1234";
        let forms = base64(secret);
        for before in 0..7 {
            for after in 0..7 {
                let text = [&b"abcdefgh"[..before], &secret[..], &b"ijklmnop"[..after]].concat();
                for coded in [STANDARD.encode(&text), URL_SAFE.encode(&text)] {
                    let holds = |form: &Form| {
                        let mut parts = coded.as_bytes().windows(form.bytes.len());
                        parts.any(|part| part == form.bytes)
                    };
                    let held = forms.iter().any(holds);
                    assert!(held, "{before} {after}: {coded}");
                }
            }
        }
    }
}
