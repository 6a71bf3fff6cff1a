//! libtest's JSON: `cargo test -- -Z unstable-options --format json`, and what nextest writes
//! like it (`--message-format libtest-json` and `libtest-json-plus`).
//!
//! A line is an event, but a test that writes past the capture can forge any of them, and leave
//! text before the next real one. So a result counts only for a test that runs, and all of a
//! suite's results are compared with the counts at its end.

mod binaries;
mod event;
mod room;
mod sequence;
mod suite;

use self::binaries::Binaries;
use self::event::Event;
use self::room::Left;
use self::sequence::Sequence;
use crate::TestRun;
use crate::bytes::json::closed;
use crate::run::Room;
use crate::rust::binary;

/// Who wrote the events.
#[derive(Debug)]
enum Writer {
    /// Not known before the first test is named; how many tests its suite has.
    Unknown(u64),
    /// Test binaries, one after the other.
    Libtest(Box<Sequence>),
    /// nextest, several binaries at a time.
    Nextest(Binaries),
}

/// A log that is being read.
#[derive(Debug)]
pub(crate) struct LibtestReader {
    writer: Writer,
    title: Option<String>,
    room: Left,
}

const FAILURES: usize = 20 << 20;
const RUNNING: usize = 8 << 20;

/// How an event begins, by libtest and by nextest.
const STARTS: [&[u8]; 2] = [b"{ \"type\": \"", b"{\"type\":\""];

impl LibtestReader {
    /// A reader that holds no more than there is room for.
    pub(crate) fn new(room: &Room) -> Self {
        let failures = FAILURES.min(room.failures);
        let room = Left { failures, quiet: room.quiet, running: RUNNING };
        Self { writer: Writer::Unknown(0), title: None, room }
    }

    /// Whether a line begins a suite.
    pub(crate) fn begins(line: &[u8]) -> bool {
        Self::opens(line) && Event::read(line).is_some_and(|event| event.what.as_str() == "started")
    }

    /// Whether an input begins with a suite.
    pub(crate) fn opens(start: &[u8]) -> bool {
        STARTS
            .iter()
            .any(|mark| start.strip_prefix(*mark).is_some_and(|rest| rest.starts_with(b"suite\"")))
    }

    /// Whether another runner may begin.
    pub(crate) fn is_interruptible(&self) -> bool {
        match &self.writer {
            Writer::Unknown(_) => true,
            Writer::Libtest(suites) => suites.is_between(),
            Writer::Nextest(suites) => suites.is_between(),
        }
    }

    /// A line between suites: it may name the next one.
    pub(crate) fn before(&mut self, line: &[u8]) {
        self.title = binary::name(line).or(self.title.take());
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8]) {
        let whole = STARTS.iter().any(|start| line.starts_with(start));
        if whole && let Some(event) = Event::read(line) {
            self.event(&event);
            return;
        }
        // What a test wrote without an end of line stands before the event.
        let at = STARTS.iter().filter_map(|start| memchr::memmem::rfind(line, start)).max();
        let Some(at) = at else {
            self.before(line);
            if let Writer::Libtest(suites) = &mut self.writer {
                suites.said(line);
            }
            return;
        };
        let line = &line[at..];
        if let Some(event) = Event::read(line) {
            self.event(&event);
        } else if let Some(line) = closed(line)
            && let Some(event) = Event::read(&line)
        {
            self.event(&event);
        }
    }

    fn event(&mut self, event: &Event<'_>) {
        if let Writer::Unknown(tests) = self.writer {
            let name = event.name.as_str();
            self.writer = match event.kind.as_str() {
                // Only nextest puts the binary before the name.
                _ if event.nextest.is_some() || name.contains('$') => {
                    Writer::Nextest(Binaries::new(tests))
                }
                "suite" if event.what.as_str() == "started" => Writer::Unknown(event.test_count),
                _ => Writer::Libtest(Box::new(Sequence::new(tests, self.title.take()))),
            };
        }
        match &mut self.writer {
            Writer::Unknown(_) => {}
            Writer::Libtest(suites) => suites.event(event, &mut self.title, &mut self.room),
            Writer::Nextest(suites) => suites.event(event, &mut self.room),
        }
    }

    /// Every run.
    pub(crate) fn finish(&mut self) -> Vec<TestRun> {
        match std::mem::replace(&mut self.writer, Writer::Unknown(0)) {
            Writer::Unknown(tests) => Sequence::new(tests, None).finish(),
            Writer::Libtest(suites) => suites.finish(),
            Writer::Nextest(suites) => suites.finish(),
        }
    }
}

#[cfg(test)]
mod tests;
