//! `go test -json`: a line of JSON for each event, packages interleaved; one run a package.
//!
//! Lines that are no JSON (a build's errors, mostly) are what broke the package that follows.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Capture, Case, Completeness, Frame, Held, NodeId, Phase, Runner, Status, TestRun};

/// The bytes of one test's output, and of all of them, that are kept.
const OUTPUT: usize = 16 << 10;
const BUDGET: usize = 10 << 20;

#[derive(Debug, Deserialize)]
struct Line {
    #[serde(rename = "Action")]
    action: String,
    #[serde(rename = "Package", default)]
    package: String,
    #[serde(rename = "ImportPath", default)]
    import_path: String,
    #[serde(rename = "Test", default)]
    test: Option<String>,
    #[serde(rename = "Elapsed", default)]
    elapsed: Option<f64>,
    #[serde(rename = "Output", default)]
    output: String,
}

#[derive(Debug)]
struct Package {
    run: TestRun,
    /// The output of tests that run, and of the package itself under no name.
    running: BTreeMap<String, String>,
    /// Failures that no longer fitted.
    unnamed: u64,
}

/// A log that is being read.
#[derive(Debug, Default)]
pub(super) struct Reader {
    order: Vec<String>,
    packages: BTreeMap<String, Package>,
    /// What was no event, and what a build printed.
    stray: String,
    spent: usize,
}

impl Reader {
    /// Reads one line.
    pub(super) fn line(&mut self, line: &[u8]) {
        let parsed = (line.first() == Some(&b'{')).then(|| serde_json::from_slice::<Line>(line));
        let Some(Ok(event)) = parsed else {
            self.stray(&String::from_utf8_lossy(line));
            return;
        };
        if event.action == "build-output" {
            self.stray(event.output.trim_end());
            return;
        }
        if event.package.is_empty() || !event.import_path.is_empty() && event.test.is_none() {
            return;
        }
        if !self.packages.contains_key(&event.package) {
            self.order.push(event.package.clone());
            let mut run = TestRun::new(Runner::Go);
            run.title = Some(event.package.clone());
            let package = Package { run, running: BTreeMap::new(), unnamed: 0 };
            self.packages.insert(event.package.clone(), package);
        }
        if let Some(package) = self.packages.get_mut(&event.package) {
            self.spent += package.event(&event, self.spent < BUDGET, &self.stray);
        }
    }

    fn stray(&mut self, line: &str) {
        // A line with a hash only names the package.
        if !line.is_empty() && !line.starts_with("# ") && self.stray.len() + line.len() < OUTPUT {
            self.stray.push_str(line);
            self.stray.push('\n');
        }
    }

    /// Every run, in the order in which packages began.
    pub(super) fn finish(mut self) -> Vec<TestRun> {
        let packages = self.order.iter().filter_map(|name| self.packages.remove(name));
        packages.map(Package::finish).collect()
    }
}

impl Package {
    /// Takes an event; gives the bytes that it made the package grow by.
    fn event(&mut self, event: &Line, room: bool, stray: &str) -> usize {
        let name = event.test.clone().unwrap_or_default();
        match (event.action.as_str(), &event.test) {
            ("run", Some(_)) => {
                self.running.insert(name, String::new());
                0
            }
            ("output", _) => {
                let text = self.running.entry(name).or_default();
                if !room || text.len() + event.output.len() > OUTPUT {
                    return 0;
                }
                text.push_str(&event.output);
                0
            }
            ("pass" | "skip", Some(_)) => {
                self.running.remove(&name);
                let skipped = event.action == "skip";
                let status = if skipped { Status::Skipped } else { Status::Passed };
                self.run.read.add(status);
                self.run.quiet.push(status, name.as_bytes());
                0
            }
            ("fail", Some(_)) => {
                let output = self.running.remove(&name).unwrap_or_default();
                self.run.read.add(Status::Failed);
                let size = output.len() * 2 + name.len() * 3 + 512;
                if !room {
                    self.unnamed += 1;
                    return 0;
                }
                self.run.cases.push(self.case(&name, &output, event.elapsed));
                size
            }
            ("pass" | "skip" | "fail", None) => {
                self.end(event, stray);
                0
            }
            _ => 0,
        }
    }

    fn case(&self, name: &str, output: &str, elapsed: Option<f64>) -> Case {
        let package = self.run.title.clone().unwrap_or_default();
        let mut id = NodeId::plain(name, package, name);
        if let Some((class, short)) = name.split_once('/') {
            (id.class, id.name) = (class.to_owned(), short.to_owned());
        }
        let mut case = Case::new(id, Status::Failed, Phase::Call);
        case.duration_ms = elapsed.and_then(|seconds| super::bytes::seconds(&seconds.to_string()));
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
    fn end(&mut self, event: &Line, stray: &str) {
        let failed = event.action == "fail";
        self.run.exit_hint = Some(u8::from(failed));
        self.run.duration_ms =
            event.elapsed.and_then(|seconds| super::bytes::seconds(&seconds.to_string()));
        if failed && self.run.read.failed == 0 {
            let output = self.running.remove("").unwrap_or_default();
            let said = if output.contains("[build failed]") && !stray.is_empty() {
                stray
            } else {
                output.trim()
            };
            self.run.session_error = Some(said.to_owned());
        }
        self.run.announced = Some(self.run.read);
        self.run.completeness = Completeness::Reconciled;
    }

    fn finish(mut self) -> TestRun {
        self.running.remove("");
        // A panic or a time-out ends the package before the tests that ran have a result.
        let left: Vec<(String, String)> = std::mem::take(&mut self.running).into_iter().collect();
        for (name, output) in left {
            let mut case = self.case(&name, &output, None);
            case.status = Status::Error;
            self.run.read.add(Status::Error);
            self.run.cases.push(case);
        }
        if !self.run.completeness.is_complete() && self.run.announced.is_some() {
            self.run.completeness = Completeness::NoFinalLine;
        }
        if self.unnamed > 0 {
            let problem = format!("{} failures without room for their ids", self.unnamed);
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
