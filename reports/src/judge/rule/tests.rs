//! Goal: a failed job is classified by what was recorded about it.
//! Method: the fixture's third job failed at a 429; each test changes its records and asks again.

use super::*;
use crate::fixture;
use crate::judge::failed::failures;
use crate::record::Attempt;
use crate::run::Run;

/// The fixture without expectations, in which no break is expected.
fn unexpected() -> Run {
    let mut run = fixture::concurrent();
    run.header.expect.clear();
    run
}

/// The classification of the third job in a run.
fn row(run: &Run) -> (&'static str, Category, Priority, Confidence, &'static str) {
    let failures = failures(run);
    let f = failures.iter().find(|f| f.job.job == 3).unwrap();
    (f.rule().name(), f.category(), f.priority(), f.confidence(), f.stage_name())
}

fn last(run: &mut Run) -> &mut Attempt {
    run.pipelines[0].attempts.iter_mut().find(|a| a.job == 3).unwrap()
}

#[test]
fn an_injected_429_is_the_quota_of_others_and_a_429_without_a_fault_is_the_own_limit() {
    let mut run = unexpected();
    let others = (Category::Environment, Priority::Medium, Confidence::Certain);
    assert_eq!(row(&run), ("quota-of-others", others.0, others.1, others.2, "retry"));
    run.pipelines[0].faults.clear();
    let own = (Category::Configuration, Priority::High, Confidence::Certain);
    assert_eq!(row(&run), ("own-limit", own.0, own.1, own.2, "retry"));
    last(&mut run).attempt = 5;
    assert_eq!(row(&run).4, "pacing", "after five attempts a sixth is not enough");
}

#[test]
fn a_fault_on_record_makes_a_server_error_certain_and_none_makes_it_likely() {
    let mut run = unexpected();
    run.pipelines[0].jobs[2].cause = Some(Cause::ServerError);
    assert_eq!(row(&run).0, "no-fault-on-record", "the fault hit an earlier request of the job");
    last(&mut run).cause = Some(Cause::ServerError);
    let found = row(&run);
    assert_eq!((found.0, found.3), ("injected-fault", Confidence::Certain));
    run.pipelines[0].faults.clear();
    let found = row(&run);
    assert_eq!((found.0, found.3), ("no-fault-on-record", Confidence::Likely));
    assert_eq!((found.1, found.2), (Category::Environment, Priority::Medium));
}

#[test]
fn without_a_cause_the_status_is_a_guess_and_without_both_nothing_is_known() {
    let mut run = unexpected();
    run.pipelines[0].jobs[2].cause = None;
    let guess = ("status-alone", Category::Configuration, Priority::High, Confidence::Guess);
    assert_eq!(row(&run), (guess.0, guess.1, guess.2, guess.3, "retry"));
    last(&mut run).status = None;
    let nothing = ("no-cause", Category::Unknown, Priority::Medium, Confidence::Guess);
    assert_eq!(row(&run), (nothing.0, nothing.1, nothing.2, nothing.3, "—"));
}

#[test]
fn an_expected_break_is_never_urgent_and_keeps_its_category() {
    let mut run = fixture::concurrent();
    for cause in Cause::ALL.into_iter().filter(|cause| *cause != Cause::Interrupted) {
        run.pipelines[0].jobs[2].cause = Some(cause);
        let (_, category, priority, ..) = row(&run);
        let mut unexpected = unexpected();
        unexpected.pipelines[0].jobs[2].cause = Some(cause);
        assert_eq!((category, priority), (row(&unexpected).1, Priority::Low), "{cause:?}");
    }
    run.pipelines[0].jobs[2].cause = Some(Cause::LostLines);
    assert_eq!(row(&run).1, Category::Bug, "lost lines are no question of the test");
    run.header.expect.clear();
    run.pipelines[0].jobs[2].cause = Some(Cause::Truncated);
    assert_eq!((row(&run).1, row(&run).2), (Category::Bug, Priority::High));
}

#[test]
fn every_cause_has_a_rule_of_its_own_kind_and_every_rule_its_name() {
    let mut run = unexpected();
    run.pipelines[0].faults.clear();
    for cause in Cause::ALL {
        run.pipelines[0].jobs[2].cause = Some(cause);
        let found = row(&run);
        assert!(Rule::ALL.iter().any(|rule| rule.name() == found.0), "{cause:?}");
        assert_eq!((found.1, found.2), (cause.category(), cause.priority()), "{cause:?}");
    }
    let names: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|r| r.name()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
}

#[test]
fn what_only_the_cache_answered_was_corrupted_there() {
    let mut run = unexpected();
    let job = &mut run.pipelines[0].jobs[2];
    (job.cause, job.cache_hits, job.calls) = (Some(Cause::Undocumented), 1, 1);
    assert_eq!(row(&run).4, "merge", "a part of it was requested");
    run.pipelines[0].jobs[2].calls = 0;
    assert_eq!(row(&run).4, "cache");
}
