//! Latency faults: a reply that begins late, is written slowly, or gets stuck half-way.
//!
//! Durations are whole milliseconds. Those left to chance are computed by the `libm` crate from
//! keyed bits, because the platform's own logarithm may differ in its last digit.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use crate::basis::chance::RequestKey;
use crate::fault::effect::Effect;
use crate::fault::kind::{Drawn, Kind};
use crate::fault::when::{Asked, When};
use crate::model::latency::{Delay, Stall};

/// A `[[fault]]` of kind `latency`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LatencyFault {
    /// The fault's name in the records.
    pub name: Option<String>,
    /// More time before the first token.
    pub extra: Option<Extra>,
    /// More time before the first token for each request in flight, this one included.
    #[schemars(range(max = 3_600_000))]
    pub per_in_flight_ms: u64,
    /// How many times as long every token takes.
    #[schemars(range(min = 1, max = 10_000))]
    pub decode_times: Option<NonZeroU32>,
    /// A pause in the middle.
    pub stall: Option<Stall>,
    /// Which requests it hits.
    pub when: When,
}

/// More time, by one of three laws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Extra {
    /// Always the same.
    FixedMs(u64),
    /// Half of the times are shorter than the median, and some are far longer.
    LogNormal {
        /// The median in milliseconds.
        median_ms: NonZeroU32,
        /// The standard deviation of the logarithm; 1 makes one in six 2.7 times the median.
        #[schemars(range(min = 0, max = 5))]
        sigma: f64,
    },
    /// A heavy tail (Pareto): few are very long, and their sum is most of the waiting.
    HeavyTail {
        /// The shortest in milliseconds.
        least_ms: NonZeroU32,
        /// The shape; the smaller, the heavier the tail.
        #[schemars(range(min = 0.1, max = 100))]
        alpha: f64,
        /// The longest in milliseconds.
        most_ms: NonZeroU32,
    },
}

impl LatencyFault {
    /// The longest duration that can be asked for: a year.
    pub(crate) const MAX_MS: u64 = 31_536_000_000;
}

const MAX_MS: u64 = LatencyFault::MAX_MS;

impl Extra {
    fn problems(self) -> Vec<Problem> {
        let problem =
            |key: &str, message: &str| vec![Problem::new(format!("extra.{key}"), message)];
        match self {
            Self::FixedMs(ms) if ms > MAX_MS => problem("fixed_ms", "must be at most a year"),
            Self::LogNormal { sigma, .. } if !(0.0..=5.0).contains(&sigma) => {
                problem("log_normal.sigma", "must be from 0 to 5")
            }
            Self::HeavyTail { alpha, .. } if !(0.1..=100.0).contains(&alpha) => {
                problem("heavy_tail.alpha", "must be from 0.1 to 100")
            }
            Self::HeavyTail { least_ms, most_ms, .. } if least_ms > most_ms => {
                problem("heavy_tail.most_ms", "must not be less than `least_ms`")
            }
            _ => Vec::new(),
        }
    }

    fn draw(self, drawn: Drawn<'_>, key: RequestKey) -> u64 {
        let unit = |name: &str| {
            let bits = drawn.chance.bits(&format!("{} {name}", drawn.decision), key);
            // 53 bits, moved off zero, whose logarithm is infinite.
            (to_f64(bits >> 11) + 0.5) / to_f64(1 << 53)
        };
        match self {
            Self::FixedMs(ms) => ms,
            Self::LogNormal { median_ms, sigma } => {
                let (radius, turn) = (unit("radius"), unit("turn"));
                // Box and Muller's normal deviate.
                let normal = libm::sqrt(-2.0 * libm::log(radius))
                    * libm::cos(2.0 * std::f64::consts::PI * turn);
                to_ms(f64::from(median_ms.get()) * libm::exp(sigma * normal))
            }
            Self::HeavyTail { least_ms, alpha, most_ms } => {
                let times = libm::exp(-libm::log(unit("tail")) / alpha);
                to_ms(f64::from(least_ms.get()) * times).min(u64::from(most_ms.get()))
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
const fn to_f64(bits: u64) -> f64 {
    bits as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts of floats saturate, and the result is bounded"
)]
fn to_ms(duration: f64) -> u64 {
    (libm::round(duration) as u64).min(MAX_MS)
}

impl Kind for LatencyFault {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| "latency".to_owned())
    }

    fn when(&self) -> &When {
        &self.when
    }

    fn parts_mut(&mut self) -> (&mut Option<String>, &mut When) {
        (&mut self.name, &mut self.when)
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.extra.into_iter().flat_map(Extra::problems).collect();
        if self.per_in_flight_ms > 3_600_000 {
            problems.push(Problem::new("per_in_flight_ms", "must be at most an hour"));
        }
        if self.decode_times.is_some_and(|times| times.get() > 10_000) {
            problems.push(Problem::new("decode_times", "must be at most 10000"));
        }
        if self.stall.and_then(|stall| stall.for_ms).is_some_and(|ms| ms > MAX_MS) {
            let message = "must be at most a year; without it, the stall lasts indefinitely";
            problems.push(Problem::new("stall.for_ms", message));
        }
        problems
    }

    fn effect(&self, drawn: Drawn<'_>, asked: &Asked<'_>) -> Option<Effect> {
        let drawn_ms = self.extra.map_or(0, |extra| extra.draw(drawn, asked.arrival.key));
        let of_load = self.per_in_flight_ms.saturating_mul(asked.in_flight);
        Some(Effect::Delay(Delay {
            extra_ms: drawn_ms.saturating_add(of_load).min(MAX_MS),
            decode_times: self.decode_times.unwrap_or(NonZeroU32::MIN),
            stall: self.stall,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basis::chance::Chance;

    fn sorted(extra: Extra) -> Vec<u64> {
        let drawn = Drawn { decision: "fault 0", chance: Chance::new(7) };
        let mut all: Vec<u64> = (0..10_001)
            .map(|subject| extra.draw(drawn, RequestKey { subject, attempt: 0 }))
            .collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn log_normal_has_its_median_and_its_spread() {
        let median_ms = NonZeroU32::new(1000).unwrap();
        let all = sorted(Extra::LogNormal { median_ms, sigma: 1.0 });
        assert!((950..1_050).contains(&all[5_000]), "{}", all[5_000]);
        assert!((2_500..2_950).contains(&all[8_413]), "one sigma up is e times: {}", all[8_413]);
    }

    #[test]
    fn a_heavy_tail_begins_at_its_least_and_ends_at_its_most() {
        let (least_ms, most_ms) = (NonZeroU32::new(100).unwrap(), NonZeroU32::new(60_000).unwrap());
        let all = sorted(Extra::HeavyTail { least_ms, alpha: 1.0, most_ms });
        assert!(
            (190..210).contains(&all[5_000]),
            "the median is 2^(1/alpha) times: {}",
            all[5_000]
        );
        assert_eq!((all[0], all[10_000]), (100, 60_000));
    }

    #[test]
    fn drawn_durations_never_change_between_releases_or_platforms() {
        let drawn = Drawn { decision: "fault 0", chance: Chance::new(7) };
        let key = RequestKey { subject: 11, attempt: 0 };
        let median_ms = NonZeroU32::new(1_000_000).unwrap();
        assert_eq!(Extra::LogNormal { median_ms, sigma: 1.0 }.draw(drawn, key), 567_919);
    }

    #[test]
    fn impossible_shapes_are_problems_that_name_their_key() {
        let fault: LatencyFault = toml::from_str(
            "extra = { log_normal = { median_ms = 5, sigma = nan } }\n\
             stall = { after_tokens = 1, for_ms = 99999999999999 }",
        )
        .unwrap();
        let keys: Vec<String> = fault.problems().into_iter().map(|problem| problem.key).collect();
        assert_eq!(keys, ["extra.log_normal.sigma", "stall.for_ms"]);
    }
}
