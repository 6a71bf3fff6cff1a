//! One job of a target from beginning to end: let in or turned away, held within its bounds, and
//! ended in exactly one record.

use engine::outside::{Figures, Sink};
use reports::Cause;
use reports::record::{self, Outcome, Record};

use super::invocation::{Invocation, is_a_crash};
use crate::run::subject::Subject;
use crate::target::{Job, JobEnd};

/// The last words of a job that made no call before the run had to give up.
const BEHIND: &str = "its turn never came: what was before it was never answered";

/// Runs one job within an invocation, and puts its end on record.
pub(super) async fn attend(subject: &Subject, job: Job, invocation: &Invocation) {
    let open = OpenJob::begin(subject, &job, invocation);
    if let Some((cause, words)) = invocation.forbids() {
        subject.target.describe(&job, invocation.progress());
        return open.end(JobEnd::failed(cause, words));
    }
    let again = Job { delivery: job.delivery + 1, is_done: true, ..job.clone() };
    let end = match invocation.hold(subject.target.run(job, invocation)).await {
        Ok(end) => end,
        Err((cause, words)) => return open.end(JobEnd::failed(cause, words)),
    };
    if invocation.duplicates > 0 && !is_a_crash(end.cause) {
        invocation.delivered();
        // The same again; its outcome is paid for and changes nothing.
        let _ = invocation.hold(subject.target.run(again, invocation)).await;
    }
    open.end(end);
}

/// Puts a job on record that stood in line behind others until the run had to give up on them.
pub(super) fn never_begun(subject: &Subject, job: &Job, invocation: &Invocation) {
    let open = OpenJob::begin(subject, job, invocation);
    subject.target.describe(job, invocation.progress());
    open.end(JobEnd::failed(Cause::NeverAnswered, BEHIND));
}

/// A job under way; dropped before its end, it is on record as given up.
pub(super) struct OpenJob<'a> {
    subject: &'a Subject,
    invocation: &'a Invocation,
    number: u64,
    path: String,
    arrival_us: u64,
    start_us: u64,
    ended: bool,
    /// How it has ended although work on it goes on.
    settled: Option<JobEnd>,
}

impl<'a> OpenJob<'a> {
    pub(super) fn begin(subject: &'a Subject, job: &Job, invocation: &'a Invocation) -> Self {
        let used = subject.earlier.used(job.number);
        invocation.progress().note(|figures| figures.used = used);
        Self {
            subject,
            invocation,
            number: job.number,
            path: job.file.path.to_string(),
            arrival_us: job.arrival_us,
            start_us: subject.clock.now_us(),
            ended: false,
            settled: None,
        }
    }

    /// It has ended so, whatever becomes of the work that goes on.
    pub(super) fn settle(&mut self, end: JobEnd) {
        self.settled = Some(end);
    }

    pub(super) fn end(mut self, end: JobEnd) {
        self.record(end);
    }

    fn record(&mut self, end: JobEnd) {
        self.ended = true;
        let Figures { bytes, lines, definitions, memory_kb, chunks, lost_lines, used } =
            self.invocation.progress().figures();
        let failed = end.outcome == Outcome::Failed;
        let mut job = record::Job {
            pipeline: self.subject.name.clone(),
            job: self.number,
            path: self.path.clone(),
            bytes,
            lines,
            arrival_us: self.arrival_us,
            start_us: self.start_us,
            end_us: self.subject.clock.now_us(),
            outcome: end.outcome,
            cause: end.cause,
            detail: end.detail,
            said_done: end.said_done,
            chunks,
            lost_lines,
            cache_hits: used.cache_hits,
            cache_misses: used.cache_misses,
            calls: used.calls,
            definitions,
            documented: end.documented,
            tokens_in: used.tokens_in,
            tokens_out: used.tokens_out,
            cost_microusd: used.cost_microusd,
            wasted_microusd: if failed { used.cost_microusd } else { used.wasted_microusd },
            memory_kb,
        };
        let platform = self.invocation.finish(&mut job);
        self.subject.recorder.record(&Record::Job(job));
        if let Some(platform) = platform {
            self.subject.recorder.record(&Record::Platform(platform));
        }
    }
}

impl Drop for OpenJob<'_> {
    fn drop(&mut self) {
        if let Some(end) = self.settled.take().filter(|_| !self.ended) {
            self.record(end);
        } else if !self.ended {
            let (cause, words) = self.subject.recorder.given_up();
            let calls = self.invocation.progress().used().calls;
            let words = if cause == Cause::NeverAnswered && calls == 0 { BEHIND } else { words };
            self.record(JobEnd::failed(cause, words));
        }
    }
}
