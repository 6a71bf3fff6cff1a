//! Goal: the figures that the seed documents tell of come out of the shipped binary.
//! Method: run each scenario in an empty folder and read the numbers from `run.jsonl`, where they
//! are exact; text is compared only where the text is the point.

use std::collections::BTreeMap;

use reports::{Cause, Summary};

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::Sandbox;

/// Runs a shipped scenario and gives the numbers of phase 1 and of phase 3.
fn check(scenario: &str) -> [Summary; 2] {
    let pipelines = ["phase1", "phase3"];
    let summaries = Sandbox::new().summaries(&[&[scenario, "--pipeline"], &pipelines[..]].concat());
    let names: Vec<&str> = summaries.iter().map(|summary| summary.pipeline.as_str()).collect();
    assert_eq!(names, pipelines);
    summaries.try_into().expect("two pipelines")
}

fn failed(cause: Cause, jobs: u64) -> BTreeMap<Cause, u64> {
    BTreeMap::from([(cause, jobs)])
}

#[test]
fn concurrent_loses_six_of_ten_to_429_and_phase_3_loses_none() {
    let [phase1, phase3] = check("concurrent");
    assert_eq!((phase1.documented, phase1.failed, phase1.calls), (4, 6, 10));
    assert_eq!(phase1.failures, failed(Cause::RateLimited, 6));
    assert_eq!((phase3.documented, phase3.failed), (10, 0));
    assert!(phase3.retries > 0, "nothing was refused, so nothing was defended against");
}

#[test]
fn repeated_is_paid_for_ten_times_and_once_with_a_cache() {
    let [phase1, phase3] = check("repeated");
    assert_eq!((phase1.calls, phase1.documented), (10, 10));
    assert_eq!((phase3.calls, phase3.documented, phase3.cache_hits), (1, 10, 9));
    let (paid, saved) = (phase1.cost_microusd, phase1.cost_microusd - phase3.cost_microusd);
    assert!(saved * 10 >= paid * 9, "only {saved} of {paid} microdollars are saved");
}

#[test]
fn sequential_100_takes_3_000_seconds_and_a_fifth_plus_one_wave_with_five_workers() {
    let sandbox = Sandbox::new();
    let summaries = sandbox.summaries(&["sequential-100"]);
    let elapsed_us = |index: usize| summaries[index].elapsed_us.expect("the pipeline ended");
    let (phase1_us, phase3_us) = (elapsed_us(0), elapsed_us(1));
    assert!((2_850_000_000..=3_150_000_000).contains(&phase1_us), "{phase1_us}");
    let run = sandbox.records("out");
    let jobs = &run.pipeline("phase3").expect("phase 3 ran").jobs;
    let wave_us = jobs.iter().map(|job| job.end_us - job.start_us).max().expect("jobs");
    assert!(phase3_us <= phase1_us / 5 + wave_us, "{phase3_us} > {phase1_us} / 5 + {wave_us}");
    assert_eq!((summaries[0].documented, summaries[1].documented), (100, 100));
}

#[test]
fn large_file_is_cut_without_an_error_and_in_parts_it_loses_lines() {
    let sandbox = Sandbox::new();
    let summaries = sandbox.summaries(&["large-file"]);
    assert_eq!(summaries[0].failures, failed(Cause::Truncated, 1));
    assert!(summaries[0].coverage_ppm() < Some(500_000));
    assert_eq!(summaries[1].coverage_ppm(), Some(1_000_000));
    assert_eq!(summaries[1].failures, failed(Cause::LostLines, 1), "phase 3's known flaw");
    let run = sandbox.records("out");
    let attempt = &run.pipelines[0].attempts[0];
    assert_eq!(attempt.status, Some(200), "the status says that all is well");
    let summary = sandbox.read("out/summary.txt");
    assert!(summary.contains("failed: answer truncated"), "{summary}");
}

#[test]
fn large_file_50k_is_paid_for_and_cut_and_in_parts_it_loses_lines() {
    let [phase1, phase3] = check("large-file-50k");
    assert_eq!(phase1.failures, failed(Cause::Truncated, 1));
    assert!(phase1.cost_microusd > 1_000_000, "{}", phase1.cost_microusd);
    assert_eq!(phase3.coverage_ppm(), Some(1_000_000));
    assert_eq!(phase3.failures, failed(Cause::LostLines, 1), "phase 3's known flaw");
}

#[test]
fn nested_kills_the_process_that_parses_and_not_the_one_that_does_not() {
    let [phase1, phase3] = check("nested");
    assert_eq!(phase1.failures, failed(Cause::ProcessKilled, 1));
    assert_eq!((phase1.documented, phase3.documented, phase3.failed), (2, 3, 0));
}

#[test]
fn burst_100_saves_fifty_and_about_sixty_two_with_the_documented_retries() {
    let [phase1, phase3] = check("burst-100");
    assert_eq!((phase1.documented, phase1.failed), (50, 50));
    assert!((59..=65).contains(&phase3.documented), "{}", phase3.documented);
    assert_eq!(phase3.failures, failed(Cause::RateLimited, 100 - phase3.documented));
}

#[test]
fn large_repo_accounts_for_every_file_and_meets_the_faults_on_record() {
    let [phase1, phase3] = check("large-repo");
    for summary in [&phase1, &phase3] {
        assert_eq!(summary.documented + summary.failed, 100, "{}", summary.pipeline);
        let names: Vec<&String> = summary.faults.keys().collect();
        assert_eq!(names, ["bad moment", "quota used by others"], "{}", summary.pipeline);
    }
    assert!((70..=95).contains(&phase1.documented), "{}", phase1.documented);
    let large = 100 - phase3.documented;
    assert!((1..=5).contains(&large), "{large} files lose lines between their parts");
    assert_eq!(phase3.failures, failed(Cause::LostLines, large));
    assert!(phase3.cache_hits > 0, "a fifth of the files are copies");
}

#[test]
fn the_seed_is_an_argument_and_the_scenarios_own_seed_is_the_default() {
    let sandbox = Sandbox::new();
    let bytes = |arguments: &[&str]| {
        sandbox.summaries(arguments);
        sandbox.read("out/run.jsonl")
    };
    let own = bytes(&["concurrent"]);
    assert_eq!(own, bytes(&["concurrent", "--seed", "7"]));
    assert_ne!(own, bytes(&["concurrent", "--seed", "8"]));
}

#[test]
fn pipelines_run_in_the_order_in_which_they_are_asked_for() {
    let names = |arguments: &[&str]| -> Vec<String> {
        let summaries = Sandbox::new().summaries(arguments);
        summaries.into_iter().map(|summary| summary.pipeline).collect()
    };
    assert_eq!(names(&["repeated", "--pipeline", "phase3"]), ["phase3"]);
    assert_eq!(names(&["repeated", "--pipeline", "phase3", "phase1"]), ["phase3", "phase1"]);
}

#[test]
fn the_cost_of_a_success_is_judged_and_nothing_is_said_of_it_without_one() {
    let sandbox = Sandbox::new();
    let judged = |bound: &str, fault: &str| {
        let pipelines = "pipelines = [\"phase1\"]\n\n[[input]]";
        let head = support::QUICK.replacen("[[input]]", pipelines, 1);
        let expect = format!("\n[expect.phase1]\ncost_per_success_usd = {{ {bound} }}\n");
        sandbox.write("bounded.toml", head + fault + &expect);
        sandbox.chaos(&["run", "bounded.toml", "--quiet", "--out", "out", "--force"])
    };
    judged("max = 1.0", "").exits(0);
    judged("max = 0.000001", "").exits(99);
    let always = "\n[[fault]]\nname = \"down\"\nkind = \"status\"\nstatus = 500\n";
    judged("max = 1.0", always).exits(4);
    let words = sandbox.read("out/summary.txt");
    assert!(words.contains("no samples: no job"), "{words}");
}

#[test]
fn a_cache_file_saves_the_next_run_everything() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", support::QUICK);
    let command = ["quick.toml", "--pipeline", "phase3", "--cache", "answers.redb"];
    let calls = || sandbox.summaries(&command)[0].calls;
    assert_eq!((calls(), calls()), (6, 0));
}

#[test]
fn what_is_expected_on_the_command_line_is_held_against_the_run_and_stands_in_its_records() {
    let sandbox = Sandbox::new();
    let run = |expect: &[&str], code: i32| {
        let mut command = vec!["run", "concurrent", "--out", "out", "--force"];
        for one in expect {
            command.extend(["--expect", one]);
        }
        sandbox.chaos(&command).exits(code)
    };
    let ran = run(&["phase3: success_rate >= 95%", "cost < $0.60"], 0);
    assert!(ran.stdout.contains("success_rate"), "{}", ran.stdout);
    let ran = run(&["phase1: success_rate >= 95%"], 99);
    assert!(ran.stdout.contains("40.0%") && ran.stdout.contains(">= 95%"), "{}", ran.stdout);
    // The records have it, so the report of the run is as red as the run was.
    sandbox.chaos(&["report", "out"]).exits(99);
    // Nothing is streamed in this scenario: what cannot be measured is no pass.
    run(&["ttft_p95 < 2s"], 4);
    run(&["phase9: calls < 3"], 2).says(&["no pipeline `phase9`", "phase1, phase3"]);
    run(&["latncy < 3s"], 2).says(&["`latncy` is no metric", "hint:"]);
    let scenario = sandbox.chaos(&["show", "concurrent"]).exits(0).stdout;
    let mine = scenario.replace("[expect.phase3]", "[expect.phase3]\nchecks = [\"calls < 3\"]");
    sandbox.write("mine.toml", &mine);
    let ran = sandbox.chaos(&["run", "mine.toml", "--out", "out", "--force"]).exits(99);
    assert!(ran.stdout.contains("< 3"), "{}", ran.stdout);
    sandbox.write("mine.toml", mine.replace("calls < 3", "calls < three"));
    let wrong = sandbox.chaos(&["run", "mine.toml", "--out", "out", "--force"]).exits(104);
    wrong.says(&["mine.toml:", "`three` is not a number"]);
}

#[cfg(target_os = "linux")]
#[test]
fn the_documented_pipeline_does_not_hold_the_tree_of_a_large_file() {
    let sandbox = Sandbox::new();
    let text = "format = 1\ntitle = \"large\"\nquestion = \"memory?\"\nseed = 7\n\
                pipelines = [\"phase3\"]\n\
                [[input]]\nkind = \"file\"\nlines = 200_000\n[load]\nshape = \"burst\"\n";
    sandbox.write("large.toml", text);
    sandbox.chaos(&["run", "large.toml", "--out", "out"]).exits(0);
    let measured = sandbox.read("out/measured.json");
    let measured: serde_json::Value = serde_json::from_str(&measured).expect("JSON");
    // 8 MB of text, whose tree alone would take 300.
    let peak_kb = measured["peak_rss_kb"].as_u64().expect("Linux says so");
    assert!(peak_kb < 200_000, "{peak_kb} kB");
}
