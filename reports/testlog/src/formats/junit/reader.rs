//! From the elements of a JUnit file to a run, and whether its counts agree.

use quick_xml::events::BytesStart;
use reports::text::counted;

use super::case::{Failure, Open, explain, named};
use super::value::{self, TEXT, attribute, shortened};
use crate::bytes;
use crate::{Capture, Completeness, Counts, Held, Runner, Status, TestRun};

/// The bytes of all texts that are kept.
const BUDGET: usize = 10 << 20;
/// What one test case may hold: what went wrong, and its outputs.
const FAILURES: usize = 64;
const OUTPUTS: usize = 8;

/// Counts come from outside, and may be anything.
fn add(sum: &mut u64, count: Option<u64>) {
    *sum = sum.saturating_add(count.unwrap_or(0));
}

/// Where text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextTarget {
    Nothing,
    Failure,
    Output,
}

/// A file that is being read.
#[derive(Debug)]
pub(super) struct JunitReader {
    run: TestRun,
    /// Elements that are open around all suites, and suites.
    roots: u32,
    depth: u32,
    announced: Counts,
    tests: Option<u64>,
    cases: u64,
    complete: bool,
    by_pytest: bool,
    open: Option<Open>,
    /// The case that ended last and its id, whose memory the next one takes.
    spare: Open,
    id: Vec<u8>,
    into: TextTarget,
    problems: Vec<String>,
    spent: usize,
    unnamed: u64,
}

impl JunitReader {
    pub(super) fn new() -> Self {
        Self {
            run: TestRun::new(Runner::Junit),
            roots: 0,
            depth: 0,
            announced: Counts::default(),
            tests: None,
            cases: 0,
            complete: false,
            by_pytest: false,
            open: None,
            spare: Open::default(),
            id: Vec::new(),
            into: TextTarget::Nothing,
            problems: Vec::new(),
            spent: 0,
            unnamed: 0,
        }
    }

    /// Keeps what is wrong with the file.
    pub(super) fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// An element begins.
    pub(super) fn open(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            b"testsuites" => self.roots += 1,
            b"testsuite" => {
                self.depth += 1;
                // Suites inside a suite are counted by it already.
                if self.depth == 1 {
                    self.suite(tag);
                }
            }
            b"testcase" => {
                let mut open = std::mem::take(&mut self.spare);
                open.clear();
                value::each(tag, |name, attribute| match name {
                    b"classname" => value::read(attribute, &mut open.class),
                    b"name" => value::read(attribute, &mut open.name),
                    b"file" => value::read(attribute, &mut open.file),
                    b"time" => attribute.value.as_ref().clone_into(&mut open.time),
                    _ => {}
                });
                self.open = Some(open);
            }
            inner => self.inside(inner, tag),
        }
    }

    fn suite(&mut self, tag: &BytesStart<'_>) {
        let count = |name: &str| attribute(tag, name).and_then(|text| text.parse::<u64>().ok());
        self.by_pytest |= attribute(tag, "name").as_deref() == Some("pytest");
        add(&mut self.announced.failed, count("failures"));
        add(&mut self.announced.errors, count("errors"));
        add(&mut self.announced.skipped, count("skipped").or_else(|| count("disabled")));
        if let Some(tests) = count("tests") {
            add(self.tests.get_or_insert(0), Some(tests));
        }
        if let Some(time) = attribute(tag, "time").and_then(|time| bytes::seconds(&time)) {
            add(self.run.duration_ms.get_or_insert(0), Some(time));
        }
    }

    fn inside(&mut self, name: &[u8], tag: &BytesStart<'_>) {
        let Some(open) = self.open.as_mut() else { return };
        match name {
            b"failure" | b"error" => {
                let error = name == b"error";
                if open.failures.len() == FAILURES {
                    self.run.read.add(if error { Status::Error } else { Status::Failed });
                    self.unnamed += 1;
                    return;
                }
                let text = |name: &str| attribute(tag, name).map(shortened);
                open.failures.push(Failure {
                    error,
                    message: text("message").unwrap_or_default(),
                    kind: text("type").filter(|kind| !kind.is_empty()),
                    text: String::new(),
                });
                self.into = TextTarget::Failure;
            }
            b"skipped" => {
                open.skipped = Some(attribute(tag, "type").as_deref() == Some("pytest.xfail"));
                self.into = TextTarget::Nothing;
            }
            b"flakyFailure" | b"flakyError" | b"rerunFailure" | b"rerunError" => {
                open.retried += 1;
                self.into = TextTarget::Nothing;
            }
            // Output inside a retry belongs to the retry.
            b"system-out" | b"system-err" if self.into == TextTarget::Nothing => {
                if open.out.len() < OUTPUTS {
                    open.out.push(Capture { title: bytes::lossy(name), text: String::new() });
                }
                self.into = TextTarget::Output;
            }
            _ => {}
        }
    }

    /// Text inside the element that is open.
    pub(super) fn text(&mut self, text: &[u8]) {
        let Some(open) = self.open.as_mut() else { return };
        let target = match self.into {
            TextTarget::Nothing => return,
            TextTarget::Failure => open.failures.last_mut().map(|failure| &mut failure.text),
            TextTarget::Output => open.out.last_mut().map(|capture| &mut capture.text),
        };
        if let Some(target) = target {
            let text = String::from_utf8_lossy(text);
            let room = TEXT.saturating_sub(target.len()).min(BUDGET.saturating_sub(self.spent));
            let end = text.floor_char_boundary(room.min(text.len()));
            target.push_str(&text[..end]);
            self.spent += end;
        }
    }

    /// An element ends.
    pub(super) fn close(&mut self, name: &[u8]) {
        match name {
            b"testcase" => {
                if let Some(open) = self.open.take() {
                    let mut id = std::mem::take(&mut self.id);
                    self.case(&open, &mut id);
                    (self.spare, self.id) = (open, id);
                }
            }
            b"testsuites" => self.roots = self.roots.saturating_sub(1),
            b"testsuite" => {
                self.depth = self.depth.saturating_sub(1);
                self.complete = self.depth == 0;
            }
            b"failure" | b"error" | b"system-out" | b"system-err" => {
                self.into = TextTarget::Nothing;
            }
            _ => {}
        }
    }

    fn case(&mut self, open: &Open, id: &mut Vec<u8>) {
        self.cases += 1;
        id.clear();
        if !open.class.is_empty() {
            id.extend_from_slice(&open.class);
            id.extend_from_slice(b"::");
        }
        id.extend_from_slice(&open.name);
        if open.failures.is_empty() {
            let status = match open.skipped {
                Some(true) => Status::Xfailed,
                Some(false) => Status::Skipped,
                None if open.retried > 0 => Status::Flaky,
                None => Status::Passed,
            };
            self.run.read.add(status);
            if status == Status::Flaky {
                self.run.cases.push(named(open, id, status));
            } else {
                self.run.quiet.push(status, id);
            }
            return;
        }
        for failure in &open.failures {
            let status = if failure.error { Status::Error } else { Status::Failed };
            self.run.read.add(status);
            let output: usize = open.out.iter().map(|capture| capture.text.len()).sum();
            self.spent += id.len() * 3 + failure.message.len() * 2 + output + 512;
            if self.spent > BUDGET * 2 {
                self.unnamed += 1;
                continue;
            }
            let mut case = named(open, id, status);
            explain(&mut case, failure);
            self.run.cases.push(case);
        }
    }

    /// The run as a whole.
    pub(super) fn finish(mut self) -> TestRun {
        let read = self.run.read;
        // mocha's own reporter writes failures and counts them as errors.
        if (self.announced.failed, self.announced.errors) == (read.errors, read.failed) {
            (self.announced.failed, self.announced.errors) = (read.failed, read.errors);
        }
        let mut differs = |kind: &str, announced: u64, read: u64| {
            if announced != read {
                self.problems.push(format!("{announced} {kind} announced, {read} read"));
            }
        };
        differs("failures", self.announced.failed, read.failed);
        differs("errors", self.announced.errors, read.errors);
        differs("skipped", self.announced.skipped, read.skipped + read.xfailed);
        // pytest counts a test as often as it has a report.
        if let Some(tests) = self.tests.filter(|_| !self.by_pytest) {
            differs("tests", tests, self.cases);
        }
        if !self.complete || self.roots > 0 {
            self.problems.push("the file ends before its suite does".to_owned());
        }
        if self.unnamed > 0 {
            self.problems
                .push(format!("{} without room for an id", counted(self.unnamed, "failure")));
            self.run.held = Held::Some;
        }
        self.announced.passed = read.passed;
        self.run.announced = Some(self.announced);
        self.run.completeness = Completeness::from_problems(self.problems);
        self.run
    }
}
