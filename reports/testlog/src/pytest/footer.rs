//! What stands behind the results: a block for each failure, the summary, the final line.
//!
//! A test may have printed any of it, also while the session's own is still to come. So
//! everything is kept as a candidate, with where it stands.

use super::budget::{Budget, CASE};
use super::syntax::body::Body;
use super::syntax::echo::Echo;
use super::syntax::rule::{self, Final};
use super::syntax::summary::SummaryLine;
use super::syntax::word::Word;

/// Where in the output a line stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Section {
    /// Results come in, and nothing was read behind them yet.
    #[default]
    Results,
    /// Headers are those of failures.
    Failures,
    /// Headers are those of tests that did not fail.
    Passes,
    /// Warnings, durations, the summary, and what plugins add.
    Other,
}

impl Section {
    /// The section that a title opens.
    fn titled(title: &[u8]) -> Option<Self> {
        match title {
            b"FAILURES" | b"ERRORS" => Some(Self::Failures),
            b"PASSES" | b"XPASSES" | b"XFAILURES" => Some(Self::Passes),
            SUMMARY
            | b"warnings summary"
            | b"warnings summary (final)"
            | b"rerun test summary info" => Some(Self::Other),
            _ if title.starts_with(b"slowest ") => Some(Self::Other),
            _ => None,
        }
    }
}

/// The title of the summary.
const SUMMARY: &[u8] = b"short test summary info";

/// What was read behind the results so far.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that was seen or was not")]
pub(super) struct Footer {
    pub(super) section: Section,
    pub(super) bodies: Vec<Body>,
    pub(super) in_body: bool,
    pub(super) in_summary: bool,
    /// Which summary the next line belongs to: a test may have printed one of its own.
    pub(super) group: u32,
    /// How many failures and errors the last summary names.
    pub(super) summed: (u64, u64),
    /// Whether a summary has begun since a final line was read.
    pub(super) resumed: bool,
    /// Summaries that no final line has ended yet, and whether one ended the last summary: a line
    /// of the summary behind it shows that it was a message's.
    pub(super) unended: u32,
    closed: bool,
    pub(super) lines: Vec<SummaryLine>,
    /// Whether the counts of pytest-sugar name the failures, because no summary did.
    pub(super) listed: bool,
    echo: Echo,
    pub(super) last: Option<Final>,
    /// Whether the final line was read and agrees with what came before.
    pub(super) ended: bool,
}

impl Footer {
    /// Opens the section that a title is of; says whether it is of one, and of the summary.
    pub(super) fn open_section(&mut self, title: &[u8]) -> Option<bool> {
        self.section = Section::titled(title)?;
        let summary = title == SUMMARY;
        if summary {
            self.in_summary = true;
            self.group += 1;
            self.summed = (0, 0);
            self.resumed = true;
            (self.unended, self.closed) = (self.unended.saturating_add(1), false);
        }
        self.in_body = false;
        self.not_yet_last();
        Some(summary)
    }

    /// A block begins.
    pub(super) fn open_body(&mut self, title: &[u8], budget: &mut Budget) {
        let room = budget.details > title.len() + CASE;
        self.in_body = self.section != Section::Passes && room;
        if self.in_body {
            budget.details -= title.len() + CASE;
            self.bodies.push(Body::new(title));
        }
    }

    /// A final line ends the summary above it.
    pub(super) const fn close_summary(&mut self) {
        if !self.closed && self.unended > 0 {
            (self.unended, self.closed) = (self.unended - 1, true);
        }
    }

    /// Keeps a final line as the last one so far.
    pub(super) const fn end(&mut self, last: Final) {
        self.last = Some(last);
        self.resumed = false;
    }

    /// Forgets what looked like sections: a test printed it while it ran.
    pub(super) fn forget(&mut self) {
        self.section = Section::Results;
        self.bodies.clear();
        self.lines.clear();
        (self.group, self.in_summary, self.in_body) = (0, false, false);
        (self.last, self.unended, self.closed) = (None, 0, false);
    }

    /// Reads a line. Where results were shown by name, the summary only adds to them.
    pub(super) fn line(&mut self, line: &[u8], number: u64, named: bool, budget: &mut Budget) {
        let found = SummaryLine::read(line, self.group, number);
        let echoed = self.echo.line(line, found.is_some());
        if let Some(mut found) = found
            && self.in_summary
        {
            found.forged = echoed;
            self.summary_line(found, named, budget);
        }
        if line.first() == Some(&b'_')
            && let Some(title) = rule::header(line)
        {
            self.not_yet_last();
            self.open_body(title, budget);
            return;
        }
        if self.in_body
            && let Some(body) = self.bodies.last_mut()
        {
            budget.details = budget.details.saturating_sub(body.line(line));
            self.in_body = budget.details > 0;
        }
    }

    fn summary_line(&mut self, found: SummaryLine, named: bool, budget: &mut Budget) {
        self.not_yet_last();
        // What looked like the end of the summary was not, either.
        self.unended = self.unended.saturating_add(u32::from(self.closed));
        self.closed = false;
        self.summed.0 += u64::from(found.is_failed());
        self.summed.1 += u64::from(found.word == Word::Error);
        let (left, cost) = if named {
            (&mut budget.details, found.cost())
        } else {
            (&mut budget.names, found.cost() * 2 + CASE)
        };
        if *left > cost && !(named && found.word == Word::Passed) {
            *left -= cost;
            self.lines.push(found);
        }
    }

    /// What looked like the final line was not: more follows that only stands before it.
    fn not_yet_last(&mut self) {
        if !self.ended {
            self.last = None;
        }
    }
}
