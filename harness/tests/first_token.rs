//! Goal: the first token of a streamed answer is timed for built-in pipelines and for commands, and
//! nothing is made up for answers that are not streamed.
//! Method: a scenario whose mock writes one token every 20 ms after half a second, and sends eight
//! at a time; `hardened` streams, `phase1` does not, and a command does what it is asked to.

#![cfg(unix)]

use reports::{Quantile, Summary};

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{Ran, Sandbox};

const SLOW: &str = r#"format = 1
title = "Slow to begin"
question = "How long does the first token take?"
pipelines = ["phase1", "hardened"]

[[input]]
kind = "repository"
files = 3
lines = 60

[load]
shape = "burst"

[latency]
first_token_ms = 500
prefill_tokens_per_second = 100_000_000
decode_tokens_per_second = 50
"#;

/// Asks for the file as a stream, or not, and reads the answer to its end.
const CLIENT: &str = r#"
import json, os, sys, urllib.request
body = {"model": "claude-sonnet-4-5", "max_tokens": 100, "stream": sys.argv[2] == "stream",
        "messages": [{"role": "user", "content": open(sys.argv[1]).read()}]}
request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages",
    json.dumps(body).encode(), {"x-api-key": os.environ["ANTHROPIC_API_KEY"],
    "anthropic-version": "2023-06-01", "content-type": "application/json"})
urllib.request.urlopen(request).read()
"#;

/// Whether every whole answer of a pipeline was timed as the scenario's mock writes it.
#[track_caller]
fn check_timed(summary: &Summary, spread_us: u64) {
    let Summary { first_token, between_tokens, pipeline, .. } = summary;
    assert!(first_token.count() >= 3, "{pipeline}: {}", first_token.count());
    let median = |of: &reports::Latency| of.quantile_us(Quantile::P50).expect("there are some");
    let (first_us, between_us) = (median(first_token), median(between_tokens));
    assert!((660_000..=660_000 + spread_us).contains(&first_us), "{pipeline}: {first_us}");
    // A little less than 20 ms: seven of the gaps are over when the first eight tokens are there.
    assert!((17_000..=20_000).contains(&between_us), "{pipeline}: {between_us}");
}

#[test]
fn a_pipeline_that_streams_is_timed_and_one_that_does_not_is_left_out() {
    let sandbox = Sandbox::new();
    sandbox.write("slow.toml", SLOW);
    let summaries = sandbox.summaries(&["slow.toml"]);
    assert_eq!(summaries[0].first_token.count(), 0);
    check_timed(&summaries[1], 20_000);
    let records = sandbox.read("out/run.jsonl");
    let timed = records.lines().filter(|line| line.contains("\"first_token_us\":")).count() as u64;
    assert_eq!(timed, summaries[1].first_token.count(), "phase1 has no such field at all");
    let text = sandbox.read("out/summary.txt");
    for row in ["first token p50", "first token p99", "between tokens p50"] {
        assert!(text.contains(row), "{row} is missing in:\n{text}");
    }
    let report = sandbox.chaos(&["report", "out", "--format", "json"]).exits(0).stdout;
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let of = |index: usize| &report["runs"][0]["pipelines"][index];
    assert_eq!(of(0)["metrics"]["first_token_p50_us"], serde_json::Value::Null);
    assert!(of(1)["metrics"]["between_tokens_p50_us"].is_u64());
    assert_eq!(of(1)["first_token_samples"].as_u64(), Some(timed));
}

#[test]
fn a_command_is_timed_by_what_its_mock_has_sent() {
    for how in ["stream", "whole"] {
        let sandbox = Sandbox::new();
        sandbox.write("slow.toml", SLOW);
        sandbox.write("client.py", CLIENT);
        let run = ["run", "slow.toml", "--quiet", "--out", "out", "--"];
        let client = ["python3", "client.py", "{file}", how];
        let mut program = sandbox.command(&[&run[..], &client].concat());
        // Python has to be found.
        program.env("PATH", std::env::var_os("PATH").expect("a PATH"));
        // Its answers are cut at 100 tokens, so its jobs fail; the run is none the worse for it.
        Ran::of(&mut program);
        let judged = sandbox.judged("out");
        let summary = &judged.summaries()[0];
        if how == "stream" {
            check_timed(summary, 150_000);
        } else {
            assert_eq!((summary.calls, summary.first_token.count()), (3, 0));
        }
    }
}
