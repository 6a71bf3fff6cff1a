//! XML whose texts, values and comments are cut, so that an event of any length takes no memory.
//!
//! Invariant: what is within the limits passes through to the byte; what is beyond them is left
//! out of the middle of a text or a value, and the document around it stays what it is.

use std::io::{self, BufRead, Read};

use memchr::{memchr, memchr3};

use crate::lines::decode::read_ready;

/// The bytes of a text that are kept; messages are cut shorter than this later.
const TEXT: usize = 64 << 10;
/// The bytes of an attribute's value that are kept: a test's name has to be whole.
const VALUE: usize = 2 << 20;
/// The bytes that a tag may have. What is longer ends the document.
const TAG: usize = 8 << 20;

/// The bytes in which the end of a short tag is.
const SHORT: usize = 512;
/// The bytes that are looked at in one go: what is ready stays in the fastest memory.
const PIECE: usize = 32 << 10;

/// Where a byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Markup {
    Text,
    /// After a `<`, as long as it may be a comment's or a section's.
    Open,
    Tag,
    Value(u8),
    /// Up to two bytes of one kind and a `>`: a comment, a section, an instruction.
    Until(u8),
}

/// A reader of XML that is cut.
#[derive(Debug)]
pub(super) struct Shortened<R> {
    inner: R,
    place: Markup,
    /// The bytes of this text or value, and of this tag, that were kept.
    kept: usize,
    tag: usize,
    /// The beginning of a tag, and the last two bytes inside a comment.
    head: Vec<u8>,
    last: [u8; 2],
    ready: Vec<u8>,
    given: usize,
    /// Values that were cut.
    pub(super) cut: u64,
    /// Whether a tag was too long.
    pub(super) broken: bool,
}

impl<R: BufRead> Shortened<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self {
            inner,
            place: Markup::Text,
            kept: 0,
            tag: 0,
            head: Vec::new(),
            last: [0; 2],
            ready: Vec::new(),
            given: 0,
            cut: 0,
            broken: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.given = 0;
        while self.ready.is_empty() && !self.broken {
            let buffer = self.inner.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let length = buffer.len().min(PIECE);
            let mut scan = Scan {
                place: &mut self.place,
                kept: &mut self.kept,
                tag: &mut self.tag,
                head: &mut self.head,
                last: &mut self.last,
                cut: &mut self.cut,
                out: &mut self.ready,
            };
            let mut rest = &buffer[..length];
            while !rest.is_empty() && *scan.tag <= TAG {
                rest = scan.step(rest);
            }
            self.broken = *scan.tag > TAG;
            self.inner.consume(length);
        }
        Ok(())
    }
}

/// The state, apart from the reader that the bytes are borrowed from.
struct Scan<'a> {
    place: &'a mut Markup,
    kept: &'a mut usize,
    tag: &'a mut usize,
    head: &'a mut Vec<u8>,
    last: &'a mut [u8; 2],
    cut: &'a mut u64,
    out: &'a mut Vec<u8>,
}

impl Scan<'_> {
    /// Takes some bytes; gives those that follow.
    fn step<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        match *self.place {
            Markup::Text => {
                let end = memchr(b'<', bytes).unwrap_or(bytes.len());
                self.copy(&bytes[..end], TEXT);
                if end == bytes.len() {
                    return &[];
                }
                let bytes = &bytes[end + 1..];
                // Of a tag this is known at once, if its next byte is there.
                let is_tag = bytes.first().is_some_and(|next| !matches!(next, b'!' | b'?'));
                (*self.place, *self.tag) = (if is_tag { Markup::Tag } else { Markup::Open }, 1);
                self.head.clear();
                self.out.push(b'<');
                bytes
            }
            Markup::Open => {
                let byte = bytes[0];
                self.head.push(byte);
                let section = &b"![CDATA["[..];
                let next = match self.head.as_slice() {
                    b"?" => Some(Markup::Until(b'?')),
                    b"!--" => Some(Markup::Until(b'-')),
                    head if head == section => Some(Markup::Until(b']')),
                    head if section.starts_with(head) || b"!--".starts_with(head) => None,
                    _ => {
                        // A tag, of which this byte may be the end or a quote.
                        *self.place = Markup::Tag;
                        return bytes;
                    }
                };
                self.out.push(byte);
                if let Some(place) = next {
                    (*self.place, *self.kept, *self.last) = (place, 0, [0; 2]);
                }
                &bytes[1..]
            }
            Markup::Tag => self.tag(bytes),
            Markup::Value(quote) => {
                let end = memchr(quote, bytes).unwrap_or(bytes.len());
                let before = *self.kept;
                self.copy(&bytes[..end], VALUE);
                *self.tag += *self.kept - before;
                if end == bytes.len() {
                    return &[];
                }
                *self.place = Markup::Tag;
                self.out.push(quote);
                &bytes[end + 1..]
            }
            Markup::Until(mark) => self.until(mark, bytes),
        }
    }

    /// Reads on in a tag. Values that end in these bytes are passed over at once.
    fn tag<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        *self.kept = 0;
        let mut length = short_tag(bytes).unwrap_or(0);
        if length > 0 {
            *self.place = Markup::Text;
        }
        while *self.place == Markup::Tag && length < bytes.len() {
            let Some(at) = memchr3(b'>', b'"', b'\'', &bytes[length..]) else {
                length = bytes.len();
                break;
            };
            let byte = bytes[length + at];
            length += at + 1;
            if byte == b'>' {
                *self.place = Markup::Text;
                break;
            }
            match memchr(byte, &bytes[length..]) {
                Some(end) if end <= VALUE => length += end + 1,
                _ => *self.place = Markup::Value(byte),
            }
        }
        self.out.extend_from_slice(&bytes[..length]);
        *self.tag += length;
        &bytes[length..]
    }

    /// Reads on in a comment, a section or an instruction.
    fn until<'b>(&mut self, mark: u8, bytes: &'b [u8]) -> &'b [u8] {
        let end = memchr(b'>', bytes);
        let length = end.map_or(bytes.len(), |end| end + 1);
        let text = &bytes[..length];
        let inside = end.unwrap_or(length);
        let before = |back: usize| match inside.checked_sub(back) {
            Some(at) => text[at],
            None => self.last[2 + inside - back],
        };
        let closes = end.is_some() && before(1) == mark && (mark == b'?' || before(2) == mark);
        *self.last = match length {
            0 => *self.last,
            1 => [self.last[1], text[0]],
            _ => [text[length - 2], text[length - 1]],
        };
        let whole = *self.kept + length <= TEXT;
        self.copy(text, TEXT);
        if closes {
            if !whole {
                self.out.extend_from_slice(&[mark, mark][usize::from(mark == b'?')..]);
                self.out.push(b'>');
            }
            (*self.place, *self.kept) = (Markup::Text, 0);
        }
        &bytes[length..]
    }

    /// Keeps as much as fits.
    fn copy(&mut self, bytes: &[u8], limit: usize) {
        let room = limit.saturating_sub(*self.kept).min(bytes.len());
        self.out.extend_from_slice(&bytes[..room]);
        *self.kept += room;
        // Once for each value: one byte more than fits is remembered.
        if room < bytes.len() && limit == VALUE && *self.kept == VALUE {
            *self.cut += 1;
            *self.kept += 1;
        }
    }
}

/// The length of a tag that is short and ends, if each quote in it is double: then its first `>`
/// stands outside of them where they are even in number.
fn short_tag(bytes: &[u8]) -> Option<usize> {
    let end = memchr(b'>', &bytes[..bytes.len().min(SHORT)])?;
    let tag = &bytes[..end];
    // Without a branch, so that many bytes are looked at in one step.
    let is_odd = tag.iter().fold(0_u8, |odd, byte| odd ^ u8::from(*byte == b'"'));
    let single = tag.iter().fold(0_u8, |single, byte| single | u8::from(*byte == b'\''));
    (is_odd == 0 && single == 0).then_some(end + 1)
}

impl<R: BufRead> Read for Shortened<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_ready(self, buffer)
    }
}

impl<R: BufRead> BufRead for Shortened<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.given == self.ready.len() {
            self.refill()?;
        }
        Ok(&self.ready[self.given..])
    }

    fn consume(&mut self, amount: usize) {
        self.given += amount;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    fn shortened(text: &[u8], capacity: usize) -> (String, u64, bool) {
        let mut reader = Shortened::new(BufReader::with_capacity(capacity, text));
        let mut out = Vec::new();
        reader.read_to_end(&mut out).expect("a slice");
        (String::from_utf8_lossy(&out).into_owned(), reader.cut, reader.broken)
    }

    #[test]
    fn a_text_a_section_and_a_comment_are_cut_and_what_follows_is_read() {
        let long = "x".repeat(3 << 20);
        for (before, after) in [
            ("<a>", "</a>"),
            ("<a><![CDATA[", "]]></a>"),
            ("<a><!-- > - >", "--></a>"),
            ("<?pi it's ?", "?><a/>"),
        ] {
            for capacity in [7, 1 << 16] {
                let (text, cut, broken) = shortened(
                    format!("{before}{long}{after}<b c=\"d\">e</b>").as_bytes(),
                    capacity,
                );
                assert!(text.len() < TEXT + 60, "{before}: {}", text.len());
                assert!(text.starts_with(before), "{before}");
                assert!(text.ends_with(&format!("{after}<b c=\"d\">e</b>")), "{before}");
                assert_eq!((cut, broken), (0, false));
            }
        }
    }

    #[test]
    fn a_value_that_is_cut_is_counted_and_a_tag_without_an_end_ends_it() {
        let long = "x".repeat(12 << 20);
        let (text, cut, broken) = shortened(format!("<a b='{long}'/>").as_bytes(), 1 << 16);
        assert!(text.ends_with("x'/>") && text.len() < VALUE + 20);
        assert_eq!((cut, broken), (1, false));
        let (text, _, broken) = shortened(format!("<a {long}").as_bytes(), 1 << 16);
        assert!(broken && text.len() < TAG + (1 << 17));
    }

    proptest! {
        #[test]
        fn what_is_short_passes_as_it_is(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "<a b=\"<>'\">", "</a>", "<!-- - -->", "<![CDATA[ ]] > ]]>", "x", "&lt;", ">",
                    "<", "]]>", "-->", "<!", "<![", "<?x?>", "\"", "'",
                ]),
                0..40,
            ),
            capacity in 1_usize..40,
        ) {
            let text = parts.concat();
            prop_assert_eq!(shortened(text.as_bytes(), capacity).0, text);
        }
    }
}
