//! Test binaries that nextest ran side by side; a test's name says which one it is of.
//!
//! nextest ends a suite that has ignored tests too early, begins it again for the rest, and
//! counts what it ignored each time. So what the ends of one binary count is put together.

use std::collections::BTreeMap;

use super::event::Event;
use super::room::Left;
use super::suite::Suite;
use crate::{Counts, Runner, TestRun};

/// What a suite takes in addition to its name.
const SUITE: usize = 1 << 10;

#[derive(Debug)]
pub(super) struct Binaries {
    suites: Vec<Suite>,
    places: BTreeMap<String, usize>,
    /// The binary of the last event, and how many tests the one that begins has.
    current: usize,
    begun: u64,
}

impl Binaries {
    /// Begins with a suite of this many tests, of which the binary is not known yet.
    pub(super) const fn new(tests: u64) -> Self {
        Self { suites: Vec::new(), places: BTreeMap::new(), current: 0, begun: tests }
    }

    /// Whether no suite is under way.
    pub(super) fn is_between(&self) -> bool {
        self.begun == 0 && self.suites.iter().all(Suite::has_ended)
    }

    pub(super) fn event(&mut self, event: &Event<'_>, room: &mut Left) {
        if let Some(nextest) = &event.nextest {
            let (package, binary) = (nextest.package.as_str(), nextest.test_binary.as_str());
            self.choose(&format!("{package}::{binary}"), room);
        }
        match (event.kind.as_str(), event.what.as_str()) {
            ("suite", "started") if event.nextest.is_some() => {
                self.suites[self.current].announce(event.test_count);
            }
            ("suite", "started") => self.begun = event.test_count,
            ("suite", "ok" | "failed") => self.end(event),
            ("test", "started") => {
                self.choose_by(event.name.as_str(), room);
                self.suites[self.current].start(event.name.as_str(), room);
            }
            ("test", "ok" | "failed" | "ignored") => {
                self.choose_by(event.name.as_str(), room);
                let suite = &mut self.suites[self.current];
                let (name, attempts) = attempts(suite, event.name.as_str());
                suite.result(name, attempts, event, room);
            }
            _ => {}
        }
    }

    fn choose_by(&mut self, name: &str, room: &mut Left) {
        self.choose(name.split_once('$').map_or("", |(binary, _)| binary), room);
    }

    fn choose(&mut self, binary: &str, room: &mut Left) {
        let cost = binary.len() * 3 + SUITE;
        self.current = if let Some(place) = self.places.get(binary) {
            *place
        } else if self.suites.is_empty() || room.failures >= cost {
            room.failures = room.failures.saturating_sub(cost);
            self.places.insert(binary.to_owned(), self.suites.len());
            self.suites.push(Suite::new(Some(binary.to_owned()), 0));
            self.suites.len() - 1
        } else {
            // More than there is room for: counted with the last one.
            self.suites.len() - 1
        };
        let begun = std::mem::take(&mut self.begun);
        if begun > 0 {
            self.suites[self.current].announce(begun);
        }
    }

    fn end(&mut self, event: &Event<'_>) {
        let Some(suite) = self.suites.get_mut(self.current) else { return };
        let mut counts = event.counts();
        if let Some(before) = suite.announced() {
            counts = Counts {
                passed: before.passed.saturating_add(counts.passed),
                failed: before.failed.saturating_add(counts.failed),
                skipped: before.skipped.max(counts.skipped),
                deselected: before.deselected.min(counts.deselected),
                ..Counts::ZERO
            };
        }
        suite.end(counts, event.duration_ms());
    }

    pub(super) fn finish(self) -> Vec<TestRun> {
        self.suites.into_iter().map(|suite| suite.finish(Runner::Nextest)).collect()
    }
}

/// The name as it was started with, and how often the test ran: `binary$name#2` is a second try.
fn attempts<'a>(suite: &Suite, name: &'a str) -> (&'a str, u32) {
    let tried = name.rsplit_once('#').and_then(|(name, count)| Some((name, count.parse().ok()?)));
    match tried {
        Some((short, count)) if suite.runs(short) && !suite.runs(name) => (short, count),
        _ => (name, 1),
    }
}
