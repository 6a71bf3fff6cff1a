//! Goal: the stage that a report names is one that takes the failure away, and where it names
//! none, no stage does.
//! Method: run a shipped scenario, give the pipeline the named stage of `hardened` and nothing
//! else, and run it again under the same faults.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use engine::preset::shipped;
use reports::{Cause, Judged};
use support::Sandbox;
use toml::Table;

/// Jobs by number that failed, each with its cause.
type Failed = BTreeMap<u64, Option<Cause>>;

fn preset(name: &str) -> Table {
    shipped(name).expect("a shipped pipeline").parse().expect("it is TOML")
}

/// What `hardened` has in place of each stage that a report may name.
fn sections(stage: &str) -> &'static [&'static str] {
    match stage {
        "analyse" => &["analyse"],
        "cache" => &["cache"],
        "chunk" => &["chunk"],
        "pacing" => &["schedule"],
        "retry" => &["retry"],
        // A call that is stopped in time is worth no more than the call after it.
        "deadline" => &["deadline", "retry"],
        other => panic!("no scenario of this test names `{other}`"),
    }
}

fn with(pipeline: &str, stage: &str) -> String {
    let (mut mine, hardened) = (preset(pipeline), preset("hardened"));
    for section in sections(stage) {
        mine.insert((*section).to_owned(), hardened[*section].clone());
    }
    if stage == "chunk" {
        // Parts as small as it takes: `hardened` sends what has fewer than a thousand lines whole.
        let chunk = mine["chunk"].as_table_mut().expect("a section");
        chunk.insert("min_lines".to_owned(), 50.into());
        chunk.insert("max_lines".to_owned(), 300.into());
    }
    mine.to_string()
}

fn run(sandbox: &Sandbox, scenario: &str, pipeline: &str) -> Judged {
    let arguments = ["run", "--quiet", "--force", "--out", "out", "--scenario", scenario];
    // What the scenario expects is not asked here.
    let _ = sandbox.chaos(&[&arguments[..], &["--pipeline", pipeline]].concat());
    sandbox.judged("out")
}

fn failed(judged: &Judged) -> Failed {
    judged.failures().iter().map(|failure| (failure.job.job, failure.job.cause)).collect()
}

/// The failed jobs by the stage that the report names, and the cause that it takes away.
fn by_stage(judged: &Judged) -> BTreeMap<(&'static str, Option<Cause>), BTreeSet<u64>> {
    let mut groups = BTreeMap::<_, BTreeSet<u64>>::new();
    for failure in judged.failures() {
        let group = groups.entry((failure.stage_name(), failure.job.cause)).or_default();
        group.insert(failure.job.job);
    }
    groups
}

#[test]
fn the_named_stage_takes_the_cause_away() {
    const BROKEN: [(&str, &str, &str); 18] = [
        ("brownout", "phase3", "retry"),
        ("burst-100", "phase1", "retry"),
        ("burst-100", "phase3", "pacing"),
        ("cache-corruption", "phase3", "cache"),
        ("concurrent", "phase1", "retry"),
        ("large-file", "phase1", "chunk"),
        ("large-file", "phase3", "chunk"),
        ("large-repo", "phase1", "chunk"),
        ("large-repo", "phase1", "retry"),
        ("mid-stream-cut", "phase3", "retry"),
        ("nested", "phase1", "analyse"),
        ("noisy-neighbour", "phase1", "retry"),
        ("outage", "phase3", "retry"),
        ("poison-file", "phase1", "analyse"),
        ("retry-storm", "phase3", "pacing"),
        ("slow-decode", "phase1", "deadline"),
        ("thundering-herd", "phase3", "pacing"),
        ("timeout", "phase1", "deadline"),
    ];
    let sandbox = Sandbox::new();
    let mut before = BTreeMap::new();
    for (scenario, pipeline, stage) in BROKEN {
        let groups = before
            .entry((scenario, pipeline))
            .or_insert_with(|| by_stage(&run(&sandbox, scenario, pipeline)));
        let groups: Vec<_> = groups.iter().filter(|((named, _), _)| *named == stage).collect();
        assert!(!groups.is_empty(), "{scenario}: no failure of {pipeline} asks for {stage}");
        sandbox.write("with.toml", with(pipeline, stage));
        let left = failed(&run(&sandbox, scenario, "with.toml"));
        for ((_, cause), jobs) in groups {
            let still = jobs.iter().filter(|job| left.get(job) == Some(cause)).count();
            let (all, what) = (jobs.len(), cause.map_or("?", Cause::name));
            assert!(
                still * 5 <= all,
                "{scenario}: {pipeline} with {stage} still loses {still} of {all} to {what}"
            );
        }
    }
}

#[test]
fn where_no_stage_is_named_no_stage_helps() {
    let sandbox = Sandbox::new();
    for (scenario, cause) in [
        ("function-burst", Cause::Throttled),
        ("gateway-timeout", Cause::GatewayTimeout),
        ("key-revoked", Cause::InjectedFatal),
        ("spend-cap", Cause::SpendLimit),
    ] {
        let groups = by_stage(&run(&sandbox, scenario, "phase1"));
        let jobs = &groups[&("—", Some(cause))];
        let hardened = failed(&run(&sandbox, scenario, "hardened"));
        let lost = jobs.iter().filter(|job| hardened.contains_key(job)).count();
        assert!(
            lost * 10 >= jobs.len() * 9,
            "{scenario}: `hardened` loses only {lost} of the {} that nothing saves",
            jobs.len()
        );
    }
}
