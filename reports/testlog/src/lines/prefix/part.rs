//! The parts of a prefix, each in its forms.

use super::stamp::{digits, time};

/// One part of a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
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

/// The most parts that a prefix is made of.
const MOST: usize = 6;

impl Part {
    /// The parts that a whole prefix is made of.
    pub(super) fn all(prefix: &[u8]) -> Option<Vec<Self>> {
        let (parts, rest) = Self::leading(prefix);
        rest.is_empty().then_some(parts)
    }

    /// The parts that a line opens with, and what stands behind them.
    pub(super) fn leading(line: &[u8]) -> (Vec<Self>, &[u8]) {
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
    pub(super) fn length(&self, line: &[u8]) -> Option<usize> {
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
pub(super) fn step(line: &[u8]) -> Option<usize> {
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
