//! Objects of JSON in which nothing is escaped, read in one pass and without a copy: nearly every
//! event of a large log is one.
//!
//! Invariant: what is read here is what a reader of all JSON reads. Whatever else stands in an
//! object, allowed or not, is left to that one.

use std::ops::Range;

/// A value by where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Plain {
    /// A text, without its quotes.
    Text(Range<usize>),
    /// A number of some digits, without a sign and an exponent.
    Number(Range<usize>),
    Null,
    /// A list of texts, perhaps an empty one.
    Texts,
}

/// The longest number: a longer one may be out of every range.
const DIGITS: usize = 20;

/// Gives the members of an object that bytes begin with, and its length. None where it does not
/// end, is not plain, or where `each` says so. Whether a text is UTF-8 is for the caller to check.
pub(crate) fn members(
    bytes: &[u8],
    mut each: impl FnMut(&[u8], Plain) -> Option<()>,
) -> Option<usize> {
    let mut at = blanks(bytes, expect(bytes, 0, b'{')?);
    loop {
        let key = text(bytes, at)?;
        at = blanks(bytes, expect(bytes, blanks(bytes, key.end + 1), b':')?);
        let (value, end) = value(bytes, at)?;
        each(&bytes[key], value)?;
        at = blanks(bytes, end);
        match bytes.get(at)? {
            b',' => at = blanks(bytes, at + 1),
            b'}' => return Some(at + 1),
            _ => return None,
        }
    }
}

fn value(bytes: &[u8], at: usize) -> Option<(Plain, usize)> {
    match bytes.get(at)? {
        b'"' => {
            let text = text(bytes, at)?;
            let end = text.end + 1;
            Some((Plain::Text(text), end))
        }
        b'[' => Some((Plain::Texts, texts(bytes, at + 1)?)),
        b'n' => bytes[at..].starts_with(b"null").then_some((Plain::Null, at + 4)),
        _ => {
            let number = number(bytes, at)?;
            let end = number.end;
            Some((Plain::Number(number), end))
        }
    }
}

/// Where a list of texts ends.
fn texts(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = blanks(bytes, at);
    if bytes.get(at)? == &b']' {
        return Some(at + 1);
    }
    loop {
        at = blanks(bytes, text(bytes, at)?.end + 1);
        match bytes.get(at)? {
            b',' => at = blanks(bytes, at + 1),
            b']' => return Some(at + 1),
            _ => return None,
        }
    }
}

fn number(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut end = digits(start);
    if end == start || end > start + 1 && bytes[start] == b'0' {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        let part = end + 1;
        end = digits(part);
        if end == part {
            return None;
        }
    }
    (end - start <= DIGITS).then_some(start..end)
}

/// A text without its quotes, if nothing in it is escaped or a control character.
fn text(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = expect(bytes, at, b'"')?;
    let mut end = start;
    for word in bytes[start..].as_chunks::<8>().0 {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            end += marks.trailing_zeros() as usize / 8;
            break;
        }
        end += 8;
    }
    while !matches!(bytes.get(end)?, b'"' | b'\\' | ..b' ') {
        end += 1;
    }
    (bytes[end] == b'"').then_some(start..end)
}

/// The high bits of the bytes of a word that are a quote, a backslash or a control character. Only
/// the lowest is sure to be one: a borrow from it may mark others.
const fn marks(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let quotes = word ^ (ONES * b'"' as u64);
    let escapes = word ^ (ONES * b'\\' as u64);
    let quotes = quotes.wrapping_sub(ONES) & !quotes;
    let escapes = escapes.wrapping_sub(ONES) & !escapes;
    let controls = word.wrapping_sub(ONES * b' ' as u64) & !word;
    (quotes | escapes | controls) & HIGH
}

fn expect(bytes: &[u8], at: usize, byte: u8) -> Option<usize> {
    (bytes.get(at)? == &byte).then_some(at + 1)
}

fn blanks(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    /// What is read of an object; none where it is not plain.
    fn read(object: &str) -> Option<(Value, usize)> {
        let mut read = Map::new();
        let length = members(object.as_bytes(), |key, value| {
            let value = match value {
                Plain::Text(text) => object[text].into(),
                Plain::Number(number) => serde_json::from_str(&object[number]).ok()?,
                Plain::Null => Value::Null,
                Plain::Texts => "a list".into(),
            };
            let key = String::from_utf8_lossy(key).into_owned();
            read.insert(key, value).is_none().then_some(())
        })?;
        Some((read.into(), length))
    }

    #[test]
    fn a_plain_object_is_read_up_to_its_end() {
        let object = r#"{ "a" : "b", "c":0,"long":"01234567é0123456789", "d": 1.50, "e":null}"#;
        let (value, length) = read(&format!("{object}, {{}}")).expect("it is plain");
        assert_eq!((value, length), (serde_json::from_str(object).unwrap(), object.len()));
        let (value, _) = read(r#"{"a":[],"b":[ "x" , "y"]}"#).expect("it is plain");
        assert_eq!(value, serde_json::json!({"a": "a list", "b": "a list"}));
    }

    #[test]
    fn what_is_escaped_nested_odd_or_wrong_is_left_to_a_reader_of_all_json() {
        for object in [
            "",
            "{",
            "{}",
            "[]",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":"b""#,
            r#"{"a":"b",}"#,
            r#"{"a":"\n"}"#,
            r#"{"a":{}}"#,
            r#"{"a":[1]}"#,
            r#"{"a":["b",]}"#,
            r#"{"a":["b"}"#,
            r#"{"a":01}"#,
            r#"{"a":-1}"#,
            r#"{"a":1.}"#,
            r#"{"a":.5}"#,
            r#"{"a":1e3}"#,
            r#"{"a":true}"#,
            r#"{"a":nul}"#,
            r#"{"\u0061":1}"#,
            "{\"a\":\"\t\"}",
            "{\n\"a\":1}",
            r#"{"a":"0123456\"}"#,
            "{\"a\":\"0123456789\u{1}\"}",
            r#"{"a" 1}"#,
            r#"{"a":1 2}"#,
        ] {
            assert_eq!(read(object), None, "{object}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_a_reader_of_all_json_reads(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "\"", "\"a\"", "\"bcdefghijk\"", ":", ",", " ", "1", "0", ".", "é",
                    "null", "\\", "\u{1f}", "-", "e",
                ]),
                0..12,
            ),
        ) {
            let object = format!("{{\"k\":{}", parts.concat());
            if let Some((value, length)) = read(&object) {
                prop_assert_eq!(Some(value), serde_json::from_str(&object[..length]).ok());
            }
        }
    }
}
