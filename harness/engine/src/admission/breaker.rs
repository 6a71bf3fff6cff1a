//! The circuit breaker: stops calling an API that is down, and finds out when it is up again.
//!
//! Closed, it counts what failed in the last while. When too much did, it opens, and nothing is
//! sent for a time. Then it is half open: a few probes are sent, and how they end closes
//! or opens it again. What was sent before a change of state says nothing about the state after
//! it. A refusal for too many requests is an answer of an API that is up.

use std::collections::VecDeque;
use std::num::{NonZeroU32, NonZeroU64};

use mock_claude::internals::chance::{MILLION, Share};
use reports::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `[breaker]` section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum BreakerPolicy {
    /// Calls are sent whatever happened to the ones before.
    #[default]
    Off,
    /// Opens on the share of failures: overload, 5xx, timeouts and broken connections.
    FailureShare {
        /// Milliseconds of which the calls are counted.
        window_ms: NonZeroU64,
        /// Calls in them below which it stays closed.
        min_calls: NonZeroU32,
        /// The share of failures that opens it.
        share: Share,
        /// Milliseconds for which nothing is sent.
        open_ms: NonZeroU64,
        /// Probes that have to succeed before it closes.
        probes: NonZeroU32,
        /// What becomes of a call meanwhile.
        when_open: WhenOpen,
    },
}

/// What becomes of a call while the breaker is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenOpen {
    /// It waits in line.
    Wait,
    /// It fails at once.
    Fail,
}

/// Whether a call may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// It may.
    Free,
    /// It may, and decides by how it ends.
    Probe,
    /// Not before this moment.
    WaitUntil(u64),
    /// Not before a probe has come back.
    Wait,
    /// It fails.
    Fail,
}

/// The state that a call was sent in, by its number.
pub type Era = u64;

/// A breaker; times are microseconds since the run began.
#[derive(Debug)]
pub struct Breaker {
    window_us: u64,
    min_calls: usize,
    share_millionths: u64,
    open_us: u64,
    probes: u32,
    when_open: WhenOpen,
    era: Era,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Results of the last while: when, and whether it failed.
    Closed(VecDeque<(u64, bool)>),
    Open {
        until_us: u64,
    },
    HalfOpen {
        sent: u32,
        succeeded: u32,
    },
}

impl Breaker {
    /// A closed breaker; none where the policy is off.
    pub fn new(policy: &BreakerPolicy) -> Option<Self> {
        use BreakerPolicy::FailureShare;
        let FailureShare { window_ms, min_calls, share, open_ms, probes, when_open } = policy
        else {
            return None;
        };
        Some(Self {
            window_us: window_ms.get().saturating_mul(1000),
            min_calls: usize::try_from(min_calls.get()).unwrap_or(usize::MAX),
            share_millionths: share.millionths(),
            open_us: open_ms.get().saturating_mul(1000),
            probes: probes.get(),
            when_open: *when_open,
            era: 0,
            phase: Phase::Closed(VecDeque::new()),
        })
    }

    /// Whether a call may be sent now.
    pub fn passage(&mut self, now_us: u64) -> Passage {
        if let Phase::Open { until_us } = self.phase
            && now_us >= until_us
        {
            self.change(Phase::HalfOpen { sent: 0, succeeded: 0 });
        }
        let (free, wait) = match self.phase {
            Phase::Closed(_) => return Passage::Free,
            Phase::Open { until_us } => (false, Passage::WaitUntil(until_us)),
            Phase::HalfOpen { sent, .. } => (sent < self.probes, Passage::Wait),
        };
        match self.when_open {
            _ if free => Passage::Probe,
            WhenOpen::Wait => wait,
            WhenOpen::Fail => Passage::Fail,
        }
    }

    /// Notes that a call is sent, and gives the era in which it is.
    pub const fn sent(&mut self) -> Era {
        if let Phase::HalfOpen { sent, .. } = &mut self.phase {
            *sent += 1;
        }
        self.era
    }

    /// Notes how a call ended; true where that closed the breaker.
    pub fn came_back(&mut self, now_us: u64, era: Era, failed: bool) -> bool {
        if era != self.era {
            return false;
        }
        match &mut self.phase {
            Phase::Open { .. } => false,
            Phase::Closed(results) => {
                results.push_back((now_us, failed));
                let since_us = now_us.saturating_sub(self.window_us);
                while results.front().is_some_and(|(at_us, _)| *at_us < since_us) {
                    results.pop_front();
                }
                let (calls, failures) =
                    (results.len(), results.iter().filter(|(_, failed)| *failed).count());
                let too_many = failures as u64 * MILLION >= calls as u64 * self.share_millionths;
                if failed && calls >= self.min_calls && too_many {
                    self.change(Phase::Open { until_us: now_us.saturating_add(self.open_us) });
                }
                false
            }
            Phase::HalfOpen { .. } if failed => {
                self.change(Phase::Open { until_us: now_us.saturating_add(self.open_us) });
                false
            }
            Phase::HalfOpen { succeeded, .. } => {
                *succeeded += 1;
                let closes = *succeeded >= self.probes;
                if closes {
                    self.change(Phase::Closed(VecDeque::new()));
                }
                closes
            }
        }
    }

    /// Notes that a call was given up before it had ended: another may probe instead.
    pub const fn given_up(&mut self, era: Era) {
        if era == self.era
            && let Phase::HalfOpen { sent, .. } = &mut self.phase
        {
            *sent = sent.saturating_sub(1);
        }
    }

    fn change(&mut self, phase: Phase) {
        self.era += 1;
        self.phase = phase;
    }
}

/// Whether a failure says that the API is down.
pub const fn is_an_outage(cause: Cause) -> bool {
    matches!(cause, Cause::Overloaded | Cause::ServerError | Cause::CallTimeout | Cause::Connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    /// Opens for five seconds when half of at least four calls in ten seconds failed.
    fn breaker(when_open: WhenOpen) -> Breaker {
        let number = |number| NonZeroU64::new(number).unwrap();
        Breaker::new(&BreakerPolicy::FailureShare {
            window_ms: number(10_000),
            min_calls: NonZeroU32::new(4).unwrap(),
            share: Share::of_millionths(500_000),
            open_ms: number(5_000),
            probes: NonZeroU32::new(2).unwrap(),
            when_open,
        })
        .unwrap()
    }

    fn call(breaker: &mut Breaker, at_us: u64, failed: bool) -> bool {
        let era = breaker.sent();
        breaker.came_back(at_us, era, failed)
    }

    fn opened(when_open: WhenOpen) -> Breaker {
        let mut breaker = breaker(when_open);
        for failed in [false, false, true, true] {
            assert_eq!(breaker.passage(0), Passage::Free);
            call(&mut breaker, 0, failed);
        }
        breaker
    }

    #[test]
    fn it_opens_at_its_share_of_failures_and_not_below_its_calls() {
        let mut few = breaker(WhenOpen::Wait);
        for _ in 0..3 {
            call(&mut few, 0, true);
        }
        assert_eq!(few.passage(0), Passage::Free, "three calls are too few");
        assert_eq!(opened(WhenOpen::Wait).passage(0), Passage::WaitUntil(5 * SECOND));
        assert_eq!(opened(WhenOpen::Fail).passage(0), Passage::Fail);
    }

    #[test]
    fn what_failed_long_ago_is_forgotten() {
        let mut breaker = breaker(WhenOpen::Wait);
        for _ in 0..3 {
            call(&mut breaker, 0, true);
        }
        call(&mut breaker, 11 * SECOND, true);
        assert_eq!(breaker.passage(11 * SECOND), Passage::Free);
    }

    #[test]
    fn as_many_probes_as_it_takes_close_it_and_one_failure_opens_it() {
        let mut breaker = opened(WhenOpen::Wait);
        assert_eq!(breaker.passage(5 * SECOND), Passage::Probe);
        assert!(!call(&mut breaker, 5 * SECOND, true));
        assert_eq!(breaker.passage(6 * SECOND), Passage::WaitUntil(10 * SECOND));
        let probes = [0, 1].map(|_| {
            assert_eq!(breaker.passage(10 * SECOND), Passage::Probe);
            breaker.sent()
        });
        assert_eq!(breaker.passage(10 * SECOND), Passage::Wait, "both probes are on their way");
        assert!(!breaker.came_back(11 * SECOND, probes[0], false));
        assert!(breaker.came_back(11 * SECOND, probes[1], false), "it closes");
        assert_eq!(breaker.passage(11 * SECOND), Passage::Free);
    }

    #[test]
    fn what_was_sent_before_it_opened_decides_nothing_after() {
        let mut breaker = breaker(WhenOpen::Wait);
        let old = breaker.sent();
        for _ in 0..4 {
            call(&mut breaker, 0, true);
        }
        assert_eq!(breaker.passage(5 * SECOND), Passage::Probe);
        breaker.came_back(5 * SECOND, old, true);
        assert_eq!(breaker.passage(5 * SECOND), Passage::Probe, "still half open");
    }

    #[test]
    fn a_probe_that_is_given_up_leaves_its_place_to_another() {
        let mut breaker = opened(WhenOpen::Wait);
        let eras = [0, 1].map(|_| {
            assert_eq!(breaker.passage(5 * SECOND), Passage::Probe);
            breaker.sent()
        });
        assert_eq!(breaker.passage(5 * SECOND), Passage::Wait);
        breaker.given_up(eras[0]);
        assert_eq!(breaker.passage(5 * SECOND), Passage::Probe);
    }

    #[test]
    fn too_many_requests_are_no_outage() {
        assert!(!is_an_outage(Cause::RateLimited) && !is_an_outage(Cause::InvalidRequest));
        assert!(is_an_outage(Cause::Overloaded) && is_an_outage(Cause::CallTimeout));
    }
}
