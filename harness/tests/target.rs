//! Goal: nothing but the seam is needed to put a program under the load of a run.
//! Method: targets made of closures go through the real driver, platform and recorder in simulated
//! time. What they leave in `run.jsonl` is read and judged as it is for any pipeline.

use std::fmt;
use std::fs::{self, File};
use std::sync::Arc;
use std::time::Duration;

use engine::client::{Client, Request};
use engine::outside::{Bills, RunClock, Sink};
use futures_util::future::{BoxFuture, FutureExt};
use harness::platform::Invocation;
use harness::process::interrupt::Interrupt;
use harness::process::meter::Meter;
use harness::run::progress::Progress;
use harness::run::recorder::Recorder;
use harness::run::shared::Shared;
use harness::service::billing::Billing;
use harness::target::{Job, JobEnd, Setup, Target, TargetPlan};
use harness::{Failure, plan};
use reports::record::{Attempt, PipelineHeader};
use reports::{Cause, Judged, Run, Verdict, judge};
use scenarios::Scenario;
use tokio::time::sleep;

/// What a closure is given along with its job.
#[derive(Clone)]
struct Line {
    client: Client,
    billing: Arc<Billing>,
    recorder: Arc<Recorder>,
    clock: RunClock,
}

type Work =
    dyn for<'a> Fn(&'a Line, Job, &'a Invocation) -> BoxFuture<'a, JobEnd> + Send + Sync + 'static;

/// A target made of a closure, before it is set up and after.
#[derive(Clone)]
struct Closure {
    work: Arc<Work>,
    line: Option<Line>,
}

impl Closure {
    fn plan(
        work: impl for<'a> Fn(&'a Line, Job, &'a Invocation) -> BoxFuture<'a, JobEnd>
        + Send
        + Sync
        + 'static,
    ) -> Arc<dyn TargetPlan> {
        Arc::new(Self { work: Arc::new(work), line: None })
    }
}

impl fmt::Debug for Closure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Closure")
    }
}

impl TargetPlan for Closure {
    fn header(&self) -> PipelineHeader {
        let config_sha256 = "a closure".to_owned();
        PipelineHeader {
            name: "closure".to_owned(),
            description: None,
            config_sha256,
            jobs: 0,
            judged_by: None,
            typed: Vec::new(),
        }
    }

    fn set_up<'a>(&'a self, setup: Setup<'a>) -> BoxFuture<'a, Result<Arc<dyn Target>, Failure>> {
        let line = Line {
            client: setup.service.client.clone(),
            billing: Arc::clone(&setup.service.billing),
            recorder: Arc::clone(setup.recorder),
            clock: setup.clock,
        };
        let ready: Arc<dyn Target> = Arc::new(Self { line: Some(line), ..self.clone() });
        async { Ok(ready) }.boxed()
    }
}

impl Target for Closure {
    fn header(&self) -> PipelineHeader {
        TargetPlan::header(self)
    }

    fn run<'a>(&'a self, job: Job, within: &'a Invocation) -> BoxFuture<'a, JobEnd> {
        (self.work)(self.line.as_ref().expect("it is set up"), job, within)
    }
}

/// One call for a file, and its answer taken as it is.
async fn call_once(line: &Line, job: Job, within: &Invocation) -> JobEnd {
    let Ok(code) = job.file.text() else { return JobEnd::skipped("no text") };
    let tag = job.number.to_string();
    let start_us = line.clock.now_us();
    let request = Request {
        model: "claude-sonnet-4-5",
        max_tokens: 64,
        stream: false,
        cached: None,
        prompt: &code,
        bedrock: false,
        tag: &tag,
    };
    let outcome = line.client.send(&request).await;
    let bill = line.billing.take(&tag);
    within.progress().note(|figures| {
        figures.bytes = code.len() as u64;
        figures.used.calls += 1;
        figures.used.tokens_in += bill.tokens_in;
        figures.used.tokens_out += bill.tokens_out;
        figures.used.cost_microusd += bill.cost_microusd;
    });
    let failure = outcome.result.clone().err();
    let attempt = Attempt {
        pipeline: "closure".into(),
        job: job.number,
        chunk: 1,
        attempt: 1,
        start_us,
        end_us: line.clock.now_us(),
        first_token_us: None,
        status: outcome.status,
        cause: failure.as_ref().map(|failure| failure.cause),
        detail: failure.as_ref().map(|failure| failure.detail.clone()),
        request_id: outcome.request_id.clone(),
        retry_after_s: outcome.retry_after_s(),
        tokens_in: bill.tokens_in,
        tokens_out: bill.tokens_out,
        cost_microusd: bill.cost_microusd,
        told_microusd: None,
    };
    line.recorder.commit(&tag, attempt, None);
    match failure {
        None => JobEnd::documented(0, None),
        Some(failure) => JobEnd::failed(failure.cause, failure.detail),
    }
}

/// Runs targets under a scenario, and reads back what they left.
fn check(scenario: &str, targets: Vec<Arc<dyn TargetPlan>>) -> Judged {
    let head =
        "format = 1\ntitle = \"A seam\"\nquestion = \"Does it hold?\"\npipelines = [\"closure\"]\n";
    let text = format!("{head}\n{scenario}");
    let scenario =
        Scenario::parse("seam.toml", &text).unwrap_or_else(|invalid| panic!("{invalid}"));
    let plan = plan::of_scenario("seam.toml", scenario, Vec::new());
    let mut plan = plan.unwrap_or_else(|failure| panic!("{failure}"));
    plan.targets = targets;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("run.jsonl");
    let (interrupt, file) = (Interrupt::default(), File::create(&path).expect("a file"));
    let bar = Progress::on(Meter::new(true, "seam", 0));
    let recorder = Arc::new(Recorder::new(path.clone(), file, false, interrupt.clone(), bar));
    let done = harness::run::run(&plan, &recorder, &interrupt, &Shared::in_turn());
    done.unwrap_or_else(|failure| panic!("{failure}"));
    recorder.finish(false).unwrap_or_else(|failure| panic!("{failure}"));
    let text = fs::read_to_string(&path).expect("records");
    let run = Run::read(text.lines()).unwrap_or_else(|error| panic!("{error}"));
    assert!(run.complete(), "{:?}", run.gaps);
    judge(run)
}

const TEN_FILES: &str = "[[input]]\nkind = \"repository\"\nfiles = 10\nlines = 1_000\n\n\
    [load]\nshape = \"burst\"\n\n";

/// Four requests pass at once, and no fifth.
const FOUR_AT_ONCE: &str = "[limits]\nrequests_per_minute = 50\nrequests_burst = 4\n\
    input_tokens_per_minute = 1_000_000\noutput_tokens_per_minute = 1_000_000\n\n";

#[test]
fn a_closure_is_driven_recorded_and_judged_like_a_pipeline() {
    let expected = "[expect.closure]\nsuccess_rate = { min = 0.4, max = 0.4 }\n";
    let closure = Closure::plan(|line, job, within| call_once(line, job, within).boxed());
    let run = check(&format!("{TEN_FILES}{FOUR_AT_ONCE}{expected}"), vec![closure]);
    let summary = &run.summaries()[0];
    assert_eq!((summary.documented, summary.failed, summary.calls), (4, 6, 10));
    assert_eq!(summary.failures.get(&Cause::RateLimited), Some(&6));
    assert!(summary.cost_microusd > 0, "four answers cost something");
    assert_eq!(summary.unreconciled, Vec::<String>::new(), "its sums are those of the ledger");
    assert_eq!(run.verdict(), Verdict::Pass);
}

#[test]
fn a_run_is_a_list_of_targets_over_one_scenario() {
    let pipelines = plan::targets(&["phase1".to_owned()]).expect("it ships");
    let closure = Closure::plan(|line, job, within| call_once(line, job, within).boxed());
    let targets = pipelines.into_iter().chain([closure]).collect();
    let run = check(&format!("{TEN_FILES}{FOUR_AT_ONCE}"), targets);
    let summaries = run.summaries();
    let found: Vec<_> =
        summaries.iter().map(|one| (one.pipeline.as_str(), one.documented)).collect();
    // The same limits turn away the same jobs, whoever makes the calls.
    assert_eq!(found, [("phase1", 4), ("closure", 4)]);
    assert!(run.run().header.pipelines.iter().all(|pipeline| pipeline.jobs == 10));
}

#[test]
fn a_platform_answers_for_a_closure_turns_it_away_and_stops_it() {
    let platform = "[platform]\nkind = \"lambda\"\ntimeout_s = 60\nmemory_mb = 512\n\
        payload_bytes = 1_000_000\nconcurrency = 4\ncold_start_ms = 0\nidle_recycle_s = 600\n\
        gateway = { timeout_ms = 29_000, payload_bytes = 1_000_000, rate_per_second = 100, \
        burst = 100 }\n";
    let closure = Closure::plan(|_, job, within| {
        async move {
            assert_eq!(within.memory_mb().map(u64::from), Some(512));
            // 20 s, 40 s, 60 s and longer than the function may take.
            sleep(Duration::from_secs(20 * job.number + 1)).await;
            JobEnd::documented(0, None)
        }
        .boxed()
    });
    let run = check(&format!("{TEN_FILES}{platform}"), vec![closure]);
    let jobs = &run.run().pipelines[0].jobs;
    let mut platform = run.run().pipelines[0].platform.clone();
    platform.sort_by_key(|one| one.job);
    let statuses: Vec<_> = platform.iter().map(|one| one.status).collect();
    assert_eq!(statuses[..4], [Some(200), Some(504), Some(504), Some(504)]);
    assert!(statuses[4..].iter().all(|status| *status == Some(500)), "{statuses:?}");
    let ends: Vec<u64> = jobs.iter().take(4).map(|job| job.end_us / 1_000_000).collect();
    assert_eq!(ends, [21, 29, 29, 29], "for the caller, a job ends with its answer");
    let zombies: Vec<u64> = platform.iter().take(4).map(|one| one.zombie_us / 1_000_000).collect();
    assert_eq!(zombies, [0, 12, 31, 31], "the last two are stopped after 60 s");
    assert!(jobs[9].bytes > 0, "what was turned away is described all the same");
    assert_eq!(jobs[9].cause, Some(Cause::Throttled));
}
