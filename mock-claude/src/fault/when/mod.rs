//! Which requests a fault hits: every condition that is given has to hold.

pub(super) mod burst;
pub(super) mod load;
pub(crate) mod selection;

use std::num::{NonZeroU32, NonZeroU64};

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use self::burst::Burst;
use self::load::Load;
use self::selection::{HeaderIs, KeyHash};
use crate::basis::chance::{Chance, RequestKey, Share};
use crate::basis::clock::SECOND_US;
use crate::basis::pattern::Pattern;

/// The `when` table of a fault. Without any condition, every request is hit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// Share of the attempts, from 0 to 1, decided for each attempt by seed and content.
    pub share: Option<Share>,
    /// This many first attempts at the same content; the ones after them succeed.
    pub first_attempts: Option<NonZeroU32>,
    /// Attempts at the same content by their number, counted from 1.
    pub attempts: Option<Attempts>,
    /// Every this many requests, counted over all since the fault was set: 5 hits the fifth, the
    /// tenth.
    pub every: Option<NonZeroU64>,
    /// Requests by their number among all since the fault was set, counted from 1.
    #[schemars(length(max = 10_000))]
    pub nth: Option<Vec<NonZeroU64>>,
    /// From this second on.
    #[schemars(range(max = 315_360_000))]
    pub from_s: Option<u64>,
    /// Until before this second.
    #[schemars(range(max = 315_360_000))]
    pub until_s: Option<u64>,
    /// Whether `from_s`, `until_s` and `burst` count from the first request since the fault was
    /// set, and not from the start of the mock.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub from_first_request: bool,
    /// Bad times that come and go.
    pub burst: Option<Burst>,
    /// The more requests are in flight, the likelier.
    pub load: Option<Load>,
    /// The path of the request; with a `*` at its end, the beginning of it.
    pub path: Option<Pattern>,
    /// The model as the client names it; with a `*` at its end, the beginning of it.
    pub model: Option<Pattern>,
    /// The API key of the request, compared by its hash.
    pub api_key: Option<KeyHash>,
    /// The job of the request, as its path names it by `/job/NAME`, in plain letters where the path
    /// has them percent-encoded. The other conditions then count the requests of this job only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 400))]
    pub job: Option<String>,
    /// A header of the request, as `name=value`.
    pub header: Option<HeaderIs>,
    /// Whether the reply is streamed.
    pub stream: Option<bool>,
}

/// A range of attempts, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attempts {
    /// The first that is hit.
    #[serde(default = "first")]
    pub from: NonZeroU32,
    /// The last that is hit; all further ones without it.
    pub to: Option<NonZeroU32>,
}

const fn first() -> NonZeroU32 {
    NonZeroU32::MIN
}

impl Attempts {
    fn include(self, attempt: u32) -> bool {
        let number = attempt.saturating_add(1);
        number >= self.from.get() && self.to.is_none_or(|to| number <= to.get())
    }
}

/// One request as the conditions see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Its key, number and time.
    pub(crate) arrival: Arrival,
    /// Its path.
    pub(crate) path: &'a str,
    /// The model that it names; empty where it names none.
    pub(crate) model: &'a str,
    /// The hash of its API key, where a condition wants it.
    pub(crate) api_key: Option<KeyHash>,
    /// Its headers.
    pub(crate) headers: &'a HeaderMap,
    /// Whether its reply is streamed.
    pub(crate) stream: bool,
    /// Requests under way, this one included.
    pub(crate) in_flight: u64,
    /// The job that it belongs to, where its path names one.
    pub(crate) job: Option<InJob<'a>>,
}

/// One request among those of its job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InJob<'a> {
    /// The name of the job.
    pub(crate) name: &'a str,
    /// Its key and its number, counted over the job's requests.
    pub(crate) arrival: Arrival,
}

impl<'a> Asked<'a> {
    /// What is known of a connection before it carries a request.
    pub(crate) const fn of(arrival: Arrival, headers: &'a HeaderMap) -> Self {
        let (path, model) = ("", "");
        let (api_key, stream, in_flight, job) = (None, false, 0, None);
        Self { arrival, path, model, api_key, headers, stream, in_flight, job }
    }
}

/// When and what a request is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// The request and its attempt.
    pub(crate) key: RequestKey,
    /// Requests that came before, of whatever content.
    pub(crate) earlier: u64,
    /// When it came, in microseconds since the mock was made.
    pub(crate) at_us: u64,
}

impl When {
    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let (Some(from), Some(until)) = (self.from_s, self.until_s)
            && from >= until
        {
            let message = format!("must be greater than `from_s` ({from})");
            problems.push(Problem::new("when.until_s", message));
        }
        if let Some(Attempts { from, to: Some(to) }) = self.attempts
            && from > to
        {
            let message = format!("must not be less than `from` ({from})");
            problems.push(Problem::new("when.attempts.to", message));
        }
        if self.job.as_deref() == Some("") {
            problems.push(Problem::new("when.job", "must be the NAME of `/job/NAME`"));
        }
        problems.extend(self.burst.iter().flat_map(Burst::problems));
        problems.extend(self.load.iter().flat_map(Load::problems));
        problems
    }

    /// The conditions that are given and look at a request: a connection has none yet.
    pub(super) fn about_requests(&self) -> Vec<&'static str> {
        let given = [
            ("first_attempts", self.first_attempts.is_some()),
            ("attempts", self.attempts.is_some()),
            ("load", self.load.is_some()),
            ("path", self.path.is_some()),
            ("model", self.model.is_some()),
            ("api_key", self.api_key.is_some()),
            ("header", self.header.is_some()),
            ("job", self.job.is_some()),
            ("stream", self.stream.is_some()),
        ];
        given.into_iter().filter_map(|(key, given)| given.then_some(key)).collect()
    }

    /// The request as a fault counts it that was put in force when `since` had come; none where it
    /// came before a fault that counts.
    pub(crate) fn counted<'a>(&self, asked: &Asked<'a>, since: u64) -> Option<Asked<'a>> {
        let asked = self.of_job(asked);
        let Some(earlier) = asked.arrival.earlier.checked_sub(since) else {
            let counts = self.every.is_some() || self.nth.is_some();
            return (!counts).then_some(asked);
        };
        Some(Asked { arrival: Arrival { earlier, ..asked.arrival }, ..asked })
    }

    /// The request by the fault's own time, whose first request came at `first_us`.
    pub(crate) fn timed<'a>(&self, asked: Asked<'a>, first_us: u64) -> Asked<'a> {
        let arrival = asked.arrival;
        let since_us = arrival.at_us.saturating_sub(first_us);
        let at_us = if self.from_first_request { since_us } else { arrival.at_us };
        Asked { arrival: Arrival { at_us, ..arrival }, ..asked }
    }

    /// The request among those of its job, where the fault is about a job.
    pub(crate) fn of_job<'a>(&self, asked: &Asked<'a>) -> Asked<'a> {
        match asked.job.filter(|_| self.job.is_some()) {
            Some(InJob { arrival, .. }) => Asked { arrival, ..*asked },
            None => *asked,
        }
    }

    /// Whether the fault hits this request.
    pub(crate) fn hits(&self, decision: &str, chance: Chance, asked: &Asked<'_>) -> bool {
        let Arrival { key, earlier, at_us } = asked.arrival;
        let (at_s, number) = (at_us / SECOND_US, earlier.saturating_add(1));
        self.from_s.is_none_or(|from| at_s >= from)
            && self.until_s.is_none_or(|until| at_s < until)
            && self.every.is_none_or(|every| number.is_multiple_of(every.get()))
            && self.nth.as_ref().is_none_or(|nth| nth.iter().any(|nth| nth.get() == number))
            && self.first_attempts.is_none_or(|first| key.attempt < first.get())
            && self.attempts.is_none_or(|attempts| attempts.include(key.attempt))
            && self.path.as_ref().is_none_or(|path| path.matches(asked.path))
            && self.model.as_ref().is_none_or(|model| model.matches(asked.model))
            && self.api_key.is_none_or(|wanted| asked.api_key == Some(wanted))
            && self.job.as_deref().is_none_or(|job| asked.job.is_some_and(|of| of.name == job))
            && self.header.as_ref().is_none_or(|header| header.matches(asked.headers))
            && self.stream.is_none_or(|stream| asked.stream == stream)
            && self.share.is_none_or(|share| chance.happens(decision, key, share))
            && self.burst.is_none_or(|burst| burst.hits(decision, chance, key, at_us))
            && self.load.is_none_or(|load| load.hits(decision, chance, key, asked.in_flight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(when: &When, subject: u64, attempt: u32, earlier: u64, at_s: u64) -> bool {
        let key = RequestKey { subject, attempt };
        let arrival = Arrival { key, earlier, at_us: at_s * SECOND_US };
        let headers = HeaderMap::new();
        let asked = Asked {
            arrival,
            path: "/v1/messages",
            model: "claude-x",
            api_key: None,
            headers: &headers,
            stream: false,
            in_flight: 1,
            job: None,
        };
        when.hits("fault 0", Chance::new(7), &asked)
    }

    #[test]
    fn a_window_includes_its_start_and_not_its_end() {
        let when = When { from_s: Some(60), until_s: Some(120), ..When::default() };
        let hit: Vec<bool> = [59, 60, 119, 120].map(|at| hits(&when, 1, 0, 0, at)).to_vec();
        assert_eq!(hit, [false, true, true, false]);
    }

    #[test]
    fn the_first_attempts_fail_and_the_next_one_succeeds() {
        let when = When { first_attempts: NonZeroU32::new(2), ..When::default() };
        assert!(hits(&when, 1, 0, 0, 0) && hits(&when, 1, 1, 9, 0) && !hits(&when, 1, 2, 9, 0));
    }

    #[test]
    fn every_fifth_request_is_hit_whatever_it_is_about() {
        let when = When { every: NonZeroU64::new(5), ..When::default() };
        let hit: Vec<u64> =
            (0..12).filter(|&earlier| hits(&when, earlier, 0, earlier, 0)).collect();
        assert_eq!(hit, [4, 9]);
    }

    #[test]
    fn a_share_follows_content_and_attempt_and_not_the_order_of_arrival() {
        let when = When { share: Share::try_from(0.3).ok(), ..When::default() };
        for subject in 0..100 {
            assert_eq!(hits(&when, subject, 0, 0, 0), hits(&when, subject, 0, 77, 500));
        }
        let first = (0..1000).filter(|&subject| hits(&when, subject, 0, 0, 0)).count();
        let both = (0..1000)
            .filter(|&subject| hits(&when, subject, 0, 0, 0) && hits(&when, subject, 1, 0, 0))
            .count();
        assert!((250..350).contains(&first), "{first}");
        assert!((50..130).contains(&both), "{both}: attempts are independent");
    }

    #[test]
    fn attempts_and_requests_are_picked_by_number_counted_from_one() {
        let number = |number| NonZeroU32::new(number).unwrap();
        let attempts = Attempts { from: number(2), to: Some(number(3)) };
        let when = When { attempts: Some(attempts), ..When::default() };
        let hit: Vec<bool> = (0..5).map(|attempt| hits(&when, 1, attempt, 0, 0)).collect();
        assert_eq!(hit, [false, true, true, false, false]);
        let nth = [3, 7].map(|nth| NonZeroU64::new(nth).unwrap()).to_vec();
        let when = When { nth: Some(nth), ..When::default() };
        let hit: Vec<u64> = (0..9).filter(|&earlier| hits(&when, 1, 0, earlier, 0)).collect();
        assert_eq!(hit, [2, 6]);
    }

    #[test]
    fn a_job_without_a_name_is_a_problem() {
        let when = When { job: Some(String::new()), ..When::default() };
        assert_eq!(when.problems()[0].key, "when.job");
    }

    #[test]
    fn an_empty_window_is_a_problem() {
        let when = When { from_s: Some(60), until_s: Some(60), ..When::default() };
        assert_eq!(when.problems()[0].message, "must be greater than `from_s` (60)");
    }
}
