//! Goal: what is promised of the hardened pipeline, figure by figure, and that every shipped
//! scenario breaks what it says it breaks.
//! Method: all shipped scenarios run once with all their pipelines, and each test reads the records
//! of the one that its figure is about. Where a figure needs a scenario that does not ship, it is a
//! shipped one with something added.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use reports::ablation::Ablation;
use reports::{Run, Summary};

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{Ran, Sandbox};

/// The outcome of all scenarios, and the folder with a run of each.
static ALL: LazyLock<(Ran, PathBuf)> = LazyLock::new(|| {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hardened");
    let folder = out.to_str().expect("a path in UTF-8");
    let ran = Sandbox::new().chaos(&["run", "--all", "--quiet", "--force", "--out", folder]);
    (ran, out)
});

/// A pipeline's numbers in a shipped scenario, and the records of all its pipelines.
fn shipped(scenario: &str, pipeline: &str) -> (Summary, Run) {
    let folder = ALL.1.join(scenario);
    let folder = folder.to_str().expect("a path in UTF-8");
    let run = Sandbox::new().records(folder);
    assert!(run.complete(), "{:?}", run.gaps);
    let judged = Sandbox::new().judged(folder);
    let summary = judged.summaries().iter().find(|summary| summary.pipeline == pipeline);
    (summary.unwrap_or_else(|| panic!("{scenario} does not run {pipeline}")).clone(), run)
}

#[test]
fn every_shipped_scenario_breaks_what_it_says_and_nothing_else() {
    let (ran, out) = &*ALL;
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    let ran = std::fs::read_dir(out).expect("a folder").count();
    assert!(ran >= scenarios::library::ALL.len(), "{ran} of them ran");
}

#[test]
fn a_hundred_of_a_hundred_at_fifty_a_minute_take_hardly_a_call_too_many() {
    let (hardened, run) = shipped("burst-100", "hardened");
    assert_eq!((hardened.documented, hardened.failed), (100, 0));
    assert!(hardened.calls * 2 < 100 * 3, "{} calls: amplification of 1.5", hardened.calls);
    // Fifty at once and one every 1.2 s: the last is sent after a minute, and no later.
    let pipeline = run.pipelines.iter().find(|pipeline| pipeline.header.name == "hardened");
    let attempts = &pipeline.expect("it ran").attempts;
    let last_us = attempts.iter().map(|attempt| attempt.start_us).max().expect("attempts");
    assert!((60_000_000..=62_000_000).contains(&last_us), "{last_us}");
}

#[test]
fn fifty_who_ask_for_the_same_at_once_pay_once() {
    let (hardened, _) = shipped("cache-stampede", "hardened");
    assert_eq!((hardened.documented, hardened.calls), (50, 1));
    let (phase3, _) = shipped("cache-stampede", "phase3");
    assert_eq!((phase3.documented, phase3.calls), (50, 50));
}

#[test]
fn after_an_outage_of_a_minute_all_is_done_within_a_fifth_more_than_the_ideal_time() {
    let burst = include_str!("../../scenarios/burst-100.toml");
    let (burst, _) = burst.split_once("# Half of the burst").expect("its expectations");
    let outage = "[[fault]]\nkind = \"status\"\nstatus = 529\nwhen = { until_s = 60 }\n";
    let sandbox = Sandbox::new();
    sandbox.write("outage.toml", format!("{burst}\n{outage}"));
    let summaries = sandbox.summaries(&["outage.toml", "--pipeline", "hardened"]);
    let hardened = &summaries[0];
    assert_eq!((hardened.documented, hardened.failed), (100, 0));
    let run = sandbox.records("out");
    let attempts = &run.pipelines[0].attempts;
    let answers = attempts.iter().filter(|attempt| attempt.status == Some(200));
    let took_us = answers.map(|attempt| attempt.end_us - attempt.start_us).min().expect("answers");
    // At best the bucket of fifty goes at the first moment, one more every 1.2 s, and the last
    // answer is the shortest.
    let ideal_us = 60_000_000 + took_us;
    let drain_us = hardened.elapsed_us.expect("the end is on record") - 60_000_000;
    assert!(drain_us * 10 <= ideal_us * 12, "{drain_us} is more than 1.2 times {ideal_us}");
}

#[test]
fn a_repository_of_which_a_fifth_changes_is_85_percent_cheaper_and_ten_times_faster() {
    let (phase1, _) = shipped("edit-storm", "phase1");
    let (hardened, _) = shipped("edit-storm", "hardened");
    assert_eq!((phase1.documented, hardened.documented), (1_000, 1_000));
    let share = hardened.cost_microusd * 100;
    assert!(share <= phase1.cost_microusd * 15, "{share} of {}", phase1.cost_microusd);
    // The nine rests of a minute are in both.
    let (slow, fast) = (phase1.elapsed_us.expect("an end"), hardened.elapsed_us.expect("an end"));
    assert!(fast * 10 <= slow, "{fast} and {slow}");
}

#[test]
fn the_saving_is_the_cache_s_first_then_the_parts_and_the_speed_is_the_workers() {
    let storm = include_str!("../../scenarios/edit-storm.toml");
    let storm = storm.replace("files = 100\nlines = 150_000", "files = 20\nlines = 30_000");
    let storm = storm.replace("repeat = 10", "repeat = 5");
    let (storm, _) = storm.split_once("[expect.phase1]").expect("its expectations");
    let sandbox = Sandbox::new();
    sandbox.write("storm.toml", storm);
    let ablate = ["ablate", "--scenario", "storm.toml", "--pipeline", "hardened", "--out", "out"];
    sandbox.chaos(&ablate).exits(0);
    let ablation = Ablation::of(&sandbox.judged("out")).expect("a run has pipelines");
    let without = |stage: &str| {
        let found = ablation.without.iter().find(|without| without.stage == stage);
        &found.unwrap_or_else(|| panic!("{stage} can be off")).summary
    };
    let whole = &ablation.whole;
    let (cache, chunk) = (without("cache").cost_microusd, without("chunk").cost_microusd);
    assert!(cache > whole.cost_microusd * 3, "{cache} without a cache");
    assert!(chunk > whole.cost_microusd, "{chunk} without parts");
    assert!(cache > chunk, "the cache carries more than the parts");
    assert!(without("workers").elapsed_us > whole.elapsed_us);
}
