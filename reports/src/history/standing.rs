//! Whether a failure of a test is new, known, or came back, by the logs that a history has.
//!
//! Invariants: a failure is known by its signature, and where only other tests had that, it says
//! so. A failure came back only where it is known to have been gone: in a complete log of the same
//! suite, in which a test passed that had it, or, where a log does not name what passed, in which
//! as many tests passed as when it was there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry::{KeptTests, MAX_TESTS, Mark};

/// What a history says of one failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// No earlier log of the suite has it.
    New,
    /// An earlier log has it, and none since is known to be without it.
    Known,
    /// An earlier log has it, and a log since then was without it.
    CameBack,
}

impl Standing {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known => "known",
            Self::CameBack => "came back",
        }
    }
}

/// The past of one failure, before the log that is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// What that comes to.
    pub standing: Standing,
    /// The first log that has it; `null` where it is new.
    pub first_seen: Option<Mark>,
    /// The last log that has it; `null` where it is new.
    pub last_seen: Option<Mark>,
    /// How many earlier logs of the suite have it.
    pub seen: u64,
    /// How many earlier logs of the suite there are.
    pub logs: u64,
    /// Whether only other tests had it so far.
    pub other_tests: bool,
}

/// The past of a signature and of the tests that have it now, by the earlier logs of its suite.
pub fn past(signature: &str, now: &[String], earlier: &[(&Mark, &KeptTests)]) -> Past {
    let (mut standing, mut seen, mut same_test) = (Standing::New, 0, false);
    let (mut first_seen, mut last_seen, mut passed) = (None, None, 0);
    for (mark, log) in earlier {
        if let Some(found) = log.failures.iter().find(|failure| failure.id == signature) {
            standing = Standing::Known;
            seen += 1;
            first_seen.get_or_insert_with(|| (*mark).clone());
            last_seen = Some((*mark).clone());
            passed = log.passed;
            // Of very many tests not all are kept, and then nobody knows.
            same_test |= found.tests.len() >= MAX_TESTS;
            same_test |= found.tests.iter().any(|test| now.contains(test));
        } else if standing == Standing::Known && is_without(log, signature, passed) {
            standing = Standing::CameBack;
        }
    }
    let (logs, other_tests) = (earlier.len() as u64, seen > 0 && !same_test);
    Past { standing, first_seen, last_seen, seen, logs, other_tests }
}

fn is_without(log: &KeptTests, signature: &str, passed: u64) -> bool {
    let gone = log.gone.iter().any(|id| id == signature);
    log.complete && (gone || (!log.names_passes && log.passed >= passed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::entry::KeptFailure;

    fn log(failing: bool) -> KeptTests {
        let failure = KeptFailure {
            id: "f00d".to_owned(),
            signature: "OSError | lost | -".to_owned(),
            failures: 1,
            tests: vec!["a.py::a".to_owned()],
        };
        KeptTests {
            suite: "tests".to_owned(),
            complete: true,
            tests: 10,
            passed: 10 - u64::from(failing),
            names_passes: false,
            failures: if failing { vec![failure] } else { Vec::new() },
            gone: Vec::new(),
            mute: 0,
        }
    }

    fn of(test: &str, logs: &[KeptTests]) -> Past {
        let marks: Vec<Mark> =
            (1..=logs.len()).map(|day| Mark { day: day.to_string(), label: None }).collect();
        past("f00d", &[test.to_owned()], &marks.iter().zip(logs).collect::<Vec<_>>())
    }

    fn standing(logs: &[KeptTests]) -> Standing {
        of("a.py::a", logs).standing
    }

    #[test]
    fn a_failure_is_new_then_known_and_comes_back_after_it_was_gone() {
        assert_eq!(standing(&[]), Standing::New);
        assert_eq!(standing(&[log(false)]), Standing::New);
        assert_eq!(standing(&[log(false), log(true)]), Standing::Known);
        assert_eq!(standing(&[log(true), log(false)]), Standing::CameBack);
        assert_eq!(standing(&[log(true), log(false), log(true)]), Standing::Known);
    }

    #[test]
    fn an_incomplete_log_or_one_with_fewer_passes_proves_no_absence() {
        let incomplete = KeptTests { complete: false, ..log(false) };
        assert_eq!(standing(&[log(true), incomplete]), Standing::Known);
        let outage = KeptTests { passed: 8, ..log(false) };
        assert_eq!(standing(&[log(true), outage]), Standing::Known);
    }

    #[test]
    fn a_log_that_names_what_passed_proves_it_by_a_test_and_not_by_its_size() {
        let other = KeptTests { names_passes: true, passed: 99, ..log(false) };
        assert_eq!(standing(&[log(true), other.clone()]), Standing::Known);
        let passed = KeptTests { gone: vec!["f00d".to_owned()], passed: 1, ..other };
        assert_eq!(standing(&[log(true), passed]), Standing::CameBack);
    }

    #[test]
    fn the_first_and_the_last_log_that_had_it_are_counted_and_named() {
        let past = of("a.py::a", &[log(true), log(true), log(false)]);
        assert_eq!((past.seen, past.logs), (2, 3));
        let day = |mark: Option<Mark>| mark.unwrap().day;
        assert_eq!((day(past.first_seen), day(past.last_seen)), ("1".to_owned(), "2".to_owned()));
    }

    #[test]
    fn a_signature_that_only_other_tests_had_says_so() {
        assert!(of("b.py::b", &[log(true)]).other_tests);
        assert!(!of("a.py::a", &[log(true)]).other_tests);
        assert!(!of("b.py::b", &[log(false)]).other_tests);
        let mut many = log(true);
        many.failures[0].tests = (0..MAX_TESTS).map(|n| format!("a.py::t{n}")).collect();
        assert!(!of("b.py::b", &[many]).other_tests, "not all tests are kept");
    }
}
