//! One run: every pipeline of a scenario over the same files, faults and limits, each with a fresh
//! mock, and every event on record.

use std::path::PathBuf;
use std::sync::Arc;

use mock_claude::chance::Chance;
use mock_claude::journal::Journal;
use mock_claude::{MockClaude, clock::SIMULATED_EPOCH_MS};
use reports::Measured;
use reports::record::{self, Clock, Fault, Header, PipelineEnd, PipelineHeader, Record};
use scenarios::Scenario;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::charges::Charges;
use crate::client::Client;
use crate::clock::RunClock;
use crate::driver::{Work, drive};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::measure::{self, Stopwatch};
use crate::pipeline::cache::{Cache, CachePolicy};
use crate::pipeline::gate::Gate;
use crate::pipeline::preset::hex;
use crate::pipeline::spend::DaySum;
use crate::pipeline::{Context, Preset};
use crate::recorder::Recorder;
use crate::simulation::{WATCHDOG, simulate};
use crate::source::SourceFile;
use crate::transport::{Pipe, Socket};

/// Everything that decides what a run does.
#[derive(Debug, Clone)]
pub struct RunPlan {
    /// The scenario's name.
    pub name: String,
    /// The scenario.
    pub scenario: Scenario,
    /// The seed.
    pub seed: u64,
    /// The clock.
    pub clock: Clock,
    /// The pipelines in order, by name.
    pub pipelines: Vec<(String, Preset)>,
    /// The files.
    pub files: Vec<SourceFile>,
    /// Whether the files are the user's own.
    pub from_disk: bool,
    /// Whether the scenario's expectations are meant for these files.
    pub judged: bool,
    /// A cache file that outlives the run.
    pub cache: Option<PathBuf>,
}

impl RunPlan {
    fn work(&self) -> Work<'_> {
        Work { files: &self.files, repeat: self.scenario.load.repeat() }
    }

    /// Jobs of each pipeline.
    pub fn jobs(&self) -> u64 {
        self.work().jobs()
    }

    fn header(&self) -> Header {
        let Scenario { title, question, currency, expect, .. } = self.scenario.clone();
        let asked = |name: &str| self.pipelines.iter().any(|(pipeline, _)| pipeline == name);
        Header {
            format: record::FORMAT,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: self.name.clone(),
            scenario_sha256: self.sha256(),
            title,
            question,
            seed: self.seed,
            clock: self.clock,
            pipelines: self
                .pipelines
                .iter()
                .map(|(name, preset)| PipelineHeader {
                    name: name.clone(),
                    config_sha256: preset.sha256(),
                    jobs: self.jobs(),
                })
                .collect(),
            input: if self.from_disk { "directory" } else { "generated" }.to_owned(),
            currency: record::Currency {
                code: currency.code,
                symbol: currency.symbol,
                milli_per_usd: thousandths(currency.per_usd),
            },
            expect: expect.into_iter().filter(|(name, _)| self.judged && asked(name)).collect(),
        }
    }

    /// The hash of everything that decides the outcome: words and expectations do not.
    fn sha256(&self) -> String {
        let Scenario { input, load, limits, latency, reply, fault, .. } = &self.scenario;
        let input = if self.from_disk { None } else { Some(input) };
        // What an earlier run left in a cache file decides too; only that there is one is known.
        let cached = self.cache.is_some();
        let sections = (load, limits, latency, reply, fault, input, cached);
        let text = serde_json::to_string(&sections).expect("the sections of a scenario serialise");
        let mut hash = Sha256::new_with_prefix(text);
        if self.from_disk {
            self.files.iter().for_each(|file| file.add_to(&mut hash));
        }
        hex(&hash.finalize())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the scenario's range is 0.001 to 1,000,000,000"
)]
fn thousandths(number: f64) -> u64 {
    (number * 1000.0).round() as u64
}

/// Runs every pipeline and tells what it took on this machine.
pub fn run(
    plan: &RunPlan,
    recorder: &Arc<Recorder>,
    interrupt: &Interrupt,
) -> Result<Measured, Failure> {
    recorder.record(&Record::Header(plan.header()));
    let whole = Stopwatch::start();
    let mut wall_us = std::collections::BTreeMap::new();
    for (name, preset) in &plan.pipelines {
        if interrupt.asked() {
            break;
        }
        let watch = Stopwatch::start();
        let piece = Piece { plan, name, preset, recorder, interrupt };
        match plan.clock {
            Clock::Simulated => simulate(WATCHDOG, piece.simulated())
                .map_err(|stuck| Failure::internal(stuck.to_string()))??,
            Clock::Wall => piece.in_real_time()?,
        }
        wall_us.insert(name.clone(), watch.elapsed_us());
    }
    Ok(Measured {
        format: reports::measured::FORMAT,
        wall_us: whole.elapsed_us(),
        pipelines: wall_us,
        peak_rss_kb: measure::peak_rss_kb(),
    })
}

/// One pipeline's piece of a run.
struct Piece<'a> {
    plan: &'a RunPlan,
    name: &'a str,
    preset: &'a Preset,
    recorder: &'a Arc<Recorder>,
    interrupt: &'a Interrupt,
}

impl Piece<'_> {
    async fn simulated(&self) -> Result<(), Failure> {
        let clock = RunClock::starting_at(SIMULATED_EPOCH_MS);
        let charges = Arc::new(Charges::default());
        let mock = self.mock(SIMULATED_EPOCH_MS, &charges);
        let client = Client::new(Pipe::new(mock.clone()));
        self.drive(client, clock, charges, &mock).await
    }

    fn in_real_time(&self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::internal(format!("the runtime cannot start: {error}")))?;
        runtime.block_on(async {
            let refused = |error: std::io::Error| {
                Failure::internal(format!("cannot listen on 127.0.0.1: {error}"))
            };
            let listener =
                mock_claude::server::listen(([127, 0, 0, 1], 0).into()).map_err(refused)?;
            let address = listener.local_addr().map_err(refused)?;
            let epoch_ms = measure::epoch_ms();
            let charges = Arc::new(Charges::default());
            let mock = self.mock(epoch_ms, &charges);
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            let server = tokio::spawn(mock.clone().serve(listener, async {
                // Stopped, or nobody left to stop it: both end the server.
                let _ = stopped.await;
            }));
            let socket = Socket::new(format!("http://{address}"))
                .map_err(|error| Failure::internal(error.to_string()))?;
            let client = Client::new(socket);
            let result = self.drive(client, RunClock::starting_at(epoch_ms), charges, &mock).await;
            drop(stop);
            // The server ends by itself; a panic in it has been seen as failed connections.
            let _ = server.await;
            result
        })
    }

    /// A mock whose decisions are noted and whose faults are on record.
    fn mock(&self, epoch_ms: i64, charges: &Arc<Charges>) -> MockClaude {
        let (charges, recorder) = (Arc::clone(charges), Arc::clone(self.recorder));
        let pipeline = self.name.to_owned();
        let journal = Journal::observed_by(move |entry| {
            charges.note(entry);
            if let Some(name) = &entry.fault {
                recorder.record(&Record::Fault(Fault {
                    pipeline: pipeline.clone(),
                    at_us: entry.at_us,
                    name: name.clone(),
                    status: Some(entry.status),
                    request_id: entry.request_id.clone(),
                }));
            }
        });
        MockClaude::with(self.plan.scenario.mock(self.plan.seed), epoch_ms, journal)
    }

    async fn drive(
        &self,
        client: Client,
        clock: RunClock,
        charges: Arc<Charges>,
        mock: &MockClaude,
    ) -> Result<(), Failure> {
        let context = Arc::new(Context {
            pipeline: self.name.to_owned(),
            preset: self.preset.clone(),
            client,
            gate: Gate::new(self.preset, clock, DaySum::default()),
            workers: Arc::new(Semaphore::new(self.preset.schedule.workers.get())),
            chance: Chance::new(self.plan.seed),
            cache: self.cache()?,
            charges,
            recorder: Arc::clone(self.recorder),
            clock,
            interrupt: self.interrupt.clone(),
        });
        drive(&context, self.plan.work(), &self.plan.scenario.load, self.plan.seed).await;
        let ledger = mock.ledger();
        self.recorder.record(&Record::PipelineEnd(PipelineEnd {
            pipeline: self.name.to_owned(),
            elapsed_us: clock.now_us(),
            ledger_microusd: ledger.cost_microusd,
            ledger_requests: ledger.requests.saturating_sub(context.charges.besides()),
        }));
        Ok(())
    }

    fn cache(&self) -> Result<Option<Cache>, Failure> {
        let CachePolicy::Content { ttl_s } = &self.preset.cache else { return Ok(None) };
        match &self.plan.cache {
            None => Ok(Some(Cache::in_memory(ttl_s.get()))),
            Some(path) => Cache::on_disk(path, ttl_s.get())
                .map(Some)
                .map_err(|error| Failure::usage(error.to_string())),
        }
    }
}
