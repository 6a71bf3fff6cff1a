//! How far the run is, as the end of a line of progress says.

use super::word;
use crate::bytes::{trim_end, trim_start};

/// How far the run is, by the end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// ` [ 45%]`.
    Percent(u64),
    /// ` [ 1/19]`.
    Count(u64),
    /// ` 563.1us`.
    Time,
    None,
}

/// Cuts ` [ 45%]`, ` [ 1/19]` or ` 563.1us` off.
pub(super) fn without_tail(line: &[u8]) -> (&[u8], Tail) {
    let text = trim_end(line);
    if let Some(inner) = text.strip_suffix(b"]")
        && let Some(open) = memchr::memrchr(b'[', &inner[inner.len().saturating_sub(24)..])
    {
        let open = inner.len().saturating_sub(24) + open;
        let tail = count(&inner[open + 1..]);
        if tail != Tail::None && (open == 0 || inner[open - 1] == b' ') {
            return (trim_end(&inner[..open]), tail);
        }
    }
    if text.last().is_some_and(|last| matches!(last, b's' | b'm'))
        && let Some(shorter) = without_time(text)
    {
        return (shorter, Tail::Time);
    }
    (text, Tail::None)
}

/// What stands in the brackets of a tail: ` 45%`, `100%`, ` 1/19`.
pub(super) fn count(inner: &[u8]) -> Tail {
    let inner = trim_start(inner);
    let digits = inner.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(&inner[..digits]).ok().and_then(|text| text.parse().ok());
    match (number, &inner[digits..]) {
        (Some(number), b"%") if digits <= 3 => Tail::Percent(number),
        (Some(number), [b'/', total @ ..])
            if !total.is_empty() && total.iter().all(u8::is_ascii_digit) =>
        {
            Tail::Count(number)
        }
        _ => Tail::None,
    }
}

/// The line before a duration in the `times` style, if a result stands before it.
fn without_time(text: &[u8]) -> Option<&[u8]> {
    let mut text = text;
    for _ in 0..2 {
        let space = memchr::memrchr(b' ', &text[text.len().saturating_sub(12)..])?;
        let token = &text[text.len().saturating_sub(12) + space + 1..];
        if !token.first()?.is_ascii_digit() {
            return None;
        }
        text = trim_end(&text[..text.len() - token.len()]);
        if word::trailing(text).is_some() || text.ends_with(b")") || text.ends_with(b"]") {
            return Some(text);
        }
    }
    None
}

/// How far the run is at the line that ends a reason that was wrapped.
pub(crate) fn closes(line: &[u8]) -> Option<Tail> {
    let (text, tail) = without_tail(line);
    text.ends_with(b")").then_some(tail)
}
