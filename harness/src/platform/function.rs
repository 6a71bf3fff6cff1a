//! Lambda: an environment for each invocation under way, as many as the concurrency allows.
//!
//! An environment that has worked stays warm until it has idled too long. One more invocation than
//! there may be is turned away at once, never queued: with 429 to a direct caller, and with a 500
//! that says nothing through a gateway.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use engine::outside::RunClock;
use parking_lot::Mutex;
use reports::Cause;
use scenarios::PlatformConfig;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::attend::attend;
use super::gateway::Gateway;
use super::invocation::{Invocation, Refusal, Status, Stop};
use super::process::Process;
use crate::run::subject::Subject;
use crate::target::Job;

/// A function with its environments.
#[derive(Debug)]
pub(super) struct Function {
    timeout: Duration,
    memory_mb: NonZeroU64,
    payload_bytes: u64,
    concurrency: u64,
    cold_start: Duration,
    idle_recycle_us: u64,
    gateway: Option<Gateway>,
    environments: Arc<Mutex<Environments>>,
}

#[derive(Debug, Default)]
struct Environments {
    busy: u64,
    /// When each idle one worked last, the latest at the end.
    idle_since_us: Vec<u64>,
}

/// One environment at work; idle again when it is dropped.
#[derive(Debug)]
struct Environment {
    all: Arc<Mutex<Environments>>,
    clock: RunClock,
    /// How long it takes before it can work.
    starts_for: Duration,
}

/// One invocation that documents many files.
#[derive(Debug)]
pub(super) struct SharedInvocation {
    refusal: Option<Refusal>,
    stop: Option<Stop>,
    answer_at: Option<Instant>,
    process: Arc<Process>,
    /// Held until the last file's end.
    environment: Option<Environment>,
}

impl Function {
    /// The function of a Lambda platform; none of another one.
    pub(super) fn new(config: &PlatformConfig) -> Option<Self> {
        let PlatformConfig::Lambda {
            timeout_s,
            memory_mb,
            payload_bytes,
            concurrency,
            cold_start_ms,
            idle_recycle_s,
            gateway,
        } = config
        else {
            return None;
        };
        Some(Self {
            timeout: Duration::from_secs(timeout_s.get()),
            memory_mb: *memory_mb,
            payload_bytes: payload_bytes.get(),
            concurrency: concurrency.get(),
            cold_start: Duration::from_millis(*cold_start_ms),
            idle_recycle_us: idle_recycle_s.saturating_mul(1_000_000),
            gateway: gateway.clone().map(Gateway::new),
            environments: Arc::default(),
        })
    }

    /// An environment for an invocation with a request of this many bytes, or why there is none.
    fn admit(&self, clock: RunClock, payload: u64) -> Result<Environment, Refusal> {
        if let Some(gateway) = &self.gateway {
            gateway.admit(clock.now_us(), payload)?;
        }
        let most = self.payload_bytes;
        if payload > most {
            let detail = format!("413 Request must be smaller than {most} bytes: {payload}");
            return Err(Refusal { cause: Cause::PayloadTooLarge, detail, status: 413 });
        }
        let now_us = clock.now_us();
        let mut all = self.environments.lock();
        if all.busy >= self.concurrency {
            let (status, words) = match self.gateway {
                Some(_) => (500, "500 Internal server error: the function was throttled"),
                None => (429, "429 TooManyRequestsException: Rate Exceeded."),
            };
            let detail = format!("{words}; {} invocations were under way", all.busy);
            return Err(Refusal { cause: Cause::Throttled, detail, status });
        }
        all.busy += 1;
        let warm = all.idle_since_us.pop();
        let warm = warm.is_some_and(|since_us| now_us - since_us < self.idle_recycle_us);
        if !warm {
            // The one that worked last has idled too long, so all others have.
            all.idle_since_us.clear();
        }
        let starts_for = if warm { Duration::ZERO } else { self.cold_start };
        Ok(Environment { all: Arc::clone(&self.environments), clock, starts_for })
    }

    fn status(&self) -> Status {
        if self.gateway.is_some() { Status::Gateway } else { Status::Direct }
    }

    /// When the gateway answers what is called now.
    fn answer_at(&self) -> Option<Instant> {
        let timeout_ms = self.gateway.as_ref()?.config.timeout_ms.get();
        Some(Instant::now() + Duration::from_millis(timeout_ms))
    }

    fn invocation(&self, clock: RunClock) -> Invocation {
        Invocation::new(clock, self.memory_mb, self.status())
    }

    /// Begins an invocation that is handed names of files, not the files themselves.
    pub(super) async fn begin_batch(&self, clock: RunClock) -> SharedInvocation {
        let answer_at = self.answer_at();
        let mut batch = SharedInvocation {
            refusal: None,
            stop: None,
            answer_at,
            process: Arc::default(),
            environment: None,
        };
        match self.admit(clock, 0) {
            Err(refusal) => batch.refusal = Some(refusal),
            Ok(environment) => {
                start(environment.starts_for).await;
                batch.stop = Stop::after(self.timeout);
                batch.environment = Some(environment);
            }
        }
        batch
    }

    /// What one file of a batch may do: its share of the one invocation.
    pub(super) fn in_batch(&self, clock: RunClock, batch: &SharedInvocation) -> Invocation {
        if let Some(refusal) = batch.refusal.clone() {
            return Invocation::refused(clock, self.status(), refusal);
        }
        let mut invocation = self.invocation(clock);
        (invocation.stop, invocation.answer_at) = (batch.stop, batch.answer_at);
        invocation.process = Some(Arc::clone(&batch.process));
        invocation
    }

    /// Runs one job as an invocation of its own; returns when its caller has an answer. Work that
    /// goes on after that is left among the zombies.
    pub(super) async fn invoke(
        &self,
        subject: Arc<Subject>,
        job: Job,
        payload: u64,
        zombies: &Mutex<JoinSet<()>>,
    ) {
        let clock = subject.clock;
        let environment = match self.admit(clock, payload) {
            Ok(environment) => environment,
            Err(refusal) => {
                let invocation = Invocation::refused(clock, self.status(), refusal);
                return attend(&subject, job, &invocation).await;
            }
        };
        let (answer, answered) = oneshot::channel();
        let mut invocation = self.invocation(clock);
        invocation.answer_at = self.answer_at();
        invocation.caller = Mutex::new(Some(answer));
        let starts_for_us = environment.starts_for.as_micros();
        invocation.cold_start_us = u64::try_from(starts_for_us).unwrap_or(u64::MAX);
        let timeout = self.timeout;
        let work = async move {
            // Nothing stops an environment that starts; the function's own time begins after it.
            let _ = invocation.hold(start(environment.starts_for)).await;
            invocation.stop = Stop::after(timeout);
            attend(&subject, job, &invocation).await;
            drop(environment);
        };
        if self.gateway.is_some() {
            zombies.lock().spawn(work);
            // Either the gateway has answered, or the work has ended and dropped the channel.
            let _ = answered.await;
        } else {
            work.await;
        }
    }
}

/// Waits for a new environment. A warm one needs no timer, which would move the work to another
/// place among everything that is due at the same moment.
async fn start(cold_start: Duration) {
    if !cold_start.is_zero() {
        sleep(cold_start).await;
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        let mut all = self.all.lock();
        all.busy -= 1;
        all.idle_since_us.push(self.clock.now_us());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::simulation::{WATCHDOG, simulate};
    use scenarios::PlatformName;

    fn function(name: PlatformName) -> Function {
        Function::new(PlatformConfig::Shipped { name }.resolved()).expect("a function")
    }

    #[test]
    fn an_environment_is_cold_once_and_again_after_it_has_idled_too_long() {
        let cold = simulate(WATCHDOG, async {
            let (function, clock) = (function(PlatformName::Lambda300), RunClock::starting_at(0));
            let mut cold = Vec::new();
            for idle_s in [0, 1, 599, 600, 1] {
                sleep(Duration::from_secs(idle_s)).await;
                let environment = function.admit(clock, 1).unwrap();
                cold.push(!environment.starts_for.is_zero());
            }
            cold
        });
        assert_eq!(cold, Ok(vec![true, false, false, true, false]));
    }

    #[test]
    fn the_eleventh_of_ten_is_turned_away_in_the_words_of_whoever_is_in_front() {
        let statuses = simulate(WATCHDOG, async {
            let clock = RunClock::starting_at(0);
            [PlatformName::Lambda300, PlatformName::LambdaApigw].map(|name| {
                let function = function(name);
                let running: Vec<_> = (0..10).map(|_| function.admit(clock, 1)).collect();
                assert!(running.iter().all(Result::is_ok));
                let refusal = function.admit(clock, 1).unwrap_err();
                assert_eq!(refusal.cause, Cause::Throttled);
                drop(running);
                assert!(function.admit(clock, 1).is_ok(), "there is room again");
                refusal.status
            })
        });
        assert_eq!(statuses, Ok([429, 500]));
    }

    #[test]
    fn six_megabytes_are_the_most_that_a_function_takes() {
        let refused = simulate(WATCHDOG, async {
            let (function, clock) = (function(PlatformName::LambdaApigw), RunClock::starting_at(0));
            [6_291_456, 6_291_457, 10_485_761]
                .map(|payload| function.admit(clock, payload).err().map(|refusal| refusal.detail))
        })
        .unwrap();
        assert_eq!(refused[0], None);
        assert!(refused[1].as_ref().is_some_and(|words| words.contains("smaller than 6291456")));
        assert!(refused[2].as_ref().is_some_and(|words| words.contains("exceeded 10485760")));
    }
}
