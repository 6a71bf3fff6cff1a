//! One run: every pipeline of a scenario over the same files, faults and limits, each with a fresh
//! mock, and every event on record.

mod plan;

pub use plan::{RunPlan, currency};

use std::collections::BTreeMap;
use std::sync::Arc;

use mock_claude::MockClaude;
use mock_claude::internals::chance::Chance;
use mock_claude::internals::clock::SIMULATED_EPOCH_MS;
use mock_claude::journal::Journal;
use reports::Measured;
use reports::record::{Clock, Fault, PipelineEnd, Record};
use tokio::sync::Semaphore;

use crate::book::{self, Beginning};
use crate::charges::Charges;
use crate::client::Client;
use crate::clock::RunClock;
use crate::docs;
use crate::driver::drive;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::measure::{self, Stopwatch};
use crate::pipeline::cache::{Cache, Faulty, Key, Place};
use crate::pipeline::gate::Gate;
use crate::pipeline::spend::DaySum;
use crate::pipeline::store::{Store, StorePolicy};
use crate::pipeline::{Context, Preset};
use crate::platform::Platform;
use crate::recorder::Recorder;
use crate::remote::{RemoteLedger, RemoteMock};
use crate::resume::{self, Earlier};
use crate::simulation::{WATCHDOG, simulate};
use crate::transport::{Pipe, Socket};

/// Runs every pipeline and tells what it took on this machine.
pub fn run(
    plan: &RunPlan,
    recorder: &Arc<Recorder>,
    interrupt: &Interrupt,
) -> Result<Measured, Failure> {
    let mut lives = resume::begin(recorder, plan.header())?;
    let whole = Stopwatch::start();
    let (mut wall_us, mut resident_kb) = (BTreeMap::new(), BTreeMap::new());
    let mut peak_rss_kb = measure::peak_rss_kb();
    for (index, (name, preset)) in plan.pipelines.iter().enumerate() {
        if interrupt.asked() {
            break;
        }
        let earlier = lives.remove(name).unwrap_or_default();
        if earlier.ended() {
            continue;
        }
        let forgotten = measure::forget_peak_rss();
        let watch = Stopwatch::start();
        let piece = Piece { plan, index, name, preset, recorder, interrupt, earlier };
        match plan.clock {
            Clock::Simulated => simulate(WATCHDOG, piece.simulated())
                .map_err(|stuck| Failure::internal(stuck.to_string()))??,
            Clock::Wall => match &plan.mock {
                None => piece.in_real_time()?,
                Some(mock) => piece.against(mock)?,
            },
        }
        wall_us.insert(name.clone(), watch.elapsed_us());
        let peak_kb = measure::peak_rss_kb();
        // The option that has a value is the greater one.
        peak_rss_kb = peak_rss_kb.max(peak_kb);
        resident_kb.extend(peak_kb.filter(|_| forgotten).map(|peak_kb| (name.clone(), peak_kb)));
    }
    Ok(Measured {
        format: reports::measured::FORMAT,
        wall_us: whole.elapsed_us(),
        pipelines: wall_us,
        pipelines_peak_rss_kb: resident_kb,
        peak_rss_kb,
    })
}

/// One pipeline's piece of a run.
struct Piece<'a> {
    plan: &'a RunPlan,
    /// The pipeline's place in the run.
    index: usize,
    name: &'a str,
    preset: &'a Preset,
    recorder: &'a Arc<Recorder>,
    interrupt: &'a Interrupt,
    /// What earlier lives of the run did with this pipeline.
    earlier: Earlier,
}

/// What a pipeline talks to, and what knows the price of it.
struct Service {
    client: Client,
    charges: Arc<Charges>,
    /// What was charged and counted until now, over all lives of the run.
    ledger: Box<dyn Fn() -> Result<RemoteLedger, Failure>>,
}

impl Piece<'_> {
    async fn simulated(&self) -> Result<(), Failure> {
        let clock = RunClock::starting_at(SIMULATED_EPOCH_MS);
        let charges = Arc::new(Charges::default());
        let mock = self.mock(SIMULATED_EPOCH_MS, &charges, 0);
        let client = Client::new(Pipe::new(mock.clone()));
        self.drive(Service { client, charges, ledger: self.ledger_of(mock) }, clock).await
    }

    /// In real time, with a mock of its own.
    fn in_real_time(&self) -> Result<(), Failure> {
        runtime()?.block_on(async {
            let refused = |error: std::io::Error| {
                Failure::internal(format!("cannot listen on 127.0.0.1: {error}"))
            };
            let listener =
                mock_claude::internals::listen(([127, 0, 0, 1], 0).into()).map_err(refused)?;
            let address = listener.local_addr().map_err(refused)?;
            // Mocks of earlier lives are gone, and with them what they knew.
            let clock = self.begin(&RemoteLedger { requests: 0, cost_microusd: 0 })?.0;
            let charges = Arc::new(Charges::default());
            let mock = self.mock(measure::epoch_ms(), &charges, clock.now_us());
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            let server = tokio::spawn(mock.clone().serve(listener, async {
                // Stopped, or nobody left to stop it: both end the server.
                let _ = stopped.await;
            }));
            let client = client_of(&format!("http://{address}"))?;
            let service = Service { client, charges, ledger: self.ledger_of(mock) };
            let result = self.drive(service, clock).await;
            drop(stop);
            // The server ends by itself; a panic in it has been seen as failed connections.
            let _ = server.await;
            result
        })
    }

    /// In real time, with a mock that outlives the run.
    fn against(&self, mock: &RemoteMock) -> Result<(), Failure> {
        runtime()?.block_on(async {
            let now = ledger_of_remote(mock)?;
            let (clock, before) = self.begin(&now)?;
            let client = client_of(&mock.url)?;
            let charges = Arc::new(Charges::of_remote(mock.clone()));
            let mock = mock.clone();
            let ledger = Box::new(move || {
                let now = ledger_of_remote(&mock)?;
                Ok(RemoteLedger {
                    requests: now.requests.saturating_sub(before.ledger_requests),
                    cost_microusd: now.cost_microusd.saturating_sub(before.ledger_microusd),
                })
            });
            self.drive(Service { client, charges, ledger }, clock).await
        })
    }

    /// The clock of the pipeline, and how things stood when it began in its first life.
    fn begin(&self, ledger: &RemoteLedger) -> Result<(RunClock, Beginning), Failure> {
        let epoch_ms = measure::epoch_ms();
        let now = Beginning {
            epoch_ms,
            ledger_microusd: ledger.cost_microusd,
            ledger_requests: ledger.requests,
        };
        let beginning = match self.recorder.book() {
            None => now,
            Some(book) => {
                book.beginning(self.name, now).map_err(|error| book::unreadable(&error))?
            }
        };
        Ok((RunClock::started_at(beginning.epoch_ms, epoch_ms), beginning))
    }

    /// The ledger of a mock in this process, and of those that are gone with earlier lives.
    fn ledger_of(&self, mock: MockClaude) -> Box<dyn Fn() -> Result<RemoteLedger, Failure>> {
        let (charged_microusd, answered) = self.earlier.ledger();
        Box::new(move || {
            let ledger = mock.ledger();
            Ok(RemoteLedger {
                requests: answered + ledger.requests,
                cost_microusd: charged_microusd + ledger.cost_microusd,
            })
        })
    }

    /// A mock whose decisions are noted and whose faults are on record.
    /// `passed_us` is how long the pipeline ran before there was this mock.
    fn mock(&self, epoch_ms: i64, charges: &Arc<Charges>, passed_us: u64) -> MockClaude {
        let (charges, recorder) = (Arc::clone(charges), Arc::clone(self.recorder));
        let pipeline = self.name.to_owned();
        let journal = Journal::observed_by(move |entry| {
            charges.note(entry);
            if let Some(name) = &entry.fault {
                recorder.record(&Record::Fault(Fault {
                    pipeline: pipeline.clone(),
                    at_us: passed_us + entry.at_us,
                    name: name.clone(),
                    status: Some(entry.status),
                    request_id: entry.request_id.clone(),
                }));
            }
        });
        MockClaude::with(self.plan.scenario.mock(self.plan.seed), epoch_ms, journal)
    }

    async fn drive(&self, service: Service, clock: RunClock) -> Result<(), Failure> {
        let Service { client, charges, ledger } = service;
        let mut earlier = self.earlier.clone();
        let book = self.recorder.book();
        if let Some(book) = book {
            let (recorder, name) = (self.recorder, self.name);
            resume::settle(&mut earlier, name, book, recorder, &charges, clock).await?;
        }
        let book = book.filter(|_| self.preset.store == StorePolicy::Checkpoint);
        let gate = Gate::new(self.preset, clock, DaySum::default());
        earlier.costs().for_each(|(job, cost)| gate.spent_before(job, cost));
        let context = Arc::new(Context {
            pipeline: self.name.to_owned(),
            preset: self.preset.clone(),
            client,
            gate,
            workers: Arc::new(Semaphore::new(self.preset.schedule.workers.get())),
            chance: Chance::new(self.plan.seed),
            cache: self.cache(clock).await?,
            store: book.map(|book| Store::new(Arc::clone(book), self.name.to_owned())),
            earlier,
            tags: self.tags(),
            docs: docs::folder(self.plan.docs.as_deref(), self.name),
            platform: Platform::new(self.plan.scenario.platform.as_ref(), self.plan.seed),
            charges,
            recorder: Arc::clone(self.recorder),
            clock,
            interrupt: self.interrupt.clone(),
        });
        drive(&context, self.plan.work(), &self.plan.scenario.load, self.plan.seed).await;
        let ledger = ledger()?;
        self.recorder.record(&Record::PipelineEnd(PipelineEnd {
            pipeline: self.name.to_owned(),
            elapsed_us: clock.now_us(),
            ledger_microusd: ledger.cost_microusd,
            ledger_requests: ledger.requests.saturating_sub(context.charges.besides()),
        }));
        Ok(())
    }

    /// What every tag begins with. A mock that outlives the run sees those of other runs and of
    /// earlier lives as well.
    fn tags(&self) -> String {
        match &self.plan.mock {
            None if self.recorder.book().is_none() => String::new(),
            _ => format!("{}.{}/", measure::epoch_ms(), self.index),
        }
    }

    /// The pipeline's cache, with the scenario's trouble before it.
    async fn cache(&self, clock: RunClock) -> Result<Option<Cache>, Failure> {
        let Some(rules) = self.preset.cache.rules() else { return Ok(None) };
        let mut backend = Place::open(self.plan.cache.as_ref(), rules.served_ms()).await?;
        let faults = &self.plan.scenario.cache_fault;
        if !faults.is_empty() {
            let (pipeline, recorder) = (self.name.to_owned(), Arc::clone(self.recorder));
            let observer = move |name: &str, key: &Key| {
                recorder.record(&Record::Fault(Fault {
                    pipeline: pipeline.clone(),
                    at_us: clock.now_us(),
                    name: name.to_owned(),
                    status: None,
                    request_id: format!("cache:{}", &key.hex()[..16]),
                }));
            };
            let seed = self.plan.seed;
            backend = Box::new(Faulty::new(backend, faults.clone(), seed, clock, observer));
        }
        Ok(Some(Cache::new(rules, backend, clock)))
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("the runtime cannot start: {error}")))
}

fn client_of(url: &str) -> Result<Client, Failure> {
    Socket::new(url).map(Client::new).map_err(|error| Failure::internal(error.to_string()))
}

fn ledger_of_remote(mock: &RemoteMock) -> Result<RemoteLedger, Failure> {
    mock.ledger().map_err(|error| {
        Failure::internal(format!("the mock's admin API does not answer any more: {error}"))
    })
}
