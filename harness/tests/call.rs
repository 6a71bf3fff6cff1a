//! Goal: what the call stage's policies are worth, in the figures that were calculated for them.
//! Method: the shipped burst of a hundred files, with other limits and faults where the table has
//! them, through the shipped pipelines and through variants that change one section. The figures
//! come from a discrete-event simulation of thirty seeds; the tolerance is theirs.

use reports::{Cause, Run, Summary};

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::Sandbox;

const BURST: &str = include_str!("../../scenarios/burst-100.toml");
const PHASE3: &str = include_str!("../engine/presets/phase3.toml");
const HARDENED: &str = include_str!("../engine/presets/hardened.toml");

/// The shipped burst with something changed, and nothing expected of it.
fn burst(changes: &[(&str, &str)], more: &str) -> String {
    let (scenario, _) = BURST.split_once("# Half of the burst").expect("its expectations");
    changed(scenario, changes) + more
}

/// A text in which each change has something to change.
fn changed(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not there any more");
        text.replace(from, to)
    })
}

/// A preset with one of its sections replaced.
fn with_section(preset: &str, name: &str, section: &str) -> String {
    let begin = preset.find(&format!("[{name}]")).expect("the section is there");
    let end = preset[begin + 1..].find("\n[").map_or(preset.len(), |at| begin + 1 + at);
    format!("{}[{name}]\n{section}\n{}", &preset[..begin], &preset[end..])
}

/// The outcome of a scenario in each pipeline.
fn run(scenario: &str, pipelines: &[&str], files: &[(&str, &str)]) -> (Vec<Summary>, Run) {
    let sandbox = Sandbox::new();
    sandbox.write("scenario.toml", scenario);
    for (name, text) in files {
        sandbox.write(name, text);
    }
    let mut arguments = vec!["scenario.toml", "--pipeline"];
    arguments.extend(pipelines);
    let summaries = sandbox.summaries(&arguments);
    let run = sandbox.records("out");
    (summaries, run)
}

/// Runs one pipeline.
fn run_one(scenario: &str, pipeline: &str, files: &[(&str, &str)]) -> (Summary, Run) {
    let (mut summaries, run) = run(scenario, &[pipeline], files);
    (summaries.remove(0), run)
}

/// The burst with a hundred lines a file: what is refused depends on the limits alone.
fn short(changes: &[(&str, &str)]) -> String {
    burst(changes, "").replace("lines = 100_000", "lines = 10_000")
}

const PER_MINUTE: &str = "requests_per_minute = 50";
const AT_ONCE: &str = "shape = \"burst\"";

/// Runs one row of the table: files documented without retries, with the SDK's, with the
/// documented ones, and with those that also wait for `retry-after`.
fn check(scenario: &str, expected: [u64; 4]) {
    let retry_after = changed(
        PHASE3,
        &[("[retry]\npolicy = \"documented\"", "[retry]\npolicy = \"retry_after\"")],
    );
    let pipelines = ["phase1", "phase1-sdk", "phase3", "retry-after.toml"];
    let files = [("retry-after.toml", retry_after.as_str())];
    let (summaries, _) = run(scenario, &pipelines, &files);
    let found: Vec<u64> = summaries.iter().map(|summary| summary.documented).collect();
    let near = found.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) <= 3);
    assert!(near, "{found:?} is not {expected:?}, each within 3");
}

#[test]
fn ten_files_at_once_survive_four_at_once_only_with_the_documented_retries() {
    let ten = ("files = 100\nlines = 100_000", "files = 10\nlines = 10_000");
    let four = (PER_MINUTE, "requests_per_minute = 50\nrequests_burst = 4");
    check(&short(&[ten, four]), [4, 5, 10, 10]);
    check(&short(&[ten]), [10, 10, 10, 10]);
}

#[test]
fn a_hundred_at_once_are_saved_by_what_the_bucket_holds_and_what_it_refills_meanwhile() {
    check(&burst(&[], ""), [50, 51, 63, 64]);
    check(&short(&[(PER_MINUTE, "requests_per_minute = 60")]), [60, 61, 75, 75]);
    let half = (PER_MINUTE, "requests_per_minute = 50\nrequests_burst = 25");
    check(&short(&[half]), [25, 26, 38, 39]);
}

#[test]
fn the_documented_retries_need_eighty_requests_a_minute_for_a_hundred_files() {
    check(&short(&[(PER_MINUTE, "requests_per_minute = 75")]), [75, 76, 94, 94]);
    check(&short(&[(PER_MINUTE, "requests_per_minute = 80")]), [80, 81, 100, 100]);
}

#[test]
fn arrivals_spread_over_twelve_seconds_lose_forty_of_a_hundred() {
    let spread = (AT_ONCE, "shape = \"constant\"\nrate_per_minute = 500");
    check(&short(&[spread]), [59, 61, 73, 73]);
}

#[test]
fn fifty_workers_with_answers_of_twenty_seconds_lose_a_third() {
    let users = (AT_ONCE, "shape = \"sequential\"\nusers = 50");
    let faster = ("decode_tokens_per_second = 48", "decode_tokens_per_second = 70");
    check(&burst(&[users, faster], ""), [68, 70, 82, 83]);
}

#[test]
fn a_fixed_window_takes_what_comes_first_in_each() {
    let spread = (AT_ONCE, "shape = \"constant\"\nrate_per_minute = 75");
    let window = (PER_MINUTE, "requests_per_minute = 25\nalgorithm = \"fixed_window\"");
    let (phase1, _) = run_one(&short(&[spread, window]), "phase1", &[]);
    assert!(phase1.documented.abs_diff(48) <= 3, "{}", phase1.documented);
}

#[test]
fn ten_attempts_with_full_jitter_save_all_and_call_three_and_a_half_times_as_often() {
    let jitter = "policy = \"full_jitter\"\nattempts = 10\nbase_ms = 1_000\nmax_ms = 60_000";
    let patient = with_section(PHASE3, "retry", jitter);
    let (summary, _) = run_one(&burst(&[], ""), "patient.toml", &[("patient.toml", &patient)]);
    assert_eq!(summary.documented, 100);
    assert!((330..=390).contains(&summary.calls), "{}", summary.calls);
}

const OUTAGE: &str = "\n[[fault]]\nname = \"outage\"\nkind = \"status\"\nstatus = 529\n\
    when = { until_s = 60 }\n";

#[test]
fn the_breaker_keeps_calls_from_an_api_that_is_down() {
    let calls_meanwhile = |pipeline: &str, text: &str| {
        let (_, run) = run_one(&burst(&[], OUTAGE), pipeline, &[(pipeline, text)]);
        let attempts = &run.pipelines[0].attempts;
        attempts.iter().filter(|attempt| attempt.start_us < 60_000_000).count()
    };
    let off = "policy = \"off\"";
    let open = with_section(&with_section(HARDENED, "breaker", off), "budget", off);
    let (with, without) =
        (calls_meanwhile("with.toml", HARDENED), calls_meanwhile("without.toml", &open));
    assert!(with <= 25, "five or so to notice, then one every five seconds: {with}");
    assert!(without > with * 4, "{without} without, {with} with");
}

#[test]
fn a_breaker_that_fails_names_itself_as_the_cause() {
    let fast = changed(HARDENED, &[("when_open = \"wait\"", "when_open = \"fail\"")]);
    let (fast, _) = run_one(&burst(&[], OUTAGE), "fast.toml", &[("fast.toml", &fast)]);
    assert!(fast.failures[&Cause::CircuitOpen] > 50, "{:?}", fast.failures);
    assert!(fast.calls < 60, "{} calls", fast.calls);
}

#[test]
fn the_budget_bounds_the_retries_whatever_the_policy_wants() {
    let section = "policy = \"token_bucket\"\nratio = 0.1\nburst = 5";
    let patient = changed(PHASE3, &[("[deadline]", &format!("[budget]\n{section}\n\n[deadline]"))]);
    let (bounded, _) = run_one(&short(&[]), "bounded.toml", &[("bounded.toml", &patient)]);
    assert!(bounded.retries <= 15, "a tenth of a hundred calls and five: {}", bounded.retries);
    assert!(bounded.retries > 0 && bounded.failed > 0);
}

#[test]
fn hardened_finds_out_how_many_calls_an_api_takes_at_once() {
    let five = (PER_MINUTE, "requests_per_minute = 5_000\nconcurrent_requests = 5");
    let (hardened, _) = run_one(&burst(&[five], ""), "hardened", &[]);
    assert_eq!((hardened.documented, hardened.failed), (100, 0));
    assert!(hardened.calls < 150, "{} calls", hardened.calls);
}

#[test]
fn hardened_paces_tokens_as_it_paces_requests() {
    let input = ("input_tokens_per_minute = 10_000_000", "input_tokens_per_minute = 40_000");
    let output = ("output_tokens_per_minute = 2_000_000", "output_tokens_per_minute = 8_000");
    let (hardened, _) = run_one(&burst(&[input, output], ""), "hardened", &[]);
    assert_eq!((hardened.documented, hardened.failed), (100, 0));
    assert!(hardened.calls < 150, "{} calls", hardened.calls);
}

#[test]
fn nobody_who_reads_answers_asks_again_when_the_spend_limit_of_the_api_is_reached() {
    let limit = (PER_MINUTE, "requests_per_minute = 50\nspend_limit_microusd = 1_000_000");
    let pipelines = ["phase1-sdk", "phase3", "hardened"];
    let (summaries, _) = run(&burst(&[limit], ""), &pipelines, &[]);
    assert_eq!((summaries[0].retries, summaries[2].retries), (0, 0));
    assert!(summaries[1].retries > 200, "the documented retries ask in vain");
}

#[test]
fn nobody_who_reads_limits_asks_again_for_what_is_larger_than_the_limit() {
    let tokens = ("input_tokens_per_minute = 10_000_000", "input_tokens_per_minute = 300");
    let limits = short(&[(PER_MINUTE, "requests_per_minute = 5_000"), tokens]);
    let (summaries, run) = run(&limits, &["phase1", "phase1-sdk", "hardened"], &[]);
    for (summary, calls) in summaries.iter().zip([100, 300, 100]) {
        assert_eq!(summary.failures, [(Cause::RequestOverLimit, 100)].into());
        // The SDK reads nothing but `x-should-retry: true`.
        assert_eq!(summary.calls, calls, "{}", summary.pipeline);
    }
    let judged = reports::judge(run);
    let failure = judged.failures().remove(0);
    assert!(failure.remedy().contains("higher tier"), "{}", failure.remedy());
    assert!(failure.evidence().contains("refused by the limits, no fault injected"));
}

#[test]
fn a_refusal_of_the_model_is_no_bug_and_names_its_fault() {
    let fault = "\n[[fault]]\nname = \"declined\"\nkind = \"semantic\"\n\
        what = { refusal = { category = \"cyber\" } }\n";
    let scenario = burst(&[(PER_MINUTE, "requests_per_minute = 5_000")], fault);
    for pipeline in ["phase1", "phase3", "hardened"] {
        let (summary, run) = run_one(&scenario, pipeline, &[]);
        assert_eq!(summary.failures, [(Cause::Refused, 100)].into(), "{pipeline}");
        assert_eq!(summary.calls, 100, "{pipeline}: a refusal is not asked again");
        let judged = reports::judge(run);
        let failure = judged.failures().remove(0);
        assert_eq!(failure.fault.map(|fault| fault.name), Some("declined"));
        assert_eq!(failure.category().name(), "ENVIRONMENT");
        assert!(failure.evidence().contains("category `cyber`"), "{}", failure.evidence());
    }
}

#[test]
fn a_run_stops_before_its_cap_and_says_why() {
    let section = "policy = \"capped\"\nper_run_microusd = 1_000_000";
    let capped = with_section(HARDENED, "spend", section);
    let (capped, run) = run_one(&burst(&[], ""), "capped.toml", &[("capped.toml", &capped)]);
    assert!(capped.cost_microusd <= 1_000_000, "{}", capped.cost_microusd);
    // The next call could have cost ten cents: what is left is less than that.
    assert!(capped.cost_microusd >= 880_000, "{}", capped.cost_microusd);
    assert_eq!(capped.failures[&Cause::BudgetStop], capped.failed);
    let stopped = run.pipelines[0].jobs.iter().filter(|job| job.calls == 0);
    assert_eq!(stopped.count() as u64, capped.failed, "nothing was sent for them");
}

#[test]
fn a_file_that_may_cost_more_than_its_cap_is_not_sent() {
    let section = "policy = \"capped\"\nper_file_microusd = 50_000";
    let capped = with_section(HARDENED, "spend", section);
    let (capped, _) = run_one(&burst(&[], ""), "capped.toml", &[("capped.toml", &capped)]);
    assert_eq!((capped.calls, capped.failed), (0, 100), "4,096 tokens alone cost six cents");
}

#[test]
fn a_part_s_time_ends_its_attempts_its_waits_and_its_place_in_line() {
    let hurried = changed(HARDENED, &[("call_ms = 180_000", "part_ms = 70_000")]);
    let (hurried, run) = run_one(&burst(&[], ""), "hurried.toml", &[("hurried.toml", &hurried)]);
    assert_eq!(hurried.failures[&Cause::CallTimeout], hurried.failed);
    assert!(hurried.failed > 0 && hurried.documented >= 50);
    let jobs = &run.pipelines[0].jobs;
    let longest_us = jobs.iter().map(|job| job.end_us - job.start_us).max().expect("jobs");
    assert_eq!(longest_us, 70_000_000);
}

#[test]
fn a_cached_prefix_is_read_for_a_tenth_of_its_price() {
    let rules = "Name every definition once, and say what it is for in one sentence. ".repeat(75);
    let prompt = format!("prompt = \"\"\"\n{rules}\n");
    let plain = changed(HARDENED, &[("prompt = \"\"\"\n", &prompt)]);
    let caching = changed(&plain, &[("stream = true", "stream = true\nprompt_caching = true")]);
    let files = [("plain.toml", plain.as_str()), ("caching.toml", caching.as_str())];
    let (summaries, _) = run(&burst(&[], ""), &["plain.toml", "caching.toml"], &files);
    assert_eq!((summaries[0].documented, summaries[1].documented), (100, 100));
    let saved = summaries[0].cost_microusd.saturating_sub(summaries[1].cost_microusd);
    // Some 1,170 tokens in a hundred calls at $3 a million are $0.35. The first fifty calls come
    // before the first of them is answered, find nothing and pay a quarter more to write it; the
    // other fifty pay a tenth.
    assert!((100_000..=125_000).contains(&saved), "{saved} micro-dollars saved");
}

#[test]
fn the_documented_retry_survives_connections_that_end_early_and_none_that_are_reset() {
    let ten = ("files = 100\nlines = 100_000", "files = 10\nlines = 1_000");
    let documented = |what: &str| {
        let fault = format!(
            "\n[[fault]]\nkind = \"wire\"\nwhat = {{ {what} }}\nwhen = {{ first_attempts = 1 }}\n"
        );
        let pipelines = ["phase1", "phase1-sdk", "phase3", "hardened"];
        let (summaries, _) = run(&burst(&[ten], &fault), &pipelines, &[]);
        summaries.iter().map(|summary| summary.documented).collect::<Vec<u64>>()
    };
    for place in ["{}", "{ after_body_bytes = 50 }"] {
        assert_eq!(documented(&format!("close = {place}")), [0, 10, 10, 10], "{place}");
        assert_eq!(documented(&format!("reset = {place}")), [0, 10, 0, 10], "{place}");
    }
}

#[test]
fn batches_cost_half_and_take_some_minutes() {
    let plain = changed(
        HARDENED,
        &[
            ("stream = true\n", ""),
            ("call_ms = 180_000\n", ""),
            ("policy = \"aimd\"\nstart = 8", "policy = \"aimd\"\nstart = 256"),
        ],
    );
    let batch = changed(&plain, &[("max_tokens = 4096", "max_tokens = 4096\nmode = \"batch\"")]);
    let files = [("plain.toml", plain.as_str()), ("batch.toml", batch.as_str())];
    let (summaries, _) = run(&burst(&[], ""), &["plain.toml", "batch.toml"], &files);
    let [plain, batch] = summaries.as_slice() else { panic!("two pipelines") };
    assert_eq!((plain.documented, batch.documented), (100, 100));
    assert_eq!((plain.calls, batch.calls), (100, 100));
    // Half a micro-dollar a call is what rounding can make of it.
    assert!((batch.cost_microusd * 2).abs_diff(plain.cost_microusd) <= 200);
    assert!(batch.elapsed_us > Some(120_000_000), "{:?}", batch.elapsed_us);
}

#[test]
fn a_batch_that_takes_more_than_a_day_expires() {
    let ten = ("files = 100\nlines = 100_000", "files = 10\nlines = 1_000");
    let slow = "\n[batch]\nshortest_ms = 90_000_000\nlongest_ms = 90_000_000\n";
    let limits = ["call_ms", "part_ms", "job_ms", "stream = true"];
    let unlimited = HARDENED.lines().filter(|line| !limits.iter().any(|key| line.contains(key)));
    let unlimited = unlimited.collect::<Vec<_>>().join("\n");
    let retry = ("attempts = 10", "attempts = 1");
    let batch = [("max_tokens = 4096", "max_tokens = 4096\nmode = \"batch\""), retry];
    let batch = changed(&unlimited, &batch);
    let (summary, run) = run_one(&burst(&[ten], slow), "batch.toml", &[("batch.toml", &batch)]);
    assert_eq!(summary.failures, [(Cause::ServerError, 10)].into());
    let words = run.pipelines[0].jobs.iter().map(|job| job.detail.as_deref().unwrap_or_default());
    assert!(words.into_iter().all(|words| words.contains("expired")));
    assert_eq!(summary.cost_microusd, 0, "what expired is not charged");
}

#[test]
fn the_gate_lets_the_same_calls_through_each_time() {
    let bytes = || {
        let sandbox = Sandbox::new();
        sandbox.write("scenario.toml", burst(&[], OUTAGE));
        sandbox.summaries(&["scenario.toml", "--pipeline", "hardened"]);
        sandbox.read("out/run.jsonl")
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_pipeline_knows_of_its_costs_what_replies_tell_and_a_report_shows_both() {
    let capped =
        with_section(HARDENED, "spend", "policy = \"capped\"\nper_run_microusd = 1_000_000");
    let files = [("capped.toml", capped.as_str())];
    let lying = "[[fault]]\nkind = \"semantic\"\nwhat = { wrong_usage = { output_percent = 1 } }\n";
    let (summary, _) = run_one(&burst(&[], lying), "capped.toml", &files);
    assert!(summary.cost_microusd > 1_500_000, "over its cap: {}", summary.cost_microusd);
    assert!(summary.told_microusd < 1_000_000, "by its own count: {}", summary.told_microusd);
    let sandbox = Sandbox::new();
    sandbox.write("scenario.toml", burst(&[], lying));
    sandbox.write("capped.toml", &capped);
    let shown = sandbox.chaos(&["run", "scenario.toml", "--pipeline", "capped.toml"]);
    assert!(shown.stdout.contains("cost told by replies"), "{}", shown.stdout);
    let honest = sandbox.chaos(&["run", "burst-100", "--pipeline", "capped.toml"]);
    assert!(!honest.stdout.contains("cost told by replies"), "{}", honest.stdout);
}

#[test]
fn a_call_whose_cost_nobody_tells_counts_as_the_most_that_it_may_have_cost() {
    let capped =
        with_section(HARDENED, "spend", "policy = \"capped\"\nper_run_microusd = 1_000_000");
    let files = [("capped.toml", capped.as_str())];
    let hanging = "[[fault]]\nkind = \"wire\"\nwhat = { hang = {} }\n\
                   when = { nth = [1, 2, 3, 4, 5, 6] }\n";
    let (summary, _) = run_one(&burst(&[], hanging), "capped.toml", &files);
    let (honest, _) = run_one(&burst(&[], ""), "capped.toml", &files);
    assert!(summary.cost_microusd <= 1_000_000, "{}", summary.cost_microusd);
    let most = honest.cost_microusd - 6 * 20_000;
    assert!(summary.cost_microusd < most, "{} and {most}", summary.cost_microusd);
}
