//! Bytes as they read once escapes are undone, each with the place that it came from.
//!
//! A credential may be written with any of its characters escaped. Undoing all escapes and looking
//! for it as it is finds every such form, in one pass.

use std::ops::Range;

/// What an unescaped quote becomes: no credential goes beyond the end of the string it is in.
pub(crate) const END_OF_STRING: u8 = 0;

/// A run of bytes, and where they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    at: usize,
    from: Range<usize>,
    /// Whether the bytes are those of the source, one for one.
    is_same: bool,
}

/// Bytes that were put together from places of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) bytes: Vec<u8>,
    parts: Vec<Part>,
}

impl View {
    /// Adds a byte of the source.
    fn keep(&mut self, byte: u8, at: usize) {
        if let Some(last) = self.parts.last_mut().filter(|last| last.is_same)
            && last.from.end == at
        {
            last.from.end += 1;
        } else {
            self.parts.push(Part { at: self.bytes.len(), from: at..at + 1, is_same: true });
        }
        self.bytes.push(byte);
    }

    /// Adds what an escape stands for.
    fn put(&mut self, bytes: &[u8], from: Range<usize>) {
        self.parts.push(Part { at: self.bytes.len(), from, is_same: false });
        self.bytes.extend_from_slice(bytes);
    }

    /// The places of the source that a range was made of, in order.
    pub(crate) fn places(&self, range: &Range<usize>) -> Vec<Range<usize>> {
        let first = self.parts.partition_point(|part| part.at <= range.start).saturating_sub(1);
        let mut places: Vec<Range<usize>> = Vec::new();
        for (number, part) in self.parts.iter().enumerate().skip(first) {
            if part.at >= range.end {
                break;
            }
            let end = self.parts.get(number + 1).map_or(self.bytes.len(), |next| next.at);
            let (start, end) = (range.start.max(part.at), range.end.min(end));
            if start >= end {
                continue;
            }
            let place = if part.is_same {
                part.from.start + (start - part.at)..part.from.start + (end - part.at)
            } else {
                part.from.clone()
            };
            match places.last_mut() {
                Some(last) if last.end == place.start => last.end = place.end,
                _ => places.push(place),
            }
        }
        places
    }

    /// Undoes the escapes of JSON strings in `source[range]`, `\x41` among them, which Python
    /// prints.
    pub(crate) fn add_unescaped(&mut self, source: &[u8], range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            let byte = source[at];
            if byte == b'\\'
                && let Some((length, shown)) = escape(&source[at..range.end])
            {
                self.put(shown.as_bytes(), at..at + length);
                at += length;
            } else {
                self.keep(if byte == b'"' { END_OF_STRING } else { byte }, at);
                at += 1;
            }
        }
    }

    /// The source with its escapes undone; nothing where it has none.
    pub(crate) fn unescaped(source: &[u8]) -> Option<Self> {
        source.contains(&b'\\').then(|| {
            let mut view = Self::default();
            view.add_unescaped(source, 0..source.len());
            view
        })
    }

    /// The source with `%41` and the like undone; nothing where there is none.
    pub(crate) fn percent_decoded(source: &[u8]) -> Option<Self> {
        let mut view: Option<Self> = None;
        let mut at = 0;
        let mut kept = 0;
        while let Some(found) = source[at..].iter().position(|byte| *byte == b'%') {
            at += found;
            let Some(byte) = source.get(at + 1..at + 3).and_then(hex) else {
                at += 1;
                continue;
            };
            let view = view.get_or_insert_default();
            view.keep_all(source, kept..at);
            view.put(&[byte], at..at + 3);
            at += 3;
            kept = at;
        }
        if let Some(view) = &mut view {
            view.keep_all(source, kept..source.len());
        }
        view
    }

    fn keep_all(&mut self, source: &[u8], range: Range<usize>) {
        if !range.is_empty() {
            let (at, from) = (self.bytes.len(), range.clone());
            self.parts.push(Part { at, from, is_same: true });
            self.bytes.extend_from_slice(&source[range]);
        }
    }
}

/// The escape that a text begins with: its length, and what it stands for.
fn escape(text: &[u8]) -> Option<(usize, String)> {
    let plain = |shown: &str| Some((2, shown.to_owned()));
    match text.get(1)? {
        b'n' => plain("\n"),
        b'r' => plain("\r"),
        b't' => plain("\t"),
        b'b' => plain("\u{8}"),
        b'f' => plain("\u{c}"),
        b'"' => plain("\""),
        b'\'' => plain("'"),
        b'\\' => plain("\\"),
        b'/' => plain("/"),
        b'x' => {
            let byte = text.get(2..4).and_then(hex)?;
            Some((4, char::from(byte).to_string()))
        }
        b'u' => unicode(text),
        _ => None,
    }
}

/// `\u0041`, or two of them where one is half a letter.
fn unicode(text: &[u8]) -> Option<(usize, String)> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6).filter(|digits| digits.starts_with(b"\\u"))?;
        let (high, low) = (hex(&digits[2..4])?, hex(&digits[4..6])?);
        Some(u16::from_be_bytes([high, low]))
    };
    let first = unit(0)?;
    if let Some(letter) = char::from_u32(u32::from(first)) {
        return Some((6, letter.to_string()));
    }
    let letter = char::decode_utf16([first, unit(6)?]).next()?.ok()?;
    Some((12, letter.to_string()))
}

/// The byte that two hexadecimal digits are.
fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let [high, low] = digits else { return None };
    Some(digit(*high)? << 4 | digit(*low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str, view: &View, wanted: &str) -> Vec<String> {
        let at = view.bytes.windows(wanted.len()).position(|part| part == wanted.as_bytes());
        let at = at.unwrap_or_else(|| panic!("{wanted} is not in {view:?}"));
        let places = view.places(&(at..at + wanted.len()));
        places.into_iter().map(|place| source[place].to_owned()).collect()
    }

    #[test]
    fn what_was_escaped_is_found_at_its_place() {
        let source = r#"{"a":"x s\u006b-\"1\u00e9\ud83d\ude00 y"}"#;
        let view = View::unescaped(source.as_bytes()).unwrap();
        let whole = r#"s\u006b-\"1\u00e9\ud83d\ude00"#;
        assert_eq!(found(source, &view, "sk-\"1é😀"), [whole]);
        assert_eq!(found(source, &view, "-"), ["-"]);
        assert_eq!(View::unescaped(b"plain"), None);
        let odd = View::unescaped(br"\q \u12 \ud800 \").unwrap();
        assert_eq!(odd.bytes, br"\q \u12 \ud800 \", "what is no escape stays");
    }

    #[test]
    fn percent_signs_are_undone_where_two_digits_follow() {
        let source = "100% of a%2Fb%3a%";
        let view = View::percent_decoded(source.as_bytes()).unwrap();
        assert_eq!(view.bytes, b"100% of a/b:%");
        assert_eq!(found(source, &view, "/b:"), ["%2Fb%3a"]);
        assert_eq!(View::percent_decoded(b"100% of a"), None);
    }

    #[test]
    fn a_view_of_several_places_gives_them_back_apart() {
        let source = br#"["sk-a","nt-b"]"#;
        let mut view = View::default();
        view.add_unescaped(source, 2..6);
        view.add_unescaped(source, 9..13);
        assert_eq!(view.bytes, b"sk-ant-b");
        assert_eq!(view.places(&(3..6)), [5..6, 9..11]);
    }
}
