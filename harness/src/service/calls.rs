//! The calls of a target that is not ours, as the mock saw them: each belongs to the job under
//! whose prefix it came, and becomes an attempt on record when it has ended.
//!
//! What a call costs is known when it is decided, and counted for its job at once: a job that is
//! killed has paid for it all the same. Attempts are grouped into questions by evidence: the same
//! request again after a failure is another attempt, and so is one that says so itself in the
//! SDK's retry count; the same request again after an answer is a new question.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use engine::outside::Used;
use mock_claude::Entry;
use mock_claude::internals::hex::Hex;
use mock_claude::journal::{Record as Seen, Trace, Watcher};
use parking_lot::Mutex;
use reports::Cause;
use reports::record::{Attempt, NO_JOB, PipelineName, Record};
use tokio::sync::Notify;

use crate::run::recorder::Recorder;

/// How long a job's calls may take to be seen as ended once its process has: a closed connection
/// is noticed at once unless the machine is very busy.
const LINGER: Duration = Duration::from_secs(2);

/// Says to which job a call belongs, by its prompt.
type Attribution = Box<dyn Fn(&str) -> Option<u64> + Send + Sync>;

/// The calls of one target.
pub struct Calls {
    pipeline: PipelineName,
    recorder: Arc<Recorder>,
    /// How long the target ran before there was this mock, in microseconds.
    passed_us: u64,
    jobs: Mutex<BTreeMap<u64, JobCalls>>,
    attribution: OnceLock<Attribution>,
    /// Told of every call that ends.
    ended: Notify,
}

/// What is known of the calls of one job.
#[derive(Debug, Clone, Default)]
pub struct JobCalls {
    /// What they cost.
    pub used: Used,
    /// The questions in the order in which they were asked.
    pub questions: Vec<Question>,
    /// Calls that are decided and have not ended, by their request ids.
    open: BTreeMap<String, Place>,
    /// Deliveries of the job that are under way: what comes later belongs to no job.
    running: u64,
    /// Whether there are calls that belong to no job.
    has_strays: bool,
}

/// One question, asked as often as it took.
#[derive(Debug, Clone)]
pub struct Question {
    subject: Option<Hex<8>>,
    /// Attempts that were made.
    pub attempts: u64,
    /// Why the latest attempt failed; nothing where it was answered.
    pub failure: Option<(Cause, String)>,
    /// Why the latest answer is not whole, by its own account.
    pub unfinished: Option<Unfinished>,
    /// Whether an attempt is under way.
    is_open: bool,
}

/// How an answer can be unfinished although nothing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished {
    /// It ended at its limit of tokens.
    AtMaxTokens,
    /// It paused, and goes on when it is sent back.
    Paused,
    /// The model refused to answer.
    Refused,
}

/// Where a call belongs: the question and the attempt, both counted from 1.
#[derive(Debug, Clone, Copy)]
struct Place {
    question: u64,
    attempt: u64,
}

impl Calls {
    /// The calls of a target, none so far.
    pub fn new(pipeline: PipelineName, recorder: Arc<Recorder>, passed_us: u64) -> Self {
        Self {
            pipeline,
            recorder,
            passed_us,
            jobs: Mutex::default(),
            attribution: OnceLock::new(),
            ended: Notify::new(),
        }
    }

    /// Calls without a job's prefix are attributed by their prompts from now on.
    pub fn attribute_by(&self, attribution: Attribution) {
        // A target says so once, when it is set up.
        let _ = self.attribution.set(attribution);
    }

    /// A job begins: calls that say that they are its own belong to it.
    pub fn open(&self, job: u64) {
        self.jobs.lock().entry(job).or_default().running += 1;
    }

    /// The job ends: calls that come later belong to no job. Gives what is known of its calls.
    pub fn close(&self, job: u64) -> JobCalls {
        let mut jobs = self.jobs.lock();
        let calls = jobs.entry(job).or_default();
        calls.running = calls.running.saturating_sub(1);
        calls.clone()
    }

    /// What is known of a job's calls.
    pub fn of_job(&self, job: u64) -> JobCalls {
        let jobs = self.jobs.lock();
        let has_strays = jobs.get(&NO_JOB).is_some_and(|calls| !calls.questions.is_empty());
        JobCalls { has_strays, ..jobs.get(&job).cloned().unwrap_or_default() }
    }

    /// Waits until every call of a job has ended; of all jobs, where none is named.
    pub async fn have_ended(&self, job: Option<u64>) {
        let ended = async {
            loop {
                let next = self.ended.notified();
                let is_open = {
                    let jobs = self.jobs.lock();
                    jobs.iter().any(|(number, calls)| {
                        job.is_none_or(|job| job == *number) && !calls.open.is_empty()
                    })
                };
                if !is_open {
                    return;
                }
                next.await;
            }
        };
        // A call that never ends is on record when the mock is gone.
        let _ = tokio::time::timeout(LINGER, ended).await;
    }
}

/// The number of the job that a prefix names.
fn job_of(trace: Option<&Trace>) -> u64 {
    trace.and_then(|trace| trace.job.as_deref()?.parse().ok()).unwrap_or(NO_JOB)
}

impl Watcher for Calls {
    fn job_of(&self, prompt: &str) -> Option<String> {
        self.attribution.get()?(prompt).map(|job| job.to_string())
    }

    fn decided(&self, entry: &Entry, trace: Option<&Trace>) {
        let mut jobs = self.jobs.lock();
        let job = job_of(trace);
        let job = if jobs.get(&job).is_some_and(|calls| calls.running > 0) { job } else { NO_JOB };
        let calls = jobs.entry(job).or_default();
        calls.used.calls += 1;
        calls.used.tokens_in += entry.tokens_in;
        calls.used.tokens_out += entry.tokens_out;
        calls.used.cost_microusd += entry.cost_microusd;
        let place = calls.place(trace);
        calls.open.insert(entry.request_id.clone(), place);
    }

    fn ended(&self, seen: &Seen) {
        let Seen { entry, trace, .. } = seen;
        let failure = failure(seen);
        let ended = {
            let mut jobs = self.jobs.lock();
            let mut end = |job| Some((job, jobs.get_mut(&job)?.end(seen, failure.clone())?));
            end(job_of(Some(trace))).or_else(|| end(NO_JOB))
        };
        let Some((job, place)) = ended else {
            // Nothing was decided about it, so it cost nothing: a path that is not there.
            return;
        };
        // A refusal is no failure of its question: another model may have been asked instead.
        let refused = || (Cause::Refused, "the model refused (stop_reason: refusal)".to_owned());
        let (cause, detail) = failure.or_else(|| trace.refused.then(refused)).unzip();
        let at = |us: u64| self.passed_us + us;
        self.recorder.record(&Record::Attempt(Attempt {
            pipeline: self.pipeline.clone(),
            job,
            chunk: place.question,
            attempt: place.attempt,
            start_us: at(trace.started_us),
            end_us: at(trace.ended_us.unwrap_or(trace.started_us)),
            first_token_us: trace.first_token_us.map(|us| us.saturating_sub(trace.started_us)),
            status: trace.answered_us.map(|_| entry.status),
            cause,
            detail,
            request_id: Some(entry.request_id.clone()),
            retry_after_s: trace.retry_after_ms.map(|ms| ms.div_ceil(1000)),
            tokens_in: entry.tokens_in,
            tokens_out: entry.tokens_out,
            cost_microusd: entry.cost_microusd,
            told_microusd: None,
        }));
        self.ended.notify_waiters();
    }
}

impl JobCalls {
    /// The place of a call that has just been decided.
    fn place(&mut self, trace: Option<&Trace>) -> Place {
        let subject = trace.and_then(|trace| trace.subject);
        let says_so = trace.and_then(|trace| trace.retry_count).is_some_and(|count| count > 0);
        let known = self.questions.iter().rposition(|question| {
            let again = question.failure.is_some() || says_so;
            question.subject == subject && again && !question.is_open
        });
        let at = known.unwrap_or_else(|| {
            self.questions.push(Question {
                subject,
                attempts: 0,
                failure: None,
                unfinished: None,
                is_open: false,
            });
            self.questions.len() - 1
        });
        let question = &mut self.questions[at];
        question.attempts += 1;
        question.is_open = true;
        Place { question: at as u64 + 1, attempt: question.attempts }
    }

    /// Ends a call; none that was not decided.
    fn end(&mut self, seen: &Seen, failure: Option<(Cause, String)>) -> Option<Place> {
        let place = self.open.remove(&seen.entry.request_id)?;
        let at = usize::try_from(place.question).ok()?.checked_sub(1)?;
        let question = self.questions.get_mut(at)?;
        question.is_open = false;
        question.failure = failure;
        question.unfinished = unfinished(&seen.trace);
        if question.failure.is_some() {
            self.used.wasted_microusd += seen.entry.cost_microusd;
        }
        Some(place)
    }

    /// Whether there are calls of the target that belong to no job.
    pub const fn has_strays(&self) -> bool {
        self.has_strays
    }

    /// Why the last question's answer is not whole, where nothing was asked after it. Of an earlier
    /// one it cannot be known whether the next question asked for the rest.
    pub fn ends_unfinished(&self) -> Option<Unfinished> {
        self.questions.last()?.unfinished
    }

    /// Why the first question without an answer has none, and that in words: `request 2 of 3 got no
    /// answer in 4 attempts, the last one: 529 overloaded_error`.
    pub fn unanswered(&self) -> Option<(Cause, String)> {
        let all = self.questions.len();
        (1..).zip(&self.questions).find_map(|(number, question): (u64, _)| {
            let (cause, why) = question.failure.as_ref()?;
            let which = if all == 1 { String::new() } else { format!(" {number} of {all}") };
            let how_often = match question.attempts {
                1 => format!("its only attempt: {why}"),
                attempts => format!("{attempts} attempts, the last one: {why}"),
            };
            Some((*cause, format!("request{which} got no answer, {how_often}")))
        })
    }
}

/// Why an answer is not whole although nothing went wrong.
fn unfinished(trace: &Trace) -> Option<Unfinished> {
    if trace.truncated {
        Some(Unfinished::AtMaxTokens)
    } else if trace.paused {
        Some(Unfinished::Paused)
    } else {
        trace.refused.then_some(Unfinished::Refused)
    }
}

/// Why a call failed, as far as the mock can see it.
fn failure(seen: &Seen) -> Option<(Cause, String)> {
    let Seen { entry, trace, .. } = seen;
    let words = |text: &str| Some(text.to_owned());
    let found = if trace.client_left || (trace.answered_us.is_none() && !trace.cut) {
        (Cause::CallTimeout, words("the client hung up before the answer was whole"))
    } else if trace.cut {
        (Cause::Connection, words("the connection broke before the answer was whole"))
    } else if trace.stream_complete == Some(false) {
        (Cause::Connection, words("the stream ended before its last event"))
    } else {
        (cause_of(entry.status, entry.error, trace)?, None)
    };
    let (cause, detail) = found;
    let status = format!("{} {}", entry.status, entry.error.unwrap_or_default());
    Some((cause, detail.unwrap_or_else(|| status.trim_end().to_owned())))
}

/// The cause behind a status; nothing for an answer.
fn cause_of(status: u16, error: Option<&str>, trace: &Trace) -> Option<Cause> {
    use mock_claude::journal::Limit;

    match trace.limit {
        Some(Limit::Spend) => return Some(Cause::SpendLimit),
        Some(Limit::Request) => return Some(Cause::RequestOverLimit),
        _ => {}
    }
    Some(match status {
        ..=399 => return None,
        401 | 403 => Cause::Unauthorized,
        404 => Cause::NotFound,
        413 => Cause::PayloadTooLarge,
        429 => Cause::RateLimited,
        529 => Cause::Overloaded,
        _ if error == Some("overloaded_error") => Cause::Overloaded,
        500.. => Cause::ServerError,
        _ => Cause::InvalidRequest,
    })
}

impl fmt::Debug for Calls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Calls").field("pipeline", &self.pipeline).finish_non_exhaustive()
    }
}
