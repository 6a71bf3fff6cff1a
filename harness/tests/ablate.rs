//! `chaos ablate` from outside: each defence carries its own failure, and no other.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use reports::ablation::Ablation;
use support::Sandbox;

fn ablate(scenario: &str, pipeline: &str) -> Ablation {
    let sandbox = Sandbox::new();
    let arguments = ["ablate", "--scenario", scenario, "--pipeline", pipeline, "--out", "out"];
    sandbox.chaos(&arguments).exits(0);
    Ablation::of(&sandbox.judged("out")).expect("a run has pipelines")
}

/// The stages without which files are lost that the whole pipeline documents.
fn carriers(ablation: &Ablation) -> Vec<&str> {
    let carrying = ablation.without.iter().filter(|without| without.carries());
    carrying.map(|without| without.stage.as_str()).collect()
}

#[test]
fn in_a_burst_it_is_the_retries_that_keep_the_rate_limit_away() {
    let ablation = ablate("concurrent", "phase3");
    assert_eq!(ablation.whole.documented, 10);
    assert_eq!(carriers(&ablation), ["retry"]);
}

#[test]
fn in_repeated_runs_the_cache_saves_nine_bills_of_ten_and_no_failure() {
    let ablation = ablate("repeated", "phase3");
    assert_eq!(carriers(&ablation), Vec::<&str>::new());
    let cache = ablation.without.iter().find(|without| without.stage == "cache");
    let cache = cache.expect("the cache can be off");
    assert_eq!((ablation.whole.calls, cache.summary.calls), (1, 10));
}

#[test]
fn in_a_stampede_single_flight_saves_forty_nine_bills_of_fifty() {
    let ablation = ablate("cache-stampede", "hardened");
    assert_eq!(carriers(&ablation), Vec::<&str>::new());
    let single = ablation.without.iter().find(|without| without.stage == "single-flight");
    let single = single.expect("single-flight can be off");
    assert_eq!((ablation.whole.calls, single.summary.calls), (1, 50));
}

#[test]
fn what_a_cache_corrupts_is_kept_away_by_the_checksum_alone() {
    let ablation = ablate("cache-corruption", "hardened");
    assert_eq!(ablation.whole.failed, 0);
    assert_eq!(carriers(&ablation), ["checksum"]);
}

#[test]
fn a_large_file_is_cut_when_it_is_not_sent_in_parts() {
    let ablation = ablate("large-file", "hardened");
    assert_eq!(ablation.whole.failed, 0);
    assert_eq!(carriers(&ablation), ["chunk"]);
}

#[test]
fn a_defence_that_another_stands_in_for_shows_once_the_other_is_off() {
    let ran = Sandbox::new().chaos(&[
        "ablate",
        "--scenario",
        "concurrent",
        "--pipeline",
        "hardened",
        "--without",
        "pacing",
    ]);
    let text = ran.exits(0).stdout;
    assert!(text.contains("Without retry it loses"), "{text}");
}

#[test]
fn a_pipeline_without_stages_has_nothing_to_switch_off() {
    let ran = Sandbox::new().chaos(&["ablate", "--scenario", "concurrent", "--pipeline", "phase1"]);
    ran.exits(2).says(&["every stage of `phase1` is off already"]);
}
