//! The process that the jobs of one invocation share.

use parking_lot::Mutex;
use reports::Cause;
use tokio::sync::Notify;

/// The process that several jobs share: it dies once, and all of them with it.
#[derive(Debug, Default)]
pub(super) struct Process {
    died: Mutex<Option<(Cause, String)>>,
    heard: Notify,
}

impl Process {
    pub(super) fn dies(&self, cause: Cause, words: &str) {
        self.died
            .lock()
            .get_or_insert_with(|| (cause, format!("killed with the invocation: {words}")));
        self.heard.notify_waiters();
    }

    pub(super) fn last_words(&self) -> Option<(Cause, String)> {
        self.died.lock().clone()
    }

    pub(super) async fn death(&self) -> (Cause, String) {
        loop {
            let heard = self.heard.notified();
            match self.last_words() {
                Some(words) => return words,
                None => heard.await,
            }
        }
    }
}
