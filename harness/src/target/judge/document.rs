//! The text that a check reads: a file of the job's, or its output.

use super::work::{Work, Wrong};
use super::{file, output};

/// A text that a check reads: a file of the job's, or its output.
pub(super) fn text(file: Option<&str>, work: &Work<'_>) -> Result<String, Wrong> {
    let bytes = match file {
        Some(path) => file::read(path, work)?,
        None => output::whole(work)?,
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
