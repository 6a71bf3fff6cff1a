//! Ctrl-C: the first one ends the run in good order, the second one ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::{Exit, Failure};

/// Whether the run was asked to stop. Clones share the answer.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    shared: Arc<Shared>,
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
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// Waits until the run is asked to stop.
    pub async fn wait(&self) {
        let notified = self.shared.notify.notified();
        if !self.asked() {
            notified.await;
        }
    }
}

#[expect(clippy::exit, reason = "the second Ctrl-C means now, whatever the run is doing")]
fn leave() -> ! {
    std::process::exit(i32::from(Exit::Interrupted.code()))
}
