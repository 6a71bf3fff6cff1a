//! Runs a future in simulated time: waiting costs nothing, and the same future does the same.
//!
//! Two guards keep a bug from hanging the process. When everything waits for something that will
//! never come, time jumps to a deadline a simulated century away; jobs that do are given up long
//! before, by the driver. When something is busy without
//! end, a thread that looks at the real clock says so.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::time::sleep;

/// The latest moment of a simulated run, in years.
const DEADLINE_YEARS: u32 = 100;

const YEAR: Duration = Duration::from_hours(365 * 24);

/// How long a simulated run may take in real time.
pub const WATCHDOG: Duration = Duration::from_mins(30);

/// Why a simulated run did not end by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stuck {
    /// The latest moment of a simulated run was reached.
    #[error(
        "{DEADLINE_YEARS} simulated years passed: either something waits for what never comes, \
         which is a bug, or the load is longer than that"
    )]
    Deadlock,
    /// The real-time limit passed.
    #[error(
        "the simulation took more than {} s of real time: this is a bug, or a far too large run",
        WATCHDOG.as_secs()
    )]
    Livelock,
    /// The runtime could not be built.
    #[error("the runtime cannot start: {0}")]
    Runtime(String),
}

/// Runs `future` with paused time, on this thread alone.
pub fn simulate<F: Future>(watchdog: Duration, future: F) -> Result<F::Output, Stuck> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| Stuck::Runtime(error.to_string()))?;
    let barked = Arc::new(Notify::new());
    let (done, watching) = channel::<()>();
    let bark = Arc::clone(&barked);
    let dog = std::thread::spawn(move || {
        if watching.recv_timeout(watchdog) == Err(RecvTimeoutError::Timeout) {
            bark.notify_one();
        }
    });
    let result = runtime.block_on(async {
        tokio::select! {
            biased;
            output = future => Ok(output),
            () = barked.notified() => Err(Stuck::Livelock),
            () = deadline() => Err(Stuck::Deadlock),
        }
    });
    drop(done);
    // The thread has nothing left to wait for; if it panicked there is nothing to add.
    let _ = dog.join();
    result
}

/// The latest moment of a simulated run, year by year: tokio's timer holds two at a time.
async fn deadline() {
    for _ in 0..DEADLINE_YEARS {
        sleep(YEAR).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    #[test]
    fn an_hour_of_waiting_is_exactly_an_hour() {
        let elapsed = simulate(WATCHDOG, async {
            let start = Instant::now();
            sleep(Duration::from_hours(1)).await;
            start.elapsed()
        });
        assert_eq!(elapsed, Ok(Duration::from_hours(1)));
    }

    #[test]
    fn waiting_for_what_never_comes_ends_with_a_message() {
        assert_eq!(simulate(WATCHDOG, std::future::pending::<()>()), Err(Stuck::Deadlock));
    }

    #[test]
    fn being_busy_without_end_ends_with_a_message() {
        let busy = async {
            loop {
                tokio::task::yield_now().await;
            }
        };
        assert_eq!(simulate(Duration::from_millis(20), busy), Err::<(), _>(Stuck::Livelock));
    }
}
