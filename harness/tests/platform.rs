//! Goal: the envelopes of the platforms do to a pipeline what the real ones were seen to do.
//! Method: scenarios without rate limits and faults, so that whatever fails fails by the platform,
//! run by the real binary in simulated time; the numbers are read from `run.jsonl`.

use std::collections::BTreeMap;

use reports::record::Outcome;
use reports::{Cause, Run, Summary};

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::Sandbox;

/// Thirty seconds a call, a third more or less: from 20 to 40 s, evenly.
const TWENTY_TO_FORTY_SECONDS: &str = "first_token_ms = 30_000\nprefill_tokens_per_second = \
    1_000_000_000\ndecode_tokens_per_second = 1_000_000_000\njitter = 0.333333";

fn scenario(files: u64, load: &str, latency: &str, platform: &str) -> String {
    format!(
        "format = 1\ntitle = \"A platform\"\nquestion = \"What does it do?\"\n\n\
         [[input]]\nkind = \"repository\"\nfiles = {files}\nlines = {}\n\n\
         [load]\n{load}\n\n[latency]\n{latency}\n\n[platform]\n{platform}\n",
        files * 100
    )
}

/// Runs one pipeline; its numbers have to agree with each other and with the ledger.
fn check(pipeline: &str, text: &str) -> (Summary, Run) {
    let sandbox = Sandbox::new();
    sandbox.write("mine.toml", text);
    let mut summaries = sandbox.summaries(&["mine.toml", "--pipeline", pipeline]);
    (summaries.remove(0), sandbox.records("out"))
}

fn statuses(run: &Run) -> BTreeMap<Option<u16>, u64> {
    let mut counts = BTreeMap::new();
    for platform in &run.pipelines[0].platform {
        *counts.entry(platform.status).or_default() += 1;
    }
    counts
}

const APIGW: &str = "kind = \"shipped\"\nname = \"lambda-apigw\"";
const LAMBDA: &str = "kind = \"shipped\"\nname = \"lambda-300\"";
const FIVE_SECONDS: &str = "first_token_ms = 5_000";

#[test]
fn a_burst_of_a_hundred_on_a_concurrency_of_ten_gives_ten_answers_and_ninety_500s() {
    let text = scenario(100, "shape = \"burst\"", FIVE_SECONDS, APIGW);
    let (summary, run) = check("phase1", &text);
    assert_eq!((summary.documented, summary.failed), (10, 90));
    assert_eq!(summary.failures, BTreeMap::from([(Cause::Throttled, 90)]));
    assert_eq!(statuses(&run), BTreeMap::from([(Some(200), 10), (Some(500), 90)]));
    assert_eq!((summary.calls, summary.cold_starts), (10, 10), "who is turned away costs nothing");
}

#[test]
fn a_direct_caller_is_told_429() {
    let text = scenario(12, "shape = \"burst\"", FIVE_SECONDS, LAMBDA);
    let (_, run) = check("phase1", &text);
    assert_eq!(statuses(&run), BTreeMap::from([(Some(200), 10), (Some(429), 2)]));
}

#[test]
fn fifteen_clients_on_a_concurrency_of_ten_lose_two_requests_of_three_and_five_lose_none() {
    let outcome = |users: u64| {
        let load = format!("shape = \"sequential\"\nusers = {users}");
        let (summary, _) = check("phase1", &scenario(30, &load, FIVE_SECONDS, APIGW));
        (summary.documented, summary.failed)
    };
    // Who is turned away asks for the next file at once, and is turned away again.
    assert_eq!(outcome(15), (10, 20));
    assert_eq!(outcome(5), (30, 0));
}

#[test]
fn a_gateway_of_29_seconds_turns_half_of_20_to_40_seconds_into_504s_that_are_paid_for() {
    let platform = "kind = \"lambda\"\ntimeout_s = 300\nmemory_mb = 512\n\
        payload_bytes = 6_291_456\nconcurrency = 1_000\ncold_start_ms = 0\nidle_recycle_s = 600\n\
        gateway = { timeout_ms = 29_000, payload_bytes = 10_485_760, rate_per_second = 50, \
        burst = 1_000 }";
    let text = scenario(400, "shape = \"burst\"", TWENTY_TO_FORTY_SECONDS, platform);
    let (summary, run) = check("phase1", &text);
    // Nine seconds of twenty: 45 %, give or take two standard deviations of 400 trials.
    assert!((160..=200).contains(&summary.documented), "{} of 400", summary.documented);
    let late = summary.failed;
    assert_eq!(summary.failures, BTreeMap::from([(Cause::GatewayTimeout, late)]));
    assert_eq!(statuses(&run)[&Some(504)], late);
    assert_eq!(summary.calls, 400, "every invocation ran to its end");
    assert_eq!(summary.zombie_microusd, summary.wasted_microusd);
    assert!(summary.zombie_microusd * 400 > summary.cost_microusd * late * 9 / 10);
    let jobs = run.pipelines[0].jobs.iter().filter(|job| job.outcome == Outcome::Failed);
    assert!(jobs.clone().count() > 0 && jobs.clone().all(|job| job.latency_us() == 29_000_000));
    assert!(run.pipelines[0].platform.iter().all(|one| one.zombie_us <= 11_000_000));
}

#[test]
fn a_caller_that_got_its_504_goes_on_while_the_work_still_holds_its_place() {
    let latency = "first_token_ms = 60_000";
    let load = "shape = \"sequential\"\nusers = 1";
    let platform = APIGW.to_owned();
    let (summary, run) = check("phase1", &scenario(3, load, latency, &platform));
    assert_eq!(summary.failures, BTreeMap::from([(Cause::GatewayTimeout, 3)]));
    let arrivals: Vec<u64> = run.pipelines[0].jobs.iter().map(|job| job.arrival_us).collect();
    assert_eq!(arrivals, [0, 29_000_000, 58_000_000]);
    assert_eq!(summary.cold_starts, 3, "no environment was free again by then");
}

#[test]
fn one_invocation_of_900_seconds_ends_in_the_middle_of_a_batch_of_a_hundred_files() {
    let latency = "first_token_ms = 30_000\ndecode_tokens_per_second = 1_000_000";
    let platform = "kind = \"shipped\"\nname = \"lambda-900\"";
    let (summary, run) = check("phase1", &scenario(100, "shape = \"batch\"", latency, platform));
    // 900 s hold 29 files of 30 s and a little; the seeds tell of 29.
    assert_eq!((summary.documented, summary.failed), (29, 71));
    assert_eq!(summary.failures, BTreeMap::from([(Cause::JobTimeout, 71)]));
    assert_eq!(summary.calls, 30, "what had not begun was never sent");
    let last = run.pipelines[0].jobs.last().expect("a hundred jobs");
    assert_eq!(last.detail.as_deref(), Some("Task timed out after 900.00 seconds"));
}

#[test]
fn a_file_that_kills_the_process_takes_the_rest_of_its_batch_along() {
    let text = scenario(4, "shape = \"batch\"", FIVE_SECONDS, LAMBDA).replace(
        "[load]",
        "[[input]]\nkind = \"nested\"\nshape = \"expression\"\ndepth = 500_000\n\n\
            [[input]]\nkind = \"repository\"\nfiles = 3\nlines = 300\n\n[load]",
    );
    let (summary, run) = check("phase1", &text);
    assert_eq!((summary.documented, summary.calls), (4, 4));
    assert_eq!(summary.failures, BTreeMap::from([(Cause::ProcessKilled, 4)]));
    let last = run.pipelines[0].jobs[7].detail.clone().unwrap_or_default();
    assert!(last.starts_with("killed with the invocation: signal"), "{last}");
    // As invocations of their own they do not notice.
    let (summary, _) = check("phase1", &text.replace("\"batch\"", "\"burst\""));
    assert_eq!((summary.documented, summary.failed), (7, 1));
}

#[test]
fn a_slow_model_meets_the_300_seconds_of_the_function_with_its_own_words() {
    let latency = "first_token_ms = 301_000";
    let (summary, run) = check("phase1", &scenario(1, "shape = \"burst\"", latency, LAMBDA));
    assert_eq!(summary.failures, BTreeMap::from([(Cause::JobTimeout, 1)]));
    let job = &run.pipelines[0].jobs[0];
    assert_eq!(job.detail.as_deref(), Some("Task timed out after 300.00 seconds"));
    assert_eq!(job.end_us - job.start_us, 300_000_000, "a cold start does not count");
    assert!(job.wasted_microusd > 0);
}

#[test]
fn the_memory_of_the_platform_counts_and_not_the_pipeline_s() {
    let text = |memory_mb: u64| {
        let platform = format!("kind = \"process\"\nmemory_mb = {memory_mb}");
        scenario(1, "shape = \"burst\"", "first_token_ms = 1", &platform).replace(
            "kind = \"repository\"\nfiles = 1\nlines = 100",
            "kind = \"file\"\nlines = 50_000",
        )
    };
    let (killed, run) = check("phase1", &text(128));
    assert_eq!(killed.failures, BTreeMap::from([(Cause::OutOfMemory, 1)]));
    let detail = run.pipelines[0].jobs[0].detail.clone().unwrap_or_default();
    assert!(detail.ends_with("/ 128 MB; signal: killed"), "{detail}");
    let (survived, _) = check("phase1", &text(1_024));
    assert_eq!(survived.failures.get(&Cause::OutOfMemory), None);
}

#[test]
fn a_file_that_is_too_large_for_a_request_never_reaches_the_function() {
    let text = scenario(1, "shape = \"burst\"", "first_token_ms = 1", LAMBDA).replace(
        "kind = \"repository\"\nfiles = 1\nlines = 100",
        "kind = \"file\"\nlines = 200_000",
    );
    let (summary, run) = check("phase3", &text);
    assert_eq!(summary.failures, BTreeMap::from([(Cause::PayloadTooLarge, 1)]));
    assert_eq!(statuses(&run), BTreeMap::from([(Some(413), 1)]));
    assert_eq!(summary.calls, 0);
}

#[test]
fn a_queue_loses_nothing_and_grows_its_workers_after_they_have_started() {
    let platform = "kind = \"ecs\"\nmemory_mb = 2_048\nslots_per_task = 1\nmin_tasks = 1\n\
        max_tasks = 10\nstart_up_ms = 60_000\nbacklog_per_task = 5\nscale_every_s = 60\n\
        duplicate_share = 0.0";
    let latency = "first_token_ms = 30_000\ndecode_tokens_per_second = 1_000_000_000\n\
        prefill_tokens_per_second = 1_000_000_000";
    let text = scenario(50, "shape = \"burst\"", latency, platform);
    let (summary, run) = check("phase1", &text);
    assert_eq!((summary.documented, summary.failed), (50, 0));
    let ended_by = |end_s: u64| {
        let jobs = &run.pipelines[0].jobs;
        jobs.iter().filter(|job| job.end_us <= end_s * 1_000_000).count()
    };
    // One task alone until 120 s: a look after 60 s, and 60 s to start. 48 or 49 jobs wait at the
    // first look, so that ten tasks are wanted, as many as there may be.
    assert_eq!([ended_by(90), ended_by(120), ended_by(149)], [3, 4, 4]);
    assert_eq!(ended_by(150), 14, "ten tasks at work");
    assert!(summary.queued_max_us >= 240_000_000, "{}", summary.queued_max_us);
    assert_eq!(summary.elapsed_us, Some(270_000_000), "five waves of ten, less one");
}

#[test]
fn a_job_that_is_delivered_twice_is_paid_for_twice_unless_its_answer_is_kept() {
    let platform = "kind = \"ecs\"\nmemory_mb = 2_048\nslots_per_task = 4\nmin_tasks = 5\n\
        max_tasks = 5\nstart_up_ms = 60_000\nbacklog_per_task = 5\nscale_every_s = 60\n\
        duplicate_share = 1.0";
    let text = scenario(20, "shape = \"burst\"", "first_token_ms = 1_000", platform);
    let (naive, run) = check("phase1", &text);
    assert_eq!((naive.documented, naive.calls), (20, 40));
    // The second answer is not the same to the letter.
    let half = naive.cost_microusd / 2;
    assert!(naive.duplicate_microusd.abs_diff(half) * 100 < half, "{half}");
    assert_eq!(naive.wasted_microusd, naive.duplicate_microusd);
    assert!(run.pipelines[0].platform.iter().all(|one| one.duplicates == 1));
    let (cached, _) = check("phase3", &text);
    assert_eq!((cached.calls, cached.duplicate_microusd), (20, 0));
}

#[test]
fn the_zombie_cost_is_a_figure_of_its_own_on_the_screen() {
    let sandbox = Sandbox::new();
    let text = scenario(2, "shape = \"burst\"", "first_token_ms = 60_000", APIGW);
    sandbox.write("mine.toml", text);
    let arguments = ["run", "--scenario", "mine.toml", "--pipeline", "phase1", "--out", "out"];
    let screen = sandbox.chaos(&arguments).exits(0).stdout;
    for words in ["failed: 504 gateway timeout", "zombie cost", "cold starts"] {
        assert!(screen.contains(words), "{words} is missing in:\n{screen}");
    }
    let report = sandbox.read("out/failures.txt");
    assert!(report.contains("calls that nobody waited for"), "{report}");
}

#[test]
fn what_a_function_turns_away_a_queue_documents_and_pays_for_its_duplicates() {
    let [function, gateway, queue] = ["function-burst", "gateway-timeout", "queue-burst"]
        .map(|scenario| Sandbox::new().summaries(&[scenario]));
    assert!(function.iter().all(|summary| (summary.documented, summary.failed) == (10, 90)));
    for summary in &gateway {
        let late = summary.failures[&Cause::GatewayTimeout];
        assert_eq!(summary.documented + late, 100);
        assert!(summary.zombie_microusd > 0 && summary.calls == 100);
    }
    assert!(queue.iter().all(|summary| summary.documented == 100));
    assert!(queue[0].duplicate_microusd > 0 && queue[1].duplicate_microusd == 0);
}

#[test]
fn a_platform_that_is_shown_can_be_pasted_and_a_slip_in_it_is_named() {
    let sandbox = Sandbox::new();
    let shown = sandbox.chaos(&["show", "lambda-apigw"]).exits(0).stdout;
    let body = shown.strip_prefix("[platform]\n").expect("a section");
    let text = scenario(1, "shape = \"burst\"", FIVE_SECONDS, body);
    sandbox.write("mine.toml", &text);
    sandbox.chaos(&["run", "--quiet", "--scenario", "mine.toml", "--pipeline", "phase1"]).exits(0);
    sandbox.write("bad.toml", text.replace("timeout_s", "timeout_z"));
    let said = ["bad.toml:", "`platform.timeout_z`", "did you mean `timeout_s`?"];
    sandbox.chaos(&["run", "--scenario", "bad.toml"]).exits(104).says(&said);
    let named = "kind = \"shipped\"\nname = \"lambda-30\"";
    sandbox.write("named.toml", scenario(1, "shape = \"burst\"", FIVE_SECONDS, named));
    let said = ["unknown value `lambda-30`", "did you mean `lambda-300`?"];
    sandbox.chaos(&["run", "--scenario", "named.toml"]).exits(104).says(&said);
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_every_platform() {
    for name in ["lambda-900", "lambda-apigw", "process", "ecs", "sqs", "lambda-async"] {
        let platform = format!("kind = \"shipped\"\nname = \"{name}\"");
        let text = scenario(40, "shape = \"burst\"", TWENTY_TO_FORTY_SECONDS, &platform);
        let sandbox = Sandbox::new();
        sandbox.write("mine.toml", text);
        let bytes = |out: &str| {
            sandbox.chaos(&["run", "--quiet", "--scenario", "mine.toml", "--out", out]).exits(0);
            sandbox.read(&format!("{out}/run.jsonl"))
        };
        assert_eq!(bytes("first"), bytes("second"), "{name}");
    }
}
