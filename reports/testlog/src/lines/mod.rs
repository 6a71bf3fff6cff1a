//! Lines without what a terminal or a CI system put around them.
//!
//! Every line is looked at once, and copied only where it must be: where it spans two reads of
//! the input or holds escapes. A line longer than [`LONGEST`] is cut, so that memory stays
//! bounded whatever the input is; what is cut off is read over and counted.

pub(crate) mod decode;
mod prefix;

use std::io::{self, BufRead};

use self::prefix::Prefix;
use crate::bytes::LONGEST;

/// What reading over all lines found out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Read {
    /// How many lines there were.
    pub(crate) lines: u64,
    /// How many of them were cut.
    pub(crate) cut: u64,
}

/// Gives every line to `each`, without its end, its escapes and its prefix, and says whether it
/// had an end: a log that was cut off mostly ends within a line.
pub(crate) fn each(mut input: impl BufRead, mut each: impl FnMut(&[u8], bool)) -> io::Result<Read> {
    let mut read = Read::default();
    let mut cleaner = Cleaner::default();
    let mut begun = Vec::new();
    let mut open = false;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        let mut rest = buffer;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let line = if open {
                read.cut += u64::from(keep(&mut begun, &rest[..end]));
                begun.as_slice()
            } else {
                &rest[..end]
            };
            read.lines += 1;
            each(cleaner.clean(line), true);
            begun.clear();
            open = false;
            rest = &rest[end + 1..];
        }
        if !rest.is_empty() {
            // Counted once, when the line ends or the input does.
            keep(&mut begun, rest);
            open = true;
        }
        let length = buffer.len();
        input.consume(length);
    }
    if open {
        read.lines += 1;
        each(cleaner.clean(&begun), false);
    }
    Ok(read)
}

/// Adds to a line as much as it may hold; says whether something was left out.
fn keep(line: &mut Vec<u8>, more: &[u8]) -> bool {
    let room = LONGEST.saturating_sub(line.len());
    line.extend_from_slice(&more[..more.len().min(room)]);
    line.len() == LONGEST && more.len() >= room
}

/// Takes off what is not the runner's.
#[derive(Debug, Default)]
struct Cleaner {
    prefix: Prefix,
    scratch: Vec<u8>,
}

impl Cleaner {
    fn clean<'a>(&'a mut self, line: &'a [u8]) -> &'a [u8] {
        let mut line = line;
        while let [rest @ .., b'\r'] = line {
            line = rest;
        }
        if memchr::memchr2(0x1B, 0x08, line).is_some() {
            self.scratch.clear();
            strip(line, &mut self.scratch);
            line = &self.scratch;
        }
        let line = self.prefix.strip(line);
        // GitLab's marks of sections stand before the first line in each, on the same line.
        if line.starts_with(b"section_")
            && let Some(at) = memchr::memrchr(b'\r', line)
        {
            return &line[at + 1..];
        }
        line
    }
}

/// Copies a line without escape sequences: colours and cursor moves (CSI), titles and progress
/// (OSC), and what a backspace took back.
fn strip(line: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        match byte {
            0x08 => {
                out.pop();
                at += 1;
            }
            0x1B => at = after_escape(line, at + 1),
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
}

/// Where the text goes on after an escape byte.
fn after_escape(line: &[u8], at: usize) -> usize {
    match line.get(at) {
        // CSI: parameters, then one byte from `@` to `~`.
        Some(b'[') => {
            let last = line[at + 1..].iter().position(|byte| (0x40..=0x7E).contains(byte));
            last.map_or(line.len(), |last| at + 1 + last + 1)
        }
        // OSC, DCS and their like: up to BEL or ESC `\`.
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let mut end = at + 1;
            while let Some(&byte) = line.get(end) {
                match byte {
                    0x07 => return end + 1,
                    0x1B if line.get(end + 1) == Some(&b'\\') => return end + 2,
                    // Another escape begins: this one was never closed.
                    0x1B => return end,
                    _ => end += 1,
                }
            }
            end
        }
        // A choice of characters, as `tput sgr0` makes it: any of these, then one byte more.
        Some(b' '..=b'/') => {
            let last = line[at..].iter().position(|byte| !(b' '..=b'/').contains(byte));
            last.map_or(line.len(), |last| at + last + 1)
        }
        Some(_) => at + 1,
        None => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    fn lines(text: &[u8], capacity: usize) -> Vec<String> {
        let mut found = Vec::new();
        each(BufReader::with_capacity(capacity, text), |line, _| {
            found.push(String::from_utf8_lossy(line).into_owned());
        })
        .expect("a slice");
        found
    }

    fn check(text: &str, expected: &[&str]) {
        for capacity in [1, 7, 4096] {
            assert_eq!(lines(text.as_bytes(), capacity), expected, "{text:?} by {capacity}");
        }
    }

    #[test]
    fn ends_of_lines_of_either_kind_are_taken_off() {
        check("a\r\nb\n\nc", &["a", "b", "", "c"]);
        check("", &[]);
    }

    #[test]
    fn colours_titles_and_progress_are_taken_off() {
        check("\x1b[31m= \x1b[1mF\x1b[0m", &["= F"]);
        check("\x1b]9;4;1;50\x1b\\a\x1b]0;title\x07b\x1b(", &["ab"]);
        check("\x1b]never closed", &[""]);
        check("\x1b[", &[""]);
        check("test a ... \x1b[32mok\x1b(B\x1b[m", &["test a ... ok"]);
        check("ab\x08c", &["ac"]);
    }

    #[test]
    fn what_ci_puts_before_every_line_is_taken_off() {
        let stamp = "2026-05-26T20:28:24.6947565Z ";
        let text = format!("{stamp}##[group]Run\n{stamp}a.py::t PASSED\n{stamp}\n");
        check(&text, &["Run", "a.py::t PASSED", ""]);
        check("[2026-05-26T20:28:24.694Z] x\n[2026-05-26T20:28:25.000Z] y", &["x", "y"]);
        check("job\tstep\t2026-05-26T20:28:24Z x", &["x"]);
    }

    #[test]
    fn a_time_that_the_program_logged_stays() {
        let logged = "2026-05-26T20:28:24Z started";
        check(&format!("first\n{logged}"), &["first", logged]);
    }

    proptest! {
        #[test]
        fn reads_of_any_size_give_the_same_lines(text in prop::collection::vec(any::<u8>(), 0..200),
            capacity in 1_usize..40) {
            prop_assert_eq!(lines(&text, capacity), lines(&text, 4096));
        }
    }

    #[test]
    fn a_line_of_fifty_megabytes_is_cut_and_the_next_is_read() {
        let mut text = vec![b'x'; 50 << 20];
        text.extend_from_slice(b"\nnext\n");
        let mut lengths = Vec::new();
        let read = each(BufReader::new(text.as_slice()), |line, _| lengths.push(line.len()));
        assert_eq!(read.expect("a slice"), Read { lines: 2, cut: 1 });
        assert_eq!(lengths, [LONGEST, 4]);
    }
}
