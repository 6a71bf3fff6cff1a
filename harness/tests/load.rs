//! Goal: jobs arrive as the load says, whatever its shape; what arrives in the warm-up is left out;
//! and a run says how well its schedule was kept.
//! Method: run small scenarios, in simulated time where the schedule is exact and in real time
//! where the generator itself is measured, and read the records and the reports.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{QUICK, Sandbox};

/// The quick scenario with another load, for phase 1 alone.
fn sandbox(load: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let head = QUICK.replacen("[[input]]", "pipelines = [\"phase1\"]\n\n[[input]]", 1);
    assert!(head.contains("[load]\nshape = \"burst\"\n"), "the quick scenario has another load");
    sandbox.write("mine.toml", head.replace("[load]\nshape = \"burst\"\n", load));
    sandbox
}

/// When each job of a simulated run arrived, in milliseconds.
fn arrivals(sandbox: &Sandbox) -> Vec<u64> {
    sandbox.summaries(&["mine.toml"]);
    let run = sandbox.records("out");
    run.pipelines[0].jobs.iter().map(|job| job.arrival_us / 1_000).collect()
}

#[test]
fn each_shape_is_run_as_it_is_written() {
    let check = |load: &str, expected: &[u64]| {
        assert_eq!(arrivals(&sandbox(&format!("[load]\n{load}\n"))), expected, "{load}");
    };
    check(
        "shape = \"ramp\"\nfrom_per_minute = 0\nto_per_minute = 240\nover_s = 2",
        &[0, 1_000, 1_414, 1_732],
    );
    check(
        "shape = \"spike\"\nrate_per_minute = 60\nspike_per_minute = 240\n\
         at_s = 2\nfor_s = 1\nduration_s = 5",
        &[0, 1_000, 2_000, 2_250, 2_500, 2_750, 3_000, 4_000],
    );
    check(
        "shape = \"stages\"\n[[load.stages]]\nduration_s = 2\nrate_per_minute = 240\n\
         [[load.stages]]\nduration_s = 0\nrate_per_minute = 60\n\
         [[load.stages]]\nduration_s = 2\nrate_per_minute = 60",
        &[0, 1_000, 1_414, 1_732, 2_000, 3_000],
    );
}

#[test]
fn recorded_arrivals_are_replayed_about_the_files_that_they_name() {
    let sandbox = sandbox("[load]\nshape = \"replay\"\nfile = \"day/arrivals.csv\"\n");
    sandbox.write("day/arrivals.csv", "offset_ms\n0\n10\n10\n");
    assert_eq!(arrivals(&sandbox), [0, 10, 10]);
    let run = sandbox.records("out");
    let paths: Vec<&str> = run.pipelines[0].jobs.iter().map(|job| job.path.as_str()).collect();
    let third = paths[2];
    let first_hash = run.header.scenario_sha256.clone();
    sandbox.write("day/arrivals.csv", format!("offset_ms,file\n5,{third}\n7,\n9,{third}\n"));
    assert_eq!(arrivals(&sandbox), [5, 7, 9]);
    let run = sandbox.records("out");
    let named: Vec<&str> = run.pipelines[0].jobs.iter().map(|job| job.path.as_str()).collect();
    assert_eq!(named, [third, paths[0], third]);
    assert_ne!(run.header.scenario_sha256, first_hash, "other arrivals are another scenario");
}

#[test]
fn a_file_of_arrivals_that_cannot_be_used_is_refused_with_its_lines() {
    let sandbox = sandbox("[load]\nshape = \"replay\"\nfile = \"arrivals.csv\"\n");
    let refused = |code: i32, words: &[&str]| {
        sandbox.chaos(&["run", "mine.toml", "--quiet"]).exits(code).says(words);
        assert!(!sandbox.names(".").iter().any(|name| name.starts_with("chaos")), "nothing is run");
    };
    refused(2, &["cannot read `arrivals.csv`", "relative to the folder of the scenario"]);
    sandbox.write("arrivals.csv", "offset_ms\n5\nsoon\n3\n");
    refused(104, &["arrivals.csv:3: `soon` is no whole number", "arrivals.csv:4: `3` is before"]);
    sandbox.write("arrivals.csv", "offset_ms,file\n5,nowhere.py\n");
    refused(104, &["arrivals.csv:2: `nowhere.py` is no file of the run"]);
    sandbox.write("arrivals.csv", "when\n5\n");
    refused(104, &["arrivals.csv:1: unknown column `when`", "hint: the first line names"]);
}

#[test]
fn what_is_wrong_with_a_load_is_said_with_its_line_and_key() {
    let refused = |load: &str, words: &[&str]| {
        let sandbox = sandbox(&format!("[load]\n{load}\n"));
        sandbox.chaos(&["run", "mine.toml", "--quiet"]).exits(104).says(words);
    };
    refused(
        "shape = \"stages\"\nstages = [{ duration_s = 5, rate_per_minut = 3 }]",
        &["mine.toml:14:", "load.stages.0", "rate_per_minut", "rate_per_minute"],
    );
    refused("shape = \"stages\"\nstages = []", &["mine.toml:14:", "`load.stages`"]);
    refused("shape = \"rmap\"", &["mine.toml:13:", "rmap", "ramp"]);
    refused(
        "shape = \"ramp\"\nfrom_per_minute = 0\nto_per_minute = 0\nover_s = 9",
        &["mine.toml:12:", "no job ever arrives"],
    );
    refused(
        "shape = \"spike\"\nrate_per_minute = 1\nspike_per_minute = 9\nat_s = 9\nfor_s = 9\n\
         duration_s = 17",
        &["`load.for_s`", "the spike ends after the load"],
    );
}

#[test]
fn the_warm_up_is_on_record_and_in_no_figure() {
    let sandbox = sandbox("[load]\nshape = \"constant\"\nrate_per_minute = 60\nwarm_up_s = 2\n");
    let summaries = sandbox.summaries(&["mine.toml"]);
    assert_eq!((summaries[0].warm_up, summaries[0].tried(), summaries[0].calls), (2, 4, 4));
    let run = sandbox.records("out");
    assert_eq!((run.pipelines[0].jobs.len(), run.header.warm_up_us), (6, 2_000_000));
    let text = sandbox.read("out/summary.txt");
    let row = text.lines().find(|line| line.contains("warm-up, left out"));
    assert!(row.is_some_and(|row| row.trim_end().ends_with('2')), "{text}");
}

#[test]
fn a_run_in_real_time_says_how_well_its_schedule_was_kept() {
    // How late arrivals are here is anybody's guess, so that a lag is written into the file.
    let sandbox = sandbox("[load]\nshape = \"constant\"\nrate_per_minute = 6000\nrepeat = 50\n");
    let run = ["run", "mine.toml", "--clock", "wall", "--out", "out"];
    let ran = sandbox.chaos(&run);
    for row in ["offered rate", "achieved rate", "schedule lag p99", "dropped arrivals"] {
        assert!(ran.stdout.contains(row), "{row} is missing in:\n{}", ran.stdout);
    }
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let measured = json(&sandbox.read("out/measured.json"));
    let generator = &measured["generators"]["phase1"];
    assert_eq!(
        (generator["started"].as_u64(), generator["dropped"].as_u64()),
        (Some(300), Some(0))
    );
    assert_eq!(generator["offered_us"].as_u64(), Some(2_990_000));
    let report = |format: &str| sandbox.chaos(&["report", "out", "--format", format]).stdout;
    let offered = &json(&report("json"))["runs"][0]["pipelines"][0]["generator"];
    assert_eq!(offered["offered_per_1000_s"].as_u64(), Some(100_000));
    let lag = generator["lag_p99_us"].as_u64().expect("a lag").to_string();
    let text = sandbox.read("out/measured.json");
    let late = text.replace(&format!("\"lag_p99_us\": {lag}"), "\"lag_p99_us\": 60000000");
    sandbox.write("out/measured.json", late);
    let lagged = json(&report("json"));
    assert_eq!(lagged["runs"][0]["verdict"], "inconclusive");
    // What does not fit the width goes on in the next line.
    let screen = report("terminal").replace("\n    ", " ");
    assert!(
        screen.contains("the generator lagged: arrivals began up to 1 m 00 s late"),
        "{screen}"
    );
}

#[test]
fn a_simulated_run_measures_no_generator() {
    let sandbox = sandbox("[load]\nshape = \"constant\"\nrate_per_minute = 60\n");
    sandbox.summaries(&["mine.toml"]);
    assert!(!sandbox.read("out/measured.json").contains("generators"));
    assert!(!sandbox.read("out/run.jsonl").contains("warm_up"));
}
