//! Ctrl-C: the first one ends the run in good order, the second one ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::{Exit, Failure};

/// Whether the run was asked to stop. Clones share the answer.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    shared: Arc<Shared>,
    /// Who stops this run and others alongside it.
    outer: Option<Arc<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    asked: AtomicBool,
    /// Asked by the run itself, and not by a person.
    aborted: AtomicBool,
    notify: Notify,
}

impl Interrupt {
    /// An interrupt that follows Ctrl-C and SIGTERM.
    pub fn on_signals() -> Result<Self, Failure> {
        let interrupt = Self::default();
        let on_signal = interrupt.clone();
        ctrlc::set_handler(move || {
            if on_signal.shared.asked.load(Ordering::SeqCst) {
                leave();
            }
            on_signal.ask();
        })
        .map_err(|error| Failure::internal(format!("signals cannot be handled: {error}")))?;
        Ok(interrupt)
    }

    /// An interrupt for one run of several at the same time: it follows this one, and what stops
    /// that run stops no other.
    #[must_use]
    pub fn of_one_run(&self) -> Self {
        Self { shared: Arc::default(), outer: Some(Arc::clone(&self.shared)) }
    }

    /// Asks the run to stop.
    pub fn ask(&self) {
        self.shared.asked.store(true, Ordering::SeqCst);
        self.shared.notify.notify_waiters();
    }

    /// Asks the run to stop, because its outcome is known.
    pub fn abort(&self) {
        self.shared.aborted.store(true, Ordering::SeqCst);
        self.ask();
    }

    /// Whether a person asked the run to stop.
    pub fn by_a_person(&self) -> bool {
        self.asked() && !self.shared.aborted.load(Ordering::SeqCst)
    }

    /// Whether the run was asked to stop.
    pub fn asked(&self) -> bool {
        let all = [Some(&self.shared), self.outer.as_ref()];
        all.into_iter().flatten().any(|shared| shared.asked.load(Ordering::SeqCst))
    }

    /// Waits until the run is asked to stop.
    pub async fn wait(&self) {
        let outer = self.outer.as_ref().unwrap_or(&self.shared);
        let (own, outer) = (self.shared.notify.notified(), outer.notify.notified());
        if !self.asked() {
            tokio::select! {
                biased;
                () = own => {}
                () = outer => {}
            }
        }
    }
}

#[expect(clippy::exit, reason = "the second Ctrl-C means now, whatever the run is doing")]
fn leave() -> ! {
    std::process::exit(i32::from(Exit::Interrupted.code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stops_one_run_stops_no_other_and_what_stops_all_stops_each() {
        let all = Interrupt::default();
        let (one, other) = (all.of_one_run(), all.of_one_run());
        one.ask();
        assert_eq!([&all, &one, &other].map(Interrupt::asked), [false, true, false]);
        all.ask();
        assert!(other.asked() && other.by_a_person());
    }

    #[tokio::test]
    async fn whoever_waits_hears_of_either() {
        let all = Interrupt::default();
        for ask in [all.of_one_run(), all.clone()] {
            let one = if ask.outer.is_some() { ask.clone() } else { all.of_one_run() };
            let waiting = tokio::spawn(async move { one.wait().await });
            tokio::task::yield_now().await;
            ask.ask();
            waiting.await.unwrap();
        }
    }
}
