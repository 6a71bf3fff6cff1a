//! What pytest-sugar makes of a session: ticks and a bar instead of progress, each failure shown
//! as it comes, and a list of counts instead of the final line.
//!
//! Ticks are drawn over each other and are not read. So the summary names the failures, and the
//! counts at the end say how many there must be; where pytest is too old to print a summary, the
//! list of places under the counts names them.

use super::boundaries::begins_with_sugar;
use super::budget::Budget;
use super::footer::{Footer, Section};
use super::session::Session;
use super::syntax::rule::{self, Final};
use super::syntax::summary::SummaryLine;
use crate::Counts;
use crate::bytes;

/// The line that headers are ruled with.
const RULE: &str = "\u{2015}";

/// Reads a line of a session with this plugin; says whether nothing else is to be made of it.
pub(super) fn line(session: &mut Session, line: &[u8], number: u64) -> bool {
    let Session { facts, footer, budget, .. } = session;
    if begins_with_sugar(line) && !facts.sugar {
        facts.sugar = true;
        footer.section = Section::Failures;
        let version = bytes::split_once(line, b", pytest ").map(|(_, rest)| rest);
        let version = version.and_then(|rest| rest.split(|byte| *byte == b',').next());
        facts.version = version.map(bytes::lossy);
        return true;
    }
    if !facts.sugar {
        return false;
    }
    if let Some(title) = header(line) {
        footer.open_body(title, budget);
        return true;
    }
    if let Some(duration_ms) = results(line) {
        // Files that could not be collected are not among the counts.
        let errors = facts.collection_errors.unwrap_or(0);
        let counts = Counts { errors, ..Counts::default() };
        footer.last = Some(Final { counts, duration_ms, listed: false });
        (footer.ended, footer.in_body) = (true, false);
        footer.listed = footer.lines.is_empty();
        return true;
    }
    if footer.ended {
        counted(footer, line, number, budget);
        return true;
    }
    // A bar was drawn again: what was shown of a failure ends here.
    footer.in_body &= line.first() != Some(&b'\r');
    facts.collected(line);
    false
}

/// `      95 passed`, or the place of a failure under its count.
fn counted(footer: &mut Footer, line: &[u8], number: u64, budget: &mut Budget) {
    let text = line.trim_ascii();
    if let Some(place) = text.strip_prefix(b"- ") {
        if let Some(id) = id(place).filter(|_| footer.listed)
            && let Some(found) = SummaryLine::read(&[b"FAILED ", id.as_slice()].concat(), 1, number)
            && budget.names > found.cost() * 2
        {
            budget.names -= found.cost() * 2;
            footer.lines.push(found);
        }
    } else if line.starts_with(b"    ")
        && let Some(last) = footer.last.as_mut()
    {
        rule::add_counted(&mut last.counts, text);
    }
}

/// The title of `――― test_x ―――`.
fn header(line: &[u8]) -> Option<&[u8]> {
    let rule = RULE.as_bytes();
    let mut title = line.trim_ascii();
    while let Some(rest) = title.strip_prefix(rule) {
        title = rest;
    }
    while let Some(rest) = title.strip_suffix(rule) {
        title = rest;
    }
    let title = title.strip_prefix(b" ")?.strip_suffix(b" ")?;
    (line.starts_with(rule) && line.trim_ascii_end().ends_with(rule)).then_some(title)
}

/// The time in `Results (8.61s):`, with minutes and hours where it took that long.
fn results(line: &[u8]) -> Option<u64> {
    let text = line.strip_prefix(b"Results (")?.trim_ascii_end().strip_suffix(b"):")?;
    let text = std::str::from_utf8(text).ok()?;
    // `83.50s (0:01:23)` in newer versions.
    let seconds = text.split(' ').next()?.strip_suffix('s')?;
    bytes::seconds(seconds)
}

/// The id in `tests/test_a.py:101 TestB.test_c[x.y]`.
fn id(place: &[u8]) -> Option<Vec<u8>> {
    let mut colons = memchr::memchr_iter(b':', place);
    let (at, after) = colons.find_map(|at| {
        let rest = &place[at + 1..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'?').count();
        (digits > 0 && rest.get(digits) == Some(&b' ')).then_some((at, at + 1 + digits + 1))
    })?;
    let domain = &place[after..];
    let names = domain.iter().position(|byte| *byte == b'[').unwrap_or(domain.len());
    let mut id = [&place[..at], b"::"].concat();
    for byte in &domain[..names] {
        if *byte == b'.' { id.extend_from_slice(b"::") } else { id.push(*byte) }
    }
    id.extend_from_slice(&domain[names..]);
    Some(id)
}

#[cfg(test)]
mod tests {
    use crate::pytest::PytestReader;
    use crate::run::Room;
    use crate::{Completeness, Phase, TestRun};

    fn run(text: &str) -> TestRun {
        let mut reader = PytestReader::new(&Room::ALL);
        for line in text.lines() {
            reader.line(line.as_bytes());
        }
        reader.finish().expect("a run")
    }

    const SHOWN: &str = "Test session starts (platform: linux, Python 3.11.7, pytest 9.0.2, \
        pytest-sugar 1.1.1)\ncollected 3 items\n\n\
        \u{2015}\u{2015}\u{2015} TestB.test_c[x.y] \u{2015}\u{2015}\u{2015}\n\
        a.py:3: in test_c\nE   KeyError: 'k'\n\r\n\r a.py \u{2a2f}  33% \u{2588}\n\n\
        \u{2015}\u{2015} ERROR at setup of test_d \u{2015}\u{2015}\nE   OSError: gone\n";
    const RESULTS: &str = "\nResults (8.61s):\n       1 passed\n       1 failed\n\
        \x20        - t/a.py:3 TestB.test_c[x.y]\n       1 error\n";

    #[test]
    fn the_summary_names_what_the_counts_say_there_is() {
        let summary = "=== short test summary info ===\nERROR t/a.py::test_d - OSError: gone\n\
            FAILED t/a.py::TestB::test_c[x.y] - KeyError: 'k'\n";
        let run = run(&format!("{SHOWN}{summary}{RESULTS}"));
        assert_eq!(run.completeness, Completeness::Reconciled);
        let found: Vec<_> =
            run.cases.iter().map(|case| (case.id.full.as_str(), case.phase)).collect();
        let expected =
            [("t/a.py::test_d", Phase::Setup), ("t/a.py::TestB::test_c[x.y]", Phase::Call)];
        assert_eq!(found, expected);
        assert_eq!(run.cases[1].message, "KeyError: 'k'");
        assert_eq!((run.read.passed, run.duration_ms), (1, Some(8610)));
    }

    #[test]
    fn without_a_summary_places_and_headers_name_what_there_is() {
        let run = run(&format!("{SHOWN}{RESULTS}"));
        assert_eq!(run.completeness, Completeness::Reconciled);
        let found: Vec<_> = run.cases.iter().map(|case| case.id.full.as_str()).collect();
        assert_eq!(found, ["test_d", "t/a.py::TestB::test_c[x.y]"]);
    }

    #[test]
    fn a_session_without_results_was_cut_off() {
        assert_eq!(run(SHOWN).completeness, Completeness::NoFinalLine);
    }
}
