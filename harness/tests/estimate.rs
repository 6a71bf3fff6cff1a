//! Goal: what `chaos estimate` says without a call is what `chaos run` then measures.
//! Method: the same tree is estimated and run in simulated time with a latency and limits that the
//! estimate says it assumes; every measured figure has to lie in the estimate's own range, and the
//! middle near it. The two share the reading and cutting of files and nothing else: tokens,
//! answers, waits and limits are computed by different code.

use std::path::{Path, PathBuf};
use std::process::Command;

use reports::estimate::{PipelineEstimate, Range};
use reports::{Cause, Estimate, Summary};

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::Sandbox;

/// A batch over whatever `--input` names, on the quiet day that an estimate assumes.
const BATCH: &str = "format = 1\ntitle = \"A batch\"\nquestion = \"What does it come to?\"\n\n\
    [[input]]\nkind = \"file\"\nlines = 1\n\n[load]\nshape = \"batch\"\n";

const PIPELINES: [&str; 3] = ["phase1", "phase3", "hardened"];

/// Estimates a tree and runs it; gives both for each shipped pipeline.
fn check(sandbox: &Sandbox, tree: &str, limits: &[&str]) -> Vec<(PipelineEstimate, Summary)> {
    let mut arguments = vec!["estimate", tree, "--json", "--pipeline"];
    arguments.extend(PIPELINES);
    arguments.extend(limits);
    let json = sandbox.chaos(&arguments).exits(0).stdout;
    let estimate: Estimate = serde_json::from_str(&json).expect("an estimate");
    let section = match limits {
        [_, tier] => format!("\n[limits]\ntier = \"{tier}\"\n"),
        _ => String::new(),
    };
    sandbox.write("batch.toml", format!("{BATCH}{section}"));
    let mut arguments = vec!["batch.toml", "--input", tree, "--pipeline"];
    arguments.extend(PIPELINES);
    let summaries = sandbox.summaries(&arguments);
    estimate.pipelines.into_iter().zip(summaries).collect()
}

/// Every measured figure in the range, and cost, tokens and time within this many percent of the
/// middle. How fast a pipeline that paces itself gets going is only roughly estimated, and with it
/// how many copies of a file are sent before the first has its answer: its calls may miss the range
/// by a twentieth, and its time the middle by two fifths.
#[track_caller]
fn holds(estimate: &PipelineEstimate, summary: &Summary, percent: u64) {
    let elapsed_us = summary.elapsed_us.expect("the pipeline ended");
    let paced = estimate.pipeline == "hardened";
    let (percent, slack) = if paced { (40, 20) } else { (percent, u64::MAX) };
    let figures: [(&str, Range, u64); 7] = [
        ("documented", estimate.documented, summary.documented),
        ("calls", estimate.calls, summary.calls),
        ("cache hits", estimate.cache_hits, summary.cache_hits),
        ("tokens in", estimate.tokens_in, summary.tokens_in),
        ("tokens out", estimate.tokens_out, summary.tokens_out),
        ("cost", estimate.cost_microusd, summary.cost_microusd),
        ("time", estimate.elapsed_us, elapsed_us),
    ];
    for (name, range, measured) in figures.into_iter().filter(|one| !paced || one.0 != "cache hits")
    {
        let pipeline = &estimate.pipeline;
        let miss = measured / slack;
        let wider = Range { low: range.low - miss, high: range.high + miss, ..range };
        assert!(wider.holds(measured), "{pipeline}: {name}: {measured} is not in {range:?}");
        let near = matches!(name, "cost" | "time" | "tokens in" | "tokens out");
        let off = range.mid.abs_diff(measured) * 100;
        assert!(!near || off <= measured * percent, "{pipeline}: {name}: {measured}, {range:?}");
    }
}

fn failed(estimate: &PipelineEstimate, cause: Cause) -> u64 {
    let found = estimate.failures.iter().find(|breakage| breakage.cause == cause);
    found.map_or(0, |breakage| breakage.files.mid)
}

#[test]
fn a_generated_repository_costs_and_takes_what_was_foretold() {
    let sandbox = Sandbox::new();
    let repository = "generate repo --files 60 --lines 60000 --spread skewed --duplicates 0.2";
    let mut arguments: Vec<&str> = repository.split(' ').collect();
    arguments.extend(["--output", "tree"]);
    sandbox.chaos(&arguments).exits(0);
    for (estimate, summary) in check(&sandbox, "tree", &[]) {
        holds(&estimate, &summary, 3);
        let cut = summary.failures.get(&Cause::Truncated).copied().unwrap_or(0);
        assert_eq!(failed(&estimate, Cause::Truncated), cut, "{}", estimate.pipeline);
    }
}

/// A part of Python's own library: packages of small files, and some of its largest modules.
fn standard_library(sandbox: &Sandbox) {
    let program = "import sysconfig; print(sysconfig.get_paths()['stdlib'])";
    let output = Command::new("python3").args(["-c", program]).output();
    let output = output.expect("`python3` must be installed: run `scripts/setup`");
    let root = PathBuf::from(String::from_utf8(output.stdout).expect("a path").trim());
    let mut files: Vec<PathBuf> = ["asyncio", "email", "json", "unittest"]
        .iter()
        .flat_map(|package| std::fs::read_dir(root.join(package)).expect("a package"))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.extend(["_pydecimal.py", "turtle.py", "typing.py"].map(|name| root.join(name)));
    files.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    assert!(files.len() > 50, "only {} files in {}", files.len(), root.display());
    for path in files {
        let name = path.strip_prefix(&root).unwrap_or(Path::new("x.py"));
        let text = std::fs::read(&path).expect("a file");
        sandbox.write(&format!("stdlib/{}", name.display()), text);
    }
}

#[test]
fn real_code_costs_and_takes_what_was_foretold() {
    let sandbox = Sandbox::new();
    standard_library(&sandbox);
    for (estimate, summary) in check(&sandbox, "stdlib", &[]) {
        // A call near its time-out is paid for once or five times: one call decides percents.
        holds(&estimate, &summary, 10);
    }
}

#[test]
fn the_refusals_of_a_tier_are_foretold() {
    let sandbox = Sandbox::new();
    let repository = "generate repo --files 80 --lines 40000 --output tree";
    sandbox.chaos(&repository.split(' ').collect::<Vec<_>>()).exits(0);
    let pipelines = check(&sandbox, "tree", &["--limits", "evaluation"]);
    let refused =
        |summary: &Summary| summary.attempt_failures.get(&Cause::RateLimited).copied().unwrap_or(0);
    for (estimate, summary) in &pipelines {
        let measured = refused(summary);
        assert!(estimate.refused.holds(measured), "{measured} not in {:?}", estimate.refused);
        let lost = failed(estimate, Cause::RateLimited);
        let measured = summary.failures.get(&Cause::RateLimited).copied().unwrap_or(0);
        assert!(lost.abs_diff(measured) <= 2, "{}: {lost}, {measured}", estimate.pipeline);
    }
    assert!(refused(&pipelines[1].1) > 0, "nothing was refused, so nothing was estimated");
}

#[test]
fn what_cannot_work_is_named_with_its_first_file() {
    let sandbox = Sandbox::new();
    let expression = "generate nested --shape expression --depth 500000 --output tree/sum.py";
    sandbox.write("tree/notes.md", "# Notes");
    sandbox.chaos(&expression.split(' ').collect::<Vec<_>>()).exits(0);
    sandbox.chaos(&["generate", "file", "--lines", "50000", "--output", "tree/big.py"]).exits(0);
    let phase1 = sandbox.chaos(&["show", "phase1"]).exits(0).stdout;
    sandbox.write("mine.toml", phase1.replace("claude-sonnet-4-6", "claude-haiku-4-5"));
    let screen = sandbox.chaos(&["estimate", "tree", "--pipeline", "mine.toml"]).exits(0).stdout;
    for words in [
        "of 2 files: process killed; first sum.py",
        "of 2 files: 400 prompt too long; first big.py",
        "1 skipped: not in a known language",
        "nothing was called",
        "What the ranges cover",
    ] {
        assert!(screen.contains(words), "`{words}` is missing in:\n{screen}");
    }
}

#[test]
fn a_dearer_model_costs_more_and_an_unknown_one_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.chaos(&["generate", "file", "--lines", "500", "--output", "a.py"]).exits(0);
    let cost = |model: &str| {
        let json = sandbox.chaos(&["estimate", "a.py", "--json", "--model", model]).exits(0).stdout;
        let estimate: Estimate = serde_json::from_str(&json).expect("an estimate");
        estimate.pipelines[0].cost_microusd.mid
    };
    assert!(cost("claude-opus-4-5") > cost("claude-sonnet-4-5"));
    let said = ["the API has no model `claude-sonnet-4-6x`", "did you mean"];
    sandbox.chaos(&["estimate", "a.py", "--model", "claude-sonnet-4-6x"]).exits(2).says(&said);
    sandbox.chaos(&["estimate", "nowhere"]).exits(2).says(&["cannot read input `nowhere`"]);
    sandbox.chaos(&["estimate", "a.py", "--limits", "free"]).exits(2).says(&["evaluation"]);
}
