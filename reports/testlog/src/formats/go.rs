//! `go test -json`: a line of JSON for each event, packages interleaved; one run a package.
//!
//! Lines that are no JSON (a build's errors, mostly) are what broke the package that follows.

use reports::text::counted;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::bytes::json::{Text, closed};
use crate::bytes::output::Output;
use crate::run::quiet;
use crate::{
    Capture, Case, Completeness, Counts, Frame, Held, NodeId, Phase, Runner, Status, TestRun,
};

/// The bytes of a build's errors that are kept, and of all failures.
const STRAY: usize = 16 << 10;
const BUDGET: usize = 16 << 20;
/// The bytes of tests that run at the same time, with their outputs.
const RUNNING: usize = 8 << 20;
/// Packages of one log. The largest trees that Go has are a tenth of that.
const PACKAGES: usize = 20_000;

#[derive(Debug, Deserialize)]
struct GoEvent<'a> {
    #[serde(borrow, rename = "Action")]
    action: Text<'a>,
    #[serde(borrow, rename = "Package", default)]
    package: Text<'a>,
    #[serde(borrow, rename = "ImportPath", default)]
    import_path: Text<'a>,
    #[serde(borrow, rename = "Test", default)]
    test: Option<Text<'a>>,
    #[serde(rename = "Elapsed", default)]
    elapsed: Option<f64>,
    #[serde(borrow, rename = "Output", default)]
    output: Text<'a>,
}

#[derive(Debug)]
struct Package {
    run: TestRun,
    /// The output of tests that run, and of the package itself.
    running: BTreeMap<String, Output>,
    own: Output,
    /// Failures that no longer fitted.
    unnamed: u64,
}

/// The bytes that are left, for all packages.
#[derive(Debug)]
struct Room {
    failures: usize,
    running: usize,
    quiet: usize,
}

/// A log that is being read.
#[derive(Debug)]
pub(crate) struct GoReader {
    order: Vec<String>,
    packages: BTreeMap<String, Package>,
    /// What packages beyond the last one that is kept count.
    beyond: Counts,
    lost: bool,
    /// What was no event, and what a build printed.
    stray: String,
    room: Room,
}

impl GoReader {
    pub(crate) const fn new() -> Self {
        let room = Room { failures: BUDGET, running: RUNNING, quiet: quiet::BUDGET * 2 };
        Self {
            order: Vec::new(),
            packages: BTreeMap::new(),
            beyond: Counts::ZERO,
            lost: false,
            stray: String::new(),
            room,
        }
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8]) {
        if line.first() == Some(&b'{') {
            if let Ok(event) = serde_json::from_slice::<GoEvent<'_>>(line) {
                return self.event(&event);
            }
            let line = closed(line);
            let event = line.as_deref().and_then(|line| serde_json::from_slice(line).ok());
            if let Some(event) = event {
                return self.event(&event);
            }
        }
        self.stray(&String::from_utf8_lossy(line));
    }

    fn event(&mut self, event: &GoEvent<'_>) {
        let (action, name) = (event.action.as_str(), event.package.as_str());
        if action == "build-output" {
            return self.stray(event.output.as_str().trim_end());
        }
        if name.is_empty() || !event.import_path.as_str().is_empty() && event.test.is_none() {
            return;
        }
        if let Some(package) = self.packages.get_mut(name) {
            package.event(event, &mut self.room, &self.stray);
        } else if self.order.len() < PACKAGES && self.room.failures > name.len() * 4 {
            self.room.failures -= name.len() * 3;
            self.order.push(name.to_owned());
            let mut package = Package::new(name);
            package.event(event, &mut self.room, &self.stray);
            self.packages.insert(name.to_owned(), package);
        } else {
            self.lost = true;
            match (action, &event.test) {
                ("pass", Some(_)) => self.beyond.add(Status::Passed),
                ("skip", Some(_)) => self.beyond.add(Status::Skipped),
                ("fail", Some(_)) => self.beyond.add(Status::Failed),
                _ => {}
            }
        }
    }

    fn stray(&mut self, line: &str) {
        // A line with a hash only names the package.
        if !line.is_empty() && !line.starts_with("# ") && self.stray.len() + line.len() < STRAY {
            self.stray.push_str(line);
            self.stray.push('\n');
        }
    }

    /// Every run, in the order in which packages began.
    pub(crate) fn finish(mut self) -> Vec<TestRun> {
        let room = &mut self.room;
        let packages = self.order.iter().filter_map(|name| self.packages.remove(name));
        let mut runs: Vec<TestRun> = packages.map(|package| package.finish(room)).collect();
        if self.lost {
            let mut run = TestRun::new(Runner::Go);
            let problem = format!("packages after the first {} are only counted", runs.len());
            run.completeness = Completeness::Mismatch(vec![problem]);
            (run.read, run.held) = (self.beyond, Held::Some);
            runs.push(run);
        }
        runs
    }
}

impl Package {
    fn new(name: &str) -> Self {
        let run = TestRun { title: Some(name.to_owned()), ..TestRun::new(Runner::Go) };
        Self { run, running: BTreeMap::new(), own: Output::default(), unnamed: 0 }
    }

    fn event(&mut self, event: &GoEvent<'_>, room: &mut Room, stray: &str) {
        match (event.action.as_str(), event.test.as_ref().map(Text::as_str)) {
            ("run", Some(name)) => self.start(name, room),
            ("output", None) => self.own.push(event.output.as_str(), usize::MAX),
            ("output", Some(name)) => {
                if !self.running.contains_key(name) {
                    self.start(name, room);
                }
                if let Some(output) = self.running.get_mut(name) {
                    let before = output.kept();
                    output.push(event.output.as_str(), room.running);
                    room.running = room.running + before - output.kept();
                }
            }
            ("pass" | "skip", Some(name)) => {
                self.stop(name, room);
                let skipped = event.action.as_str() == "skip";
                let status = if skipped { Status::Skipped } else { Status::Passed };
                self.run.read.add(status);
                self.run.quiet.push_within(status, name.as_bytes(), &mut room.quiet);
            }
            ("fail", Some(name)) => {
                let output = self.stop(name, room);
                self.run.read.add(Status::Failed);
                self.fail(name, &output, event.elapsed, room);
            }
            ("pass" | "skip" | "fail", None) => self.end(event, stray),
            _ => {}
        }
    }

    /// A test runs from here on; where there is no room, only its result is known.
    fn start(&mut self, name: &str, room: &mut Room) {
        let size = cost(name);
        if room.running >= size && self.running.insert(name.to_owned(), Output::default()).is_none()
        {
            room.running -= size;
        }
    }

    /// A test runs no longer; what it printed.
    fn stop(&mut self, name: &str, room: &mut Room) -> Output {
        let Some(output) = self.running.remove(name) else { return Output::default() };
        room.running += cost(name) + output.kept();
        output
    }

    fn fail(&mut self, name: &str, output: &Output, elapsed: Option<f64>, room: &mut Room) {
        let size = output.kept() * 2 + name.len() * 3 + 512;
        if room.failures < size {
            self.unnamed += 1;
            return;
        }
        room.failures -= size;
        let case = self.case(name, &output.text(), elapsed);
        self.run.cases.push(case);
    }

    fn case(&self, name: &str, output: &str, elapsed: Option<f64>) -> Case {
        let package = self.run.title.clone().unwrap_or_default();
        let mut id = NodeId::plain(name, package, name);
        if let Some((class, short)) = name.split_once('/') {
            (id.class, id.name) = (class.to_owned(), short.to_owned());
        }
        let mut case = Case::new(id, Status::Failed, Phase::Call);
        case.duration_ms = elapsed.and_then(|seconds| crate::bytes::seconds(&seconds.to_string()));
        let own = output.lines().filter(|line| {
            let line = line.trim_start();
            !line.starts_with("=== ") && !line.starts_with("--- ")
        });
        let own: Vec<&str> = own.collect();
        let bare = own.iter().map(|line| without_place(line.trim()));
        case.message = bare.collect::<Vec<_>>().join("\n");
        case.location = own.iter().rev().find_map(|line| location(line.trim()));
        if let Some(panic) = own.iter().find(|line| line.starts_with("panic: ")) {
            case.exception = Some("panic".to_owned());
            (*panic).clone_into(&mut case.message);
        }
        if !output.is_empty() {
            case.captured.push(Capture { title: "output".to_owned(), text: output.to_owned() });
        }
        case
    }

    /// The package's own result: a failure that no test explains is the package's.
    fn end(&mut self, event: &GoEvent<'_>, stray: &str) {
        let failed = event.action.as_str() == "fail";
        self.run.exit_hint = Some(u8::from(failed));
        self.run.duration_ms =
            event.elapsed.and_then(|seconds| crate::bytes::seconds(&seconds.to_string()));
        if failed && self.run.read.failed == 0 {
            let output = self.own.text();
            let said = if output.contains("[build failed]") && !stray.is_empty() {
                stray
            } else {
                output.trim()
            };
            self.run.session_error = Some(said.to_owned());
        }
        self.own = Output::default();
        self.run.announced = Some(self.run.read);
        self.run.completeness = Completeness::Reconciled;
    }

    fn finish(mut self, room: &mut Room) -> TestRun {
        // A panic or a time-out ends the package before the tests that ran have a result.
        for (name, output) in std::mem::take(&mut self.running) {
            self.run.read.add(Status::Error);
            let before = self.run.cases.len();
            self.fail(&name, &output, None, room);
            for case in &mut self.run.cases[before..] {
                case.status = Status::Error;
            }
        }
        if !self.run.completeness.is_complete() && self.run.announced.is_some() {
            self.run.completeness = Completeness::NoFinalLine;
        }
        if self.unnamed > 0 {
            let problem = format!("{} without room for an id", counted(self.unnamed, "failure"));
            self.run.completeness = Completeness::Mismatch(vec![problem]);
            self.run.held = Held::Some;
        }
        let contradicts = self.run.exit_hint == Some(0) && self.run.read.failed > 0;
        if contradicts {
            let problem = format!("the package passed, {} failed read", self.run.read.failed);
            self.run.completeness = Completeness::Mismatch(vec![problem]);
        }
        self.run
    }
}

/// The bytes that a test takes while it runs.
const fn cost(name: &str) -> usize {
    name.len() + 128
}

/// A message without the place that it opens with.
fn without_place(line: &str) -> &str {
    match line.split_once(": ") {
        Some((_, message)) if location(line).is_some() => message,
        _ => line,
    }
}

/// `file_test.go:12: message`.
fn location(line: &str) -> Option<Frame> {
    let (file, rest) = line.split_once(".go:")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let line = rest[..digits].parse().ok()?;
    Some(Frame { file: format!("{file}.go"), line, function: None })
}
