//! One expectation as a person types it: `p95(latency) < 30s`, `cost < $0.50`.
//!
//! The value is kept as an integer in millionths of the metric's unit, so that no comparison fails
//! by a rounding error; the text is kept as it was typed.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One expectation: a metric, a comparison and a value.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub struct Threshold {
    text: String,
    /// What is measured.
    pub measure: Measure,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what, in millionths of a dollar, a second, a whole or one.
    pub value: u128,
}

/// What a threshold is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Documented jobs of those that were tried.
    SuccessRate,
    /// Documented definitions of those in the source.
    Coverage,
    /// Documented jobs.
    Documented,
    /// Failed jobs.
    Failed,
    /// Definitions that the documentation lacks.
    LostDefinitions,
    /// Lines of the source that are not blank and were never sent.
    LostLines,
    /// Requests sent.
    Calls,
    /// Requests beyond the first for the same part.
    Retries,
    /// Calls for each that would have been enough.
    Amplification,
    /// Everything that was charged.
    Cost,
    /// The same for each documented job.
    CostPerSuccess,
    /// What of it bought nothing.
    WastedCost,
    /// What was charged for work whose caller had been answered without it.
    ZombieCost,
    /// Input tokens.
    TokensIn,
    /// Output tokens.
    TokensOut,
    /// Parts answered from the cache.
    CacheHits,
    /// From the first arrival to the end of the last job.
    Elapsed,
    /// A point of a distribution.
    Quantile(Distribution, Point),
}

/// A distribution of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distribution {
    /// From arrival to end, over the documented jobs.
    Latency,
    /// From the sending of a request to its first token.
    FirstToken,
    /// From one token of a streamed answer to the next.
    BetweenTokens,
}

/// A point of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The median.
    P50,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
    /// The greatest value.
    Max,
}

/// How a measured value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
}

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// A part of a whole: `0.95` or `95%`.
    Share,
    /// Dollars: `$0.50`.
    Money,
    /// A time with its unit: `30s`, `200ms`, `5m`, `1h`.
    Time,
    /// A number of things, or a ratio of two.
    Number,
}

const NAMES: [(&str, Measure); 17] = [
    ("success_rate", Measure::SuccessRate),
    ("coverage", Measure::Coverage),
    ("documented", Measure::Documented),
    ("failed", Measure::Failed),
    ("lost_definitions", Measure::LostDefinitions),
    ("lost_lines", Measure::LostLines),
    ("calls", Measure::Calls),
    ("retries", Measure::Retries),
    ("amplification", Measure::Amplification),
    ("cost", Measure::Cost),
    ("cost_per_success", Measure::CostPerSuccess),
    ("wasted_cost", Measure::WastedCost),
    ("zombie_cost", Measure::ZombieCost),
    ("tokens_in", Measure::TokensIn),
    ("tokens_out", Measure::TokensOut),
    ("cache_hits", Measure::CacheHits),
    ("elapsed", Measure::Elapsed),
];

const DISTRIBUTIONS: [(&str, Distribution); 4] = [
    ("latency", Distribution::Latency),
    ("ttft", Distribution::FirstToken),
    ("first_token", Distribution::FirstToken),
    ("between_tokens", Distribution::BetweenTokens),
];

const POINTS: [(&str, Point); 4] =
    [("p50", Point::P50), ("p95", Point::P95), ("p99", Point::P99), ("max", Point::Max)];

/// The longer ones first: `<` begins `<=` as well.
const COMPARISONS: [(&str, Comparison); 5] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::More),
];

fn find<T: Copy>(names: &[(&str, T)], name: &str) -> Option<T> {
    names.iter().find(|(known, _)| *known == name).map(|(_, found)| *found)
}

impl Measure {
    /// `success_rate`, `p95(latency)` or `latency_p95`.
    fn parse(text: &str) -> Option<Self> {
        let quantile = |of: &str, point: &str| {
            let (of, point) = (of.trim(), point.trim());
            Some(Self::Quantile(find(&DISTRIBUTIONS, of)?, find(&POINTS, point)?))
        };
        let called = || {
            let (point, rest) = text.strip_suffix(')')?.split_once('(')?;
            quantile(rest, point)
        };
        let joined = || text.rsplit_once('_').and_then(|(of, point)| quantile(of, point));
        find(&NAMES, text).or_else(called).or_else(joined)
    }

    /// What its values count.
    pub const fn dimension(self) -> Dimension {
        match self {
            Self::SuccessRate | Self::Coverage => Dimension::Share,
            Self::Cost | Self::CostPerSuccess | Self::WastedCost | Self::ZombieCost => {
                Dimension::Money
            }
            Self::Elapsed | Self::Quantile(..) => Dimension::Time,
            _ => Dimension::Number,
        }
    }
}

impl Comparison {
    /// Whether a measured value is as it is expected to be.
    pub const fn holds(self, measured: u128, value: u128) -> bool {
        match self {
            Self::Less => measured < value,
            Self::AtMost => measured <= value,
            Self::More => measured > value,
            Self::AtLeast => measured >= value,
            Self::Equal => measured == value,
        }
    }
}

impl Threshold {
    /// The metric as it was typed.
    pub fn metric(&self) -> &str {
        self.parts().0
    }

    /// The comparison and the value as they were typed.
    pub fn bound(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        let at = self.text.find(['<', '>', '=']).unwrap_or(self.text.len());
        (self.text[..at].trim_end(), &self.text[at..])
    }
}

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let at = text.find(['<', '>', '=']).ok_or_else(|| {
            format!("`{text}` compares nothing: write it as `p95(latency) < 30s`")
        })?;
        let (name, rest) = (text[..at].trim(), &text[at..]);
        let measure = Measure::parse(name).ok_or_else(|| unknown(name))?;
        let (sign, comparison) =
            COMPARISONS
                .into_iter()
                .find(|(sign, _)| rest.starts_with(sign))
                .ok_or_else(|| format!("`{rest}` is no comparison: one of <, <=, ==, >=, >"))?;
        let value = rest[sign.len()..].trim();
        let parsed = value_of(value, measure.dimension());
        let value = parsed.ok_or_else(|| wrong(value, measure.dimension()))?;
        Ok(Self { text: text.to_owned(), measure, comparison, value })
    }
}

/// A value in millionths of its unit.
pub(crate) fn value_of(text: &str, dimension: Dimension) -> Option<u128> {
    match dimension {
        Dimension::Share => match text.strip_suffix('%') {
            Some(percent) => millionths(percent.trim()).map(|value| value / 100),
            None => millionths(text).filter(|value| *value <= 1_000_000),
        },
        Dimension::Money => millionths(text.strip_prefix('$').unwrap_or(text).trim()),
        Dimension::Number => millionths(text),
        Dimension::Time => {
            let units = [("us", 1), ("ms", 1_000), ("s", 1_000_000)];
            let units = units.into_iter().chain([("m", 60_000_000), ("h", 3_600_000_000)]);
            let mut found = units.filter_map(|(unit, microseconds)| {
                let value = millionths(text.strip_suffix(unit)?.trim())?;
                Some(value.checked_mul(microseconds)? / 1_000_000)
            });
            found.next()
        }
    }
}

/// A decimal number in millionths, without any arithmetic of floats.
fn millionths(text: &str) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let fits = whole.starts_with(|c: char| c.is_ascii_digit()) && whole.len() <= 20;
    if !fits || fraction.len() > 6 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: u128 = whole.replace('_', "").parse().ok()?;
    let fraction: u128 = format!("{fraction:0<6}").parse().ok()?;
    Some(whole * 1_000_000 + fraction)
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
    format!(
        "`{name}` is no metric: one of {}, or p50, p95, p99 or max of latency, ttft or \
         between_tokens, as in `p95(latency)`",
        names.join(", ")
    )
}

fn wrong(value: &str, dimension: Dimension) -> String {
    let form = match dimension {
        Dimension::Share => "a share: `95%` or `0.95`",
        Dimension::Money => "an amount of money: `$0.50`",
        Dimension::Time => "a time with its unit: `30s`, `200ms`, `5m` or `1h`",
        Dimension::Number => "a number: `12` or `1.5`",
    };
    format!("`{value}` is not {form}")
}

impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for Threshold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a text is read as: its metric and its value in millionths.
    fn check(text: &str, measure: Measure, comparison: Comparison, value: u128) {
        let threshold: Threshold = text.parse().unwrap_or_else(|error| panic!("{error}"));
        let read = (threshold.measure, threshold.comparison, threshold.value);
        assert_eq!(read, (measure, comparison, value), "{text}");
        assert_eq!(threshold.to_string(), text.trim());
    }

    fn refused(text: &str, words: &str) {
        let error = text.parse::<Threshold>().unwrap_err();
        assert!(error.contains(words), "{text}: {error}");
    }

    #[test]
    fn what_people_type_is_read() {
        use Comparison::{AtLeast, AtMost, Equal, Less, More};
        let p95 = Measure::Quantile(Distribution::Latency, Point::P95);
        let first = Measure::Quantile(Distribution::FirstToken, Point::P95);
        check("success_rate >= 95%", Measure::SuccessRate, AtLeast, 950_000);
        check("success_rate>=0.95", Measure::SuccessRate, AtLeast, 950_000);
        check("p95(latency) < 30s", p95, Less, 30_000_000);
        check("latency_p95 <= 1.5 m", p95, AtMost, 90_000_000);
        check("ttft_p95 < 2s", first, Less, 2_000_000);
        check(
            "max( ttft ) < 200ms",
            Measure::Quantile(Distribution::FirstToken, Point::Max),
            Less,
            200_000,
        );
        check("cost < $0.50", Measure::Cost, Less, 500_000);
        check("cost_per_success < $0.06", Measure::CostPerSuccess, Less, 60_000);
        check(" wasted_cost == $0 ", Measure::WastedCost, Equal, 0);
        check("amplification < 1.5", Measure::Amplification, Less, 1_500_000);
        check("calls > 1_000", Measure::Calls, More, 1_000_000_000);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_can() {
        refused("success_rate", "compares nothing");
        refused("latncy < 3s", "`latncy` is no metric: one of success_rate");
        refused("p95(latency) < 30", "`30` is not a time with its unit");
        refused("success_rate > 95", "`95` is not a share");
        refused("cost < much", "is not an amount of money");
        refused("calls = 3", "no comparison");
        refused("calls < -1", "is not a number");
        refused("calls < 1.1234567", "is not a number");
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic_and_what_is_read_is_read_again(text in "\\PC{0,40}") {
            if let Ok(threshold) = text.parse::<Threshold>() {
                prop_assert_eq!(threshold.to_string().parse::<Threshold>(), Ok(threshold));
            }
        }
    }
}
