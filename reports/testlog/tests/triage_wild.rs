//! Goal: the rules are measured on failures that nobody made for them.
//! Method: failures of real projects, labelled by what their threads found, in three sets. Each is
//! put into the log that its runner writes and read as any log is; then the rules answer. Rules
//! were written from the first two sets. The third was labelled blind, measured once, and no rule
//! was written from it. No answer is a wrong answer.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use regex::Regex;
use reports::Category;
use serde::Deserialize;
use serde_json::json;
use testlog::Case;
use testlog::triage::{Rules, SHIPPED};

const SETS: [(Set, &str); 3] = [
    (Set::First, include_str!("triage/first/failures.toml")),
    (Set::Second, include_str!("triage/second/failures.toml")),
    (Set::Third, include_str!("triage/third/failures.toml")),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Runner {
    Pytest,
    Cargo,
    Go,
    Jest,
    Java,
}

impl Runner {
    const ALL: [Self; 5] = [Self::Pytest, Self::Cargo, Self::Go, Self::Jest, Self::Java];
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Set {
    #[default]
    First,
    Second,
    Third,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pytest: Vec<Failure>,
    cargo: Vec<Failure>,
    go: Vec<Failure>,
    jest: Vec<Failure>,
    java: Vec<Failure>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    project: String,
    source: String,
    label: Label,
    why: String,
    message: String,
    test: String,
    phase: Option<Phase>,
    readable: bool,
    /// The set that it is of.
    #[serde(skip)]
    set: Set,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Label {
    Bug,
    Configuration,
    Environment,
    TestDesign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Collect,
    Setup,
}

/// What stands around a failure's own text where a thread quotes more of the page: the titles and
/// ends of its block, which the log has around it anyway, and the failures that follow.
const AROUND: &str = concat!(
    r"^\s*(_{3,}.*_{3,}|={3,}.*={3,}|!{3,}.*!{3,}|-{4,} .* stdout -{4,}|=== RUN .*|--- FAIL: .*",
    r"|FAIL|FAIL\s+\S+(\s+[\d.]+s)?|\S+\.(test|spec)\.\w+|● .*|failures:|Tests: .*|Test Suites: .*",
    r"|Running [\w.]+|Tests run: .*|.*Time elapsed: .*<<<.*|Tests in error: ?|Details:)\s*$",
);

fn own_text(message: &str) -> String {
    let around = Regex::new(AROUND).expect("an expression");
    let title = Regex::new(r"^(?:FAILED|ERROR) \S+(?: - |$)|^\s+\w+\([\w.$]+\): ");
    let title = title.expect("an expression");
    let mut lines: Vec<String> = Vec::new();
    for line in message.lines() {
        let is_title = title.is_match(line) || line.contains("stdout ----");
        if is_title && lines.iter().any(|line| !line.trim().is_empty()) {
            break;
        }
        if !around.is_match(line) {
            lines.push(title.replace(line, "").into_owned());
        }
    }
    lines.join("\n")
}

/// The log that the runner writes when this is all that fails.
fn log(runner: Runner, failure: &Failure) -> String {
    let failure = &Failure { message: own_text(&failure.message), ..failure.clone() };
    match runner {
        Runner::Pytest => pytest(failure),
        Runner::Cargo => cargo(failure),
        Runner::Go => go(failure),
        Runner::Jest => jest(failure),
        Runner::Java => java(failure),
    }
}

fn pytest(failure: &Failure) -> String {
    let id = match failure.test.as_str() {
        path if failure.phase == Some(Phase::Collect) => if_named(path, "test_wild.py"),
        id if id.contains(".py::") => id.to_owned(),
        path if path.contains('/') => format!("{path}::test_unnamed"),
        name => format!("test_wild.py::{}", if_named(name, "test_unnamed")),
    };
    let name = id.split_once("::").map_or("", |(_, name)| name).replace("::", ".");
    let (part, title, verb) = match failure.phase {
        Some(Phase::Collect) => ("ERRORS", format!("ERROR collecting {id}"), "ERROR"),
        Some(Phase::Setup) => ("ERRORS", format!("ERROR at setup of {name}"), "ERROR"),
        None => ("FAILURES", name, "FAILED"),
    };
    // What a thread quotes of the summary has lost the mark of pytest's `E` lines.
    let marked = |line: &str| ["E ", ">", "Traceback"].iter().any(|mark| line.starts_with(mark));
    let mark = if failure.message.lines().any(marked) { "" } else { "E   " };
    let lines = failure.message.lines().map(|line| format!("{mark}{line}\n"));
    let body: String = lines.collect();
    let count = if verb == "ERROR" { "1 error" } else { "1 failed" };
    format!(
        "=== test session starts ===\ncollected 1 item\n\n=== {part} ===\n___ {title} ___\n\
         {body}=== short test summary info ===\n{verb} {id}\n=== {count} in 0.10s ===\n"
    )
}

fn cargo(Failure { test, message, .. }: &Failure) -> String {
    format!(
        "\nrunning 1 test\ntest {test} ... FAILED\n\nfailures:\n\n---- {test} stdout ----\n\
         {message}\n\nfailures:\n    {test}\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored; \
         0 measured; 0 filtered out; finished in 0.00s\n"
    )
}

/// What breaks a whole package is shown as a test's, because rules judge tests.
fn go(failure: &Failure) -> String {
    let test = if_named(&failure.test, "TestUnnamed");
    let event = |action: &str, output: Option<&str>| {
        json!({"Action": action, "Package": "wild", "Test": test, "Output": output.unwrap_or("")})
            .to_string()
    };
    let mut lines = vec![event("run", None)];
    for line in failure.message.lines() {
        lines.push(event("output", Some(&format!("{line}\n"))));
    }
    lines.push(event("fail", None));
    lines.push(json!({"Action": "fail", "Package": "wild"}).to_string());
    lines.join("\n") + "\n"
}

fn jest(Failure { test, phase, message, .. }: &Failure) -> String {
    // The terminal leaves out the type of what an expectation throws; the document has it.
    let kind = if message.starts_with("expect(") { "Error: " } else { "" };
    let suite = match phase {
        Some(_) => json!({
            "name": "wild.test.js", "status": "failed", "assertionResults": [],
            "message": format!("  \u{25cf} Test suite failed to run\n\n{message}"),
        }),
        None => json!({
            "name": "wild.test.js", "status": "failed", "message": "",
            "assertionResults": [{
                "fullName": test, "title": test, "status": "failed",
                "failureMessages": [format!("{kind}{message}")],
            }],
        }),
    };
    let (suites, tests) = if phase.is_some() { (1, 0) } else { (0, 1) };
    let document = json!({
        "success": false, "numFailedTests": tests, "numRuntimeErrorTestSuites": suites,
        "testResults": [suite],
    });
    document.to_string()
}

/// As surefire writes it: the type, what it says, and the whole trace.
fn java(Failure { test, message, .. }: &Failure) -> String {
    let (class, name) = test.rsplit_once('.').unwrap_or(("Wild", test));
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    // What it says ends where the trace begins.
    let trace = message.lines().take_while(|line| !line.trim_start().starts_with("at "));
    let first = trace.collect::<Vec<_>>().join("\n");
    let first = first.trim();
    let (kind, said) = first.split_once(':').unwrap_or((first, ""));
    let said = said.trim();
    if kind.contains('.') && !kind.contains(' ') {
        status.set_type(kind);
        if !said.is_empty() && said != "null" {
            status.set_message(said);
        }
    } else {
        status.set_message(message.trim());
    }
    status.set_description(message.as_str());
    let mut case = TestCase::new(if_named(name, "unnamed"), status);
    case.set_classname(class);
    let mut suite = TestSuite::new(class);
    suite.add_test_case(case);
    let mut report = Report::new("wild");
    report.add_test_suite(suite);
    report.to_string().expect("it is XML")
}

fn if_named(name: &str, otherwise: &str) -> String {
    if name.is_empty() { otherwise.to_owned() } else { name.to_owned() }
}

/// The one failure of a log, as the reader reads it.
fn case(runner: Runner, failure: &Failure) -> Case {
    let text = log(runner, failure);
    let mut log = testlog::read(text.as_bytes(), None).expect("a slice");
    let run = log.runs.pop().unwrap_or_else(|| panic!("no run in\n{text}"));
    let failures: Vec<_> = run.failures().cloned().collect();
    assert!(run.completeness.is_complete(), "{:?} of\n{text}", run.completeness);
    let [case] = failures.try_into().unwrap_or_else(|all| panic!("{all:?} of\n{text}"));
    case
}

fn failures() -> Vec<(Runner, Failure)> {
    let read = |(set, text)| {
        let File { pytest, cargo, go, jest, java } = toml::from_str(text).expect("a readable file");
        let lists = Runner::ALL.into_iter().zip([pytest, cargo, go, jest, java]);
        let all = lists.flat_map(|(runner, list)| list.into_iter().map(move |one| (runner, one)));
        all.map(move |(runner, failure)| (runner, Failure { set, ..failure }))
    };
    SETS.into_iter().flat_map(read).collect()
}

fn count<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    keys.fold(BTreeMap::new(), |mut counts, key| {
        *counts.entry(key).or_default() += 1;
        counts
    })
}

#[test]
fn the_set_is_wide_enough_to_mean_something() {
    let all = failures();
    assert!(all.len() >= 120, "{} failures", all.len());
    let projects = count(all.iter().map(|(_, failure)| failure.project.to_lowercase()));
    assert!(projects.len() >= 40 && projects.values().all(|&of_one| of_one <= 6), "{projects:?}");
    let labels = count(all.iter().map(|(_, failure)| failure.label));
    assert!(labels.len() == 4 && labels.values().all(|&of_one| of_one >= 20), "{labels:?}");
    let runners = count(all.iter().map(|(runner, _)| *runner));
    assert!(runners[&Runner::Pytest] >= 40, "{runners:?}");
    assert!(runners[&Runner::Cargo] >= 20 && runners[&Runner::Go] >= 20, "{runners:?}");
    assert!(runners[&Runner::Jest] + runners[&Runner::Java] >= 20, "{runners:?}");
    for (_, Failure { source, why, message, .. }) in &all {
        assert!(source.starts_with("https://"), "{source}");
        assert!(!why.is_empty() && !message.trim().is_empty(), "{source}");
    }
}

#[test]
fn no_project_is_in_two_sets() {
    let mut sets = BTreeMap::<String, Set>::new();
    for (_, failure) in failures() {
        let set = *sets.entry(failure.project.to_lowercase()).or_insert(failure.set);
        assert_eq!(set, failure.set, "{} is in two sets", failure.project);
    }
    let counts = count(failures().into_iter().map(|(_, failure)| failure.set));
    let expected = [(Set::First, 124), (Set::Second, 89), (Set::Third, 97)];
    assert_eq!(counts, BTreeMap::from(expected));
}

impl Label {
    const fn category(self) -> Category {
        match self {
            Self::Bug => Category::Bug,
            Self::Configuration => Category::Configuration,
            Self::Environment => Category::Environment,
            Self::TestDesign => Category::TestDesign,
        }
    }
}

/// A failure and the answer of the rules.
struct Judged {
    runner: Runner,
    failure: Failure,
    answer: Category,
    rule: String,
}

impl Judged {
    fn is_right(&self) -> bool {
        self.answer == self.failure.label.category()
    }
}

fn judged() -> Vec<Judged> {
    let rules = Rules::compile(vec![toml::from_str(SHIPPED).expect("the shipped rules")]);
    let rules = rules.expect("they compile");
    let judge = |(runner, failure)| {
        let case = case(runner, &failure);
        let decided = rules.decide(&case);
        let (answer, rule) = decided
            .map_or((Category::Unknown, "-"), |(rule, _)| (rule.category, rule.name.as_str()));
        let rule = rule.to_owned();
        Judged { runner, failure, answer, rule }
    };
    failures().into_iter().map(judge).collect()
}

/// The mean of the four categories' F1; a category that neither label nor answer names is left out.
#[expect(clippy::cast_precision_loss, reason = "some dozens")]
fn macro_f1(of: &[&Judged]) -> f64 {
    let labels = [Label::Bug, Label::Configuration, Label::Environment, Label::TestDesign];
    let scores = labels.into_iter().filter_map(|label| {
        let labelled = of.iter().filter(|one| one.failure.label == label).count();
        let answered = of.iter().filter(|one| one.answer == label.category()).count();
        let both = of.iter().filter(|one| one.failure.label == label && one.is_right()).count();
        (labelled + answered > 0).then(|| 2.0 * both as f64 / (labelled + answered) as f64)
    });
    let scores: Vec<f64> = scores.collect();
    scores.iter().sum::<f64>() / scores.len() as f64
}

/// The figures of a set, of what a person can read and of all, and by runner.
fn figures(all: &[Judged], set: Set) -> (f64, f64, String) {
    let mut page = String::new();
    let mut line = |title: &str, of: &[&Judged]| {
        let right = of.iter().filter(|one| one.is_right()).count();
        let silent = of.iter().filter(|one| one.answer == Category::Unknown).count();
        let score = macro_f1(of);
        let count = of.len();
        let _ = writeln!(page, "{title}: macro-F1 {score:.3}, {right} of {count}, {silent} silent");
        score
    };
    let of: Vec<_> = all.iter().filter(|one| one.failure.set == set).collect();
    let whole = line("all", &of);
    let readable: Vec<_> = of.iter().filter(|one| one.failure.readable).copied().collect();
    let readable = line("readable", &readable);
    for runner in Runner::ALL {
        let of: Vec<_> = of.iter().filter(|one| one.runner == runner).copied().collect();
        line(&format!("{runner:?}"), &of);
    }
    (whole, readable, page)
}

/// What is wrong in the sets that rules are written from.
fn wrong(all: &[Judged]) -> String {
    let mut page = String::new();
    for one in all.iter().filter(|one| one.failure.set != Set::Third && !one.is_right()) {
        let Judged { runner, failure, answer, rule } = one;
        let Failure { project, test, label, .. } = failure;
        let label = label.category().name();
        let answer = answer.name();
        let _ = writeln!(page, "{runner:?} {project} {test}: {label}, not {answer} ({rule})");
    }
    page
}

// The floors are what is reached, rounded down; triage/README.md has the history.

#[test]
fn the_rules_hold_for_wild_failures_that_nobody_who_wrote_one_had_seen() {
    let (whole, readable, page) = figures(&judged(), Set::Third);
    assert!(readable >= 0.8 && whole >= 0.55, "{page}");
}

#[test]
fn the_rules_hold_for_the_wild_failures_that_they_were_written_from() {
    let all = judged();
    for set in [Set::First, Set::Second] {
        let (whole, readable, page) = figures(&all, set);
        assert!(readable >= 0.9 && whole >= 0.7, "{page}\n{}", wrong(&all));
    }
}
