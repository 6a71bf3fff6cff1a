//! One job that failed, with everything that a report says about it.
//!
//! Invariant: the request that stands for a job is its last one that failed: what the pipeline saw
//! before it gave up. What a failure means is decided in [`super::rule`] and [`super::stage`].

use super::injected::Injected;
use crate::record::{Attempt, Cause, Job};
use crate::text::{counted, shortened, thousands};

/// The longest quotation of a server's words in a line of evidence, in characters.
const QUOTED: usize = 160;

/// One job that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure<'a> {
    /// The job.
    pub job: &'a Job,
    /// Its last failed request; absent where none failed.
    pub last: Option<&'a Attempt>,
    /// The injected fault that hit that request, where the job failed for what it did. A fault
    /// that a retry got over is not what a later failure is about.
    pub fault: Option<Injected<'a>>,
    /// Whether the scenario expects this pipeline to fail so, and it does as expected.
    pub expected: bool,
}

impl<'a> Failure<'a> {
    /// The HTTP status of the last failed request; absent where no response came.
    pub fn status(&self) -> Option<u16> {
        self.last.and_then(|attempt| attempt.status)
    }

    /// The failure in words.
    pub fn words(&self) -> &'static str {
        self.job.cause.map_or("no cause recorded", Cause::words)
    }

    /// The cause's name in records.
    pub fn cause_name(&self) -> &'static str {
        self.job.cause.map_or("unknown", Cause::name)
    }

    /// What the server or the pipeline said, where anybody said anything.
    pub fn detail(&self) -> Option<&'a str> {
        self.job.detail.as_deref().or_else(|| self.last?.detail.as_deref())
    }

    /// The recorded cause, or the one that the status suggests.
    pub(super) fn deduced(&self) -> Option<Cause> {
        self.job.cause.or_else(|| match self.status()? {
            401 | 403 => Some(Cause::Unauthorized),
            404 => Some(Cause::NotFound),
            429 => Some(Cause::RateLimited),
            400..=499 => Some(Cause::InvalidRequest),
            529 => Some(Cause::Overloaded),
            500..=599 => Some(Cause::ServerError),
            _ => None,
        })
    }

    /// What the classification rests on, in words; text from outside is not yet escaped.
    pub fn evidence(&self) -> String {
        let mut found = Vec::new();
        match (self.status(), self.last) {
            (Some(status), _) => found.push(format!("status {status}")),
            (None, Some(_)) => found.push("no response".to_owned()),
            (None, None) => found.push("no request failed".to_owned()),
        }
        if let Some(Injected { name, by_time }) = self.fault {
            let when = if by_time { " at that time" } else { "" };
            found.push(format!("fault `{name}` injected{when}"));
        } else if self.status() == Some(429)
            && matches!(self.job.cause, Some(Cause::RateLimited | Cause::RequestOverLimit))
        {
            found.push("refused by the limits, no fault injected".to_owned());
        }
        if let Some(last) = self.last {
            let (attempt, part) = (thousands(last.attempt), thousands(last.chunk));
            found.push(format!("attempt {attempt} of part {part}"));
            let waited = last.retry_after_s.map(|s| format!("retry-after {} s", thousands(s)));
            found.extend(waited);
        }
        found.push(counted(self.job.calls, "call"));
        // Of a program of the user's, the words are ours: its exit, and what the mock saw.
        let whose = if self.job.said_done.is_some() { "detail" } else { "said" };
        found.extend(self.detail().map(|words| format!("{whose}: {}", shortened(words, QUOTED))));
        found.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::judge::failed::failures;

    #[test]
    fn a_failed_job_has_the_status_and_the_fault_of_its_last_failed_request() {
        let run = fixture::concurrent();
        let failures = failures(&run);
        assert_eq!(failures.len(), 6);
        let phase1 = |f: &Failure<'_>| f.status() == Some(429) && f.job.pipeline == *"phase1";
        assert!(failures.iter().all(phase1));
        assert!(failures.iter().all(|f| f.fault.is_some_and(|fault| fault.name == "burst_limit")));
    }

    #[test]
    fn the_evidence_is_what_the_records_hold() {
        let run = fixture::concurrent();
        let evidence = failures(&run)[0].evidence().replace("; ", "\n");
        insta::assert_snapshot!(evidence, @r"
        status 429
        fault `burst_limit` injected
        attempt 1 of part 1
        retry-after 8 s
        1 call
        said: This request would exceed your rate limit
        ");
    }

    #[test]
    fn who_is_throttled_by_bedrock_is_told_of_max_tokens_and_not_of_pacing() {
        let mut run = fixture::concurrent();
        assert!(failures(&run)[0].remedy().contains("retry-after"));
        let words = "Too many tokens, please wait before trying again.";
        run.pipelines[0].attempts.iter_mut().for_each(|a| a.detail = Some(words.to_owned()));
        run.pipelines[0].jobs.iter_mut().for_each(|job| job.detail = None);
        assert!(failures(&run)[0].remedy().starts_with("lower `max_tokens`"));
    }

    #[test]
    fn what_is_known_of_a_program_is_not_quoted_as_its_own_words() {
        let mut run = fixture::concurrent();
        run.pipelines[0].jobs[2].said_done = Some(false);
        let evidence = failures(&run)[0].evidence();
        assert!(evidence.ends_with("; detail: This request would exceed your rate limit"));
    }

    #[test]
    fn very_long_words_are_shortened_in_the_evidence() {
        let mut run = fixture::concurrent();
        run.pipelines[0].jobs[2].detail = Some("é".repeat(5_000));
        let evidence = failures(&run)[0].evidence();
        assert!(evidence.ends_with(&format!("{}…", "é".repeat(QUOTED))), "{evidence}");
    }
}
