//! One report about one test: its id to the letter, what became of it, and why.
//!
//! Invariant: a case is a report, as runners count them, not a test. A test that fails and whose
//! teardown then breaks as well is two cases with one id: one failed, one in error.
//! [`TestRun::outcomes`](super::TestRun::outcomes) folds them into one outcome a test.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of a test.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It ran and held.
    Passed,
    /// It was not run, on purpose.
    Skipped,
    /// It failed, as it was marked to.
    Xfailed,
    /// It was marked to fail and did not; no failure, unless the mark is strict.
    Xpassed,
    /// It failed at first and held when it was run again; `attempts` says how often it ran.
    Flaky,
    /// A part of a test that held.
    SubtestPassed,
    /// A part of a test that was not run, or that failed as it was marked to.
    SubtestSkipped,
    /// A part of a test that failed.
    SubtestFailed,
    /// The test itself failed.
    Failed,
    /// What stands around the test broke: collection, setup, teardown, or the worker.
    Error,
}

impl Status {
    /// Whether somebody has to do something about it.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::SubtestFailed | Self::Failed | Self::Error)
    }

    /// Its name in every report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Xfailed => "xfailed",
            Self::Xpassed => "xpassed",
            Self::Flaky => "flaky",
            Self::SubtestPassed => "subtest_passed",
            Self::SubtestSkipped => "subtest_skipped",
            Self::SubtestFailed => "subtest_failed",
            Self::Failed => "failed",
            Self::Error => "error",
        }
    }
}

/// When it happened.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// While tests were looked for; the case's id is then a file.
    Collection,
    /// Before the test: a fixture.
    Setup,
    /// In the test itself, or the log does not say.
    Call,
    /// After the test: a fixture's cleaning up.
    Teardown,
}

/// The id of a test, and its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NodeId {
    /// The id as the runner prints it, to the letter: `tests/a.py::TestB::test_c[d - e]`.
    pub full: String,
    /// The file (pytest), the crate or binary (Rust), the package (Go), the suite's file (jest);
    /// empty where the log does not say.
    pub file: String,
    /// What encloses the test: `TestB` or `TestB::TestInner`; empty without.
    pub class: String,
    /// The test's bare name, without parameters.
    pub name: String,
    /// The text between the brackets of a parametrised test.
    pub params: Option<String>,
}

impl NodeId {
    /// An id whose parts are known already, with nothing to take apart.
    pub fn plain(
        full: impl Into<String>,
        file: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        let (full, file, name) = (full.into(), file.into(), name.into());
        Self { full, file, class: String::new(), name, params: None }
    }

    /// Takes a pytest node id apart: `file::Class::name[params]`, where params hold anything.
    pub fn pytest(full: impl Into<String>) -> Self {
        let full = full.into();
        let Some((file, rest)) = full.split_once("::") else {
            return Self {
                file: full.clone(),
                class: String::new(),
                name: String::new(),
                params: None,
                full,
            };
        };
        // Only the part before the first bracket is a path of names; after it anything goes.
        let (path, params) = match rest.find('[') {
            Some(open) if rest.ends_with(']') && open > 0 => {
                (&rest[..open], Some(rest[open + 1..rest.len() - 1].to_owned()))
            }
            _ => (rest, None),
        };
        let (class, name) = path.rsplit_once("::").unwrap_or(("", path));
        let (file, class, name) = (file.to_owned(), class.to_owned(), name.to_owned());
        Self { full, file, class, name, params }
    }
}

impl NodeId {
    fn size(&self) -> usize {
        let params = self.params.as_ref().map_or(0, String::len);
        self.full.len() + self.file.len() + self.class.len() + self.name.len() + params
    }
}

/// A place in the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Frame {
    /// The file, as the log has it.
    pub file: String,
    /// The line, from 1; 0 where the log does not say.
    pub line: u64,
    /// The function, where the log says it.
    pub function: Option<String>,
}

/// What a test printed or logged, as the runner captured it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Capture {
    /// The runner's title: `Captured stdout call`.
    pub title: String,
    /// The text, cut where the budget ends.
    pub text: String,
}

/// A report about a test that did not simply hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Case {
    /// Which test.
    pub id: NodeId,
    /// What became of it.
    pub status: Status,
    /// When.
    pub phase: Phase,
    /// What went wrong: pytest's `E` lines without their margin, a panic's text, a JUnit
    /// failure's body. Several lines; empty where the log holds nothing.
    pub message: String,
    /// Whether `message` is only what a summary line had room for.
    pub message_cut: bool,
    /// The exception's type, where the message opens with one: `ConnectionRefusedError`.
    pub exception: Option<String>,
    /// The last frame of the traceback inside the project: not in installed packages, not in
    /// the runner itself; the last frame at all where there is no such frame.
    pub location: Option<Frame>,
    /// What was captured.
    pub captured: Vec<Capture>,
    /// Which part of the test, for a subtest: its message and parameters, as printed.
    pub subtest: Option<String>,
    /// How long it took, where the log says so.
    pub duration_ms: Option<u64>,
    /// How often it was run; more than one only where it was run again.
    pub attempts: u32,
}

impl Case {
    /// A case of which only the id and the status are known so far.
    pub fn new(id: NodeId, status: Status, phase: Phase) -> Self {
        Self {
            id,
            status,
            phase,
            message: String::new(),
            message_cut: false,
            exception: None,
            location: None,
            captured: Vec::new(),
            subtest: None,
            duration_ms: None,
            attempts: 1,
        }
    }

    /// The bytes that it takes, roughly: short texts take a few times their length.
    pub(crate) fn size(&self) -> usize {
        let captured: usize = self.captured.iter().map(|capture| capture.text.len() + 256).sum();
        size_of::<Self>() + self.id.size() + self.message.len() + captured + 256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(id: &str) -> (String, String, String, Option<String>) {
        let id = NodeId::pytest(id);
        (id.file, id.class, id.name, id.params)
    }

    #[test]
    fn an_id_is_taken_apart_before_its_first_bracket_only() {
        let check = |id: &str, file: &str, class: &str, name: &str, params: Option<&str>| {
            let expected = (file.into(), class.into(), name.into(), params.map(str::to_owned));
            assert_eq!(parts(id), expected, "{id}");
        };
        check("a/b.py::test_c", "a/b.py", "", "test_c", None);
        check("b.py::TestA::TestB::test_c", "b.py", "TestA::TestB", "test_c", None);
        check("b.py::test_c[x::y]", "b.py", "", "test_c", Some("x::y"));
        check("b.py::T::test_c[[x] - FAILED]", "b.py", "T", "test_c", Some("[x] - FAILED"));
        check("b.py", "b.py", "", "", None);
    }
}
