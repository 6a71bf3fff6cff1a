//! Goal: a pipeline that was weakened turns the gate red, and the gate names a number that says
//! so; a pipeline that was not weakened never does, however busy the machine is.
//! Method: accept a shipped pipeline under a shipped scenario, see the same pipeline pass, change
//! one thing, and run it again under the same scenario and seed. The named number has to be among
//! those that moved, in the named direction. `mutations/table.toml` lists what a key of a pipeline
//! can weaken, `mutations/broken.rs` caches that break their word. Then gates are repeated while
//! other threads burn CPU.

#[path = "mutations/broken.rs"]
mod broken;

use std::collections::{BTreeMap, BTreeSet};
use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use engine::Preset;
use engine::cache::Backend;
use engine::cache::memory::Memory;
use engine::preset::shipped;
use harness::claims::Arm;
use harness::command::run::records::observe;
use harness::plan;
use harness::plan::run_plan::RunPlan;
use harness::process::interrupt::Interrupt;
use harness::run::shared::Shared;
use reports::compare::{Change, GateRow};
use reports::{Baseline, GateReport, Judged, Verdict, gate};
use serde::Deserialize;
use toml::Value;

use broken::{ByCode, Forgetful, Lossy, OverCache, Undated};

/// The stages of the table, each with a test of its own.
const STAGES: [&str; 9] =
    ["analyse", "breaker", "budget", "cache", "chunk", "deadline", "request", "retry", "schedule"];

/// Keys of a pipeline with other values than its own.
type Keys = BTreeMap<String, Value>;

/// One way to weaken a pipeline by its keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    /// The stage that is weakened.
    stage: String,
    /// How.
    weakened: String,
    /// A shipped scenario in which that matters.
    scenario: String,
    /// A shipped pipeline.
    pipeline: String,
    /// What the accepted pipeline has in place of its own.
    #[serde(default)]
    given: Keys,
    /// What is changed.
    change: Keys,
    /// A number that gets worse.
    worse: String,
}

fn table() -> Vec<Mutation> {
    let text = include_str!("mutations/table.toml");
    let mut table: BTreeMap<String, Vec<Mutation>> = toml::from_str(text).expect("a table");
    table.remove("mutation").expect("mutations")
}

fn arm(scenario: &str, pipeline: &str, keys: &[&Keys]) -> Arm {
    let pipeline_set = keys.iter().flat_map(|keys| (*keys).clone()).collect();
    let (scenario, pipeline) = (scenario.to_owned(), pipeline.to_owned());
    Arm { scenario, pipeline, set: BTreeMap::new(), unset: Vec::new(), pipeline_set }
}

fn plan_of(arm: &Arm) -> RunPlan {
    arm.plan().unwrap_or_else(|failure| panic!("{arm:?}: {failure}"))
}

fn run(plan: &RunPlan) -> Judged {
    observe(plan, &Interrupt::default(), &Shared::in_turn())
        .unwrap_or_else(|failure| panic!("{failure}"))
}

fn accept(judged: &Judged) -> Baseline {
    let mut baseline = Baseline::empty("test");
    baseline.accept(judged, None).unwrap_or_else(|doubts| panic!("{doubts:?}"));
    baseline
}

/// The rows of a gate that moved.
fn moved(report: &GateReport) -> Vec<&GateRow> {
    let rows = report.scenarios.iter().flat_map(|scenario| &scenario.rows);
    rows.filter(|row| row.change != Some(Change::Same)).collect()
}

/// The same run passes, and proves something: there are numbers, and none of them moved.
#[track_caller]
fn passes(what: &str, baseline: &Baseline, again: Judged) {
    let report = gate(baseline, &[again]);
    assert_eq!(report.verdict, Verdict::Pass, "{what}: unchanged: {:#?}", moved(&report));
    let rows = report.scenarios.iter().map(|scenario| scenario.rows.len()).sum::<usize>();
    assert!(rows >= 20, "{what}: only {rows} numbers are compared");
}

/// The gate is red, and says that this number moved in this direction.
#[track_caller]
fn names(what: &str, baseline: &Baseline, weakened: Judged, metric: &str, change: Change) {
    let report = gate(baseline, &[weakened]);
    assert_eq!(report.verdict, Verdict::Fail, "{what}: {:?}", report.scenarios[0].reasons);
    let moved = moved(&report);
    let named = moved.iter().any(|row| row.metric == metric && row.change == Some(change));
    assert!(named, "{what}: `{metric}` is not {change:?} in {moved:#?}");
    let checks = report.scenarios[0].checks();
    let said = checks.iter().any(|it| it.metric == metric && it.verdict == Verdict::Fail);
    assert!(said, "{what}: `{metric}` is in no check");
}

/// Holds every mutation of a stage against the gate.
#[track_caller]
fn check(stage: &str) {
    let mutations: Vec<Mutation> = table().into_iter().filter(|it| it.stage == stage).collect();
    assert!(!mutations.is_empty(), "no mutation of {stage}");
    let mut accepted: BTreeMap<String, Baseline> = BTreeMap::new();
    for Mutation { weakened, scenario, pipeline, given, change, worse, .. } in mutations {
        let what = format!("{stage}: {weakened}, {pipeline} under {scenario}");
        let whole = arm(&scenario, &pipeline, &[&given]);
        let baseline = accepted.entry(whole.key()).or_insert_with(|| {
            let baseline = accept(&run(&plan_of(&whole)));
            passes(&what, &baseline, run(&plan_of(&whole)));
            baseline
        });
        let weak = run(&plan_of(&arm(&scenario, &pipeline, &[&given, &change])));
        names(&what, baseline, weak, &worse, Change::Worse);
    }
}

#[test]
fn the_table_has_twenty_mutations_and_no_stage_without_a_test() {
    let table = table();
    assert!(table.len() >= 20, "only {} mutations", table.len());
    let key = |it: &Mutation| arm(&it.scenario, &it.pipeline, &[&it.given, &it.change]).key();
    assert_eq!(table.iter().map(key).collect::<BTreeSet<_>>().len(), table.len());
    let stages: BTreeSet<&str> = table.iter().map(|it| it.stage.as_str()).collect();
    assert_eq!(stages, BTreeSet::from(STAGES));
}

#[test]
fn a_weaker_retry_is_red() {
    check("retry");
}

#[test]
fn a_weaker_bound_on_retries_and_money_is_red() {
    check("budget");
}

#[test]
fn a_stuck_breaker_is_red() {
    check("breaker");
}

#[test]
fn a_weaker_schedule_is_red() {
    check("schedule");
}

#[test]
fn a_weaker_cache_is_red() {
    check("cache");
}

#[test]
fn a_weaker_chunker_is_red() {
    check("chunk");
}

#[test]
fn a_weaker_deadline_is_red() {
    check("deadline");
}

#[test]
fn a_weaker_request_is_red() {
    check("request");
}

#[test]
fn a_parser_that_dies_is_red() {
    check("analyse");
}

/// `hardened` under a scenario, over a cache of the test's.
fn over(scenario: &str, preset: &Preset, backend: &Arc<dyn Backend>) -> Judged {
    let mut plan = plan_of(&arm(scenario, "hardened", &[]));
    let (name, preset, backend) = ("hardened".to_owned(), preset.clone(), Arc::clone(backend));
    plan.give(vec![Arc::new(OverCache { name, preset, backend })]);
    run(&plan)
}

fn hardened() -> Preset {
    Preset::parse("hardened", shipped("hardened").expect("it ships")).expect("it is sound")
}

fn sound() -> Arc<dyn Backend> {
    Arc::new(Memory::default())
}

/// A backend of a fresh cache.
type Open = fn() -> Arc<dyn Backend>;

#[test]
fn a_cache_that_breaks_its_word_is_red() {
    // An answer that is too old costs nothing: that the gate calls it better does not make it pass.
    let broken: [(&str, &str, Open, &str, Change); 3] = [
        (
            "an entry's age is ignored",
            "cache-expired",
            || Arc::new(Undated::default()),
            "cache_hits",
            Change::Improved,
        ),
        ("nothing is kept", "repeated", || Arc::new(Forgetful), "calls", Change::Worse),
        (
            "half of an answer is kept",
            "repeated",
            || Arc::new(Lossy::default()),
            "documented_definitions",
            Change::Worse,
        ),
    ];
    for (what, scenario, backend, metric, change) in broken {
        let baseline = accept(&run(&plan_of(&arm(scenario, "hardened", &[]))));
        passes(what, &baseline, over(scenario, &hardened(), &sound()));
        names(what, &baseline, over(scenario, &hardened(), &backend()), metric, change);
    }
}

#[test]
fn a_cache_key_without_the_model_is_red_once_the_model_changes() {
    let mut other = hardened();
    other.request.model = "claude-haiku-4-5".to_owned();
    let after_the_change = |backend: &Arc<dyn Backend>| {
        let _ = over("repeated", &hardened(), backend);
        over("repeated", &other, backend)
    };
    let baseline = accept(&after_the_change(&sound()));
    passes("a sound key", &baseline, after_the_change(&sound()));
    let by_code: Arc<dyn Backend> = Arc::new(ByCode::default());
    let stale = after_the_change(&by_code);
    assert_eq!(stale.summaries()[0].calls, 0, "the other model was asked");
    names("no model in the key", &baseline, stale, "cache_hits", Change::Improved);
}

#[test]
fn an_overlap_that_is_lost_is_red_although_it_is_cheaper() {
    let overlap = Keys::from([("chunk.overlap_lines".to_owned(), Value::from(50))]);
    let whole = arm("large-file", "hardened", &[&overlap]);
    let baseline = accept(&run(&plan_of(&whole)));
    passes("with its overlap", &baseline, run(&plan_of(&whole)));
    let without = run(&plan_of(&arm("large-file", "hardened", &[])));
    names("without it", &baseline, without, "tokens_in", Change::Improved);
}

/// Ends the burners when it is dropped, also by a test that fails.
struct Calm<'a>(&'a AtomicBool);

impl Drop for Calm<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs gates again and again while other threads burn CPU in bursts of their own lengths.
#[track_caller]
fn check_alarms(gates: usize) {
    const SCENARIOS: [&str; 3] = ["concurrent", "repeated", "thundering-herd"];
    let again = |name: &str| {
        let mut plan = plan::scenario(name).unwrap_or_else(|failure| panic!("{failure}"));
        plan::generate(&mut plan).unwrap_or_else(|failure| panic!("{failure}"));
        run(&plan)
    };
    let baselines = SCENARIOS.map(|name| accept(&again(name)));
    let calm = AtomicBool::new(false);
    let mut alarms = Vec::new();
    thread::scope(|scope| {
        let _calm = Calm(&calm);
        for burner in 1..=4_u64 {
            let calm = &calm;
            scope.spawn(move || {
                while !calm.load(Ordering::Relaxed) {
                    (0..burner * 300_000).for_each(|_| spin_loop());
                    thread::sleep(Duration::from_millis(5 * (5 - burner)));
                }
            });
        }
        for (number, position) in (1..=gates).zip((0..SCENARIOS.len()).cycle()) {
            let report = gate(&baselines[position], &[again(SCENARIOS[position])]);
            if report.verdict != Verdict::Pass {
                alarms.push(format!("gate {number}: {:?} {:#?}", report.verdict, moved(&report)));
            }
        }
    });
    assert!(alarms.is_empty(), "{} of {gates} gates: {}", alarms.len(), alarms[0]);
}

#[test]
fn twenty_gates_under_load_have_no_false_alarm() {
    check_alarms(20);
}

#[test]
#[ignore = "takes minutes; the same as above, a thousand times"]
fn a_thousand_gates_have_no_false_alarm() {
    check_alarms(1_000);
}
