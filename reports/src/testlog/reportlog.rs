//! pytest-reportlog: a line of JSON for each report, so nothing has to be told from forgeries.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Capture, Case, Completeness, Frame, Held, NodeId, Phase, Runner, Status, TestRun, pytest,
};

/// The bytes of a message or a captured section, and of all of them, that are kept.
const TEXT: usize = 8 << 10;
const BUDGET: usize = 10 << 20;

/// A line, as far as it is read.
#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(rename = "$report_type")]
    kind: String,
    #[serde(default)]
    pytest_version: Option<String>,
    #[serde(default)]
    exitstatus: Option<u8>,
    #[serde(default)]
    nodeid: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    when: Option<String>,
    #[serde(default)]
    longrepr: Value,
    #[serde(default)]
    wasxfail: Option<String>,
    #[serde(default)]
    sections: Vec<(String, String)>,
    #[serde(default)]
    duration: Option<f64>,
    #[serde(default, rename = "_subtest.context")]
    subtest: Option<Value>,
}

/// A log that is being read.
#[derive(Debug)]
pub(super) struct Reader {
    runs: Vec<TestRun>,
    begun: bool,
    lines: u64,
    problems: Vec<String>,
    reruns: u32,
    spent: usize,
    /// Failures that no longer fitted.
    unnamed: u64,
}

impl Reader {
    pub(super) const fn new() -> Self {
        Self {
            runs: Vec::new(),
            begun: false,
            lines: 0,
            problems: Vec::new(),
            reruns: 0,
            spent: 0,
            unnamed: 0,
        }
    }

    /// Reads one line.
    pub(super) fn line(&mut self, line: &[u8]) {
        self.lines += 1;
        if line.is_empty() {
            return;
        }
        let entry: Entry = match serde_json::from_slice(line) {
            Ok(entry) => entry,
            Err(error) => {
                if self.problems.len() < 20 {
                    self.problems.push(format!("line {}: {error}", self.lines));
                }
                return;
            }
        };
        if entry.kind == "SessionStart" || !self.begun {
            self.end();
            self.begun = true;
            self.runs.push(TestRun::new(Runner::Pytest));
        }
        let Some(run) = self.runs.last_mut() else { return };
        match entry.kind.as_str() {
            "SessionStart" => run.version = entry.pytest_version,
            "SessionFinish" => {
                run.exit_hint = entry.exitstatus;
                run.completeness = Completeness::Reconciled;
            }
            "CollectReport" | "TestReport" | "SubTestReport" => self.report(&entry),
            _ => {}
        }
    }

    fn report(&mut self, entry: &Entry) {
        let Some(run) = self.runs.last_mut() else { return };
        if entry.outcome == "rerun" {
            run.read.reruns += 1;
            self.reruns += 1;
            return;
        }
        let Some((status, phase)) = status(entry) else { return };
        run.read.add(status);
        let attempts = 1 + if phase == Phase::Call { std::mem::take(&mut self.reruns) } else { 0 };
        let status = if status == Status::Passed && attempts > 1 { Status::Flaky } else { status };
        if !status.is_failure() && status != Status::Flaky {
            run.quiet.push(status, entry.nodeid.as_bytes());
            return;
        }
        if self.spent > BUDGET * 2 {
            self.unnamed += 1;
            return;
        }
        let room = self.spent < BUDGET;
        let mut case = Case::new(NodeId::pytest(entry.nodeid.as_str()), status, phase);
        case.attempts = attempts;
        case.duration_ms = entry.duration.and_then(milliseconds);
        case.subtest = entry.subtest.as_ref().map(ToString::to_string);
        if room {
            explain(&mut case, entry);
            let captured = case.captured.iter().map(|capture| capture.text.len()).sum::<usize>();
            self.spent += case.message.len() + captured;
        }
        self.spent += entry.nodeid.len() * 3 + 512;
        run.cases.push(case);
    }

    /// Closes the last run: its exit code must be one that its reports explain.
    fn end(&mut self) {
        let Some(run) = self.runs.last_mut() else { return };
        let mut problems = std::mem::take(&mut self.problems);
        let failures = run.read.failed + run.read.errors + run.read.subtests_failed;
        if run.exit_hint == Some(0) && failures > 0 {
            problems.push(format!("exit code 0 announced, {failures} failures read"));
        }
        if run.exit_hint == Some(1) && failures == 0 {
            problems.push("exit code 1 announced, no failure read".to_owned());
        }
        let unnamed = std::mem::take(&mut self.unnamed);
        if unnamed > 0 {
            problems.push(format!("{unnamed} failures without room for their ids"));
            run.held = Held::Some;
        }
        if !problems.is_empty() {
            run.completeness = Completeness::Mismatch(problems);
        }
        run.announced = run.exit_hint.map(|_| run.read);
    }

    /// Every run.
    pub(super) fn finish(mut self) -> Vec<TestRun> {
        self.end();
        self.runs
    }
}

/// What pytest counts a report as, if it counts it.
fn status(entry: &Entry) -> Option<(Status, Phase)> {
    let phase = match entry.when.as_deref() {
        Some("setup") => Phase::Setup,
        Some("teardown") => Phase::Teardown,
        Some(_) => Phase::Call,
        None => Phase::Collection,
    };
    let marked = entry.wasxfail.is_some();
    let part = entry.kind == "SubTestReport";
    let status = match (entry.outcome.as_str(), phase) {
        ("passed", Phase::Call) if part => Status::SubtestPassed,
        ("skipped", _) if part => Status::SubtestSkipped,
        ("failed", _) if part => Status::SubtestFailed,
        ("passed", Phase::Call) if marked => Status::Xpassed,
        ("passed", Phase::Call) => Status::Passed,
        ("skipped", _) if marked => Status::Xfailed,
        ("skipped", _) => Status::Skipped,
        ("failed", Phase::Call) => Status::Failed,
        ("failed", _) => Status::Error,
        _ => return None,
    };
    Some((status, phase))
}

fn explain(case: &mut Case, entry: &Entry) {
    let crash = &entry.longrepr["reprcrash"];
    let text = entry.longrepr.as_str().unwrap_or_default();
    let body = pytest::explain(text);
    case.message = match crash["message"].as_str() {
        Some(message) => cut(message),
        None => body.message,
    };
    case.exception = pytest::exception(&case.message).map(str::to_owned);
    if case.exception.is_none() && case.message.starts_with("assert ") {
        case.exception = Some("AssertionError".to_owned());
    }
    let crash = crash["path"].as_str().map(|file| Frame {
        file: file.to_owned(),
        line: crash["lineno"].as_u64().unwrap_or(0),
        function: None,
    });
    case.location = own_frame(&entry.longrepr).or(crash).or(body.location);
    case.captured = entry
        .sections
        .iter()
        .take(8)
        .map(|(title, text)| Capture { title: title.clone(), text: cut(text) })
        .collect();
}

/// The last frame of the project: paths in tracebacks are relative where they are its own.
fn own_frame(longrepr: &Value) -> Option<Frame> {
    let entries = longrepr["reprtraceback"]["reprentries"].as_array()?;
    let frames = entries.iter().rev().filter_map(|entry| {
        let place = &entry["data"]["reprfileloc"];
        let file = place["path"].as_str()?;
        Some(Frame { file: file.to_owned(), line: place["lineno"].as_u64()?, function: None })
    });
    frames.into_iter().find(|frame| pytest::is_own(&frame.file))
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT.min(text.len()))].to_owned()
}

fn milliseconds(seconds: f64) -> Option<u64> {
    super::bytes::seconds(&seconds.to_string())
}
