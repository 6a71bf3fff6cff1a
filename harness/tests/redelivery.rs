//! Goal: a queue delivers a job again until it is done or given up, and every delivery is paid.
//! Method: answers that take longer than a visibility timeout or a function has, run by the real
//! binary in simulated time; moments and costs are read from `run.jsonl`.

use reports::record::{Job, Outcome};
use reports::{Cause, Run, Summary};

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::Sandbox;

/// Four files whose answers take this long, on a platform.
#[track_caller]
fn check(answer_s: u64, platform: &str, more: &str) -> (Summary, Run) {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mine.toml",
        format!(
            "format = 1\ntitle = \"A queue\"\nquestion = \"How often is it delivered?\"\n\n\
             [[input]]\nkind = \"repository\"\nfiles = 4\nlines = 200\n\n\
             [load]\nshape = \"burst\"\n\n[latency]\nfirst_token_ms = {}\n\
             prefill_tokens_per_second = 1_000_000_000\n\
             decode_tokens_per_second = 1_000_000_000\n\n[platform]\n{platform}\n\n{more}",
            answer_s * 1_000
        ),
    );
    let summary = sandbox.summaries(&["mine.toml", "--pipeline", "phase1"]).remove(0);
    (summary, sandbox.records("out"))
}

const SQS: &str = "kind = \"shipped\"\nname = \"sqs\"";

fn queue(more: &str) -> String {
    format!(
        "kind = \"queue\"\nmemory_mb = 512\nvisibility_timeout_s = 30\nmax_receives = 3\n{more}"
    )
}

fn ends_s(run: &Run) -> Vec<u64> {
    run.pipelines[0].jobs.iter().map(|job| job.end_us / 1_000_000).collect()
}

fn details(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.detail.as_deref().unwrap_or_default()).collect()
}

#[test]
fn a_job_that_outlasts_the_visibility_timeout_is_paid_twice_and_done_once() {
    let (summary, run) = check(50, SQS, "");
    assert_eq!((summary.documented, summary.failed, summary.calls), (4, 0, 8));
    assert_eq!(ends_s(&run), [50; 4], "the first delivery ends the job");
    let half = summary.cost_microusd / 2;
    assert!(summary.duplicate_microusd.abs_diff(half) * 20 < half, "{summary:?}");
    assert_eq!(summary.wasted_microusd, summary.duplicate_microusd);
    assert!(run.pipelines[0].platform.iter().all(|platform| platform.duplicates == 1));
    let in_time = check(20, SQS, "").0;
    assert_eq!((in_time.calls, in_time.duplicate_microusd), (4, 0));
}

#[test]
fn a_job_that_is_never_done_in_time_goes_to_the_dead_letter_queue() {
    // Received at 0, 30 and 60 s; visible for the fourth time at 90 s.
    for platform in [queue("consumers = 20"), queue("consumers = 10\ntimeout_s = 30")] {
        let (summary, run) = check(100, &platform, "");
        assert_eq!(summary.failures, [(Cause::JobTimeout, 4)].into(), "{platform}");
        assert_eq!((summary.calls, ends_s(&run)), (12, vec![90; 4]), "{platform}");
        assert_eq!(summary.wasted_microusd, summary.cost_microusd);
        let details = details(&run.pipelines[0].jobs);
        assert!(details.iter().all(|words| words.starts_with("dead-letter queue after 3")));
    }
}

#[test]
fn a_delivery_that_is_due_again_waits_for_a_consumer() {
    // Two consumers, each busy for 50 s with a first delivery: nothing is received again before.
    let (summary, run) = check(50, &queue("consumers = 2"), "");
    assert_eq!(summary.documented, 4);
    assert_eq!((summary.calls, ends_s(&run)), (4, vec![50, 50, 100, 100]));
    let waited = run.pipelines[0].platform.iter().map(|one| one.queued_us / 1_000_000);
    assert_eq!(waited.collect::<Vec<_>>(), [0, 0, 50, 50]);
}

#[test]
fn an_asynchronous_function_is_tried_again_after_one_minute_and_after_two() {
    let platform = "kind = \"async_function\"\ntimeout_s = 30\nmemory_mb = 512\n\
                    concurrency = 10\nretry_waits_s = [60, 120]";
    let (summary, run) = check(40, platform, "");
    assert_eq!(summary.failures, [(Cause::JobTimeout, 4)].into());
    // 30 s of work, a minute, 30 s, two minutes, 30 s.
    assert_eq!((summary.calls, ends_s(&run)), (12, vec![270; 4]));
    let slow_once = "[[fault]]\nkind = \"latency\"\nname = \"slow\"\n\
                     extra = { fixed_ms = 60_000 }\nwhen = { first_attempts = 1 }\n";
    let (summary, run) = check(10, platform, slow_once);
    assert_eq!((summary.documented, ends_s(&run)), (4, vec![100; 4]));
    let shipped = check(40, "kind = \"shipped\"\nname = \"lambda-async\"", "").0;
    assert_eq!((shipped.documented, shipped.calls), (4, 4));
}

#[test]
fn a_pipeline_that_returns_without_a_document_has_taken_its_message() {
    let overloaded = "[[fault]]\nkind = \"status\"\nname = \"busy\"\nstatus = 529\n";
    let (summary, run) = check(10, SQS, overloaded);
    assert_eq!(summary.failures, [(Cause::Overloaded, 4)].into());
    assert_eq!(summary.calls, 4);
    assert!(run.pipelines[0].jobs.iter().all(|job| job.outcome == Outcome::Failed));
}

#[test]
fn what_hangs_in_a_consumer_is_in_the_dead_letter_queue_all_the_same() {
    let hang = "[[fault]]\nkind = \"wire\"\nname = \"silence\"\nwhat = { hang = {} }\n";
    let (summary, run) = check(10, &queue("consumers = 20"), hang);
    assert_eq!(summary.failures, [(Cause::JobTimeout, 4)].into());
    assert_eq!((summary.calls, ends_s(&run)), (12, vec![90; 4]));
}

#[test]
fn a_consumer_that_may_outlast_its_visibility_timeout_is_refused() {
    let sandbox = Sandbox::new();
    let scenario = format!(
        "format = 1\ntitle = \"A\"\nquestion = \"B?\"\n\n[[input]]\nkind = \"file\"\nlines = 50\n\n\
         [load]\nshape = \"burst\"\n\n[platform]\n{}\n",
        queue("consumers = 1\ntimeout_s = 31")
    );
    sandbox.write("mine.toml", scenario);
    let said = ["`platform.visibility_timeout_s`", "must not be less than `timeout_s`"];
    sandbox.chaos(&["run", "mine.toml"]).exits(104).says(&said);
}
