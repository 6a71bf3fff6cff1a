//! How a job of a target that is not ours ended: by what the mock saw of it, then by what it said
//! itself, then by the user's checks.
//!
//! What the mock saw comes first. A target that ends well although a question of its was never
//! answered has lost its work without a word.

use std::sync::atomic::{AtomicBool, Ordering};

use reports::Cause;

use super::judge::{Check, Work, judge};
use super::{Job, JobEnd};
use crate::platform::invocation::Invocation;
use crate::service::calls::{Calls, JobCalls, Unfinished};

/// What a job said of itself.
#[derive(Debug)]
pub(super) struct Said {
    /// How it ended, in a few words.
    pub(super) how: String,
    /// Why it failed by its own account, in words.
    pub(super) failure: Option<(Cause, String)>,
}

/// Writes down what a job has used, also where it is given up half-way, and takes no more calls
/// for it from then on.
pub(super) struct Noted<'a> {
    calls: &'a Calls,
    job: u64,
    within: &'a Invocation,
}

impl<'a> Noted<'a> {
    /// Takes calls for a job from now on.
    pub(super) fn new(calls: &'a Calls, job: u64, within: &'a Invocation) -> Self {
        calls.open(job);
        Self { calls, job, within }
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        let JobCalls { used, questions, .. } = self.calls.close(self.job);
        self.within.progress().note(|figures| {
            figures.used = used;
            figures.chunks = questions.len() as u64;
        });
    }
}

/// Ends jobs of one target.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    /// Whether any job has made a call: one that makes none after that may have its answers from a
    /// cache of its own.
    has_called: AtomicBool,
}

impl Outcomes {
    /// How a job ended, and what it said of that itself.
    pub(super) async fn of(
        &self,
        job: &Job,
        calls: &JobCalls,
        said: Said,
        checks: &[Check],
        work: &Work<'_>,
    ) -> JobEnd {
        let said_done = Some(said.failure.is_none());
        let end = self.judged(job, calls, said, checks, work).await;
        let detail = end.detail.map(|words| work.secrets.text(&words).into_owned());
        JobEnd { detail, said_done, ..end }
    }

    async fn judged(
        &self,
        job: &Job,
        calls: &JobCalls,
        said: Said,
        checks: &[Check],
        work: &Work<'_>,
    ) -> JobEnd {
        let silent = calls.questions.is_empty();
        if !silent {
            self.has_called.store(true, Ordering::Relaxed);
        }
        let how = said.how;
        if let Some((cause, words)) = calls.unanswered() {
            return JobEnd::failed(cause, format!("{how}; {words}"));
        }
        if let Some((cause, words)) = said.failure {
            return JobEnd::failed(cause, words);
        }
        if let Some(unfinished) = calls.ends_unfinished() {
            let (cause, what) = match unfinished {
                Unfinished::AtMaxTokens => (Cause::Truncated, "was cut at max_tokens"),
                Unfinished::Paused => (Cause::Truncated, "had only paused (pause_turn)"),
                Unfinished::Refused => (Cause::Refused, "was a refusal (stop_reason: refusal)"),
            };
            return JobEnd::failed(cause, format!("{how} and kept an answer that {what}"));
        }
        // A call that nobody can attribute may have been this job's.
        if silent && !self.has_called.load(Ordering::Relaxed) && !calls.has_strays() {
            let words = "ended well without a call to the mock: its client does not read \
                         ANTHROPIC_BASE_URL, or it calls something else";
            return JobEnd::failed(Cause::NoCall, words);
        }
        match judge(checks, work).await {
            Err((cause, words)) => JobEnd::failed(cause, words),
            Ok(documented) => {
                tracing::debug!(job = job.number, documented, "good");
                let remark = silent.then(|| {
                    if calls.has_strays() {
                        "no call is known to be its own: some belong to no job".to_owned()
                    } else {
                        "no call: the answer came from elsewhere".to_owned()
                    }
                });
                JobEnd::documented(documented, remark)
            }
        }
    }
}
