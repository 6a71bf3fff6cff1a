//! Notices when the folder of a run is taken away while the run goes on: an open file can be
//! written long after it was removed, and hours of work would be lost at the end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::recorder::Recorder;
use crate::Failure;

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(200);

/// Looks after the records of a run until it is dropped.
#[derive(Debug)]
pub struct Ground {
    over: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ground {
    /// Stops the run of `recorder` when there is nothing at `path` any more.
    pub fn guard(path: PathBuf, recorder: Arc<Recorder>) -> Self {
        let (over, waiting) = channel::<()>();
        let guarding = std::thread::Builder::new().spawn(move || {
            // That it cannot be looked at is no proof that it is gone.
            while waiting.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                if matches!(path.try_exists(), Ok(false)) {
                    return recorder.stop(taken_away(&path));
                }
            }
        });
        // Where there is no thread left, the run goes on unguarded.
        Self { over: Some(over), thread: guarding.ok() }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        drop(self.over.take());
        if let Some(thread) = self.thread.take() {
            // It only looks; there is nothing in it that could fail.
            let _ = thread.join();
        }
    }
}

fn taken_away(path: &Path) -> Failure {
    Failure::usage(format!(
        "`{}` was removed or moved while the run went on, so the run was stopped\n\
         hint: run it again, into a folder that nothing else touches",
        path.display()
    ))
}
