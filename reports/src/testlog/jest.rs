//! `jest --json`: one document. A suite that cannot be loaded has no tests, only a message.

use std::io::{self, BufRead};

use serde::Deserialize;

use super::{Case, Completeness, Counts, Frame, NodeId, Phase, Runner, Status, TestRun, pytest};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    success: bool,
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
    test_results: Vec<Suite>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Suite {
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    assertion_results: Vec<Assertion>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion {
    full_name: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    ancestor_titles: Vec<String>,
    status: String,
    #[serde(default)]
    failure_messages: Vec<String>,
    #[serde(default)]
    invocations: Option<u32>,
    #[serde(default)]
    duration: Option<f64>,
}

/// Reads a document. What stands before its first brace was printed by something else.
pub(super) fn read(mut input: impl BufRead) -> io::Result<Vec<TestRun>> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(Vec::new());
        }
        let start = memchr::memchr(b'{', buffer);
        let length = start.unwrap_or(buffer.len());
        input.consume(length);
        if start.is_some() {
            break;
        }
    }
    let mut documents = serde_json::Deserializer::from_reader(input).into_iter::<Document>();
    match documents.next() {
        Some(Ok(document)) => Ok(vec![run(&document)]),
        Some(Err(error)) if error.is_io() => Err(error.into()),
        // Cut off, or not jest's: a run that says so.
        Some(Err(error)) => {
            let mut run = TestRun::new(Runner::Jest);
            run.completeness = Completeness::Mismatch(vec![error.to_string()]);
            Ok(vec![run])
        }
        None => Ok(Vec::new()),
    }
}

fn run(document: &Document) -> TestRun {
    let mut run = TestRun::new(Runner::Jest);
    for suite in &document.test_results {
        if suite.assertion_results.is_empty() && suite.status == "failed" {
            let id = NodeId::plain(suite.name.as_str(), suite.name.as_str(), "");
            let mut case = Case::new(id, Status::Error, Phase::Collection);
            explain(&mut case, &suite.message);
            run.read.add(Status::Error);
            run.cases.push(case);
        }
        for assertion in &suite.assertion_results {
            test(&mut run, suite, assertion);
        }
    }
    let announced = Counts {
        failed: document.num_failed_tests,
        passed: document.num_passed_tests,
        skipped: document.num_pending_tests.saturating_add(document.num_todo_tests),
        errors: document.num_runtime_error_test_suites,
        ..Counts::default()
    };
    let mut problems = run.read.differences(&announced);
    let failures = run.read.failed + run.read.errors;
    if document.success && failures > 0 {
        problems.push(format!("success announced, {failures} failures read"));
    }
    run.completeness = Completeness::from_problems(problems);
    run.announced = Some(announced);
    run.exit_hint = Some(u8::from(!document.success));
    run
}

fn test(run: &mut TestRun, suite: &Suite, assertion: &Assertion) {
    let attempts = assertion.invocations.unwrap_or(1).max(1);
    let status = match assertion.status.as_str() {
        "failed" => Status::Failed,
        "passed" if attempts > 1 => Status::Flaky,
        "passed" => Status::Passed,
        _ => Status::Skipped,
    };
    run.read.add(status);
    let full = format!("{}::{}", suite.name, assertion.full_name);
    if !status.is_failure() && status != Status::Flaky {
        run.quiet.push(status, full.as_bytes());
        return;
    }
    let mut id = NodeId::plain(full, suite.name.as_str(), assertion.title.as_str());
    id.class = assertion.ancestor_titles.join(" ");
    let mut case = Case::new(id, status, Phase::Call);
    case.attempts = attempts;
    let duration = assertion.duration.map(|duration| (duration / 1000.0).to_string());
    case.duration_ms = duration.and_then(|seconds| super::bytes::seconds(&seconds));
    explain(&mut case, &assertion.failure_messages.join("\n"));
    run.cases.push(case);
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
