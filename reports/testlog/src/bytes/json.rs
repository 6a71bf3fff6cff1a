//! Strings of JSON that are not quite text, and objects that were cut.
//!
//! A test's output may hold bytes that are no UTF-8 and halves of surrogate pairs, and runners
//! write them as they are. A reader that refuses them loses the result next to them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::bytes::LONGEST;

/// A string, borrowed where nothing in it is escaped; what is no text in it is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Asked for a string, `serde_json` refuses halves of surrogate pairs; not so for bytes.
        deserializer.deserialize_bytes(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        // Valid text, which nearly all is, is checked many bytes at a time, and not one by one.
        let text = std::str::from_utf8(bytes);
        Ok(Text(text.map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(crate::bytes::lossy(bytes))))
    }
}

/// The text of a line that was cut inside a string, with everything closed that is open there;
/// none for any other line. What stands before the cut, a result above all, can then be read.
pub(crate) fn closed(line: &[u8]) -> Option<Vec<u8>> {
    if line.len() < LONGEST {
        return None;
    }
    let mut open = Vec::new();
    let mut at = 0;
    // Where the last escape begins, if the line may end in it.
    let mut end = line.len();
    let mut in_string = false;
    while let Some(&byte) = line.get(at) {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                let length = if line.get(at + 1) == Some(&b'u') { 6 } else { 2 };
                if at + length > line.len() {
                    end = at;
                    break;
                }
                at += length - 1;
            }
            b'{' if !in_string => open.push(b'}'),
            b'[' if !in_string => open.push(b']'),
            b'}' | b']' if !in_string => {
                open.pop();
            }
            _ => {}
        }
        at += 1;
    }
    if !in_string {
        return None;
    }
    let mut text = line[..end].to_vec();
    text.push(b'"');
    text.extend(open.iter().rev());
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_replaced() {
        let read = |json: &[u8]| -> String {
            serde_json::from_slice::<Text<'_>>(json).unwrap().as_str().to_owned()
        };
        assert_eq!(read(br#""plain""#), "plain");
        assert_eq!(read(br#""a\n\u00e9""#), "a\n\u{e9}");
        assert_eq!(read(br#""half \ud83d.""#), "half \u{fffd}\u{fffd}\u{fffd}.");
        assert_eq!(read(b"\"bytes \xff.\""), "bytes \u{fffd}.");
        assert!(serde_json::from_slice::<Text<'_>>(b"1").is_err());
    }

    #[test]
    fn a_line_that_is_cut_anywhere_in_its_text_can_be_closed() {
        for tail in ["", "a", "\\", "\\\\", "\\\\\\", "\\u", "\\u00", "\\u00e9", "\\\\u00e9", "\\n"]
        {
            let start = "{\"name\":\"t\",\"stdout\":\"";
            let fill = "x".repeat(LONGEST - start.len() - tail.len());
            let line = closed(format!("{start}{fill}{tail}").as_bytes()).expect("a cut line");
            let value: serde_json::Value = serde_json::from_slice(&line).expect(tail);
            assert_eq!(value["name"], "t");
        }
        let nested = format!("{{\"a\":[{{\"b\":\"{}", "[\\\"".repeat(LONGEST));
        let line = closed(&nested.as_bytes()[..LONGEST]).expect("a cut line");
        serde_json::from_slice::<serde_json::Value>(&line).expect("everything is closed");
        assert_eq!(closed(b"{\"name\":\"t"), None);
    }
}
