//! What cargo says where it cannot build the tests: then no test runs, and no runner speaks.
//!
//! Only what stands between runs is read: in the output of a test it would be the test's own.

use crate::bytes;
use crate::{Completeness, Counts, Runner, TestRun};

/// The bytes of a build's errors that are kept.
const SAID: usize = 4 << 10;

/// A build that is being read.
#[derive(Debug, Default)]
pub(crate) struct BuildReader {
    /// Its errors, each with its place.
    said: String,
}

impl BuildReader {
    /// Reads a line; gives the run that it ends.
    pub(crate) fn line(&mut self, line: &[u8]) -> Option<TestRun> {
        if let Some(rest) = line.strip_prefix(b"error: could not compile `") {
            return Some(self.broken(&bytes::lossy(rest)));
        }
        let is_error = line.starts_with(b"error[E") || line.starts_with(b"error: ");
        let is_place = line.trim_ascii_start().starts_with(b"--> ") && !self.said.is_empty();
        let is_tests = line.starts_with(b"error: test failed");
        if (is_error && !is_tests || is_place) && self.said.len() + line.len() < SAID {
            self.said.push_str(&bytes::lossy(line));
            self.said.push('\n');
        }
        None
    }

    /// What follows is another build.
    pub(crate) fn forget(&mut self) {
        self.said.clear();
    }

    /// The run that there is none of. What follows the package may name a target: ` (lib test)`.
    fn broken(&mut self, rest: &str) -> TestRun {
        let (package, rest) = rest.split_once('`').unwrap_or((rest, ""));
        let target = rest.trim_start().strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let mut run = TestRun::new(Runner::Cargo);
        run.title = Some(match target {
            Some((target, _)) => format!("{package} ({target})"),
            None => package.to_owned(),
        });
        let said = std::mem::take(&mut self.said);
        run.session_error = Some(match said.trim_end() {
            "" => format!("could not compile `{package}`"),
            said => said.to_owned(),
        });
        (run.exit_hint, run.announced) = (Some(101), Some(Counts::default()));
        run.completeness = Completeness::Reconciled;
        run
    }
}
