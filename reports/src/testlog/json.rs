//! Strings of JSON that are not quite text, and objects that were cut.
//!
//! A test's output may hold bytes that are no UTF-8 and halves of surrogate pairs, and runners
//! write them as they are. A reader that refuses them loses the result that they stand beside.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::lines::LONGEST;

/// A string, borrowed where nothing in it is escaped; what is no text in it is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
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
        Ok(Text(String::from_utf8_lossy(bytes)))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(super::bytes::lossy(bytes))))
    }
}

/// The text of a line that was cut inside the last string of a flat object, closed; none for any
/// other line. What stands before the cut, the result above all, can then be read.
pub(super) fn closed(line: &[u8]) -> Option<Vec<u8>> {
    if line.len() < LONGEST {
        return None;
    }
    // An escape takes up to six bytes, and may be cut itself.
    let tail = line.len() - 6;
    let escape = line[tail..].iter().rposition(|byte| *byte == b'\\').map(|at| tail + at);
    let end = escape.map_or(line.len(), |at| {
        let before = line[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        if before % 2 == 1 { at - 1 } else { at }
    });
    Some([&line[..end], b"\"}"].concat())
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
        assert_eq!(closed(b"{\"name\":\"t"), None);
    }
}
