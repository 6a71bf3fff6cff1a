//! The times that CI systems write before a line, in the forms that are seen.

/// How many digits a text opens with.
pub(crate) fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Digits where a time has digits, and what stands between them.
const DATE: &[u8] = b"0000-00-00";
const CLOCK: &[u8] = b"00:00:00";

fn fits(text: &[u8], shape: &[u8]) -> bool {
    text.len() >= shape.len()
        && text
            .iter()
            .zip(shape)
            .all(|(byte, shape)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape })
}

/// The length of a time, its brackets, and the blank after it.
pub(crate) fn time(text: &[u8]) -> Option<usize> {
    // `gh` puts the log's own byte-order mark after its tabs.
    let mark = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let bracket = usize::from(text.get(mark) == Some(&b'['));
    let mut at = mark + bracket;
    let dated = fits(&text[at..], DATE);
    if dated {
        at += DATE.len();
        if !matches!(text.get(at), Some(b'T' | b' ')) {
            return None;
        }
        at += 1;
    }
    if !fits(&text[at..], CLOCK) {
        return None;
    }
    at += CLOCK.len();
    if matches!(text.get(at), Some(b'.' | b',')) && text.get(at + 1).is_some_and(u8::is_ascii_digit)
    {
        at += 1 + digits(&text[at + 1..]);
    }
    at += zone(&text[at..]);
    if bracket > 0 {
        if text.get(at) != Some(&b']') {
            return None;
        }
        at += 1;
    }
    match text.get(at) {
        None => Some(at),
        // A clock alone is padded with two.
        Some(b' ') if !dated && text.get(at + 1) == Some(&b' ') => Some(at + 2),
        Some(b' ') => Some(at + 1),
        // What `gh` and GitHub's own files leave of an empty line.
        Some(_) if dated && text[at - 1] == b'Z' => Some(at),
        Some(_) => None,
    }
}

/// `Z`, `+02:00`, `+0200`, or nothing.
fn zone(text: &[u8]) -> usize {
    match text.first() {
        Some(b'Z') => 1,
        Some(b'+' | b'-') if fits(&text[1..], b"00:00") => 6,
        Some(b'+' | b'-') if fits(&text[1..], b"0000") => 5,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_ends_with_its_zone_its_bracket_and_a_blank() {
        let check = |text: &str, rest: Option<&str>| {
            assert_eq!(time(text.as_bytes()).map(|end| &text[end..]), rest, "{text}");
        };
        check("2026-05-26T20:28:24.6947565Z x", Some("x"));
        check("2026-05-26T20:28:24.6947565Z", Some(""));
        check("[2026-05-26T20:28:24+0200]  x", Some(" x"));
        check("20:28:24  x", Some("x"));
        check("[20:28:24] x", Some("x"));
        for none in ["2026-05-26 x", "20:28 x", "[20:28:24 x", "20:28:24x", ""] {
            check(none, None);
        }
    }
}
