//! Goal: a run that died is readable and says so; a damaged one is refused with the line.
//! Method: the lines of the fixture run, cut, changed and reordered.

use proptest::prelude::*;

use super::*;
use crate::fixture;
use crate::record::{Attempt, Cause, Footer, Job, Outcome, Record};

fn lines() -> Vec<String> {
    fixture::records().iter().map(Record::to_line).collect()
}

#[test]
fn a_whole_run_is_complete_and_in_the_order_of_the_header() {
    let run = Run::read(lines()).unwrap();
    assert!(run.complete() && !run.interrupted());
    let names: Vec<_> = run.pipelines.iter().map(|p| p.header.name.as_str()).collect();
    assert_eq!(names, ["phase1", "phase3"]);
    assert_eq!(run.pipeline("phase3").unwrap().jobs.len(), 10);
    assert_eq!(run, fixture::concurrent());
}

#[test]
fn jobs_are_in_job_order_whatever_the_order_of_their_ends() {
    let mut records = fixture::records();
    let last = records.len() - 1;
    records[1..last].reverse();
    let run = Run::from_records(records).unwrap();
    let numbers: Vec<_> = run.pipelines[0].jobs.iter().map(|j| j.job).collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<u64>>());
}

#[test]
fn a_torn_last_line_gives_a_readable_run_that_is_not_complete() {
    let mut lines = lines();
    lines.truncate(12);
    let half = lines[11].len() / 2;
    lines[11].truncate(half);
    let run = Run::read(&lines).unwrap();
    assert!(!run.complete());
    assert_eq!(run.gaps, [Gap::TornLine { line: 12 }]);
    assert!(!run.pipelines[0].jobs.is_empty());
}

#[test]
fn a_missing_footer_gives_a_readable_run_that_is_not_complete() {
    let mut lines = lines();
    lines.pop();
    let run = Run::read(&lines).unwrap();
    assert_eq!(run.gaps, [Gap::NoFooter]);
}

#[test]
fn a_lost_line_is_noticed_by_the_count_of_the_footer() {
    let mut lines = lines();
    let count = lines.len() as u64 - 1;
    lines.remove(3);
    let run = Run::read(&lines).unwrap();
    assert_eq!(run.gaps, [Gap::LostRecords { expected: count, found: count - 1 }]);
}

#[test]
fn an_interrupted_run_is_not_complete() {
    let mut records = fixture::records();
    let Some(Record::Footer(footer)) = records.last_mut() else { panic!("no footer") };
    footer.interrupted = true;
    let run = Run::from_records(records).unwrap();
    assert!(run.interrupted() && !run.complete());
}

#[test]
fn a_malformed_line_in_the_middle_is_an_error_with_its_number() {
    let mut lines = lines();
    lines[4] = "{\"record\":\"job\"}".to_owned();
    let error = Run::read(&lines).unwrap_err();
    assert!(matches!(error, ReadError::Malformed { line: 5, .. }), "{error}");
    assert!(error.to_string().starts_with("line 5 is no record: missing field"), "{error}");
}

#[test]
fn nothing_may_follow_the_footer() {
    for extra in [lines().remove(1), "{".to_owned()] {
        let mut lines = lines();
        lines.push(extra);
        let number = lines.len() as u64;
        let error = Run::read(&lines).unwrap_err();
        assert!(matches!(error, ReadError::Malformed { line, .. } if line == number), "{error}");
    }
}

#[test]
fn an_unknown_format_is_refused_with_the_version_that_wrote_it() {
    let header = r#"{"record":"header","format":2,"tool":"0.9.0","pipelines":"another shape"}"#;
    let error = Run::read([header]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "run format 2 is unknown: this version reads format 1\n\
         hint: the run was written by chaos 0.9.0"
    );
}

#[test]
fn a_file_that_does_not_begin_with_a_header_is_refused() {
    assert_eq!(Run::read(Vec::<String>::new()), Err(ReadError::Empty));
    for first in ["", "not json", "[]", r#"{"format":1}"#, &lines()[1]] {
        let error = Run::read([first]).unwrap_err();
        assert!(matches!(error, ReadError::NotAHeader { .. }), "{first}: {error}");
    }
}

#[test]
fn a_record_of_a_pipeline_that_the_header_does_not_name_is_refused() {
    let mut records = fixture::records();
    let Record::Fault(fault) = &mut records[5] else { panic!("the fixture has another order") };
    fault.pipeline = "phase9".into();
    let error = Run::from_records(records).unwrap_err();
    assert!(matches!(error, ReadError::Malformed { line: 6, .. }), "{error}");
}

/// A number that a run may have measured.
fn number() -> std::ops::RangeInclusive<u64> {
    0..=10_000_000_000_000
}

fn any_attempt() -> impl Strategy<Value = Attempt> {
    let cause = prop::option::of(prop::sample::select(Cause::ALL.to_vec()));
    (
        [number(), number(), number(), number(), number()],
        cause,
        any::<Option<String>>(),
        any::<Option<u16>>(),
    )
        .prop_map(
            |([job, start_us, end_us, tokens_in, cost_microusd], cause, detail, status)| Attempt {
                pipeline: "phase1".into(),
                job,
                chunk: 1,
                attempt: 1,
                start_us,
                end_us,
                status,
                cause,
                request_id: detail.clone(),
                detail,
                first_token_us: cause.map(|_| end_us),
                retry_after_s: cause.map(|_| job),
                tokens_in,
                tokens_out: tokens_in,
                cost_microusd,
                told_microusd: None,
            },
        )
}

fn any_job() -> impl Strategy<Value = Job> {
    ([number(), number(), number(), number()], any::<String>(), any::<Option<String>>()).prop_map(
        |([bytes, arrival_us, end_us, cost_microusd], path, detail)| {
            let Some(Record::Job(base)) =
                fixture::records().into_iter().find(|r| matches!(r, Record::Job(_)))
            else {
                panic!("the fixture has no job");
            };
            let outcome = Outcome::Skipped;
            Job { path, bytes, arrival_us, end_us, outcome, detail, cost_microusd, ..base }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read_back(
        attempts in prop::collection::vec(any_attempt(), 0..8),
        mut jobs in prop::collection::vec(any_job(), 0..8),
    ) {
        for (number, job) in (1..).zip(&mut jobs) {
            job.job = number;
        }
        let mut records = fixture::records();
        records.truncate(1);
        records.extend(attempts.iter().cloned().map(Record::Attempt));
        records.extend(jobs.iter().cloned().map(Record::Job));
        let count = records.len() as u64;
        records.push(Record::Footer(Footer { interrupted: false, records: count, aborted: None }));

        let lines: Vec<String> = records.iter().map(Record::to_line).collect();
        prop_assert!(lines.iter().all(|line| !line.contains(['\n', '\r'])));
        let run = Run::read(&lines).unwrap();
        prop_assert!(run.complete());
        prop_assert_eq!(&run.pipelines[0].attempts, &attempts);
        prop_assert_eq!(&run.pipelines[0].jobs, &jobs);
        prop_assert_eq!(run, Run::from_records(records).unwrap());
    }
}
