//! Small things that every reader does with bytes.

pub(crate) mod json;
pub(crate) mod output;
pub(crate) mod plain;

/// The bytes of a line that are kept.
pub(crate) const LONGEST: usize = 8 << 20;

/// Text for a report; what is not UTF-8 is replaced.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    // Valid text, which nearly all is, is checked many bytes at a time, and not one by one.
    std::str::from_utf8(bytes)
        .map_or_else(|_| String::from_utf8_lossy(bytes).into_owned(), str::to_owned)
}

/// Without blanks around it.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// Without spaces at its end; other blanks stay.
pub(crate) fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    &text[..end]
}

/// Without spaces at its start; other blanks stay.
pub(crate) fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| *byte != b' ').unwrap_or(text.len());
    &text[start..]
}

/// What stands before and behind the first place of a mark.
pub(crate) fn split_once<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memchr::memmem::find(text, mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// Decimal seconds in whole milliseconds.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if !part.bytes().all(|byte| byte.is_ascii_digit()) || part.len() > 18 {
        return None;
    }
    let digits = part.bytes().chain([b'0'; 3]).take(3);
    let part = digits.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_to_the_millisecond() {
        let read: Vec<_> = ["0.004", "12", "1.5", "1.23456", "x", "1.x", ""].map(seconds).into();
        assert_eq!(read, [Some(4), Some(12_000), Some(1500), Some(1234), None, None, None]);
    }
}
