//! Test binaries that wrote their events one after the other, as `cargo test` runs them.
//!
//! A suite that begins inside another one either follows a binary that died, or is what a test
//! printed. The outer suite waits: once one of its tests has a result, all between was output.

use super::event::Event;
use super::room::Left;
use super::suite::Suite;
use crate::bytes;
use crate::run::keep;
use crate::{Runner, TestRun};

/// How many suites inside suites are kept apart.
const DEPTH: usize = 8;

#[derive(Debug)]
pub(super) struct Sequence {
    done: Vec<TestRun>,
    current: Suite,
    /// Suites that may have died, each with the number of those that were done before it.
    waiting: Vec<(Suite, usize)>,
}

impl Sequence {
    /// Begins with the first suite.
    pub(super) fn new(tests: u64, title: Option<String>) -> Self {
        Self { done: Vec::new(), current: Suite::new(title, tests), waiting: Vec::new() }
    }

    /// Whether no suite is under way.
    pub(super) fn is_between(&self) -> bool {
        self.current.has_ended()
    }

    /// A line that is no event: cargo says there how a binary ended.
    pub(super) fn said(&mut self, line: &[u8]) {
        let text = line.trim_ascii_start();
        if text.starts_with(b"process didn't exit successfully: ") {
            self.current.died(&bytes::lossy(&text[..text.len().min(500)]));
        }
    }

    pub(super) fn event(&mut self, event: &Event<'_>, title: &mut Option<String>, room: &mut Left) {
        let name = event.name.as_str();
        match (event.kind.as_str(), event.what.as_str()) {
            ("suite", "started") => self.begin(Suite::new(title.take(), event.test_count)),
            ("suite", "ok" | "failed") => {
                self.current.end(event.counts(), event.duration_ms());
            }
            ("test", "started") => self.current.start(name, room),
            ("test", "ok" | "failed" | "ignored") | ("bench", _) => {
                self.resume(name);
                self.current.result(name, 1, event, room);
            }
            _ => {}
        }
    }

    fn begin(&mut self, next: Suite) {
        let ended = std::mem::replace(&mut self.current, next);
        if ended.is_under_way() && self.waiting.len() < DEPTH {
            self.waiting.push((ended, self.done.len()));
        } else {
            keep(&mut self.done, ended.finish(Runner::Cargo));
        }
    }

    /// Goes back to the suite whose test has a result, unless it is one of the current suite.
    fn resume(&mut self, name: &str) {
        if self.waiting.is_empty() || self.current.runs(name) {
            return;
        }
        if let Some(at) = self.waiting.iter().rposition(|(outer, _)| outer.runs(name)) {
            self.waiting.truncate(at + 1);
            if let Some((outer, done)) = self.waiting.pop() {
                self.done.truncate(done);
                self.current = outer;
            }
        }
    }

    pub(super) fn finish(mut self) -> Vec<TestRun> {
        keep(&mut self.done, self.current.finish(Runner::Cargo));
        for (died, before) in self.waiting.drain(..).rev() {
            self.done.insert(before, died.finish(Runner::Cargo));
        }
        self.done
    }
}
