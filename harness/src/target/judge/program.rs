//! A program of the user's that says whether the work is good.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::time::Duration;

use tokio::time::timeout;

use super::output::whole;
use super::work::{Work, Wrong, refused};
use crate::target::process::{Running, Start};
use crate::target::template;

/// How long it may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs the program; it refuses the work by any status but 0.
pub(super) async fn check(argv: &[String], work: &Work<'_>) -> Result<(), Wrong> {
    let cannot = |error: std::io::Error| refused(format!("the judge cannot be started: {error}"));
    let words: Vec<_> = argv.iter().map(|word| template::fill(word, work.given)).collect();
    let mut output = tempfile::NamedTempFile::new().map_err(cannot)?;
    output.write_all(&whole(work)?).map_err(cannot)?;
    output.seek(SeekFrom::Start(0)).map_err(cannot)?;
    let start = Start {
        words: &words,
        environment: Vec::new(),
        folder: work.folder,
        stdin: Some(output.path().to_owned()),
        memory_mb: None,
        kept_bytes: 0,
        secrets: work.secrets,
    };
    let running = Running::start(start, work.memory).map_err(cannot)?;
    let Ok(ended) = timeout(PATIENCE, running.end()).await else {
        return Err(refused(format!("the judge took longer than {} s", PATIENCE.as_secs())));
    };
    let ended = ended.map_err(cannot)?;
    if ended.status.success() {
        return Ok(());
    }
    let words = ended.last_words().unwrap_or_else(|| ended.status.to_string());
    Err(refused(format!("the judge refused it: {words}")))
}
