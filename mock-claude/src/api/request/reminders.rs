//! What a client adds to the words of its user: text in `<system-reminder>` tags, which asks for
//! nothing. Claude Code puts the names of its tools into such blocks.

use std::ops::Range;

const OPENING: &str = "<system-reminder>";
const CLOSING: &str = "</system-reminder>";

/// The part of a block outside reminders: what follows the last one, or else what precedes those at
/// its end. A block that is nothing but reminders has none; one without any is whole.
pub(super) fn without(text: &str, block: &Range<usize>) -> Range<usize> {
    let Range { start, mut end } = *block;
    if !are_in(&text[block.clone()]) {
        return block.clone();
    }
    loop {
        let left = text[start..end].trim_end();
        end = start + left.len();
        match left.strip_suffix(CLOSING).and_then(|inside| inside.rfind(OPENING)) {
            Some(reminder) => end = start + reminder,
            None => break,
        }
    }
    let start = text[start..end].rfind(CLOSING).map_or(start, |at| start + at + CLOSING.len());
    let blank = text[start..end].len() - text[start..end].trim_start().len();
    start + blank..end
}

/// Whether there may be any.
pub(super) fn are_in(text: &str) -> bool {
    text.contains(OPENING)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(block: &str) -> &str {
        &block[without(block, &(0..block.len()))]
    }

    #[test]
    fn what_is_asked_stands_outside_reminders() {
        let one = "<system-reminder>use Bash, Edit</system-reminder>";
        assert_eq!(asked("plain words \n"), "plain words \n");
        assert_eq!(asked(one), "");
        assert_eq!(asked(&format!("{one}\n\n{one}\n")), "");
        assert_eq!(asked(&format!("{one}\nhello")), "hello");
        assert_eq!(asked(&format!("hello\n{one}\n{one}\n")), "hello");
        assert_eq!(asked(&format!("{one}\nhello\n{one}")), "hello");
        assert_eq!(asked("<system-reminder>never closed"), "<system-reminder>never closed");
    }
}
