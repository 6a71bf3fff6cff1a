//! What stands before every line of a log: the time at which CI saw it, the step of a container's
//! build, the name of a service.
//!
//! A program's own log opens its lines with times as well, so nothing is taken off on suspicion.
//! Either the log's very first line has CI's form, or a line of which it is known how the runner
//! begins it (a session's title, say) has something before that.

mod part;
mod stamp;

use memchr::memmem;

use self::part::{Part, step};
use crate::pytest;
use crate::rust::nextest;

/// The lines among which one is looked for that settles it: looking takes time.
const LOOKED_AT: u32 = 100_000;

/// What is known about a log's prefix.
#[derive(Debug, Default)]
pub(crate) struct Prefix {
    parts: Vec<Part>,
    /// The lines that were looked at, and whether one was seen that settles it.
    seen: u32,
    settled: bool,
    /// Whether lines come that were told before.
    again: bool,
}

impl Prefix {
    /// A line without its prefix.
    pub(crate) fn strip<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        if !self.settled {
            self.learn(line);
        }
        if self.parts.is_empty() {
            return line;
        }
        let mut rest = line;
        let mut stepped = !self.parts.contains(&Part::Step);
        for part in &self.parts {
            let length = part.length(rest).unwrap_or(0);
            stepped |= *part == Part::Step && length > 0;
            rest = &rest[length..];
        }
        // A build that failed ends with the last lines of the step that did, told again.
        self.again |= !stepped && rest.starts_with(b" > [");
        if self.again {
            self.again = stepped || rest != b"------";
            return &[];
        }
        if rest.len() < line.len() { without_command(rest) } else { rest }
    }

    fn learn(&mut self, line: &[u8]) {
        self.seen += 1;
        self.settled = self.seen > LOOKED_AT;
        // Neither a prefix nor such a line opens with anything else.
        let opens = |byte: &u8| byte.is_ascii_alphanumeric() || b"= #[".contains(byte);
        if !line.first().is_some_and(opens) {
            return;
        }
        let known = match anchor(line) {
            Some(at) => Part::all(&line[..at]),
            None => before_counts(line).or_else(|| before_nextest(line)),
        };
        if let Some(parts) = known {
            (self.parts, self.settled) = (parts, true);
        } else if self.seen == 1 {
            self.parts = first(line);
        }
    }
}

/// The prefix that a log's first line has, by the forms that no program's own log has.
fn first(line: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = line;
    for part in [Part::Job, Part::Time, Part::Stream] {
        if let Some(length) = part.length(rest).filter(|length| *length > 0) {
            rest = &rest[length..];
            parts.push(part);
        }
    }
    let taken = &line[..line.len() - rest.len()];
    // CI gives UTC, by the letter.
    let universal = memchr::memchr(b'Z', taken.get(18..).unwrap_or_default()).is_some();
    if parts.contains(&Part::Time) && universal {
        parts
    } else if step(line).is_some_and(|length| line[length..].starts_with(b"[")) {
        vec![Part::Step]
    } else {
        Vec::new()
    }
}

/// What stands before pytest's counts: `20:28:24  3 passed in 0.12s`.
fn before_counts(line: &[u8]) -> Option<Vec<Part>> {
    let end = line.trim_ascii_end().last()?;
    if !matches!(end, b's' | b')' | b'=') || memmem::find(line, b" in ").is_none() {
        return None;
    }
    let (parts, rest) = Part::leading(line);
    pytest::announces_counts(rest).then_some(parts)
}

/// What stands before a line of nextest's: a test's own output among them looks like cargo's.
fn before_nextest(line: &[u8]) -> Option<Vec<Part>> {
    let told = [&b" across "[..], b"] "].iter().any(|mark| memmem::find(line, mark).is_some());
    if line.len() > 400 || !told {
        return None;
    }
    let (parts, rest) = Part::leading(line);
    (nextest::NextestReader::begins(rest) || nextest::NextestReader::resumes(rest)).then_some(parts)
}

/// Where in a line a runner begins it, in lines that nothing else is like.
fn anchor(line: &[u8]) -> Option<usize> {
    let line = line.trim_ascii_end();
    match line.last()? {
        b'=' => {
            let titles = ["test session starts", "FAILURES", "ERRORS", "short test summary info"];
            let title = titles.iter().find_map(|title| {
                let at = memmem::find(line, title.as_bytes())?;
                (at > 1 && line[at - 1] == b' ' && line[at - 2] == b'=').then_some(at - 1)
            })?;
            let marks = line[..title].iter().rev().take_while(|byte| **byte == b'=').count();
            Some(title - marks)
        }
        b's' | b't' if line.ends_with(b" tests") || line.ends_with(b" test") => {
            let at = memmem::find(line, b"running ")?;
            let words = line[at..].split(|byte| *byte == b' ').count();
            (words == 3).then_some(at)
        }
        _ if line.len() < 400 => {
            let marks: [&[u8]; 6] = [
                b" Nextest run ID ",
                b"     Running unittests ",
                b"   Compiling ",
                b"test result: ",
                b"Test session starts (platform: ",
                pytest::CONFTEST.as_bytes(),
            ];
            marks.iter().find_map(|mark| memmem::find(line, mark))
        }
        _ => None,
    }
}

/// GitHub's own words before what a step printed.
fn without_command(line: &[u8]) -> &[u8] {
    let Some(rest) = line.strip_prefix(b"##[") else { return line };
    let Some(close) = memchr::memchr(b']', &rest[..rest.len().min(16)]) else { return line };
    let known =
        [&b"group"[..], b"endgroup", b"error", b"warning", b"debug", b"section", b"command"];
    if known.contains(&&rest[..close]) { &rest[close + 1..] } else { line }
}

#[cfg(test)]
mod tests;
