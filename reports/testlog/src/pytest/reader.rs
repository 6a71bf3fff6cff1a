//! pytest's text, versions 6 to 9, line by line.
//!
//! While lines come in, everything that could be a result, a header, a summary line or a final
//! line is only collected: a test may have printed it. At the end [`reconcile`] checks these lists
//! against each other. Pytest names the same failures several times in one order, and what a
//! test forged fits into one of the lists but not into all.

use super::boundaries::{CONFTEST, begins, is_absence, letters_before_title};
use super::footer::Section;
use super::pytest_sugar;
use super::reconcile::{self, agreement, inner_session};
use super::session::Session;
use super::syntax::progress::{self, Mark};
use super::syntax::rule;
use super::syntax::summary::SummaryLine;
use crate::TestRun;
use crate::bytes::lossy;
use crate::run::Room;

/// One session that is being read.
#[derive(Debug)]
pub(crate) struct PytestReader {
    session: Session,
    begun: bool,
    number: u64,
    /// Whether a section was opened before all tests had a result.
    early: bool,
}

impl PytestReader {
    /// A session that holds no more than there is room for.
    pub(crate) fn new(room: &Room) -> Self {
        Self { session: Session::new(room), begun: false, number: 0, early: false }
    }

    /// Whether the session is at its end: the final line was read, and agrees with what came
    /// before.
    pub(crate) const fn has_ended(&self) -> bool {
        self.session.footer.ended
    }

    /// Whether a session that begins now cannot be inside this one, as output of a test would
    /// be: no block of a failure has been opened since this one began.
    pub(crate) const fn is_interruptible(&self) -> bool {
        self.has_ended() || self.shows_results()
    }

    const fn shows_results(&self) -> bool {
        matches!(self.session.footer.section, Section::Results)
    }

    /// Whether a session that begins now may be the output of a test of this one.
    pub(crate) fn is_under_way(&self) -> bool {
        let Session { facts, results, .. } = &self.session;
        self.shows_results() && facts.total.is_some_and(|total| results.reported < total)
    }

    /// Whether a line is this session's next result, by how far it says the run is.
    pub(crate) fn continues(&self, line: &[u8]) -> bool {
        let total = self.session.facts.total.filter(|_| !self.has_ended());
        total.is_some_and(|total| self.session.results.continues(line, total))
    }

    /// Whether a line is a result that stands where this session is.
    pub(crate) fn accepts(&self, line: &[u8]) -> bool {
        self.session.results.accepts(line, self.session.facts.total)
    }

    /// Whether a line at the very end of a log can be read though nothing ends it: the final
    /// line, or one of the summary of which a message or a header says where its id ends.
    pub(crate) fn is_whole(&self, line: &[u8]) -> bool {
        let footer = &self.session.footer;
        let message = memchr::memmem::find(line, b" - ").is_some();
        let whole = |found: SummaryLine| {
            message || footer.bodies.iter().any(|body| found.split_by(&body.title).is_some())
        };
        let summed = SummaryLine::read(line, 0, 0).filter(|_| footer.in_summary);
        // Letters are results of their own, so those before the cut are whole.
        let mark = progress::read(line).0;
        let letters =
            self.shows_results() && matches!(mark, Mark::Letters { file, .. } if !file.is_empty());
        rule::last(line).is_some() || letters || summed.is_some_and(whole)
    }

    /// A line before a session: where pytest cannot find what it was asked for, it says so first.
    pub(crate) fn before(&mut self, line: &[u8]) {
        // A terminal sees the search on the same line.
        let line = line.strip_prefix(b"collecting ... ").unwrap_or(line);
        if is_absence(line) {
            self.session.facts.absent = Some(lossy(&line[..line.len().min(500)]));
        }
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8]) {
        self.letters_before_title(line);
        self.begun = true;
        self.number += 1;
        if pytest_sugar::line(&mut self.session, line, self.number) || self.is_ruled(line) {
            return;
        }
        if self.early && self.continues(line) {
            // What looked like sections was a test's output, shown as it came.
            self.session.footer.forget();
            self.early = false;
        }
        let Session { facts, results, footer, budget } = &mut self.session;
        if footer.section == Section::Results {
            results.line(line, facts, budget);
        } else {
            footer.line(line, self.number, results.verbose, budget);
        }
    }

    /// The session as a whole, and a fresh reader for the next one.
    pub(crate) fn finish(&mut self) -> Option<TestRun> {
        let reader = std::mem::replace(self, Self::new(&Room::NONE));
        reader.begun.then(|| reconcile::reconcile(reader.session))
    }

    /// Letters of this session before the title of another one.
    fn letters_before_title(&mut self, line: &[u8]) {
        let letters = letters_before_title(line);
        if letters > 0 && begins(&line[letters..]) {
            let Session { facts, results, budget, .. } = &mut self.session;
            facts.glued |= !self.begun;
            facts.nested = true;
            if facts.glued {
                results.letters(b"", &line[..letters], budget);
            }
        }
    }

    /// Reads what a line says by its first bytes; says whether it is the title of a section.
    fn is_ruled(&mut self, line: &[u8]) -> bool {
        match line.first() {
            Some(b'=') => {
                if let Some(title) = rule::title(line, b'=')
                    && self.section(title)
                {
                    return true;
                }
                self.final_line(line);
            }
            Some(b'0'..=b'9' | b'n') if line.len() < 400 => self.final_line(line),
            Some(b'!') => {
                if let Some(title) = rule::title(line, b'!') {
                    self.session.facts.ended_by(title);
                }
            }
            Some(b'E' | b'c') => self.before(line),
            Some(b'I') => {
                if let Some(text) = line.strip_prefix(b"INTERNALERROR> ")
                    && !text.is_empty()
                {
                    let text = lossy(&text[..text.len().min(500)]);
                    self.session.facts.error = Some(format!("INTERNALERROR: {text}"));
                } else if line.starts_with(CONFTEST.as_bytes()) && self.number == 1 {
                    self.session.facts.ended_by(line);
                }
            }
            _ => {}
        }
        false
    }

    /// Opens a section; says whether the title is one.
    fn section(&mut self, title: &[u8]) -> bool {
        let under_way = self.is_under_way();
        let Some(summary) = self.session.footer.open_section(title) else { return false };
        if summary {
            self.session.facts.error = None;
        }
        self.early |= under_way;
        true
    }

    fn final_line(&mut self, line: &[u8]) {
        let session = &mut self.session;
        let Some(last) = rule::last(line) else { return };
        if inner_session::ends_with(session, line, &last) {
            return;
        }
        session.footer.close_summary();
        // The last one counts, unless an earlier one agreed and this one does not: a program
        // that prints after pytest has ended is not pytest.
        let agrees = agreement::agrees(session, &last);
        let whole = agreement::accounts(session, &last);
        if agrees || whole || !session.footer.ended {
            session.footer.end(last);
        }
        // One that leaves tests out may be that of a session in a test.
        let leaves_out = session.facts.size().is_some() && !session.facts.is_stopped();
        session.footer.ended |= agrees && (whole || !leaves_out);
        session.footer.in_body = false;
    }
}
