//! Spend caps: no call is sent that could take a file, a run or a day over its cap.
//!
//! A call is checked against the caps before it is sent, by the most that it can cost: its prompt
//! at list price and an answer of `max_tokens`. What those under way may still cost is set aside,
//! so no order of answers leads over a cap. A call that would fit if they cost less than they may
//! waits for them; one that would not fit even then is never sent.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `[spend]` section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum SpendPolicy {
    /// Whatever it costs.
    #[default]
    Off,
    /// Caps in micro-dollars; one that is not given does not exist.
    Capped {
        /// For one file.
        #[serde(default)]
        per_file_microusd: Option<NonZeroU64>,
        /// For one run.
        #[serde(default)]
        per_run_microusd: Option<NonZeroU64>,
        /// For one day, by the calendar in UTC.
        #[serde(default)]
        per_day_microusd: Option<NonZeroU64>,
    },
}

/// What a day has cost, as it is kept from one run to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySum {
    /// The day, counted from the Unix epoch in UTC.
    pub day: u64,
    /// What it has cost so far.
    pub spent_microusd: u64,
}

/// Whether a call may be paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Funds {
    /// It may.
    Enough,
    /// Perhaps, when those under way have cost less than they may.
    Wait,
    /// Never: in words, which cap is in the way.
    Spent(String),
}

/// What was spent, and what is set aside.
#[derive(Debug)]
pub struct Spend {
    per_file: u64,
    per_run: u64,
    per_day: u64,
    files: BTreeMap<u64, Purse>,
    run: Purse,
    day: Purse,
    today: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Purse {
    spent: u64,
    set_aside: u64,
}

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

impl Spend {
    /// Nothing spent but what the day has cost already; none where the policy is off.
    pub fn new(policy: &SpendPolicy, already: DaySum) -> Option<Self> {
        let SpendPolicy::Capped { per_file_microusd, per_run_microusd, per_day_microusd } = policy
        else {
            return None;
        };
        let cap = |cap: &Option<NonZeroU64>| cap.map_or(u64::MAX, NonZeroU64::get);
        Some(Self {
            per_file: cap(per_file_microusd),
            per_run: cap(per_run_microusd),
            per_day: cap(per_day_microusd),
            files: BTreeMap::new(),
            run: Purse::default(),
            day: Purse { spent: already.spent_microusd, set_aside: 0 },
            today: already.day,
        })
    }

    /// Whether a call of a file may be paid for that costs this at most.
    pub fn funds(&mut self, now_epoch_ms: u64, file: u64, most: u64) -> Funds {
        self.roll(now_epoch_ms);
        let of_file = self.files.get(&file).copied().unwrap_or_default();
        let purses = [
            ("file", of_file, self.per_file),
            ("run", self.run, self.per_run),
            ("day", self.day, self.per_day),
        ];
        let mut funds = Funds::Enough;
        for (whose, purse, cap) in purses {
            let Purse { spent, set_aside } = purse;
            let least = spent.saturating_add(most);
            if least > cap {
                return Funds::Spent(format!(
                    "not sent: the {whose} has cost {spent} of {cap} micro-dollars, and this call \
                     may cost {most}"
                ));
            }
            if least.saturating_add(set_aside) > cap {
                funds = Funds::Wait;
            }
        }
        funds
    }

    /// Sets aside what a call may cost.
    pub fn set_aside(&mut self, file: u64, most: u64) {
        for purse in [self.files.entry(file).or_default(), &mut self.run, &mut self.day] {
            purse.set_aside = purse.set_aside.saturating_add(most);
        }
    }

    /// Takes what a call did cost, and gives back what was set aside for it.
    pub fn debit(&mut self, now_epoch_ms: u64, file: u64, most: u64, cost: u64) {
        self.roll(now_epoch_ms);
        for purse in [self.files.entry(file).or_default(), &mut self.run, &mut self.day] {
            purse.set_aside = purse.set_aside.saturating_sub(most);
            purse.spent = purse.spent.saturating_add(cost);
        }
    }

    /// What the day has cost: what the next run of the same day begins with.
    pub const fn day(&self) -> DaySum {
        DaySum { day: self.today, spent_microusd: self.day.spent }
    }

    /// Forgets what was spent when a new day has begun.
    const fn roll(&mut self, now_epoch_ms: u64) {
        let today = now_epoch_ms / DAY_MS;
        if today != self.today {
            self.today = today;
            self.day.spent = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spend(per_file: Option<u64>, per_run: Option<u64>, per_day: Option<u64>) -> Spend {
        let cap = |cap: Option<u64>| cap.and_then(NonZeroU64::new);
        let policy = SpendPolicy::Capped {
            per_file_microusd: cap(per_file),
            per_run_microusd: cap(per_run),
            per_day_microusd: cap(per_day),
        };
        Spend::new(&policy, DaySum::default()).unwrap()
    }

    fn check(funds: &Funds, whose: &str) {
        assert!(matches!(funds, Funds::Spent(words) if words.contains(whose)), "{funds:?}");
    }

    #[test]
    fn what_may_still_fit_waits_and_what_cannot_is_never_sent() {
        let mut spend = spend(None, Some(100), None);
        spend.set_aside(1, 60);
        assert_eq!(spend.funds(0, 2, 40), Funds::Enough);
        assert_eq!(spend.funds(0, 2, 41), Funds::Wait);
        spend.debit(0, 1, 60, 20);
        assert_eq!(spend.funds(0, 2, 80), Funds::Enough);
        check(&spend.funds(0, 2, 81), "the run has cost 20 of 100");
    }

    #[test]
    fn each_file_has_a_purse_of_its_own() {
        let mut spend = spend(Some(50), None, None);
        spend.set_aside(1, 50);
        spend.debit(0, 1, 50, 50);
        check(&spend.funds(0, 1, 1), "the file");
        assert_eq!(spend.funds(0, 2, 50), Funds::Enough);
    }

    #[test]
    fn a_day_begins_with_what_it_has_cost_and_ends_at_midnight() {
        let already = DaySum { day: 3, spent_microusd: 90 };
        let policy = SpendPolicy::Capped {
            per_file_microusd: None,
            per_run_microusd: None,
            per_day_microusd: NonZeroU64::new(100),
        };
        let mut spend = Spend::new(&policy, already).unwrap();
        check(&spend.funds(4 * DAY_MS - 1, 1, 11), "the day has cost 90");
        assert_eq!(spend.funds(4 * DAY_MS, 1, 11), Funds::Enough);
        spend.set_aside(1, 11);
        spend.debit(4 * DAY_MS, 1, 11, 7);
        assert_eq!(spend.day(), DaySum { day: 4, spent_microusd: 7 });
    }

    proptest! {
        #[test]
        fn no_order_of_calls_and_answers_leads_over_a_cap(
            cap in 1_u64..1_000,
            calls in proptest::collection::vec((0_u64..4, 0_u64..200, 0_u64..=100), 0..100),
        ) {
            let mut spend = spend(Some(cap), Some(cap * 2), Some(cap * 2));
            let mut under_way = Vec::new();
            for (file, most, percent) in calls {
                if spend.funds(0, file, most) == Funds::Enough {
                    spend.set_aside(file, most);
                    under_way.push((file, most, most * percent / 100));
                } else if let Some((file, most, cost)) = under_way.pop() {
                    spend.debit(0, file, most, cost);
                }
            }
            for (file, most, cost) in under_way {
                spend.debit(0, file, most, cost);
            }
            prop_assert!(spend.run.spent <= cap * 2);
            prop_assert!(spend.files.values().all(|purse| purse.spent <= cap));
        }
    }
}
