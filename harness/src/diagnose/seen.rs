//! What the probes showed: for each, its jobs, and its requests as questions.

use std::collections::BTreeMap;

use reports::card::ProbeLine;
use reports::record::{Attempt, Job, NO_JOB, Outcome};
use reports::{Cause, PipelineRun};

/// Everything that the probes showed.
#[derive(Debug, Default)]
pub struct Seen {
    probes: BTreeMap<String, Probe>,
}

/// What one probe showed.
#[derive(Debug)]
pub struct Probe {
    /// Its name.
    pub name: String,
    /// What is wrong in it.
    pub title: String,
    /// Its jobs.
    pub jobs: Vec<Job>,
    /// Its questions, in the order in which they were first asked.
    pub questions: Vec<Question>,
    /// Requests of which it is not known to which job they belong.
    pub strays: Vec<Attempt>,
    /// Whether its trouble hit anything.
    pub hit: bool,
    elapsed_us: u64,
}

/// One question, asked as often as it took.
#[derive(Debug)]
pub struct Question {
    /// Its attempts, in order.
    pub attempts: Vec<Attempt>,
}

/// A wait between two attempts at one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Which wait of its question it is, counted from 0.
    pub place: usize,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

impl Seen {
    /// Adds a probe.
    pub fn add(&mut self, probe: Probe) {
        self.probes.insert(probe.name.clone(), probe);
    }

    /// A probe that was run.
    pub fn probe(&self, name: &str) -> Option<&Probe> {
        self.probes.get(name)
    }

    /// A probe that was run and whose trouble hit something.
    pub fn met(&self, name: &str) -> Option<&Probe> {
        self.probe(name).filter(|probe| probe.hit)
    }

    /// Those of these probes that were met, in this order.
    pub fn hit<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a Probe> {
        names.iter().filter_map(|name| self.met(name))
    }

    /// All probes that were run.
    pub fn all(&self) -> impl Iterator<Item = &Probe> {
        self.probes.values()
    }
}

impl Probe {
    /// What a run of it recorded.
    pub fn of(name: &str, title: &str, run: &PipelineRun) -> Self {
        let mut questions: BTreeMap<(u64, u64), Vec<Attempt>> = BTreeMap::new();
        for attempt in run.attempts.iter().filter(|attempt| attempt.job != NO_JOB) {
            questions.entry((attempt.job, attempt.chunk)).or_default().push(attempt.clone());
        }
        let mut questions: Vec<Question> = questions
            .into_values()
            .map(|mut attempts| {
                attempts.sort_by_key(|attempt| (attempt.start_us, attempt.attempt));
                Question { attempts }
            })
            .collect();
        questions.sort_by_key(|question| question.attempts[0].start_us);
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            hit: !run.faults.is_empty() || run.attempts.iter().any(|a| a.cause.is_some()),
            jobs: run.jobs.clone(),
            strays: run.attempts.iter().filter(|a| a.job == NO_JOB).cloned().collect(),
            questions,
            elapsed_us: run.end.as_ref().map_or(0, |end| end.elapsed_us),
        }
    }

    /// A probe that was never run, for tests.
    #[cfg(test)]
    pub(super) fn made(name: &str, jobs: Vec<Job>, questions: Vec<Question>) -> Self {
        Self {
            name: name.to_owned(),
            title: String::new(),
            jobs,
            questions,
            strays: Vec::new(),
            hit: true,
            elapsed_us: 0,
        }
    }

    /// Whether every file was documented.
    pub fn is_done(&self) -> bool {
        !self.jobs.is_empty() && self.documented() == self.jobs.len()
    }

    /// Files that were documented.
    pub fn documented(&self) -> usize {
        self.jobs.iter().filter(|job| job.outcome == Outcome::Documented).count()
    }

    /// Files that were lost although the program said that it was done with them.
    pub fn lost_silently(&self) -> usize {
        self.lost(Some(true))
    }

    /// Files that were lost, and reported as lost.
    pub fn lost_and_said_so(&self) -> usize {
        self.lost(Some(false))
    }

    fn lost(&self, said: Option<bool>) -> usize {
        let lost = self.jobs.iter().filter(|job| job.outcome == Outcome::Failed);
        lost.filter(|job| says_done(job) == said).count()
    }

    /// Whether the program said of all jobs that they were done; nothing where nobody knows.
    pub fn says_done(&self) -> Option<bool> {
        let said: Vec<Option<bool>> = self.jobs.iter().map(says_done).collect();
        if said.contains(&Some(false)) {
            Some(false)
        } else {
            said.iter().all(Option::is_some).then_some(true)
        }
    }

    /// Whether a job was stopped because its time was over.
    pub fn was_stopped(&self) -> bool {
        self.jobs.iter().any(|job| job.cause == Some(Cause::JobTimeout))
    }

    /// The most attempts at one question.
    pub fn most_attempts(&self) -> usize {
        self.questions.iter().map(|question| question.attempts.len()).max().unwrap_or(0)
    }

    /// All attempts.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.questions.iter().flat_map(|question| &question.attempts)
    }

    /// All waits between attempts.
    pub fn waits(&self) -> impl Iterator<Item = Wait> {
        self.questions.iter().flat_map(Question::waits)
    }

    /// What attempts cost that gave no answer, in micro-dollars.
    pub fn wasted_microusd(&self) -> u64 {
        let failed = self.attempts().filter(|attempt| attempt.cause.is_some());
        failed.map(|attempt| attempt.cost_microusd).sum()
    }

    /// What the first failed attempt failed of.
    pub fn first_failure(&self) -> Option<&Attempt> {
        self.attempts().find(|attempt| attempt.cause.is_some())
    }

    /// How the first file ended, in a few words.
    pub fn ending(&self) -> String {
        let Some(job) = self.jobs.first() else { return "no file".to_owned() };
        let attempts = attempts(self.most_attempts());
        match (job.outcome, says_done(job)) {
            (Outcome::Documented, _) => format!("documented after {attempts}"),
            (Outcome::Skipped, _) => "skipped".to_owned(),
            _ if job.cause == Some(Cause::JobTimeout) => {
                format!("still at it when its time was over, after {attempts}")
            }
            (Outcome::Failed, Some(true)) => {
                format!("lost after {attempts}, and reported as done")
            }
            (Outcome::Failed, Some(false)) => {
                format!("lost after {attempts}, and reported as lost")
            }
            (Outcome::Failed, None) => format!("lost after {attempts}"),
        }
    }

    /// The probe as the card lists it.
    pub fn line(&self) -> ProbeLine {
        ProbeLine {
            name: self.name.clone(),
            title: self.title.clone(),
            jobs: self.jobs.len() as u64,
            documented: self.documented() as u64,
            lost_silently: self.lost_silently() as u64,
            calls: self.jobs.iter().map(|job| job.calls).sum(),
            cost_microusd: self.jobs.iter().map(|job| job.cost_microusd).sum(),
            elapsed_us: self.elapsed_us,
        }
    }
}

impl Question {
    /// Whether the last attempt gave a whole answer.
    pub fn is_answered(&self) -> bool {
        self.attempts.last().is_some_and(|attempt| attempt.cause.is_none())
    }

    /// The waits between its attempts.
    pub fn waits(&self) -> impl Iterator<Item = Wait> {
        self.attempts.windows(2).enumerate().map(|(place, pair)| Wait {
            place,
            took_us: pair[1].start_us.saturating_sub(pair[0].end_us),
        })
    }
}

/// Whether a job said that it was done. A built-in pipeline says so of work in which only the judge
/// found what is missing; of an answer that was cut or refused it is not known whether it noticed.
fn says_done(job: &Job) -> Option<bool> {
    job.said_done.or(match (job.outcome, job.cause) {
        (Outcome::Failed, Some(Cause::Truncated | Cause::Refused)) => None,
        (Outcome::Failed, Some(Cause::LostChunk | Cause::LostLines | Cause::Undocumented)) => {
            Some(true)
        }
        (outcome, _) => Some(outcome != Outcome::Failed),
    })
}

/// Attempts with their number.
pub fn attempts(number: usize) -> String {
    reports::text::counted(number, "attempt")
}
