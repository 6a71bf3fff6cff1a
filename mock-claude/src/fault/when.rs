//! Which requests a fault hits: every condition that is given has to hold.

use std::num::{NonZeroU32, NonZeroU64};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chance::{Chance, RequestKey, Share};
use crate::clock::SECOND_US;
use crate::config::Problem;

/// The `when` table of a fault. Without any condition, every request is hit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// Share of the attempts, from 0 to 1, decided for each attempt by seed and content.
    pub share: Option<Share>,
    /// The first so many attempts at the same content; the ones after them succeed.
    pub first_attempts: Option<NonZeroU32>,
    /// Every so many requests, counted over all of them: 5 hits the fifth, the tenth.
    pub every: Option<NonZeroU64>,
    /// From this second on.
    #[schemars(range(max = 315_360_000))]
    pub from_s: Option<u64>,
    /// Until before this second.
    #[schemars(range(max = 315_360_000))]
    pub until_s: Option<u64>,
}

/// What a condition may look at.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// The request and its attempt.
    pub key: RequestKey,
    /// Requests that came before, of whatever content.
    pub earlier: u64,
    /// When it came, in microseconds since the mock was made.
    pub at_us: u64,
}

impl When {
    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        match (self.from_s, self.until_s) {
            (Some(from), Some(until)) if from >= until => {
                vec![Problem::new(
                    "when.until_s",
                    format!("must be greater than `from_s` ({from})"),
                )]
            }
            _ => Vec::new(),
        }
    }

    /// Whether the fault hits this request.
    pub fn hits(&self, decision: &str, chance: Chance, arrival: &Arrival) -> bool {
        let at_s = arrival.at_us / SECOND_US;
        self.from_s.is_none_or(|from| at_s >= from)
            && self.until_s.is_none_or(|until| at_s < until)
            && self.every.is_none_or(|every| (arrival.earlier + 1).is_multiple_of(every.get()))
            && self.first_attempts.is_none_or(|first| arrival.key.attempt < first.get())
            && self.share.is_none_or(|share| chance.happens(decision, arrival.key, share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(when: &When, subject: u64, attempt: u32, earlier: u64, at_s: u64) -> bool {
        let key = RequestKey { subject, attempt };
        let arrival = Arrival { key, earlier, at_us: at_s * SECOND_US };
        when.hits("fault 0", Chance::new(7), &arrival)
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
    fn an_empty_window_is_a_problem() {
        let when = When { from_s: Some(60), until_s: Some(60), ..When::default() };
        assert_eq!(when.problems()[0].message, "must be greater than `from_s` (60)");
    }
}
