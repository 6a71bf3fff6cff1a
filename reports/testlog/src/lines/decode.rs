//! Bytes to UTF-8, whatever the shell that redirected them made of them.
//!
//! Windows' shell writes UTF-16 with a byte-order mark. Everything else passes through as it is,
//! byte by byte and without a copy: a log that is not quite UTF-8 is still a log.

use std::io::{self, BufRead, Read};

/// A reader that gives UTF-8 for UTF-16, and anything else without its byte-order mark.
#[derive(Debug)]
pub(crate) struct Decoded<R> {
    inner: R,
    encoding: Option<Encoding>,
    /// Decoded text, of which `given` bytes were consumed already; UTF-16 only.
    ready: Vec<u8>,
    given: usize,
    /// An odd byte, and a high surrogate, whose other half has not come yet.
    odd: Option<u8>,
    high: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Bytes,
    Utf16Little,
    Utf16Big,
}

/// Bytes of UTF-16 that are decoded at once.
const PIECE: usize = 64 << 10;

impl<R: BufRead> Decoded<R> {
    /// Decodes a reader from its very beginning.
    pub(crate) const fn new(inner: R) -> Self {
        Self { inner, encoding: None, ready: Vec::new(), given: 0, odd: None, high: None }
    }

    /// Takes the byte-order mark off, if there is one. It is looked for in the first read only:
    /// no writer splits it, and a split one would cost three odd bytes in the first line.
    fn begin(&mut self) -> io::Result<Encoding> {
        if let Some(encoding) = self.encoding {
            return Ok(encoding);
        }
        let start = self.inner.fill_buf()?;
        let (encoding, mark) = match start {
            [0xEF, 0xBB, 0xBF, ..] => (Encoding::Bytes, 3),
            [0xFF, 0xFE, ..] => (Encoding::Utf16Little, 2),
            [0xFE, 0xFF, ..] => (Encoding::Utf16Big, 2),
            _ => (Encoding::Bytes, 0),
        };
        self.inner.consume(mark);
        self.encoding = Some(encoding);
        Ok(encoding)
    }

    /// Decodes the next piece of UTF-16 into `ready`; leaves it empty at the end only.
    fn decode(&mut self, big: bool) -> io::Result<()> {
        self.ready.clear();
        self.given = 0;
        while self.ready.is_empty() {
            let piece = self.inner.fill_buf()?;
            if piece.is_empty() {
                if self.odd.take().is_some() || self.high.take().is_some() {
                    self.ready.extend_from_slice("\u{FFFD}".as_bytes());
                }
                return Ok(());
            }
            let take = piece.len().min(PIECE);
            for &byte in &piece[..take] {
                let Some(first) = self.odd.take() else {
                    self.odd = Some(byte);
                    continue;
                };
                let pair = [first, byte];
                let unit = if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
                push_unit(&mut self.ready, &mut self.high, unit);
            }
            self.inner.consume(take);
        }
        Ok(())
    }
}

fn push_unit(out: &mut Vec<u8>, high: &mut Option<u16>, unit: u16) {
    let mut push = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    if let Some(first) = high.take() {
        if let Some(Ok(c)) = char::decode_utf16([first, unit]).next() {
            push(c);
            return;
        }
        push(char::REPLACEMENT_CHARACTER);
    }
    match char::decode_utf16([unit]).next() {
        Some(Ok(c)) => push(c),
        _ if (0xD800..0xDC00).contains(&unit) => *high = Some(unit),
        _ => push(char::REPLACEMENT_CHARACTER),
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_ready(self, buffer)
    }
}

/// Reads from what a buffered reader has ready.
pub(crate) fn read_ready(reader: &mut impl BufRead, buffer: &mut [u8]) -> io::Result<usize> {
    let ready = reader.fill_buf()?;
    let length = ready.len().min(buffer.len());
    buffer[..length].copy_from_slice(&ready[..length]);
    reader.consume(length);
    Ok(length)
}

impl<R: BufRead> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let encoding = self.begin()?;
        if encoding == Encoding::Bytes {
            return self.inner.fill_buf();
        }
        if self.given == self.ready.len() {
            self.decode(encoding == Encoding::Utf16Big)?;
        }
        Ok(&self.ready[self.given..])
    }

    fn consume(&mut self, amount: usize) {
        match self.encoding {
            Some(Encoding::Utf16Little | Encoding::Utf16Big) => self.given += amount,
            _ => self.inner.consume(amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    fn decoded(bytes: &[u8], capacity: usize) -> String {
        let mut text = Vec::new();
        let reader = BufReader::with_capacity(capacity, bytes);
        Decoded::new(reader).read_to_end(&mut text).expect("a slice");
        String::from_utf8_lossy(&text).into_owned()
    }

    #[test]
    fn marks_are_taken_off_and_nothing_else() {
        assert_eq!(decoded(b"\xEF\xBB\xBFplain \x80", 8), "plain \u{FFFD}");
        assert_eq!(decoded(b"plain", 8), "plain");
        assert_eq!(decoded(b"", 8), "");
        assert_eq!(decoded(b"\xFF\xFEa\0\0\xD8", 8), "a\u{FFFD}");
    }

    proptest! {
        #[test]
        fn utf_16_reads_as_what_was_written(text in ".{0,80}", capacity in 3_usize..9) {
            for big in [false, true] {
                let mut bytes = if big { vec![0xFE, 0xFF] } else { vec![0xFF, 0xFE] };
                for unit in text.encode_utf16() {
                    bytes.extend(if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
                }
                prop_assert_eq!(&decoded(&bytes, capacity), &text);
            }
        }
    }
}
