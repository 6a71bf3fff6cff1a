//! The failures of the latest test log, and since when each has been there.

use std::fmt::Write as _;

use super::mark_words;
use crate::history::{Past, Standing, Suite, SuiteFailure};
use crate::render::style::Style;
use crate::text::counted;
use crate::text::{escape, shortened, thousands};

/// The failures, and the tests of each, that are shown unless all are asked for.
const SHOWN: usize = 10;
const TESTS: usize = 2;

pub(super) fn render(text: &mut String, suite: &Suite, style: Style) {
    let count = |number: u64, noun| counted(usize::try_from(number).unwrap_or(usize::MAX), noun);
    let logs = count(suite.logs, "log");
    let (name, latest) = (escape(&suite.suite), mark_words(&suite.latest));
    let of = |standing| suite.failures.iter().filter(move |of| of.past.standing == standing);
    let counts: Vec<String> = ORDER
        .into_iter()
        .filter(|standing| of(*standing).next().is_some())
        .map(|standing| format!("{} {}", of(standing).count(), standing.word()))
        .collect();
    let found = if counts.is_empty() { "no known failures".to_owned() } else { counts.join(", ") };
    let found = if counts.is_empty() && suite.mute == 0 { "no failures".to_owned() } else { found };
    let _ = writeln!(text, "\n{name} · {logs} · latest {latest}: {found}");
    if !suite.complete {
        text.push_str("  incomplete: what is not in this log may still fail\n");
    }
    if suite.logs == 1 && !suite.failures.is_empty() {
        text.push_str("  the first log of the suite: everything in it is new to this history\n");
    }
    if suite.mute > 0 {
        let failures = count(suite.mute, "failure");
        let _ = writeln!(text, "  {failures} without a message: whether they are new is unknown");
    }
    let mut failures: Vec<&SuiteFailure> = ORDER.into_iter().flat_map(of).collect();
    let shown = if style.verbose { usize::MAX } else { SHOWN };
    let hidden = failures.len().saturating_sub(shown);
    failures.truncate(shown);
    for failure in failures {
        one(text, failure, style);
    }
    if hidden > 0 {
        let _ = writeln!(text, "  … and {hidden} more (`--verbose`)");
    }
}

/// What deserves a look first comes first.
const ORDER: [Standing; 3] = [Standing::New, Standing::CameBack, Standing::Known];

fn one(text: &mut String, failure: &SuiteFailure, style: Style) {
    let times = match failure.failures {
        1 => String::new(),
        many => format!("  ×{}", thousands(many)),
    };
    let words = failure.past.standing.word();
    let room = style.width.saturating_sub(13 + times.chars().count());
    let signature = shortened(&escape(&failure.signature), room);
    let _ = writeln!(text, "  {words:<9}  {signature}{times}");
    if let Some(past) = past_words(&failure.past) {
        let _ = writeln!(text, "             {past}");
    }
    let shown = if style.verbose { usize::MAX } else { TESTS };
    for test in failure.tests.iter().take(shown) {
        let _ = writeln!(text, "             {}", escape(test));
    }
    let hidden = failure.tests.len().saturating_sub(shown);
    if hidden > 0 {
        let _ = writeln!(text, "             … and {hidden} more (`--verbose`)");
    }
}

/// Since when a failure has been there; none where it is new.
pub fn past_words(past: &Past) -> Option<String> {
    let (first, last) = (past.first_seen.as_ref()?, past.last_seen.as_ref()?);
    let logs = format!("in {} of {} earlier logs", past.seen, past.logs);
    let first = mark_words(first);
    let last = if past.seen > 1 { format!(", last {}", mark_words(last)) } else { String::new() };
    let others = if past.other_tests { "; so far only in other tests" } else { "" };
    Some(format!("first seen {first}{last}, {logs}{others}"))
}
