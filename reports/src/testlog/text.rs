//! A log in text: which runner is speaking, line by line.
//!
//! A log may hold several runs of several runners, one after the other. The runner that speaks
//! keeps the word until its run is at its end: what another runner seems to say inside a block of
//! one of its failures is a test's own output.

use super::{Format, TestRun, cargo, nextest, pytest};

/// Who can speak in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaker {
    Nobody,
    Pytest,
    Cargo,
    Nextest,
}

/// A log that is being read.
#[derive(Debug)]
pub(super) struct Reader {
    /// The only runner whose output the log holds, where the caller knows.
    only: Option<Speaker>,
    speaker: Speaker,
    pytest: pytest::Reader,
    cargo: cargo::Reader,
    nextest: nextest::Reader,
    runs: Vec<TestRun>,
}

impl Reader {
    pub(super) fn new(format: Option<Format>) -> Self {
        let only = match format {
            Some(Format::Pytest) => Some(Speaker::Pytest),
            Some(Format::Cargo) => Some(Speaker::Cargo),
            Some(Format::Nextest) => Some(Speaker::Nextest),
            _ => None,
        };
        Self {
            only,
            speaker: Speaker::Nobody,
            pytest: pytest::Reader::new(),
            cargo: cargo::Reader::default(),
            nextest: nextest::Reader::default(),
            runs: Vec::new(),
        }
    }

    /// Reads one line.
    pub(super) fn line(&mut self, line: &[u8]) {
        if let Some(next) = self.begins(line)
            && self.may_change()
        {
            self.end();
            self.speaker = next;
        }
        match self.speaker {
            Speaker::Pytest => self.pytest.line(line),
            Speaker::Cargo => self.cargo.line(line),
            Speaker::Nextest => self.nextest.line(line),
            Speaker::Nobody => self.cargo.before(line),
        }
    }

    /// Every run.
    pub(super) fn finish(mut self) -> Vec<TestRun> {
        self.end();
        self.runs
    }

    /// The runner whose run begins with a line.
    fn begins(&self, line: &[u8]) -> Option<Speaker> {
        let silent = self.speaker == Speaker::Nobody;
        let new = match line.first()? {
            b'=' if pytest::Reader::begins(line) => Some(Speaker::Pytest),
            b'r' if cargo::Reader::begins(line) => Some(Speaker::Cargo),
            b' ' if nextest::Reader::begins(line) => Some(Speaker::Nextest),
            _ => None,
        };
        // A run without a beginning is taken up where nothing else speaks.
        let ended = self.speaker == Speaker::Pytest && self.pytest.has_ended();
        let again = || (silent || ended) && pytest::Reader::resumes(line, silent);
        let new = new.or_else(|| again().then_some(Speaker::Pytest));
        new.filter(|new| self.only.is_none_or(|only| only == *new))
    }

    /// Whether the one that speaks may be at its end.
    fn may_change(&self) -> bool {
        match self.speaker {
            Speaker::Nobody => true,
            Speaker::Pytest => self.pytest.is_interruptible(),
            Speaker::Cargo => self.cargo.is_interruptible(),
            Speaker::Nextest => self.nextest.is_interruptible(),
        }
    }

    fn end(&mut self) {
        let run = match self.speaker {
            Speaker::Nobody => None,
            Speaker::Pytest => self.pytest.finish(),
            Speaker::Cargo => self.cargo.finish(),
            Speaker::Nextest => self.nextest.finish(),
        };
        self.runs.extend(run);
    }
}
