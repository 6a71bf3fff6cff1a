//! What a history keeps of the failures of one test run, and what it says of them.
//!
//! Invariant: a log proves that a failure is gone only by what it says itself: that a test passed
//! which had it.

use std::collections::{BTreeMap, BTreeSet};

use reports::history::{KeptFailure, KeptTests, MAX_TESTS, Mark, past};

use super::Triage;
use crate::{Held, Status, TestRun};

impl Triage<'_> {
    /// What a history keeps of these logs, behind the earlier logs of their suite.
    pub fn kept(&self, suite: &str, earlier: &[(&Mark, &KeptTests)]) -> KeptTests {
        let mut failures: BTreeMap<&str, KeptFailure> = BTreeMap::new();
        let mut mute = 0;
        for group in &self.groups {
            let Some(id) = &group.history_id else {
                mute += group.members.len() as u64;
                continue;
            };
            // Two rules may have parted what has one signature.
            let kept = failures.entry(id).or_insert_with(|| KeptFailure {
                id: id.clone(),
                signature: group.signature.clone(),
                failures: 0,
                tests: Vec::new(),
            });
            kept.failures += group.members.len() as u64;
            kept.tests.append(&mut self.tests_of(&group.members));
        }
        for kept in failures.values_mut() {
            kept.tests.sort_unstable();
            kept.tests.dedup();
            kept.tests.truncate(MAX_TESTS);
        }
        let runs = || self.runs.iter().map(|(_, run)| *run);
        let gone = gone(runs(), earlier).into_iter().filter(|id| !failures.contains_key(&**id));
        KeptTests {
            suite: suite.to_owned(),
            complete: runs().all(|run| run.completeness.is_complete() && run.held != Held::Some),
            tests: runs().map(TestRun::tests).sum(),
            passed: runs().map(|run| run.read.passed).sum(),
            names_passes: runs().all(|run| run.held == Held::All && run.quiet.dropped() == 0),
            gone: gone.collect(),
            failures: failures.into_values().collect(),
            mute,
        }
    }

    /// Says of each group what the earlier logs of its suite say.
    pub fn look_back(&mut self, earlier: &[(&Mark, &KeptTests)]) {
        for place in 0..self.groups.len() {
            let tests = self.tests_of(&self.groups[place].members);
            let group = &mut self.groups[place];
            group.past = group.history_id.as_ref().map(|id| past(id, &tests, earlier));
        }
    }

    fn tests_of(&self, members: &[usize]) -> Vec<String> {
        let ids = members.iter().map(|member| &self.findings[*member].case.id.full);
        ids.map(|id| redact::text(id).into_owned()).collect()
    }
}

/// The ids of earlier signatures of which a test passed in these runs.
fn gone<'a>(
    runs: impl Iterator<Item = &'a TestRun>,
    earlier: &[(&Mark, &KeptTests)],
) -> BTreeSet<String> {
    let mut had: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for failure in earlier.iter().flat_map(|(_, log)| &log.failures) {
        for test in &failure.tests {
            had.entry(test).or_default().insert(&failure.id);
        }
    }
    let mut gone = BTreeSet::new();
    for run in runs {
        let outcomes = run.outcomes_of(|id| had.contains_key(id));
        // A test that passed only at a second try had failed before, nobody knows how.
        for (id, _) in outcomes.iter().filter(|(_, status)| **status == Status::Passed) {
            gone.extend(had[&**id].iter().map(|signature| (*signature).to_owned()));
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use reports::history::Standing;

    use super::*;
    use crate::triage::tests::input;
    use crate::triage::{Input, Rules, rules};

    fn mark(day: &str) -> Mark {
        Mark { day: day.to_owned(), label: None }
    }

    fn kept(tests: &[(&str, Option<&str>)], earlier: &[KeptTests]) -> KeptTests {
        let inputs: [Input; 1] = [input("log", tests)];
        let mark = mark("1");
        let earlier: Vec<_> = earlier.iter().map(|log| (&mark, log)).collect();
        Triage::new(&inputs, rules::tests::shipped(), false).kept("tests", &earlier)
    }

    const LOST: Option<&str> = Some("OSError: job 7 lost at 0x7f01");

    #[test]
    fn what_changes_from_run_to_run_changes_no_signature() {
        let one = kept(&[("a.py::test_a", LOST)], &[]);
        let again = Some("OSError: job 12 lost at 0x9abc");
        let other = kept(&[("b.py::test_b", again)], &[]);
        assert_eq!(one.failures[0].id, other.failures[0].id);
        assert_eq!(one.failures[0].tests, ["a.py::test_a"]);
        let cause = kept(&[("a.py::test_a", Some("ValueError: other"))], &[]);
        assert_ne!(one.failures[0].id, cause.failures[0].id);
    }

    #[test]
    fn a_new_rule_makes_no_failure_new() {
        let inputs = [input("log", &[("a.py::test_a", LOST)])];
        let id = |rules: &Rules| {
            let triage = Triage::new(&inputs, rules, false);
            (triage.groups[0].id.clone(), triage.kept("tests", &[]).failures[0].id.clone())
        };
        let none = Rules::compile(Vec::new()).unwrap();
        let ((with, kept), (without, again)) = (id(rules::tests::shipped()), id(&none));
        assert_ne!(with, without, "a rule decides, or none does");
        assert_eq!(kept, again);
    }

    #[test]
    fn a_failure_is_gone_where_one_of_its_tests_passed_and_not_where_it_did_not_run() {
        let before = [kept(&[("a.py::test_a", LOST)], &[])];
        let id = before[0].failures[0].id.clone();
        let passed = kept(&[("a.py::test_a", None), ("b.py::test_b", None)], &before);
        assert_eq!(passed.gone, [id]);
        assert_eq!(kept(&[("b.py::test_b", None)], &before).gone, [""; 0]);
        let still = kept(&[("a.py::test_a", None), ("b.py::test_b", LOST)], &before);
        assert_eq!(still.gone, [""; 0], "another test has it");
    }

    #[test]
    fn every_group_is_told_its_past() {
        let logs = [kept(&[("a.py::test_a", LOST)], &[])];
        let inputs =
            [input("log", &[("a.py::test_a", LOST), ("b.py::b", Some("ValueError: other"))])];
        let mut triage = Triage::new(&inputs, rules::tests::shipped(), false);
        let mark = mark("1");
        triage.look_back(&[(&mark, &logs[0])]);
        let of = |words: &str| {
            let group = triage.groups.iter().find(|group| group.signature.contains(words));
            group.unwrap().past.clone().unwrap()
        };
        assert_eq!(of("lost").standing, Standing::Known);
        assert_eq!(of("lost").last_seen, Some(mark.clone()));
        assert_eq!(of("other").standing, Standing::New);
    }
}
