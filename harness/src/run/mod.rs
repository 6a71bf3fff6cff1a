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
pub mod simulation;
pub mod subject;
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
use self::simulation::{WATCHDOG, simulate};
use self::subject::Subject;
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
    peak_rss_kb: Option<u64>,
    printed: Option<String>,
    generator: Option<Generator>,
}

/// Runs every target, and measures what that took on this machine.
pub fn run(
    plan: &RunPlan,
    recorder: &Arc<Recorder>,
    interrupt: &Interrupt,
) -> Result<Aftermath, Failure> {
    let mut printed = String::new();
    let mut lives = resume::begin(recorder, plan.header())?;
    let whole = Stopwatch::start();
    let (mut wall_us, mut resident_kb) = (BTreeMap::new(), BTreeMap::new());
    let mut generators = BTreeMap::new();
    let mut peak_rss_kb = measure::peak_rss_kb();
    for (index, target) in plan.targets.iter().enumerate() {
        if interrupt.asked() {
            break;
        }
        let name = target.header().name;
        let earlier = lives.remove(&name).unwrap_or_default();
        if earlier.ended() {
            continue;
        }
        let forgotten = measure::forget_peak_rss();
        let watch = Stopwatch::start();
        let target = &**target;
        let left = TargetRun { plan, index, target, name: &name, recorder, interrupt, earlier };
        let left = left.run()?;
        wall_us.insert(name.clone(), watch.elapsed_us());
        // In simulated time every arrival begins to the millisecond when it is due.
        let is_real = plan.clock_of(target) == Clock::Wall;
        let kept = left.generator.filter(|_| is_real);
        generators.extend(kept.map(|generator| (name.clone(), generator)));
        if let Some(text) = left.printed {
            printed.extend(["# ", &escape(&name), "\n", &text]);
        }
        if left.peak_rss_kb.is_some() {
            resident_kb.extend(left.peak_rss_kb.map(|peak_kb| (name, peak_kb)));
            continue;
        }
        let peak_kb = measure::peak_rss_kb();
        // The option that has a value is the greater one.
        peak_rss_kb = peak_rss_kb.max(peak_kb);
        resident_kb.extend(peak_kb.filter(|_| forgotten).map(|peak_kb| (name, peak_kb)));
    }
    let warped = whole.warped();
    let measured = Measured {
        format: reports::measured::FORMAT,
        wall_us: whole.elapsed_us(),
        pipelines: wall_us,
        pipelines_peak_rss_kb: resident_kb,
        peak_rss_kb,
        generators,
        exhausted: exhausted::take(),
        warped,
    };
    Ok(Aftermath { measured, printed })
}

/// One target's part of a run.
struct TargetRun<'a> {
    plan: &'a RunPlan,
    /// The target's place in the run.
    index: usize,
    target: &'a dyn TargetPlan,
    name: &'a str,
    recorder: &'a Arc<Recorder>,
    interrupt: &'a Interrupt,
    /// What earlier lives of the run did with this target.
    earlier: Earlier,
}

impl TargetRun<'_> {
    fn run(&self) -> Result<Left, Failure> {
        match (self.plan.clock_of(self.target), &self.plan.mock) {
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
        let service = Service::in_process(mock, self.plan.way(), billing, self.earlier.ledger());
        self.drive(service, clock).await
    }

    /// In real time, with a mock of its own.
    async fn in_real_time(&self) -> Result<Left, Failure> {
        mock_claude::cli::allow_descriptors();
        let port = self.target.mock_port();
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
        let calls = self
            .target
            .needs_real_time()
            .then(|| Arc::new(Calls::new(self.name.into(), Arc::clone(self.recorder), passed_us)));
        let mock = self.mock(measure::epoch_ms(), &billing, passed_us, calls.clone());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(mock.clone().serve(listener, async {
            // Stopped, or nobody left to stop it: both end the server.
            let _ = stopped.await;
        }));
        let url = format!("http://{address}");
        let service = Service::on_port(mock, url, billing, calls, self.earlier.ledger())?;
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
                .beginning(self.name, now)
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
            pipeline: self.name.into(),
            passed_us,
            calls,
        };
        let journal = Journal::watched_by(Arc::new(watch));
        MockClaude::with(self.plan.scenario.mock(self.plan.seed), epoch_ms, journal)
    }

    async fn drive(&self, service: Service, clock: RunClock) -> Result<Left, Failure> {
        let Self { plan, recorder, interrupt, .. } = self;
        let mut earlier = self.earlier.clone();
        if let Some(checkpoint) = recorder.checkpoint() {
            let billing = &service.billing;
            resume::reconcile(&mut earlier, self.name, checkpoint, recorder, billing, clock)
                .await?;
        }
        let (service, tags) = (&service, &self.tags());
        let setup = Setup { plan, service, recorder, earlier: &earlier, tags, clock };
        let target = self.target.set_up(setup).await?;
        let subject = Arc::new(Subject {
            name: self.name.into(),
            target,
            recorder: Arc::clone(recorder),
            earlier,
            clock,
        });
        let platform = Arc::new(Platform::new(plan.scenario.platform.as_ref(), plan.seed));
        let whole = [whole_load()];
        let work = if self.target.is_one_job() {
            let jobs = plan.jobs_of(self.target);
            Work { files: &whole, jobs, order: None, edit: None, seed: plan.seed }
        } else {
            plan.work()
        };
        let generator = drive(&subject, &platform, work, &plan.scenario.load, interrupt).await;
        subject.target.finish().await;
        let ledger = service.ledger()?;
        recorder.record(&Record::PipelineEnd(PipelineEnd {
            pipeline: self.name.into(),
            elapsed_us: clock.now_us(),
            ledger_microusd: ledger.cost_microusd,
            ledger_requests: ledger.requests,
        }));
        let target = &subject.target;
        let (peak_rss_kb, printed) = (target.peak_rss_kb(), target.last_words());
        Ok(Left { peak_rss_kb, printed, generator })
    }

    /// What every tag begins with. A mock that outlives the run sees those of other runs and of
    /// earlier lives as well.
    fn tags(&self) -> String {
        match &self.plan.mock {
            None if self.recorder.checkpoint().is_none() => String::new(),
            _ => format!("{}.{}/", measure::epoch_ms(), self.index),
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
