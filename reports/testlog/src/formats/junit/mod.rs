//! JUnit files, by pytest, nextest, surefire and others, event by event.
//!
//! The format is a habit, not a standard: attributes may be missing, a test may stand there twice,
//! and what a count counts differs. So counts are only held against what they count everywhere:
//! failures, errors and skipped tests. A document type is refused: no runner writes one, and only
//! a bomb needs it.

mod shorten;
mod value;

use std::io::{self, BufRead};

use quick_xml::Reader as Xml;
use quick_xml::events::{BytesStart, Event};

use self::shorten::Shortened;
use self::value::{attribute, attributes, entity, shortened, value};

use crate::bytes;
use crate::pytest;
use crate::rust::panic;
use crate::{Capture, Case, Completeness, Counts, Held, NodeId, Phase, Runner, Status, TestRun};

/// The bytes of one text, and of all texts, that are kept.
const TEXT: usize = 16 << 10;
const BUDGET: usize = 10 << 20;
/// What one test case may hold: what went wrong, and its outputs.
const FAILURES: usize = 64;
const OUTPUTS: usize = 8;
/// Elements inside elements. No runner nests them by tens.
const DEPTH: u32 = 256;

/// Reads a file.
pub(crate) fn read(input: impl BufRead) -> io::Result<Vec<TestRun>> {
    let mut xml = Xml::from_reader(Shortened::new(input));
    xml.config_mut().allow_dangling_amp = true;
    let mut reader = JunitReader::new();
    let mut buffer = Vec::new();
    let mut depth = 0_u32;
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Start(tag)) => {
                depth += 1;
                if depth > DEPTH {
                    reader.problems.push(format!("nested more than {DEPTH} deep"));
                    break;
                }
                reader.open(&tag);
            }
            Ok(Event::Empty(tag)) => {
                reader.open(&tag);
                reader.close(tag.local_name().as_ref());
            }
            Ok(Event::End(tag)) => {
                depth = depth.saturating_sub(1);
                reader.close(tag.local_name().as_ref());
            }
            Ok(Event::Text(text)) => reader.text(&String::from_utf8_lossy(&text)),
            Ok(Event::CData(text)) => reader.text(&String::from_utf8_lossy(&text)),
            Ok(Event::GeneralRef(name)) => {
                let known = name.resolve_char_ref().ok().flatten().map(String::from);
                let known = known.or_else(|| entity(&name).map(str::to_owned));
                reader.text(&known.unwrap_or_else(|| format!("&{};", bytes::lossy(&name))));
            }
            Ok(Event::DocType(_)) => {
                let message = "a JUnit file with a document type is not read";
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            Ok(Event::Eof) => break,
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
            Err(quick_xml::Error::Io(error)) => {
                return Err(io::Error::new(error.kind(), error.to_string()));
            }
            Err(error) => {
                let at = xml.error_position();
                reader.problems.push(format!("not well-formed at byte {at}: {error}"));
                break;
            }
        }
    }
    let input = xml.into_inner();
    if input.cut > 0 {
        reader.problems.push(format!("{} values were cut", input.cut));
    }
    if input.broken {
        reader.problems.push("a tag is too long to be read".to_owned());
    }
    Ok(vec![reader.finish()])
}

/// Counts come from outside, and may be anything.
fn add(sum: &mut u64, count: Option<u64>) {
    *sum = sum.saturating_add(count.unwrap_or(0));
}

/// What is known about the test case that is open.
#[derive(Debug, Default)]
struct Open {
    class: String,
    name: String,
    file: String,
    duration_ms: Option<u64>,
    /// What went wrong, each with its message, type and text.
    failures: Vec<Failure>,
    skipped: Option<bool>,
    /// Attempts that were followed by another one.
    retried: u32,
    out: Vec<Capture>,
}

#[derive(Debug, Default)]
struct Failure {
    error: bool,
    message: String,
    kind: Option<String>,
    text: String,
}

/// Where text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextTarget {
    Nothing,
    Failure,
    Output,
}

#[derive(Debug)]
struct JunitReader {
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
    into: TextTarget,
    problems: Vec<String>,
    spent: usize,
    unnamed: u64,
}

impl JunitReader {
    fn new() -> Self {
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
            into: TextTarget::Nothing,
            problems: Vec::new(),
            spent: 0,
            unnamed: 0,
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) {
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
                let mut open = Open::default();
                for attribute in attributes(tag) {
                    match attribute.key.local_name().as_ref() {
                        b"classname" => open.class = value(&attribute),
                        b"name" => open.name = value(&attribute),
                        b"file" => open.file = value(&attribute),
                        b"time" => {
                            let time = std::str::from_utf8(&attribute.value).ok();
                            open.duration_ms = time.and_then(bytes::seconds);
                        }
                        _ => {}
                    }
                }
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

    fn text(&mut self, text: &str) {
        let Some(open) = self.open.as_mut() else { return };
        let target = match self.into {
            TextTarget::Nothing => return,
            TextTarget::Failure => open.failures.last_mut().map(|failure| &mut failure.text),
            TextTarget::Output => open.out.last_mut().map(|capture| &mut capture.text),
        };
        if let Some(target) = target {
            let room = TEXT.saturating_sub(target.len()).min(BUDGET.saturating_sub(self.spent));
            let end = text.floor_char_boundary(room.min(text.len()));
            target.push_str(&text[..end]);
            self.spent += end;
        }
    }

    fn close(&mut self, name: &[u8]) {
        match name {
            b"testcase" => {
                if let Some(open) = self.open.take() {
                    self.case(&open);
                }
            }
            b"testsuites" => self.roots = self.roots.saturating_sub(1),
            b"testsuite" => {
                self.depth = self.depth.saturating_sub(1);
                self.complete = self.depth == 0;
            }
            b"failure" | b"error" | b"system-out" | b"system-err" => {
                self.into = TextTarget::Nothing
            }
            _ => {}
        }
    }

    fn case(&mut self, open: &Open) {
        self.cases += 1;
        let full = match open.class.as_str() {
            "" => open.name.clone(),
            class => [class, "::", &open.name].concat(),
        };
        if open.failures.is_empty() {
            let status = match open.skipped {
                Some(true) => Status::Xfailed,
                Some(false) => Status::Skipped,
                None if open.retried > 0 => Status::Flaky,
                None => Status::Passed,
            };
            self.run.read.add(status);
            if status == Status::Flaky {
                self.run.cases.push(named(open, full, status));
            } else {
                self.run.quiet.push(status, full.as_bytes());
            }
            return;
        }
        for failure in &open.failures {
            let status = if failure.error { Status::Error } else { Status::Failed };
            self.run.read.add(status);
            let output: usize = open.out.iter().map(|capture| capture.text.len()).sum();
            self.spent += full.len() * 3 + failure.message.len() * 2 + output + 512;
            if self.spent > BUDGET * 2 {
                self.unnamed += 1;
                continue;
            }
            let mut case = named(open, full.clone(), status);
            explain(&mut case, failure);
            self.run.cases.push(case);
        }
    }

    fn finish(mut self) -> TestRun {
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
            self.problems.push(format!("{} failures without room for their ids", self.unnamed));
            self.run.held = Held::Some;
        }
        self.announced.passed = read.passed;
        self.run.announced = Some(self.announced);
        self.run.completeness = Completeness::from_problems(self.problems);
        self.run
    }
}

fn named(open: &Open, full: String, status: Status) -> Case {
    let (name, params) = match open.name.find('[') {
        Some(at) if at > 0 && open.name.ends_with(']') => {
            (&open.name[..at], Some(open.name[at + 1..open.name.len() - 1].to_owned()))
        }
        _ => (open.name.as_str(), None),
    };
    let (file, class, name) = (open.file.clone(), open.class.clone(), name.to_owned());
    let mut case = Case::new(NodeId { full, file, class, name, params }, status, Phase::Call);
    case.duration_ms = open.duration_ms;
    case.attempts = 1 + open.retried;
    case.captured.clone_from(&open.out);
    case
}

fn explain(case: &mut Case, failure: &Failure) {
    let message = &failure.message;
    case.phase = match message.as_str() {
        "collection failure" => Phase::Collection,
        text if text.starts_with("failed on setup") => Phase::Setup,
        text if text.starts_with("failed on teardown") => Phase::Teardown,
        _ => Phase::Call,
    };
    if failure.text.contains("' panicked at ") || failure.text.contains(") panicked at ") {
        // A Rust test: the message attribute holds the place only.
        let captured = std::mem::take(&mut case.captured);
        panic::explain(case, &failure.text);
        case.captured = captured;
        return;
    }
    // pytest wraps the exception's text: `failed on setup with "OSError: x"`.
    let inner = message.split_once(" with \"").and_then(|(_, text)| text.strip_suffix('"'));
    let body = pytest::explain(&failure.text);
    case.message = match (inner, case.phase) {
        (_, Phase::Collection) => body.message,
        (Some(inner), Phase::Setup | Phase::Teardown) => inner.to_owned(),
        _ if message.is_empty() => body.message,
        _ => message.clone(),
    };
    case.location = body.location;
    case.exception = pytest::exception(&case.message)
        .map(str::to_owned)
        .or_else(|| failure.kind.clone())
        .or(body.exception);
}
