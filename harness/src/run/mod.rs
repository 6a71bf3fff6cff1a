//! One run: every target of a scenario over the same files, faults and limits, each with a fresh
//! mock, and every event on record.
//!
//! A target becomes a [`subject`] of the run when it is set up; the [`driver`] gives it jobs, the
//! [`recorder`] keeps what happened, and [`resume`] takes over what an earlier life of the run has
//! done. Simulated time is a [`simulation`].

pub mod driver;
pub mod ground;
mod pace;
pub mod progress;
pub mod recorder;
pub mod resume;
pub mod shared;
pub mod simulation;
pub mod subject;
mod together;
pub mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::outside::RunClock;
use mock_claude::MockClaude;
use mock_claude::internals::clock::SIMULATED_EPOCH_MS;
use mock_claude::journal::{Entry, Journal, Record as Seen, Trace, Watcher};
use reports::Measured;
use reports::measured::Generator;
use reports::record::{Clock, Fault, PipelineEnd, PipelineName, Record};
use reports::text::escape;

use self::driver::drive;
use self::recorder::Recorder;
use self::resume::Earlier;
use self::shared::Shared;
use self::simulation::{WATCHDOG, simulate};
use self::subject::Subject;
use self::together::together;
use self::work::Work;
use crate::Failure;
use crate::plan::run_plan::RunPlan;
use crate::platform::Platform;
use crate::process::exhausted;
use crate::process::interrupt::Interrupt;
use crate::process::measure::{self, Stopwatch};
use crate::service::Service;
use crate::service::admin_client::{LedgerSum, RemoteMock};
use crate::service::billing::Billing;
use crate::service::calls::Calls;
use crate::storage::checkpoint::{self, Beginning};
use crate::target::command::whole_load;
use crate::target::{Setup, TargetPlan};

/// What a run leaves besides its records.
#[derive(Debug)]
pub struct Aftermath {
    /// What it took on this machine.
    pub measured: Measured,
    /// What failed jobs of commands and services printed last; empty where none did.
    pub printed: String,
}

/// What one target leaves besides its records.
#[derive(Debug, Default)]
struct Left {
    wall_us: u64,
    /// The most memory of its processes; where it has none, of this process while it ran alone.
    peak_rss_kb: Option<u64>,
    /// The most memory of this process, where it ran alone and has no processes.
    process_peak_kb: Option<u64>,
    printed: Option<String>,
    generator: Option<Generator>,
}

/// Runs every target, and measures what that took on this machine.
pub fn run(
    plan: &RunPlan,
    recorder: &Arc<Recorder>,
    interrupt: &Interrupt,
    shared: &Shared,
) -> Result<Aftermath, Failure> {
    let mut lives = resume::begin(recorder, plan.header())?;
    let whole = Stopwatch::start();
    let before_kb = measure::peak_rss_kb();
    let targets = plan.targets.iter().enumerate().filter_map(|(index, target)| {
        let name = target.header().name;
        let earlier = lives.remove(&name).unwrap_or_default();
        (!earlier.ended()).then(|| Part { index, target: &**target, name, earlier })
    });
    let targets: Vec<Part<'_>> = targets.collect();
    let at_once = plan.targets_at_once(shared.threads(), shared.free_memory());
    let each = |part: &Part<'_>, recorder: &Arc<Recorder>| {
        TargetRun { plan, part, recorder, interrupt, shared }.measured(at_once == 1)
    };
    let left = together(at_once, &targets, (recorder, interrupt, shared), each)?;
    let mut aftermath = Aftermath::of(&targets, left, before_kb);
    let measured = &mut aftermath.measured;
    if at_once > 1 {
        measured.peak_rss_kb = measured.peak_rss_kb.max(measure::peak_rss_kb());
    }
    // Of runs alongside each other nobody can say which one held what.
    measured.peak_rss_kb = measured.peak_rss_kb.filter(|_| shared.runs() == 1);
    measured.wall_us = whole.elapsed_us();
    measured.exhausted = exhausted::take();
    measured.warped = whole.warped();
    Ok(aftermath)
}

/// One target of a run that is to be run.
struct Part<'a> {
    /// The target's place in the run.
    index: usize,
    target: &'a dyn TargetPlan,
    name: String,
    /// What earlier lives of the run did with this target.
    earlier: Earlier,
}

impl Aftermath {
    /// What all targets left; this process had taken `peak_rss_kb` before the first.
    fn of(parts: &[Part<'_>], all: Vec<Left>, peak_rss_kb: Option<u64>) -> Self {
        let measured = Measured {
            format: reports::measured::FORMAT,
            wall_us: 0,
            pipelines: BTreeMap::new(),
            pipelines_peak_rss_kb: BTreeMap::new(),
            peak_rss_kb,
            generators: BTreeMap::new(),
            exhausted: BTreeMap::new(),
            warped: None,
        };
        let mut aftermath = Self { measured, printed: String::new() };
        for (Part { name, .. }, left) in parts.iter().zip(all) {
            let Self { measured, printed } = &mut aftermath;
            measured.pipelines.insert(name.clone(), left.wall_us);
            measured.generators.extend(left.generator.map(|generator| (name.clone(), generator)));
            if let Some(text) = left.printed {
                printed.extend(["# ", &escape(name), "\n", &text]);
            }
            // The option that has a value is the greater one.
            measured.peak_rss_kb = measured.peak_rss_kb.max(left.process_peak_kb);
            measured
                .pipelines_peak_rss_kb
                .extend(left.peak_rss_kb.map(|peak_kb| (name.clone(), peak_kb)));
        }
        aftermath
    }
}

/// One target's part of a run.
struct TargetRun<'a> {
    plan: &'a RunPlan,
    part: &'a Part<'a>,
    recorder: &'a Arc<Recorder>,
    interrupt: &'a Interrupt,
    shared: &'a Shared,
}

impl TargetRun<'_> {
    /// Runs the target and measures that; its memory where nothing else is under way in the run.
    fn measured(&self, in_turn: bool) -> Result<Left, Failure> {
        let alone = in_turn && self.shared.runs() == 1;
        let forgotten = alone && measure::forget_peak_rss();
        let watch = Stopwatch::start();
        let left = self.run()?;
        let wall_us = watch.elapsed_us();
        // In simulated time every arrival begins to the millisecond when it is due.
        let is_real = self.plan.clock_of(self.part.target) == Clock::Wall;
        let generator = left.generator.filter(|_| is_real);
        let own_kb = left.peak_rss_kb;
        let process_peak_kb = measure::peak_rss_kb().filter(|_| alone && own_kb.is_none());
        let peak_rss_kb = own_kb.or(process_peak_kb.filter(|_| forgotten));
        Ok(Left { wall_us, peak_rss_kb, process_peak_kb, generator, ..left })
    }

    fn run(&self) -> Result<Left, Failure> {
        match (self.plan.clock_of(self.part.target), &self.plan.mock) {
            (Clock::Simulated, _) => simulate(WATCHDOG, self.simulated())
                .map_err(|stuck| Failure::internal(stuck.to_string()))?,
            (Clock::Wall, None) => runtime()?.block_on(self.in_real_time()),
            (Clock::Wall, Some(mock)) => runtime()?.block_on(self.against(mock)),
        }
    }

    async fn simulated(&self) -> Result<Left, Failure> {
        let clock = RunClock::starting_at(SIMULATED_EPOCH_MS);
        let billing = Arc::new(Billing::default());
        let mock = self.mock(SIMULATED_EPOCH_MS, &billing, 0, None);
        let service =
            Service::in_process(mock, self.plan.way(), billing, self.part.earlier.ledger());
        self.drive(service, clock).await
    }

    /// In real time, with a mock of its own.
    async fn in_real_time(&self) -> Result<Left, Failure> {
        mock_claude::cli::allow_descriptors();
        let port = self.part.target.mock_port();
        let refused = |error: std::io::Error| {
            let message = format!("the mock cannot listen on 127.0.0.1:{port}: {error}");
            if port == 0 { Failure::internal(message) } else { Failure::usage(message) }
        };
        let listener =
            mock_claude::internals::listen(([127, 0, 0, 1], port).into()).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        // Mocks of earlier lives are gone, and with them what they knew.
        let clock = self.begin(LedgerSum::default())?.0;
        let billing = Arc::new(Billing::default());
        let passed_us = clock.now_us();
        let calls = self.part.target.needs_real_time().then(|| {
            Arc::new(Calls::new(
                self.part.name.as_str().into(),
                Arc::clone(self.recorder),
                passed_us,
            ))
        });
        let mock = self.mock(measure::epoch_ms(), &billing, passed_us, calls.clone());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(mock.clone().serve(listener, async {
            // Stopped, or nobody left to stop it: both end the server.
            let _ = stopped.await;
        }));
        let url = format!("http://{address}");
        let service = Service::on_port(mock, url, billing, calls, self.part.earlier.ledger())?;
        let result = self.drive(service, clock).await;
        drop(stop);
        // The server ends by itself; a panic in it has been seen as failed connections.
        let _ = server.await;
        result
    }

    /// In real time, with a mock that outlives the run.
    async fn against(&self, mock: &RemoteMock) -> Result<Left, Failure> {
        let (clock, before) = self.begin(mock.ledger_now()?)?;
        let before =
            LedgerSum { requests: before.ledger_requests, cost_microusd: before.ledger_microusd };
        self.drive(Service::remote(mock.clone(), before)?, clock).await
    }

    /// The clock of the target, and how things stood when it began in its first life.
    fn begin(&self, ledger: LedgerSum) -> Result<(RunClock, Beginning), Failure> {
        let epoch_ms = measure::epoch_ms();
        let now = Beginning {
            epoch_ms,
            ledger_microusd: ledger.cost_microusd,
            ledger_requests: ledger.requests,
        };
        let beginning = match self.recorder.checkpoint() {
            None => now,
            Some(checkpoint) => checkpoint
                .beginning(&self.part.name, now)
                .map_err(|error| checkpoint::unreadable(&error))?,
        };
        Ok((RunClock::started_at(beginning.epoch_ms, epoch_ms), beginning))
    }

    /// A mock whose decisions are billed and whose faults are on record. `passed_us` is how long
    /// the target ran before there was this mock.
    fn mock(
        &self,
        epoch_ms: i64,
        billing: &Arc<Billing>,
        passed_us: u64,
        calls: Option<Arc<Calls>>,
    ) -> MockClaude {
        let watch = Watch {
            billing: Arc::clone(billing),
            recorder: Arc::clone(self.recorder),
            pipeline: self.part.name.as_str().into(),
            passed_us,
            calls,
        };
        let journal = Journal::watched_by(Arc::new(watch));
        MockClaude::with(self.plan.scenario.mock(self.plan.seed), epoch_ms, journal)
    }

    async fn drive(&self, service: Service, clock: RunClock) -> Result<Left, Failure> {
        let Self { plan, recorder, interrupt, shared, .. } = self;
        let mut earlier = self.part.earlier.clone();
        if let Some(checkpoint) = recorder.checkpoint() {
            let billing = &service.billing;
            resume::reconcile(&mut earlier, &self.part.name, checkpoint, recorder, billing, clock)
                .await?;
        }
        let (service, tags) = (&service, &self.tags());
        let setup = Setup { plan, service, recorder, earlier: &earlier, tags, clock, shared };
        let target = self.part.target.set_up(setup).await?;
        let subject = Arc::new(Subject {
            name: self.part.name.as_str().into(),
            target,
            recorder: Arc::clone(recorder),
            earlier,
            clock,
        });
        let platform = Arc::new(Platform::new(plan.scenario.platform.as_ref(), plan.seed));
        let whole = [whole_load()];
        let work = if self.part.target.is_one_job() {
            let jobs = plan.jobs_of(self.part.target);
            Work { files: &whole, jobs, order: None, edit: None, seed: plan.seed }
        } else {
            plan.work()
        };
        let generator = drive(&subject, &platform, work, &plan.scenario.load, interrupt).await;
        subject.target.finish().await;
        let ledger = service.ledger()?;
        recorder.record(&Record::PipelineEnd(PipelineEnd {
            pipeline: self.part.name.as_str().into(),
            elapsed_us: clock.now_us(),
            ledger_microusd: ledger.cost_microusd,
            ledger_requests: ledger.requests,
        }));
        let target = &subject.target;
        let (peak_rss_kb, printed) = (target.peak_rss_kb(), target.last_words());
        Ok(Left { peak_rss_kb, printed, generator, ..Left::default() })
    }

    /// What every tag begins with. A mock that outlives the run sees those of other runs and of
    /// earlier lives as well.
    fn tags(&self) -> String {
        match &self.plan.mock {
            None if self.recorder.checkpoint().is_none() => String::new(),
            _ => format!("{}.{}/", measure::epoch_ms(), self.part.index),
        }
    }
}

/// What is done with every request that the mock sees.
struct Watch {
    billing: Arc<Billing>,
    recorder: Arc<Recorder>,
    pipeline: PipelineName,
    passed_us: u64,
    calls: Option<Arc<Calls>>,
}

impl Watcher for Watch {
    fn decided(&self, entry: &Entry, trace: Option<&Trace>) {
        match &self.calls {
            None => self.billing.note(entry, trace),
            Some(calls) => calls.decided(entry, trace),
        }
        if let Some(name) = &entry.fault {
            self.recorder.record(&Record::Fault(Fault {
                pipeline: self.pipeline.clone(),
                at_us: self.passed_us + entry.at_us,
                name: name.clone(),
                status: Some(entry.status),
                request_id: entry.request_id.clone(),
            }));
        }
    }

    fn job_of(&self, prompt: &str) -> Option<String> {
        self.calls.as_ref()?.job_of(prompt)
    }

    fn wants_ends(&self) -> bool {
        self.calls.is_some()
    }

    fn ended(&self, record: &Seen) {
        if let Some(calls) = &self.calls {
            calls.ended(record);
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("the runtime cannot start: {error}")))
}
