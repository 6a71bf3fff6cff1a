//! `jest --json`: one document. A suite that cannot be loaded has no tests, only a message.
//!
//! The document is read as a stream, a test at a time: a suite says its name only after its tests,
//! and the counts stand wherever the writer puts them.

mod split;

use reports::text::counted;
use std::io::{self, BufRead};

use serde::Deserialize;

use self::split::{Piece, Split};
use crate::bytes::json::Text;
use crate::bytes::plain::{Plain, members};
use crate::{
    Case, Completeness, Counts, Frame, Held, NodeId, Phase, Quiet, Runner, Status, TestRun, pytest,
};

/// The bytes of failures that are kept, and of one message.
const BUDGET: usize = 20 << 20;
const MESSAGE: usize = 16 << 10;

/// The bytes of a test that may be plain.
const SHORT: usize = 16 << 10;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    success: Option<bool>,
    #[serde(default)]
    num_failed_tests: u64,
    #[serde(default)]
    num_passed_tests: u64,
    #[serde(default)]
    num_pending_tests: u64,
    #[serde(default)]
    num_todo_tests: u64,
    #[serde(default)]
    num_runtime_error_test_suites: u64,
}

#[derive(Debug, Default, Deserialize)]
struct JestSuite<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    message: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion<'a> {
    #[serde(borrow)]
    full_name: Text<'a>,
    #[serde(borrow, default)]
    title: Text<'a>,
    #[serde(borrow, default)]
    ancestor_titles: Vec<Text<'a>>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow, default)]
    failure_messages: Vec<Text<'a>>,
    #[serde(default)]
    invocations: Option<u32>,
    #[serde(default)]
    duration: Option<f64>,
}

/// A test that held or was not run, with nothing in it that is escaped or nested: nearly every
/// one, and read where it stands in the document.
struct PlainTest<'a> {
    full_name: &'a [u8],
    status: Status,
    /// The bytes of its object.
    length: usize,
}

impl<'a> PlainTest<'a> {
    /// Reads the test that bytes begin with.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let bytes = &bytes[..bytes.len().min(SHORT)];
        let (mut name, mut status, mut seen) = (None, None, 0_u8);
        let length = members(bytes, |key, value| {
            let bit = match (key, value) {
                (b"fullName", Plain::Text(text)) => {
                    name = Some(text);
                    1
                }
                (b"status", Plain::Text(text)) => {
                    status = Some(text);
                    2
                }
                (b"title", Plain::Text(_)) => 4,
                (b"ancestorTitles", Plain::Texts) => 8,
                (b"failureMessages", Plain::Texts) => 16,
                (b"duration", Plain::Number(_) | Plain::Null) => 32,
                (b"invocations", Plain::Number(count)) if &bytes[count.clone()] == b"1" => 64,
                // What is read, and not as it should be, is an error or no plain test.
                (
                    b"fullName" | b"status" | b"title" | b"ancestorTitles" | b"failureMessages"
                    | b"duration" | b"invocations",
                    _,
                ) => return None,
                // What nobody reads may be there twice.
                _ => 0,
            };
            let is_new = seen & bit == 0;
            seen |= bit;
            is_new.then_some(())
        })?;
        let status = match &bytes[status?] {
            b"failed" => return None,
            b"passed" => Status::Passed,
            _ => Status::Skipped,
        };
        std::str::from_utf8(&bytes[..length]).ok()?;
        Some(Self { full_name: &bytes[name?], status, length })
    }
}

/// Reads a document. What stands before its first brace was printed by something else.
pub(crate) fn read(mut input: impl BufRead) -> io::Result<Vec<TestRun>> {
    let mut split = Split::new();
    let mut reader = JestReader::new();
    while !split.is_done() {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        let mut rest = buffer;
        while !rest.is_empty() {
            rest = split.feed(rest, |piece, text| reader.piece(piece, text));
            if split.is_before_test(rest)
                && let Some(test) = PlainTest::read(rest)
            {
                reader.plain(&test);
                rest = &rest[test.length..];
            }
        }
        let length = buffer.len();
        input.consume(length);
    }
    Ok(if split.has_begun() { vec![reader.finish()] } else { Vec::new() })
}

#[derive(Debug)]
struct JestReader {
    run: TestRun,
    /// The tests of the suite that is open: its name comes last.
    quiet: Quiet,
    cases: Vec<Case>,
    tests: u64,
    document: Option<Document>,
    /// Pieces that could not be read, and why the first one could not.
    unread: u64,
    error: Option<String>,
    spent: usize,
    /// Failures that no longer fitted.
    unnamed: u64,
}

impl JestReader {
    fn new() -> Self {
        Self {
            run: TestRun::new(Runner::Jest),
            quiet: Quiet::default(),
            cases: Vec::new(),
            tests: 0,
            document: None,
            unread: 0,
            error: None,
            spent: 0,
            unnamed: 0,
        }
    }

    fn piece(&mut self, piece: Piece, text: &[u8]) {
        let read = match piece {
            Piece::Test => serde_json::from_slice(text).map(|test| self.test(&test)),
            Piece::Suite => serde_json::from_slice(text).map(|suite| self.suite(&suite)),
            Piece::Document => {
                serde_json::from_slice(text).map(|document| self.document = Some(document))
            }
        };
        if let Err(error) = read {
            self.unread += 1;
            self.error.get_or_insert_with(|| error.to_string());
        }
    }

    /// A test of which nothing has to be explained.
    fn plain(&mut self, test: &PlainTest<'_>) {
        self.tests += 1;
        self.run.read.add(test.status);
        self.quiet.push(test.status, test.full_name);
    }

    fn test(&mut self, test: &Assertion<'_>) {
        self.tests += 1;
        let attempts = test.invocations.unwrap_or(1).max(1);
        let status = match test.status.as_str() {
            "failed" => Status::Failed,
            "passed" if attempts > 1 => Status::Flaky,
            "passed" => Status::Passed,
            _ => Status::Skipped,
        };
        self.run.read.add(status);
        let name = test.full_name.as_str();
        if !status.is_failure() && status != Status::Flaky {
            self.quiet.push(status, name.as_bytes());
            return;
        }
        let titles: Vec<&str> = test.ancestor_titles.iter().map(Text::as_str).collect();
        let class = titles.join(" ");
        self.spent += name.len() * 2 + class.len() + test.title.as_str().len() + 512;
        if self.spent > BUDGET {
            self.unnamed += u64::from(status.is_failure());
            return;
        }
        let mut case = Case::new(NodeId::plain(name, "", test.title.as_str()), status, Phase::Call);
        case.id.class = class;
        case.attempts = attempts;
        let duration = test.duration.map(|duration| (duration / 1000.0).to_string());
        case.duration_ms = duration.and_then(|seconds| crate::bytes::seconds(&seconds));
        let messages: Vec<&str> = test.failure_messages.iter().map(Text::as_str).collect();
        explain(&mut case, &messages.join("\n"));
        self.spent += case.message.len();
        self.cases.push(case);
    }

    /// A suite, and the tests before it.
    fn suite(&mut self, suite: &JestSuite<'_>) {
        let name = suite.name.as_str();
        if std::mem::take(&mut self.tests) == 0 && suite.status.as_str() == "failed" {
            self.run.read.add(Status::Error);
            self.spent += name.len() * 2 + 512;
            if self.spent > BUDGET {
                self.unnamed += 1;
                return;
            }
            let mut case =
                Case::new(NodeId::plain(name, name, ""), Status::Error, Phase::Collection);
            explain(&mut case, suite.message.as_str());
            self.spent += case.message.len();
            self.run.cases.push(case);
        }
        self.close(name);
    }

    /// Gives the tests of a suite its name.
    fn close(&mut self, name: &str) {
        let mut full = Vec::new();
        full.extend_from_slice(name.as_bytes());
        full.extend_from_slice(b"::");
        let head = full.len();
        let mut tests = self.quiet.unpack();
        while let Some((status, test)) = tests.next() {
            full.truncate(head);
            full.extend_from_slice(test);
            self.run.quiet.push(status, &full);
        }
        self.run.quiet.drop_more(self.quiet.dropped());
        self.quiet.clear();
        for mut case in self.cases.drain(..) {
            self.spent += name.len() * 2;
            case.id.full = format!("{name}::{}", case.id.full);
            name.clone_into(&mut case.id.file);
            self.run.cases.push(case);
        }
    }

    fn finish(mut self) -> TestRun {
        self.close("");
        let read = self.run.read;
        let mut problems = Vec::new();
        if let Some(document) = &self.document {
            let announced = Counts {
                failed: document.num_failed_tests,
                passed: document.num_passed_tests,
                skipped: document.num_pending_tests.saturating_add(document.num_todo_tests),
                errors: document.num_runtime_error_test_suites,
                ..Counts::default()
            };
            problems.extend(read.differences(&announced));
            let failures = read.failed + read.errors;
            if document.success == Some(true) && failures > 0 {
                problems.push(format!("success announced, {failures} failures read"));
            }
            if document.success.is_none() {
                problems.push("the document does not say whether it succeeded".to_owned());
            }
            self.run.announced = Some(announced);
            self.run.exit_hint = document.success.map(|success| u8::from(!success));
        } else if self.unread == 0 {
            problems.push("the document ends before it is whole".to_owned());
        }
        if let Some(error) = self.error {
            problems.push(format!("{} unreadable: {error}", counted(self.unread, "part")));
        }
        if self.unnamed > 0 {
            problems.push(format!("{} without room for an id", counted(self.unnamed, "failure")));
            self.run.held = Held::Some;
        }
        self.run.completeness = Completeness::from_problems(problems);
        self.run
    }
}

/// The message before the stack, and the first frame of the stack that is the project's.
fn explain(case: &mut Case, text: &str) {
    let mut message = Vec::new();
    for line in text.lines() {
        if let Some(place) = line.trim_start().strip_prefix("at ") {
            let own = !place.contains("node_modules") && !place.contains("node:");
            if case.location.is_none() && own {
                case.location = frame(place);
            }
        } else if case.location.is_none() {
            message.push(line);
        }
    }
    let title = |line: &&str| line.trim().is_empty() || line.trim().starts_with('\u{25cf}');
    let message: Vec<&str> = message.into_iter().skip_while(title).map(str::trim).collect();
    message.join("\n").trim_end().clone_into(&mut case.message);
    case.message.truncate(case.message.floor_char_boundary(MESSAGE));
    case.exception = pytest::exception(&case.message).map(str::to_owned);
}

/// `Object.<anonymous> (/app/a.test.js:3:5)`, or the place alone.
fn frame(place: &str) -> Option<Frame> {
    let (function, place) = match place.rsplit_once(" (") {
        Some((function, place)) => (Some(function.to_owned()), place.trim_end_matches(')')),
        None => (None, place),
    };
    let (rest, _column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some(Frame { file: file.to_owned(), line: line.parse().ok()?, function })
}
