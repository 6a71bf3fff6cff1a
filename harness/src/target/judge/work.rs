//! What a check is given to look at, and what it says against it.

use std::path::Path;
use std::sync::Arc;

use redact::Secrets;
use reports::Cause;

use crate::target::process::Tail;
use crate::target::process::memory::Memory;
use crate::target::template::Given;

/// Standard output that is kept for checks that read it, in bytes.
pub(in crate::target) const KEPT_OUTPUT: usize = 16 * 1024 * 1024;

/// The work of one job.
#[derive(Debug)]
pub(in crate::target) struct Work<'a> {
    /// What the job was given.
    pub(in crate::target) given: &'a Given<'a>,
    /// The source, and the path by which its language is known; nothing of a whole load.
    pub(in crate::target) source: Option<(&'a str, &'a str)>,
    /// What the job printed or the service answered.
    pub(in crate::target) output: &'a Tail,
    /// Where a check's program is started, if not here.
    pub(in crate::target) folder: Option<&'a Path>,
    /// Who watches what a check's program holds.
    pub(in crate::target) memory: &'a Arc<Memory>,
    /// What is masked in the words of what a check finds wrong.
    pub(in crate::target) secrets: &'a Secrets,
}

/// What a check found wrong.
pub(in crate::target) type Wrong = (Cause, String);

/// Work that a check refuses.
pub(super) fn refused(words: String) -> Wrong {
    (Cause::Rejected, words)
}

/// Whether an expression matches somewhere in a text.
pub(super) fn matches(expression: &str, text: &str) -> bool {
    // It was parsed when the file was read.
    regex::Regex::new(expression).is_ok_and(|expression| expression.is_match(text))
}
