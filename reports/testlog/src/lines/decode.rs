//! Bytes to UTF-8, whatever the shell that redirected them made of them.
//!
//! Windows' shell writes UTF-16 with a byte-order mark. Everything else passes through as it is,
//! byte by byte and without a copy: a log that is not quite UTF-8 is still a log.

use std::io::{self, BufRead, Read};

use encoding_rs::{Decoder, Encoding, UTF_8};

/// A reader that gives UTF-8 for UTF-16, and anything else without its byte-order mark.
pub(crate) struct Decoded<R> {
    inner: R,
    text: Text,
}

/// What a text is in.
enum Text {
    /// Nothing was read yet.
    Unread,
    Bytes,
    Utf16(Utf16),
}

/// A text in UTF-16, as far as it is decoded.
struct Utf16 {
    /// None behind the end.
    decoder: Option<Decoder>,
    /// Decoded text, of which `given` bytes were consumed already.
    ready: String,
    given: usize,
}

/// Bytes of UTF-16 that are decoded at once.
const PIECE: usize = 64 << 10;

impl<R: BufRead> Decoded<R> {
    /// Decodes a reader from its very beginning.
    pub(crate) const fn new(inner: R) -> Self {
        Self { inner, text: Text::Unread }
    }

    /// Takes the byte-order mark off, if there is one. It is looked for in the first read only:
    /// no writer splits it, and a split one would cost three odd bytes in the first line.
    fn begin(&mut self) -> io::Result<()> {
        if !matches!(self.text, Text::Unread) {
            return Ok(());
        }
        let marked = Encoding::for_bom(self.inner.fill_buf()?);
        self.text = match marked {
            Some((encoding, _)) if encoding != UTF_8 => {
                let decoder = Some(encoding.new_decoder_without_bom_handling());
                Text::Utf16(Utf16 { decoder, ready: String::new(), given: 0 })
            }
            _ => Text::Bytes,
        };
        self.inner.consume(marked.map_or(0, |(_, length)| length));
        Ok(())
    }
}

impl Utf16 {
    /// Decodes the next piece into `ready`; leaves it empty at the end only.
    fn decode(&mut self, inner: &mut impl BufRead) -> io::Result<()> {
        self.ready.clear();
        self.given = 0;
        while self.ready.is_empty()
            && let Some(decoder) = &mut self.decoder
        {
            let piece = inner.fill_buf()?;
            let last = piece.is_empty();
            let piece = &piece[..piece.len().min(PIECE)];
            let room = decoder.max_utf8_buffer_length(piece.len());
            self.ready.reserve(room.expect("a piece is short"));
            let (_, read, _) = decoder.decode_to_string(piece, &mut self.ready, last);
            inner.consume(read);
            if last {
                self.decoder = None;
            }
        }
        Ok(())
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
        self.begin()?;
        let Text::Utf16(text) = &mut self.text else { return self.inner.fill_buf() };
        if text.given == text.ready.len() {
            text.decode(&mut self.inner)?;
        }
        Ok(&text.ready.as_bytes()[text.given..])
    }

    fn consume(&mut self, amount: usize) {
        match &mut self.text {
            Text::Utf16(text) => text.given += amount,
            Text::Unread | Text::Bytes => self.inner.consume(amount),
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
