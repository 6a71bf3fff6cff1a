//! pytest-reportlog: a line of JSON for each report, so nothing can be forged.

use reports::text::counted;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::bytes::json::{Text, closed};
use crate::run::{Room, keep};
use crate::{
    Capture, Case, Completeness, Frame, Held, NodeId, Phase, Runner, Status, TestRun, pytest,
};

/// The bytes of a message or a captured section, and of all of them, that are kept.
const TEXT: usize = 8 << 10;
const BUDGET: usize = 10 << 20;

/// A line, as far as it is read.
#[derive(Debug, Deserialize)]
struct ReportLine<'a> {
    #[serde(borrow, rename = "$report_type", default)]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    pytest_version: Option<Text<'a>>,
    #[serde(default)]
    exitstatus: Option<u8>,
    #[serde(borrow, default)]
    nodeid: Text<'a>,
    #[serde(borrow, default)]
    outcome: Text<'a>,
    #[serde(borrow, default)]
    when: Option<Text<'a>>,
    /// A text, an object, or a list for a test that was skipped.
    #[serde(borrow, default)]
    longrepr: Option<&'a RawValue>,
    #[serde(borrow, default)]
    wasxfail: Option<Text<'a>>,
    #[serde(borrow, default)]
    sections: Vec<(Text<'a>, Text<'a>)>,
    #[serde(default)]
    duration: Option<f64>,
    #[serde(borrow, default, rename = "_subtest.context")]
    subtest: Option<&'a RawValue>,
}

/// A failure as an object.
#[derive(Debug, Default, Deserialize)]
struct Long<'a> {
    #[serde(borrow, default)]
    reprcrash: Option<FileLocation<'a>>,
    #[serde(borrow, default)]
    reprtraceback: Option<Traceback<'a>>,
}

#[derive(Debug, Deserialize)]
struct Traceback<'a> {
    #[serde(borrow, default)]
    reprentries: Vec<Lines<'a>>,
}

#[derive(Debug, Deserialize)]
struct Lines<'a> {
    #[serde(borrow, default)]
    data: Option<Data<'a>>,
}

#[derive(Debug, Deserialize)]
struct Data<'a> {
    #[serde(borrow, default)]
    reprfileloc: Option<FileLocation<'a>>,
}

#[derive(Debug, Deserialize)]
struct FileLocation<'a> {
    #[serde(borrow, default)]
    path: Text<'a>,
    #[serde(default)]
    lineno: u64,
    #[serde(borrow, default)]
    message: Text<'a>,
}

impl FileLocation<'_> {
    fn frame(&self) -> Frame {
        Frame { file: self.path.as_str().to_owned(), line: self.lineno, function: None }
    }
}

/// A log that is being read.
#[derive(Debug)]
pub(crate) struct ReportlogReader {
    done: Vec<TestRun>,
    run: Option<TestRun>,
    lines: u64,
    problems: Vec<String>,
    reruns: u32,
    spent: usize,
    room: Room,
    /// Failures that no longer fitted.
    unnamed: u64,
}

impl ReportlogReader {
    pub(crate) const fn new() -> Self {
        Self {
            done: Vec::new(),
            run: None,
            lines: 0,
            problems: Vec::new(),
            reruns: 0,
            spent: 0,
            room: Room::ALL,
            unnamed: 0,
        }
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8]) {
        self.lines += 1;
        if line.is_empty() {
            return;
        }
        match serde_json::from_slice(line) {
            Ok(entry) => self.entry(&entry),
            Err(error) => {
                let closed = closed(line);
                let known = closed.as_deref().and_then(|line| serde_json::from_slice(line).ok());
                if let Some(known) = known {
                    // What kind of report it is stands at the end. Only a test's has no bounds.
                    self.entry(&ReportLine { kind: Some(Text::from("TestReport")), ..known });
                } else if self.problems.len() < 20 {
                    self.problems.push(format!("line {}: {error}", self.lines));
                }
            }
        }
    }

    fn entry(&mut self, entry: &ReportLine<'_>) {
        let Some(kind) = entry.kind.as_ref().map(Text::as_str) else {
            if self.problems.len() < 20 {
                self.problems.push(format!("line {}: not a report", self.lines));
            }
            return;
        };
        if kind == "SessionStart" || self.run.is_none() {
            self.end();
            self.run = Some(TestRun::new(Runner::Pytest));
        }
        let Some(run) = self.run.as_mut() else { return };
        match kind {
            "SessionStart" => {
                run.version = entry.pytest_version.as_ref().map(|text| text.as_str().to_owned());
            }
            "SessionFinish" => {
                run.exit_hint = entry.exitstatus;
                run.completeness = Completeness::Reconciled;
            }
            "CollectReport" | "TestReport" | "SubTestReport" => self.report(entry),
            _ => {}
        }
    }

    fn report(&mut self, entry: &ReportLine<'_>) {
        let Some(run) = self.run.as_mut() else { return };
        let id = entry.nodeid.as_str();
        if entry.outcome.as_str() == "rerun" {
            run.read.reruns += 1;
            self.reruns += 1;
            return;
        }
        let Some((status, phase)) = status(entry) else { return };
        run.read.add(status);
        let attempts = 1 + if phase == Phase::Call { std::mem::take(&mut self.reruns) } else { 0 };
        let status = if status == Status::Passed && attempts > 1 { Status::Flaky } else { status };
        if !status.is_failure() && status != Status::Flaky {
            run.quiet.push_within(status, id.as_bytes(), &mut self.room.quiet);
            return;
        }
        if self.spent > BUDGET * 2 {
            self.unnamed += u64::from(status.is_failure());
            return;
        }
        let room = self.spent < BUDGET;
        let mut case = Case::new(NodeId::pytest(id), status, phase);
        case.attempts = attempts;
        case.duration_ms = entry.duration.and_then(milliseconds);
        case.subtest = entry.subtest.and_then(|part| {
            serde_json::from_str(part.get()).ok().map(|part: serde_json::Value| part.to_string())
        });
        if room {
            explain(&mut case, entry);
            let captured = case.captured.iter().map(|capture| capture.text.len()).sum::<usize>();
            self.spent += case.message.len() + captured;
        }
        self.spent += id.len() * 3 + 512;
        run.cases.push(case);
    }

    /// Closes the last run: its exit code must be one that its reports explain.
    fn end(&mut self) {
        let Some(mut run) = self.run.take() else { return };
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
            problems.push(format!("{} without room for an id", counted(unnamed, "failure")));
            run.held = Held::Some;
        }
        if !problems.is_empty() {
            run.completeness = Completeness::Mismatch(problems);
        }
        run.announced = run.exit_hint.map(|_| run.read);
        keep(&mut self.done, run);
    }

    /// Every run.
    pub(crate) fn finish(mut self) -> Vec<TestRun> {
        self.end();
        self.done
    }
}

/// What pytest counts a report as, if it counts it.
fn status(entry: &ReportLine<'_>) -> Option<(Status, Phase)> {
    let phase = match entry.when.as_ref().map(Text::as_str) {
        Some("setup") => Phase::Setup,
        Some("teardown") => Phase::Teardown,
        None if is(entry, "CollectReport") => Phase::Collection,
        _ => Phase::Call,
    };
    let marked = entry.wasxfail.is_some();
    let part = is(entry, "SubTestReport");
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

fn is(entry: &ReportLine<'_>, kind: &str) -> bool {
    entry.kind.as_ref().is_some_and(|known| known.as_str() == kind)
}

fn explain(case: &mut Case, entry: &ReportLine<'_>) {
    let long = entry.longrepr.map_or("", RawValue::get);
    let text: Text<'_> = serde_json::from_str(long).unwrap_or_default();
    let long: Long<'_> = serde_json::from_str(long).unwrap_or_default();
    let body = pytest::explain(text.as_str());
    case.message = match &long.reprcrash {
        Some(crash) => cut(crash.message.as_str()),
        None => body.message,
    };
    case.exception = pytest::exception(&case.message).map(str::to_owned);
    if case.exception.is_none() && case.message.starts_with("assert ") {
        case.exception = Some("AssertionError".to_owned());
    }
    let crash = long.reprcrash.as_ref().map(FileLocation::frame);
    case.location = own_frame(&long).or(crash).or(body.location);
    case.captured = entry
        .sections
        .iter()
        .take(8)
        .map(|(title, text)| Capture { title: cut(title.as_str()), text: cut(text.as_str()) })
        .collect();
}

/// The last frame of the project: paths in tracebacks are relative where they are its own.
fn own_frame(long: &Long<'_>) -> Option<Frame> {
    let entries = &long.reprtraceback.as_ref()?.reprentries;
    let places = entries.iter().rev().filter_map(|lines| lines.data.as_ref()?.reprfileloc.as_ref());
    let mut own = places.filter(|place| pytest::is_own(place.path.as_str()));
    own.next().map(FileLocation::frame)
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT.min(text.len()))].to_owned()
}

fn milliseconds(seconds: f64) -> Option<u64> {
    crate::bytes::seconds(&seconds.to_string())
}
