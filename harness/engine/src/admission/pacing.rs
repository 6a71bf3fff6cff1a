//! Pacing: sends no faster than the API announces that it takes.
//!
//! The headers of a response say what was left after the call that it answers. From that, from
//! what was sent after that call and from what has come back since, follows what is left now,
//! however late the response is. Before anything is announced the pace is a slow start: one call,
//! and one more for each answer. A 429 that says how long to wait holds everything up to then.

use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::meter::{Lesson, Meter};
use crate::client::server_hints::Quota;

/// The `[schedule.pacing]` section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum PacingPolicy {
    /// Calls are sent as soon as there is a worker for them.
    #[default]
    Off,
    /// Calls are sent when the limits that the API announces have room for them.
    Announced {
        /// Requests a minute, until the API says how many; a slow start without it.
        #[serde(default)]
        requests_per_minute: Option<NonZeroU64>,
    },
}

/// Tokens are announced in thousands, rounded to the nearest: half of it may be missing.
const ROUNDING: u64 = 500;

/// What is left of every limit, as far as it is known.
#[derive(Debug)]
pub struct Pacer {
    requests: Meter,
    input: Meter,
    output: Meter,
    /// Tokens that those under way are expected to write.
    writing: u64,
    /// What a reply is expected to write: the mean of those so far.
    expected_output: u64,
    replies: u64,
    /// Calls whose response has not begun, and how many may be before anything is announced.
    unanswered: u64,
    window: u64,
    hold_until_us: u64,
}

/// What a call needs of the limits.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// Tokens that the model reads.
    pub input_tokens: u64,
    /// Tokens that the model may write.
    pub max_output_tokens: u64,
}

/// When a call may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Now.
    Now,
    /// Not before this moment, in microseconds since the run began.
    At(u64),
    /// Not before another call has been answered.
    AfterAnswer,
}

/// A call that was sent.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// Its number, in the order of sending, from 1.
    pub sequence: u64,
    /// When it was sent.
    pub at_us: u64,
    /// What it was expected to write.
    pub expected_output: u64,
}

impl Pacer {
    /// A pacer that knows nothing but its own estimate; none where the policy is off.
    pub fn new(policy: &PacingPolicy) -> Option<Self> {
        let PacingPolicy::Announced { requests_per_minute } = policy else { return None };
        Some(Self {
            requests: requests_per_minute.map_or_else(Meter::default, Meter::estimated),
            input: Meter::default(),
            output: Meter::default(),
            writing: 0,
            expected_output: 0,
            replies: 0,
            unanswered: 0,
            window: 1,
            hold_until_us: 0,
        })
    }

    /// When a call may be sent.
    pub fn pace(&self, now_us: u64, need: Need) -> Pace {
        if now_us < self.hold_until_us {
            return Pace::At(self.hold_until_us);
        }
        if !self.requests.is_known() && self.unanswered >= self.window {
            return Pace::AfterAnswer;
        }
        let waits = [
            self.requests.wait_us(now_us, 1, 0),
            self.input.wait_us(now_us, need.input_tokens, 0),
            // A reply needs an output limit that is not overdrawn when it begins.
            self.output.wait_us(now_us, 1, self.writing),
        ];
        match waits.into_iter().max().unwrap_or(0) {
            0 => Pace::Now,
            wait_us => Pace::At(now_us.saturating_add(wait_us)),
        }
    }

    /// Notes a call that is sent.
    pub fn sent(&mut self, now_us: u64, sequence: u64, need: Need) -> Sent {
        self.requests.spend(now_us, sequence, 1);
        self.input.spend(now_us, sequence, need.input_tokens);
        self.unanswered += 1;
        let expected_output =
            if self.replies == 0 { need.max_output_tokens } else { self.expected_output };
        self.writing += expected_output;
        Sent { sequence, at_us: now_us, expected_output }
    }

    /// Notes the head of a response. `to_us` turns a calendar time into the run's.
    pub fn answered(&mut self, sent: Sent, quota: &Quota, to_us: impl Fn(u64) -> u64) {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.window += 1;
        let Sent { sequence, at_us, .. } = sent;
        let announced = [
            (&mut self.requests, quota.requests, sequence, 0),
            (&mut self.input, quota.input_tokens, sequence, ROUNDING),
            (&mut self.output, quota.output_tokens, at_us, ROUNDING),
        ];
        for (meter, announced, order, rounding) in announced {
            let Some(announced) = announced else {
                meter.forget(order);
                continue;
            };
            let reset_us = to_us(announced.reset_ms);
            meter.learn(Lesson { announced, sequence, order, at_us, reset_us, rounding });
        }
    }

    /// Notes that a call without a response is over.
    pub const fn unanswered(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
    }

    /// Notes that a call is over, and what it wrote.
    pub fn ended(&mut self, now_us: u64, sent: Sent, tokens_out: u64) {
        self.writing = self.writing.saturating_sub(sent.expected_output);
        if tokens_out > 0 {
            self.output.spend(now_us, now_us, tokens_out);
            self.replies += 1;
            let all = self.expected_output * (self.replies - 1) + tokens_out;
            self.expected_output = all.div_ceil(self.replies);
        }
    }

    /// Sends nothing before this moment.
    pub fn hold(&mut self, until_us: u64) {
        self.hold_until_us = self.hold_until_us.max(until_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::server_hints::Announced;

    const SECOND: u64 = 1_000_000;
    const NEED: Need = Need { input_tokens: 100, max_output_tokens: 1000 };

    fn pacer(requests_per_minute: Option<u64>) -> Pacer {
        let requests_per_minute = requests_per_minute.and_then(NonZeroU64::new);
        Pacer::new(&PacingPolicy::Announced { requests_per_minute }).unwrap()
    }

    /// The quota of an API that takes `limit` requests a minute.
    fn requests(limit: u64, remaining: u64, reset_s: u64) -> Quota {
        let requests = Some(Announced { limit, remaining, reset_ms: reset_s * 1000 });
        Quota { requests, ..Quota::default() }
    }

    fn answered(pacer: &mut Pacer, sent: Sent, quota: &Quota) {
        pacer.answered(sent, quota, |epoch_ms| epoch_ms * 1000);
    }

    #[test]
    fn before_anything_is_announced_one_call_is_sent_and_then_two() {
        let mut pacer = pacer(None);
        assert_eq!(pacer.pace(0, NEED), Pace::Now);
        let first = pacer.sent(0, 1, NEED);
        assert_eq!(pacer.pace(0, NEED), Pace::AfterAnswer);
        answered(&mut pacer, first, &Quota::default());
        for sequence in 2..=3 {
            assert_eq!(pacer.pace(0, NEED), Pace::Now);
            pacer.sent(0, sequence, NEED);
        }
        assert_eq!(pacer.pace(0, NEED), Pace::AfterAnswer);
    }

    #[test]
    fn what_is_announced_is_spent_and_then_waited_for() {
        let mut pacer = pacer(None);
        let first = pacer.sent(0, 1, NEED);
        answered(&mut pacer, first, &requests(60, 3, 57));
        for sequence in 2..=4 {
            assert_eq!(pacer.pace(0, NEED), Pace::Now);
            pacer.sent(0, sequence, NEED);
        }
        assert_eq!(pacer.pace(0, NEED), Pace::At(SECOND), "sixty a minute are one a second");
        assert_eq!(pacer.pace(SECOND, NEED), Pace::Now);
    }

    #[test]
    fn a_late_response_says_what_was_left_when_its_call_was_sent() {
        let mut pacer = pacer(None);
        let first = pacer.sent(0, 1, NEED);
        answered(&mut pacer, first, &requests(60, 10, 50));
        let second = pacer.sent(0, 2, NEED);
        for sequence in 3..=11 {
            pacer.sent(0, sequence, NEED);
        }
        // Nine calls after the second are not in what its response announces.
        answered(&mut pacer, second, &requests(60, 9, 51));
        assert_eq!(pacer.pace(0, NEED), Pace::At(SECOND));
    }

    #[test]
    fn a_response_that_was_overtaken_says_nothing_new() {
        let mut pacer = pacer(None);
        let sent = [1, 2].map(|sequence| pacer.sent(0, sequence, NEED));
        answered(&mut pacer, sent[1], &requests(60, 0, 60));
        answered(&mut pacer, sent[0], &requests(60, 1, 59));
        assert_eq!(pacer.pace(0, NEED), Pace::At(SECOND));
    }

    #[test]
    fn what_was_overdrawn_recovers_however_much_it_was() {
        let mut pacer = pacer(None);
        let output_tokens = Some(Announced { limit: 600, remaining: 0, reset_ms: 1_000 });
        let quota = Quota { output_tokens, ..requests(1000, 900, 6) };
        let first = pacer.sent(0, 1, NEED);
        answered(&mut pacer, first, &quota);
        pacer.ended(SECOND, first, 6_000);
        let Pace::At(at_us) = pacer.pace(SECOND, NEED) else { panic!("it is overdrawn") };
        assert!(at_us > 590 * SECOND, "6,000 tokens at 600 a minute take ten minutes: {at_us}");
        assert_eq!(pacer.pace(at_us, NEED), Pace::Now);
    }

    #[test]
    fn what_refills_beyond_the_limit_is_lost() {
        let mut pacer = pacer(None);
        let first = pacer.sent(0, 1, NEED);
        answered(&mut pacer, first, &requests(60, 3, 1));
        let hour_us = 3_600 * SECOND;
        for sequence in 2..=5 {
            assert_eq!(pacer.pace(hour_us, NEED), Pace::Now);
            pacer.sent(hour_us, sequence, NEED);
        }
        assert_eq!(pacer.pace(hour_us, NEED), Pace::At(hour_us + SECOND), "it holds four");
    }

    #[test]
    fn an_own_estimate_sets_the_pace_until_the_api_does() {
        let mut pacer = pacer(Some(30));
        let first = pacer.sent(0, 1, NEED);
        assert_eq!(pacer.pace(0, NEED), Pace::At(2 * SECOND));
        answered(&mut pacer, first, &requests(60, 59, 1));
        assert_eq!(pacer.pace(0, NEED), Pace::Now);
    }

    #[test]
    fn a_refusal_that_says_how_long_holds_everything() {
        let mut pacer = pacer(None);
        pacer.hold(7 * SECOND);
        assert_eq!(pacer.pace(SECOND, NEED), Pace::At(7 * SECOND));
        assert_eq!(pacer.pace(7 * SECOND, NEED), Pace::Now);
    }

    #[test]
    fn those_under_way_are_expected_to_write_what_others_wrote() {
        let mut pacer = pacer(None);
        let output = |remaining| {
            let output_tokens = Some(Announced { limit: 60_000, remaining, reset_ms: 60_000 });
            Quota { output_tokens, ..requests(1000, 900, 6) }
        };
        let first = pacer.sent(0, 1, NEED);
        answered(&mut pacer, first, &output(2_500));
        pacer.ended(0, first, 2_000);
        let second = pacer.sent(1, 2, NEED);
        assert_eq!(second.expected_output, 2_000);
        // 2,500 rounded may be 2,000; those are written, and as many are on their way.
        assert!(matches!(pacer.pace(1, NEED), Pace::At(at) if at > 2 * SECOND));
    }
}
