//! A line of letters: one for each result, as pytest prints them where no names are asked for.

use memchr::memmem;

use super::tail::{Tail, without_tail};
use super::word::LETTERS;
use crate::bytes::trim_end;

/// The file and the letters of a line; `tail` says whether the line says how far the run is.
pub(super) fn read(text: &[u8], tail: bool) -> Option<(&[u8], &[u8])> {
    let text = without_banner(text);
    // A result that came after the last one was thought to be in: `.F [100%]F [100%]`.
    if let Some(close) = memchr::memrchr(b']', text)
        && close + 1 < text.len()
        && text[close + 1..].iter().all(|byte| LETTERS.contains(byte))
        && let (before, Tail::Percent(_)) = without_tail(&text[..=close])
        && let Some((file, _)) = plain(before, true)
    {
        let start = memchr::memrchr(b' ', before).map_or(0, |space| space + 1);
        return Some((file, &text[start..]));
    }
    plain(text, tail)
}

fn plain(text: &[u8], tail: bool) -> Option<(&[u8], &[u8])> {
    let start = memchr::memrchr(b' ', text).map_or(0, |space| space + 1);
    let (file, letters) = (&text[..start], &text[start..]);
    if letters.is_empty() || !letters.iter().all(|byte| LETTERS.contains(byte)) {
        return None;
    }
    let file = trim_end(file);
    let named = file.is_empty() || file.ends_with(b".py") || tail;
    // A rule of dashes, or an ellipsis after words, is no progress.
    let noise = letters.iter().all(|byte| *byte == b'-') || (file.is_empty() && letters == b"...");
    (named && (!noise || tail)).then_some((file, letters))
}

/// Whether a line ends with the banner of the time-out plugin.
pub(crate) fn has_banner(line: &[u8]) -> bool {
    without_banner(line).len() < line.len()
}

/// Letters before the banner that the time-out plugin writes into the middle of a line.
fn without_banner(text: &[u8]) -> &[u8] {
    if !text.ends_with(b"++++ ") && !text.ends_with(b"++++") {
        return text;
    }
    let banner = memmem::find(text, b"+ Timeout +").and_then(|_| memmem::find(text, b"++++"));
    banner.map_or(text, |start| &text[..start])
}
