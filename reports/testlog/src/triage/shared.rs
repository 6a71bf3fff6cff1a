//! What a whole run says about each of its failures.
//!
//! Invariants: evidence of the run only ever points outside of the tests, and only where a failure
//! leaves it open; what an error itself says plainly is never overruled.

use super::{Finding, Group, Input, of_run};
use crate::TestRun;
use reports::Category;
use reports::Confidence;

/// The tests that one signature has to be in to be one cause.
const SHARED: usize = 3;

/// The tests that a run has to have before its share of failures says anything.
const MANY: usize = 5;

/// The failed and all tests of a run of which more than 80 % failed.
pub(super) fn mostly_failed(run: &TestRun) -> Option<(usize, usize)> {
    // Hardly any run has to be looked at test by test: reports of failures are as many or more.
    let reports = run.failures().count() as u64;
    let tests = run.tests();
    if reports.saturating_mul(5) <= tests.saturating_mul(4) {
        return None;
    }
    let outcomes = run.outcomes();
    let failed = outcomes.values().filter(|status| status.is_failure()).count();
    // A quiet log names only what failed; the counts know how many there were.
    let counted = usize::try_from(tests).unwrap_or(usize::MAX);
    let all = outcomes.len().max(counted);
    (all >= MANY && failed * 5 > all * 4).then_some((failed, all))
}

/// Adds to each finding what its run says; gives what is to be said of runs as a whole.
pub(super) fn weigh(
    runs: &[(&Input, &TestRun)],
    findings: &mut [Finding<'_>],
    groups: &[Group],
) -> Vec<String> {
    for finding in findings.iter_mut() {
        let group = &groups[finding.group];
        // Two wrong values look alike without having one cause.
        if group.tests >= SHARED && !finding.case.message.is_empty() {
            share(finding, group.tests);
        }
    }
    let mut notes = Vec::new();
    for (number, (input, run)) in runs.iter().enumerate() {
        let Some((failed, all)) = mostly_failed(run) else { continue };
        notes.push(format!(
            "{}: {failed} of {all} tests failed, more than 80 %: look for one cause in the \
             infrastructure first; nothing is said about single tests being flaky",
            input.name
        ));
        let own = of_run(findings, number);
        for finding in &mut findings[own] {
            if finding.category == Category::Unknown {
                finding.category = Category::Environment;
                finding.rule = Some("run-failed".into());
                finding.reason = "Nearly the whole run failed".into();
                finding.remedy = "look at what all tests need: services, settings".into();
            }
            add(finding, &format!("{failed} of {all} tests of the run failed"));
        }
    }
    notes
}

fn share(finding: &mut Finding<'_>, tests: usize) {
    match finding.category {
        Category::Environment | Category::Configuration => {
            if finding.confidence == Confidence::Guess {
                finding.confidence = Confidence::Likely;
            } else if finding.confidence == Confidence::Likely {
                finding.confidence = Confidence::Certain;
            }
        }
        Category::Unknown => {
            finding.category = Category::Environment;
            finding.rule = Some("shared-signature".into());
            finding.reason = "Several tests fail with the same words".into();
            finding.remedy = "look for what they share: a service, a fixture".into();
        }
        Category::Bug | Category::TestDesign => {}
    }
    add(finding, &format!("one signature in {tests} tests: one cause"));
}

fn add(finding: &mut Finding<'_>, words: &str) {
    finding.evidence.reserve_exact("; ".len() + words.len());
    if !finding.evidence.is_empty() {
        finding.evidence.push_str("; ");
    }
    finding.evidence.push_str(words);
}
