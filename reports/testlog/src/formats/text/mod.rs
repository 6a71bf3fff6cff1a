//! A log in text: which runner is speaking, line by line.
//!
//! A log may hold several runs of several runners, one after the other. The runner that speaks
//! keeps the word until its run is at its end: what another runner seems to say inside a block of
//! one of its failures is a test's own output.

use crate::pytest::{self, PytestReader};
use crate::run::{Room, keep};
use crate::rust::build::BuildReader;
use crate::rust::cargo::CargoReader;
use crate::rust::libtest::LibtestReader;
use crate::rust::nextest::NextestReader;
use crate::{Format, TestRun};

/// Who can speak in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaker {
    Nobody,
    Pytest,
    Cargo,
    Nextest,
    Libtest,
}

/// A log that is being read.
#[derive(Debug)]
pub(crate) struct TextReader {
    /// The only runner whose output the log holds, where the caller knows.
    only: Option<Speaker>,
    speaker: Speaker,
    pytest: PytestReader,
    cargo: CargoReader,
    nextest: NextestReader,
    libtest: LibtestReader,
    build: BuildReader,
    /// Sessions of pytest in which another one began, each with the number of runs before it:
    /// either this one was cut off, or the other one is its output, shown as it came.
    suspended: Vec<(PytestReader, usize)>,
    runs: Vec<TestRun>,
    room: Room,
}

/// Sessions inside sessions that are told apart.
const DEPTH: usize = 8;

impl TextReader {
    pub(crate) fn new(format: Format) -> Self {
        let only = match format {
            Format::Pytest => Some(Speaker::Pytest),
            Format::Cargo => Some(Speaker::Cargo),
            Format::Nextest => Some(Speaker::Nextest),
            Format::Libtest => Some(Speaker::Libtest),
            _ => None,
        };
        Self {
            only,
            speaker: Speaker::Nobody,
            pytest: PytestReader::new(&Room::ALL),
            cargo: CargoReader::new(&Room::ALL),
            nextest: NextestReader::new(&Room::ALL),
            libtest: LibtestReader::new(&Room::ALL),
            build: BuildReader::default(),
            suspended: Vec::new(),
            runs: Vec::new(),
            room: Room::ALL,
        }
    }

    /// Whether a line at the very end, which has no end of its own, says all that it was to say.
    /// Half an id is no id.
    pub(crate) fn is_whole(&self, line: &[u8]) -> bool {
        match self.speaker {
            Speaker::Nobody => true,
            Speaker::Pytest => self.pytest.is_whole(line),
            Speaker::Cargo => line.starts_with(b"test result: "),
            Speaker::Nextest => NextestReader::is_whole(line),
            Speaker::Libtest => line.ends_with(b"}"),
        }
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8]) {
        let goes_on = |(outer, _): &mut (PytestReader, usize)| {
            outer.continues(line) && !(self.speaker == Speaker::Pytest && self.pytest.accepts(line))
        };
        if let Some((outer, runs)) = self.suspended.pop_if(goes_on) {
            self.pytest = outer;
            self.runs.truncate(runs);
            self.speaker = Speaker::Pytest;
        } else if let Some(next) = self.begins(line)
            && self.may_change()
        {
            let inside = self.speaker == Speaker::Pytest && self.pytest.is_under_way();
            if inside && self.suspended.len() < DEPTH {
                let outer = std::mem::replace(&mut self.pytest, PytestReader::new(&self.room));
                self.suspended.push((outer, self.runs.len()));
            } else {
                self.end();
            }
            self.speaker = next;
            self.build.forget();
        } else if self.is_over()
            && let Some(run) = self.build.line(line)
        {
            self.end();
            self.speaker = Speaker::Nobody;
            keep(&mut self.runs, run);
        }
        match self.speaker {
            Speaker::Pytest => self.pytest.line(line),
            Speaker::Cargo => self.cargo.line(line),
            Speaker::Nextest => self.nextest.line(line),
            Speaker::Libtest => self.libtest.line(line),
            Speaker::Nobody => {
                self.cargo.before(line);
                self.libtest.before(line);
                self.pytest.before(line);
            }
        }
    }

    /// Every run.
    pub(crate) fn finish(mut self) -> Vec<TestRun> {
        self.end();
        // What never went on was cut off.
        for (mut outer, before) in self.suspended.drain(..).rev() {
            if let Some(run) = outer.finish() {
                self.runs.insert(before, run);
            }
        }
        self.runs
    }

    /// The runner whose run begins with a line.
    fn begins(&self, line: &[u8]) -> Option<Speaker> {
        let silent = self.speaker == Speaker::Nobody;
        let new = match line.first()? {
            b'=' | b'T' if pytest::begins(line) => Some(Speaker::Pytest),
            b'r' if CargoReader::begins(line) => Some(Speaker::Cargo),
            b' ' if NextestReader::begins(line) => Some(Speaker::Nextest),
            // nextest says the same twice where its text and its events are in one log.
            b'{' if !matches!(self.speaker, Speaker::Libtest | Speaker::Nextest)
                && LibtestReader::begins(line) =>
            {
                Some(Speaker::Libtest)
            }
            _ if silent && pytest::begins_inside(line) => Some(Speaker::Pytest),
            b' ' if silent && NextestReader::resumes(line) => Some(Speaker::Nextest),
            b't' if self.is_over() && CargoReader::resumes(line) => Some(Speaker::Cargo),
            _ => None,
        };
        // A run without a beginning is taken up where nothing else speaks.
        let ended = self.speaker == Speaker::Pytest && self.pytest.has_ended();
        let again = || (silent || ended) && pytest::resumes(line, silent);
        let new = new.or_else(|| again().then_some(Speaker::Pytest));
        new.filter(|new| self.only.is_none_or(|only| only == *new))
    }

    /// Whether the end of another run may stand alone now.
    const fn is_over(&self) -> bool {
        match self.speaker {
            Speaker::Nobody => true,
            Speaker::Pytest => self.pytest.has_ended(),
            Speaker::Cargo => self.cargo.is_over(),
            Speaker::Nextest | Speaker::Libtest => false,
        }
    }

    /// Whether the one that speaks may be at its end.
    fn may_change(&self) -> bool {
        match self.speaker {
            Speaker::Nobody => true,
            Speaker::Pytest => self.pytest.is_interruptible(),
            Speaker::Cargo => self.cargo.is_interruptible(),
            Speaker::Nextest => self.nextest.is_interruptible(),
            Speaker::Libtest => self.libtest.is_interruptible(),
        }
    }

    fn end(&mut self) {
        let runs = match self.speaker {
            Speaker::Nobody => Vec::new(),
            Speaker::Pytest => self.pytest.finish().into_iter().collect(),
            Speaker::Cargo => vec![self.cargo.finish()],
            Speaker::Nextest => self.nextest.finish().into_iter().collect(),
            Speaker::Libtest => self.libtest.finish(),
        };
        for run in runs {
            self.room.take(&run);
            keep(&mut self.runs, run);
        }
        // What comes next has the room that is left, whoever speaks.
        if self.speaker != Speaker::Nobody {
            self.pytest = PytestReader::new(&self.room);
            self.cargo.make_room(&self.room);
            self.nextest = NextestReader::new(&self.room);
            self.libtest = LibtestReader::new(&self.room);
        }
    }
}

#[cfg(test)]
mod tests;
