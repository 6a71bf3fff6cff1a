//! The head of a response as it is written: where it ends, and what it must not announce.

use bytes::Bytes;

/// A head that does not announce that the connection closes, because a fault is not announced: a
/// client that knows may take a response that breaks off for one that is over.
#[derive(Debug)]
pub(super) struct Quiet {
    pub(super) bytes: Bytes,
    /// How many bytes of the true head they stand for.
    pub(super) stands_for: usize,
}

impl Quiet {
    const ANNOUNCEMENT: &[u8] = b"\r\nconnection: close\r\n";

    /// The head that these bytes begin with, if they hold all of it.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let mark = HeadEnd::MARK;
        let end = bytes.windows(mark.len()).position(|part| part == mark)? + mark.len();
        let head = &bytes[..end];
        let length = Self::ANNOUNCEMENT.len();
        let at = head.windows(length).position(|part| part == Self::ANNOUNCEMENT)?;
        // The line break before the announcement stays.
        let quiet = [&head[..at + 2], &head[at + length..]].concat();
        Some(Self { bytes: quiet.into(), stands_for: end })
    }
}

/// Finds the empty line at the end of a response's head, wherever the writes are cut.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HeadEnd {
    /// How much of the mark has come.
    pub(super) matched: usize,
}

impl HeadEnd {
    pub(super) const MARK: &[u8; 4] = b"\r\n\r\n";

    /// How many of these bytes may be written when `left` bytes of the body may be.
    pub(super) fn allowed(self, bytes: &[u8], left: u64) -> usize {
        let of_head = { self }.advance(bytes);
        let of_body = (bytes.len() - of_head) as u64;
        of_head + usize::try_from(of_body.min(left)).unwrap_or(usize::MAX)
    }

    /// How many of these bytes belong to the head.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> usize {
        for (position, byte) in bytes.iter().enumerate() {
            if self.matched == Self::MARK.len() {
                return position;
            }
            if *byte == Self::MARK[self.matched] {
                self.matched += 1;
            } else {
                self.matched = usize::from(*byte == Self::MARK[0]);
            }
        }
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_end_of_the_head_is_found_however_the_writes_are_cut(
            head in "[a-z\r\n]{0,20}", body in "[a-z\r\n]{0,20}", step in 1_usize..7,
        ) {
            let head = head.replace("\r\n\r\n", "") + "x\r\n\r\n";
            let first = head.find("\r\n\r\n").map_or(0, |at| at + 4);
            let whole = head + &body;
            let mut end = HeadEnd::default();
            let found: usize = whole.as_bytes().chunks(step).map(|piece| end.advance(piece)).sum();
            prop_assert_eq!(found, first);
        }
    }

    #[test]
    fn a_head_loses_its_announcement_and_nothing_else() {
        let head = |line: &str| format!("HTTP/1.1 200 OK\r\na: b\r\n{line}c: d\r\n\r\n");
        let whole = head("connection: close\r\n") + "body\r\n\r\n";
        let quiet = Quiet::of(whole.as_bytes()).unwrap();
        assert_eq!(quiet.bytes, head(""));
        assert_eq!(&whole[quiet.stands_for..], "body\r\n\r\n");
        assert!(Quiet::of(head("").as_bytes()).is_none() && Quiet::of(b"HTTP/1.1 200").is_none());
    }
}
