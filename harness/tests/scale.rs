//! Goal: a run at scale, which makes no HTTP of its requests, is the run that it would have been.
//! Method: the same plan is run over pipes and by calls, and the records are compared. Requests of
//! the same millisecond come in the order of their jobs by a call, and in that in which connections
//! deliver them over pipes: so records are sorted where several come at once, and where a limit
//! decides between those the sums are compared.

use harness::command::run::records;
use harness::plan::run_plan::RunPlan;
use harness::process::interrupt::Interrupt;
use harness::run::shared::Shared;
use harness::service::Way;
use harness::storage::folder::RunFolder;
use harness::{plan, target};
use scenarios::Scenario;

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

/// A scenario with this load and these sections more.
fn scenario(load: &str, more: &str) -> Scenario {
    let text = format!(
        "format = 1\ntitle = \"many\"\nquestion = \"equal?\"\nseed = 7\n\
         [[input]]\nkind = \"repository\"\nfiles = 60\nlines = 6_000\nspread = \"skewed\"\n\
         [load]\n{load}\n\
         [latency]\nfirst_token_ms = 900\nprefill_tokens_per_second = 10_000\n\
         decode_tokens_per_second = 60\njitter = 0.2\n{more}"
    );
    Scenario::parse("many.toml", &text).unwrap_or_else(|invalid| panic!("{invalid}"))
}

/// The records of a run over connections, or by calls.
fn records_of(mut plan: RunPlan, way: Way) -> String {
    plan.direct_from = if way == Way::Direct { 0 } else { u64::MAX };
    assert_eq!(plan.way(), way);
    let root = tempfile::tempdir().expect("a folder");
    let folder = RunFolder::at(&root.path().join("run"), false).expect("a folder");
    let done = records::perform(&plan, &folder, &Interrupt::default(), true, &Shared::in_turn());
    done.unwrap_or_else(|failure| panic!("{failure}"));
    std::fs::read_to_string(folder.path().join("run.jsonl")).expect("records")
}

/// The records of the same run over connections and by calls.
fn both(load: &str, more: &str, pipelines: &[&str]) -> [String; 2] {
    let names: Vec<String> = pipelines.iter().map(|name| (*name).to_owned()).collect();
    [Way::Pipe, Way::Direct].map(|way| {
        let presets = plan::pipelines(&names).unwrap_or_else(|failure| panic!("{failure}"));
        let targets = target::builtin::targets(presets);
        let plan = plan::of_targets("many", scenario(load, more), targets);
        records_of(plan.unwrap_or_else(|failure| panic!("{failure}")), way)
    })
}

/// Every record is the same, whatever came first among those of one millisecond.
fn check(load: &str, more: &str, pipelines: &[&str]) {
    let [piped, direct] = both(load, more, pipelines).map(|text| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    });
    let first = piped.iter().zip(&direct).find(|(piped, direct)| piped != direct);
    assert!(piped == direct, "{load}: the first difference is {first:#?}");
}

/// Outcomes, calls and money are the same, whoever was let in among those of one millisecond.
fn check_sums(load: &str, more: &str, pipelines: &[&str]) {
    let [piped, direct] = both(load, more, pipelines).map(|text| {
        let judged = reports::judge(reports::Run::read(text.lines()).expect("a run"));
        let sums = judged.summaries().iter();
        sums.map(|sum| (sum.documented, sum.failures.clone(), sum.calls)).collect::<Vec<_>>()
    });
    assert_eq!(piped, direct, "{load}");
}

const LIMITS: &str = "[limits]\nrequests_per_minute = 50\nrequests_burst = 20\n\
                      input_tokens_per_minute = 200_000\noutput_tokens_per_minute = 40_000\n";

const FAULTS: &str = "[[fault]]\nkind = \"status\"\nname = \"down\"\nstatus = 529\n\
                      when = { share = 0.1 }\n\
                      [[fault]]\nkind = \"latency\"\nname = \"slow\"\n\
                      extra = { fixed_ms = 20_000 }\n\
                      when = { share = 0.1 }\n";

const ALL: [&str; 4] = ["phase1", "phase1-sdk", "phase3", "hardened"];

#[test]
fn whatever_the_load_calls_are_answered_as_connections_are() {
    for load in [
        "shape = \"burst\"",
        "shape = \"batch\"\nrepeat = 2",
        "shape = \"poisson\"\nrate_per_minute = 300",
        "shape = \"sequential\"\nusers = 7",
    ] {
        check(load, FAULTS, &ALL);
    }
}

#[test]
fn limits_turn_as_many_calls_away_as_connections() {
    check_sums("shape = \"burst\"", LIMITS, &["phase1"]);
    check_sums("shape = \"batch\"\nrepeat = 2", LIMITS, &["phase1", "phase3"]);
}

#[test]
fn who_never_answers_does_not_answer_a_call_either() {
    let stuck = "[[fault]]\nkind = \"latency\"\nname = \"stuck\"\nwhen = { share = 0.1 }\n\
                 stall = { after_tokens = 5, for_ms = 400_000_000 }\n";
    check("shape = \"burst\"", stuck, &["phase1", "phase3"]);
}

#[test]
fn faults_of_a_connection_need_one() {
    let more = "[[fault]]\nkind = \"wire\"\nname = \"reset\"\nwhat = \"garbage\"\n";
    let scenario = scenario("shape = \"burst\"", more);
    let mut plan = plan::of_targets("many", scenario, Vec::new()).expect("a plan");
    plan.direct_from = 0;
    assert_eq!(plan.way(), Way::Pipe);
}

/// A burst of a million needs gigabytes; a limit of the system on this process stands in for a
/// machine that has fewer.
#[cfg(target_os = "linux")]
#[test]
fn a_run_that_cannot_fit_is_refused_before_it_starts_and_says_what_it_needs() {
    let sandbox = support::Sandbox::new();
    let burst = support::QUICK.replace("shape = \"burst\"", "shape = \"burst\"\nrepeat = 200_000");
    sandbox.write("million.toml", burst);
    let limited = "ulimit -v 4000000 && exec \"$0\" \"$@\"";
    let mut command = std::process::Command::new("sh");
    command.args(["-c", limited, support::CHAOS, "run", "million.toml", "--out", "out"]);
    let ran = support::Ran::of(command.current_dir(sandbox.root())).exits(2);
    ran.says(&[
        "`million.toml` needs about",
        "MiB of memory at once",
        "are free",
        "lower `repeat`",
    ]);
    assert!(!sandbox.path("out").exists(), "nothing was begun");
}
