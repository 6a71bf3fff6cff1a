//! What stands before every line of a log: the time at which CI saw it, the step of a container's
//! build, the name of a service.
//!
//! A program's own log opens its lines with times as well, so nothing is taken off on suspicion.
//! Either the log's very first line has CI's form, or a line of which it is known how the runner
//! begins it (a session's title, say) has something before that.

use memchr::memmem;

use crate::lines::stamp::{digits, time};
use crate::pytest;
use crate::rust::nextest;

/// One part of a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// The names of job and step, as `gh run view --log` has them.
    Job,
    /// `2026-05-26T20:28:24.6947565Z `, `[2026-05-26 20:28:24,123] `, `20:28:24  `.
    Time,
    /// GitLab's stream after its time: `00O `, `01E `, and `+` where a line goes on.
    Stream,
    /// `#12 34.56 `, as `docker build` numbers its steps.
    Step,
    /// `tests_1  | `, as `docker compose` names its services: always the same one.
    Service(Vec<u8>),
}

/// The lines among which one is looked for that settles it: looking takes time.
const LOOKED_AT: u32 = 100_000;

/// The most parts that a prefix is made of.
const MOST: usize = 6;

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

impl Part {
    /// The parts that a whole prefix is made of.
    fn all(prefix: &[u8]) -> Option<Vec<Self>> {
        let (parts, rest) = Self::leading(prefix);
        rest.is_empty().then_some(parts)
    }

    /// The parts that a line opens with, and what stands behind them.
    fn leading(line: &[u8]) -> (Vec<Self>, &[u8]) {
        let mut parts = Vec::new();
        let mut rest = line;
        loop {
            let service = service(rest).map(|length| Self::Service(rest[..length].to_vec()));
            let known = [Self::Job, Self::Time, Self::Step, Self::Stream];
            let found = known.into_iter().chain(service).find_map(|part| {
                let length = part.length(rest).filter(|length| *length > 0)?;
                Some((part, length))
            });
            let Some((part, length)) = found.filter(|_| parts.len() < MOST) else { break };
            rest = &rest[length..];
            parts.push(part);
        }
        (parts, rest)
    }

    /// How much of a line's start it takes.
    fn length(&self, line: &[u8]) -> Option<usize> {
        match self {
            Self::Job => job(line),
            Self::Time => time(line),
            Self::Stream => stream(line),
            Self::Step => step(line),
            Self::Service(name) => {
                // An empty line has no blank behind the bar.
                let bare = name.trim_ascii_end();
                let whole = line.starts_with(name);
                if whole { Some(name.len()) } else { (line == bare).then_some(bare.len()) }
            }
        }
    }
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

/// Two fields before a time.
fn job(line: &[u8]) -> Option<usize> {
    let head = &line[..line.len().min(400)];
    let second = memchr::memchr_iter(b'\t', head).nth(1)?;
    time(&line[second + 1..]).map(|_| second + 1)
}

fn stream(line: &[u8]) -> Option<usize> {
    let [a, b, b'O' | b'E', rest @ ..] = line else { return None };
    if !a.is_ascii_hexdigit() || !b.is_ascii_hexdigit() {
        return None;
    }
    match rest {
        [b' ' | b'+', ..] => Some(4),
        [] => Some(3),
        _ => None,
    }
}

/// `#12 34.56 `, or `#12 ` alone.
fn step(line: &[u8]) -> Option<usize> {
    let rest = line.strip_prefix(b"#")?;
    let number = digits(rest);
    if number == 0 || rest.get(number) != Some(&b' ') {
        return None;
    }
    let start = 1 + number + 1;
    let rest = &line[start..];
    let whole = digits(rest);
    let part = rest.get(whole + 1..).map_or(0, digits);
    let timed = whole > 0 && rest.get(whole) == Some(&b'.') && part > 0;
    let end = whole + 1 + part;
    match rest.get(end) {
        Some(b' ') if timed => Some(start + end + 1),
        None if timed => Some(start + end),
        _ => Some(start),
    }
}

const NIX: &[u8] = b"       > ";

/// A name without blanks, padded, and a bar; or the mark that Nix puts before a build's lines.
fn service(line: &[u8]) -> Option<usize> {
    if line.starts_with(NIX) {
        return Some(NIX.len());
    }
    let name = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte));
    let name = name.count();
    let pad = line[name..].iter().take_while(|byte| **byte == b' ').count();
    let bar = name + pad;
    (name > 0 && pad > 0 && line[bar..].starts_with(b"| ")).then_some(bar + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], expected: &[&str]) {
        let mut prefix = Prefix::default();
        let found: Vec<String> = lines
            .iter()
            .map(|line| String::from_utf8_lossy(prefix.strip(line.as_bytes())).into_owned())
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_session_behind_a_step_of_a_containers_build_is_one() {
        check(
            &["#9 DONE 0.1s", "#10 1.234 === test session starts ===", "#10 1.3", "#10 12.0   x"],
            &["#9 DONE 0.1s", "=== test session starts ===", "", "  x"],
        );
    }

    #[test]
    fn what_a_build_that_failed_tells_again_is_left_out() {
        check(
            &[
                "#9 0.1 running 1 test",
                "#9 0.2 test a ... FAILED",
                "------",
                " > [2/2] RUN make:",
                "0.1 running 1 test",
                "#9 0.2 test a ... FAILED",
                "------",
                "Dockerfile:2",
            ],
            &["running 1 test", "test a ... FAILED", "------", "", "", "", "", "Dockerfile:2"],
        );
    }

    #[test]
    fn one_service_speaks_and_the_others_are_left_as_they_are() {
        check(
            &["t_1   | === test session starts ===", "t_1   |", "db_1  | ready", "t_1   | a.py ."],
            &["=== test session starts ===", "", "db_1  | ready", "a.py ."],
        );
    }

    #[test]
    fn times_of_every_kind_are_taken_off_where_a_session_stands_behind_one() {
        for stamp in [
            "2026-05-26T20:28:24.6947565Z ",
            "[2026-05-26T20:28:24.694Z] ",
            "2026-05-26T20:28:24.694123+02:00 ",
            "[2026-05-26 20:28:24,123] ",
            "20:28:24  ",
            "[20:28:24] ",
            "job\tstep\t2026-05-26T20:28:24Z ",
            "2026-05-26T20:28:24.694123Z 01O ",
            "2026-05-26T20:28:24.6947565Z #12 3.45 ",
        ] {
            let title = "=== test session starts ===";
            let begins = format!("{stamp}{title}");
            let more = format!("{stamp}a.py .F");
            check(&["Setting up", &begins, &more], &["Setting up", title, "a.py .F"]);
        }
    }

    #[test]
    fn words_before_a_title_are_no_prefix() {
        for line in ["E   === FAILURES ===", "> === FAILURES ===", "    === FAILURES ==="] {
            check(&[line, line], &[line, line]);
        }
    }

    #[test]
    fn a_log_whose_session_has_nothing_before_it_keeps_its_times() {
        let logged = "2026-05-26T20:28:24Z === FAILURES ===";
        check(&["=== test session starts ===", logged], &["=== test session starts ===", logged]);
    }

    #[test]
    fn what_a_test_of_nextest_shows_does_not_decide() {
        check(
            &["t-1  |     Starting 2 tests across 1 binary", "t-1  | running 1 test", "t-1  | x"],
            &["    Starting 2 tests across 1 binary", "running 1 test", "x"],
        );
        check(&["#7 0.1         FAIL [   0.003s] a b"], &["        FAIL [   0.003s] a b"]);
    }

    #[test]
    fn cargo_and_nextest_are_found_behind_a_prefix_as_well() {
        check(&["#7 0.5 running 3 tests"], &["running 3 tests"]);
        check(&["#7 0.5  Nextest run ID a with x"], &[" Nextest run ID a with x"]);
        check(
            &["w-1  |    Compiling a v1", "w-1  | running 1 test"],
            &["   Compiling a v1", "running 1 test"],
        );
    }
}
