//! What a test printed, as much of it as says why it failed: the beginning and the end.
//!
//! A test prints for as long as it likes and says at the very end what went wrong; so what does
//! not fit is taken out of the middle.

use crate::bytes;

/// The bytes of either part that are kept.
const PART: usize = 8 << 10;
/// What stands in place of the middle.
const GAP: &str = "[...]\n";

/// The output of one test.
#[derive(Debug, Default)]
pub(crate) struct Output {
    head: String,
    /// The end, after what is older than it is needed.
    tail: String,
    lost: bool,
}

impl Output {
    /// Adds a piece, a line mostly, if it takes no more than `room`.
    pub(crate) fn push(&mut self, piece: &str, room: usize) {
        let start = piece.ceil_char_boundary(piece.len().saturating_sub(PART));
        let piece = &piece[start..];
        self.lost |= start > 0 || piece.len() > room;
        if piece.len() > room {
            return;
        }
        if start == 0 && self.tail.is_empty() && self.head.len() + piece.len() <= PART {
            self.head.push_str(piece);
            return;
        }
        if self.tail.len() + piece.len() > PART * 2 {
            let old = self.tail.ceil_char_boundary(self.tail.len() - PART);
            self.tail.drain(..old);
            self.lost = true;
        }
        self.tail.push_str(piece);
    }

    /// The same for a line without its end.
    pub(crate) fn push_line(&mut self, line: &[u8], room: usize) {
        let start = line.len().saturating_sub(PART * 2);
        let mut text = bytes::lossy(&line[start..]);
        text.push('\n');
        self.lost |= start > 0;
        self.push(&text, room);
    }

    /// The bytes that are kept.
    pub(crate) const fn kept(&self) -> usize {
        self.head.len() + self.tail.len()
    }

    /// The text, with a mark where something is missing.
    pub(crate) fn text(&self) -> String {
        let gap = if self.lost { GAP } else { "" };
        [&self.head, gap, &self.tail].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_middle_of_a_long_output_is_lost_and_its_end_is_not() {
        let mut output = Output::default();
        for line in 0..10_000 {
            output.push(&format!("line {line}\n"), usize::MAX);
        }
        let text = output.text();
        assert!(text.starts_with("line 0\n") && text.ends_with("\nline 9999\n"));
        assert!(text.contains(GAP) && text.len() < PART * 4);
    }

    proptest! {
        #[test]
        fn what_fits_is_kept_to_the_letter(pieces in prop::collection::vec(".{0,80}", 0..40)) {
            let mut output = Output::default();
            for piece in &pieces {
                output.push(piece, usize::MAX);
            }
            prop_assert_eq!(output.text(), pieces.concat());
        }

        #[test]
        fn it_never_grows_by_more_than_there_is_room_for(
            pieces in prop::collection::vec((1_usize..20_000, 0_usize..20_000), 0..40),
        ) {
            let mut output = Output::default();
            for (length, room) in pieces {
                let before = output.kept();
                output.push(&"\u{e9}".repeat(length), room);
                prop_assert!(output.kept() <= before + room);
                prop_assert!(output.kept() <= PART * 4);
            }
        }
    }
}
