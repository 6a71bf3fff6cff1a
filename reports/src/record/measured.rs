//! What depends on the machine: `measured.json`, alongside the run's records and never in them.
//!
//! Invariant: nothing here is judged or compared but for one thing, that a [`Generator`] which
//! lagged proves nothing; the rest is shown with what is. The separation is what keeps `run.jsonl`
//! of one seed the same bytes on every machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::{duration, percent};

/// The version of the format that this crate writes, and the only one that it reads.
pub const FORMAT: u32 = 1;

/// Real time and real memory of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// [`FORMAT`].
    pub format: u32,
    /// Real time of the whole run, in microseconds.
    pub wall_us: u64,
    /// Real time of each pipeline, in microseconds.
    pub pipelines: BTreeMap<String, u64>,
    /// The most memory that the process had resident during each pipeline, in kilobytes: parsers,
    /// the mock and the source files included. Absent where the system does not report it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pipelines_peak_rss_kb: BTreeMap<String, u64>,
    /// The most memory that the process had resident, in kilobytes; absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_rss_kb: Option<u64>,
    /// How well the schedule of arrivals was kept in real time, by pipeline; absent of loads that
    /// have none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub generators: BTreeMap<String, Generator>,
    /// What the machine ran out of, and how often that was felt; absent where it had enough.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exhausted: BTreeMap<String, u64>,
    /// How time was warped; absent where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warped: Option<Warped>,
}

/// How well a schedule of arrivals was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generator {
    /// Arrivals that began.
    pub started: u64,
    /// Arrivals that never did: the run was stopped before.
    pub dropped: u64,
    /// From the first to the last of those that began, as the schedule has it.
    pub offered_us: u64,
    /// The same as it was.
    pub achieved_us: u64,
    /// How late they began: the median.
    pub lag_p50_us: u64,
    /// The 99th percentile.
    pub lag_p99_us: u64,
    /// The latest.
    pub lag_max_us: u64,
}

/// The 99th percentile of the lag up to which a schedule counts as kept.
const MAX_LAG_US: u64 = 50_000;

/// The least number of arrivals from which a 99th percentile is one: ln 0.05 / ln 0.99.
const ENOUGH: u64 = 299;

impl Generator {
    /// The rate of the schedule in arrivals for each thousand seconds; `None` where all of them
    /// came at once.
    pub fn offered_per_1000_s(&self) -> Option<u64> {
        self.rate(self.offered_us)
    }

    /// The rate at which they began.
    pub fn achieved_per_1000_s(&self) -> Option<u64> {
        self.offered_per_1000_s()?;
        self.rate(self.achieved_us)
    }

    /// Why the load was not the one that was asked for, where it was not: more than one arrival in
    /// a hundred began more than 50 ms late, or less than 99 % of the rate was achieved. A few
    /// arrivals have no such percentile, and a burst has no rate; a tenth of a second less in a
    /// rate of ten arrivals is no finding either.
    pub fn lagged(&self) -> Option<String> {
        let is_spread = self.offered_us > 0;
        if is_spread && self.started >= ENOUGH && self.lag_p99_us > MAX_LAG_US {
            let lag = duration(self.lag_p99_us);
            return Some(format!("arrivals began up to {lag} late (p99), and 50 ms are borne"));
        }
        let late_us = self.achieved_us.saturating_sub(self.offered_us);
        let is_slow = u128::from(self.offered_us) * 100 < u128::from(self.achieved_us) * 99;
        (is_spread && is_slow && late_us > MAX_LAG_US).then(|| {
            let (offered, achieved) = (self.offered_us, self.achieved_us.max(1));
            let ppm = u128::from(offered) * 1_000_000 / u128::from(achieved);
            let share = percent(u64::try_from(ppm).unwrap_or(u64::MAX));
            format!("{share} of the offered rate was achieved, and 99 % are needed")
        })
    }

    fn rate(&self, span_us: u64) -> Option<u64> {
        let gaps = u128::from(self.started.checked_sub(1)?);
        let rate = (gaps * 1_000_000_000 + u128::from(span_us / 2)).checked_div(span_us.into())?;
        u64::try_from(rate).ok()
    }
}

/// How time passed in a run whose clock ran fast while all processes waited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warped {
    /// How many times as fast.
    pub speed: u32,
    /// Time on the clock of the run, in microseconds; [`Measured::wall_us`] is what it took here.
    pub passed_us: u64,
    /// Real time in which any process computed, in microseconds.
    pub computing_us: u64,
    /// Processes that did not follow the clock, and the name of the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strangers: Option<(u64, String)>,
}

impl Warped {
    /// The same in words; `wall_us` is what the run took here.
    pub fn words(&self, wall_us: u64) -> String {
        let strangers = self.strangers.as_ref().map(|(count, name)| {
            let others = if *count > 1 { " and others" } else { "" };
            format!(
                "\nwarning: `{name}`{others} did not follow the clock, so that counts and \
                 latencies may not be those of real time\nhint: run it without --speed"
            )
        });
        format!(
            "time: warped x{}, {} in {} of real time, {} of it computing{}",
            self.speed,
            duration(self.passed_us),
            duration(wall_us),
            duration(self.computing_us),
            strangers.unwrap_or_default(),
        )
    }
}

impl Measured {
    /// Reads `measured.json`; the error is a lower-case fragment.
    pub fn read(text: &str) -> Result<Self, String> {
        let measured: Self = serde_json::from_str(text).map_err(|e| e.to_string())?;
        if measured.format == FORMAT {
            return Ok(measured);
        }
        let found = measured.format;
        Err(format!("measured format {found} is unknown: this version reads format {FORMAT}"))
    }

    /// The text of `measured.json`.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("plain data with text keys");
        text + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Measured {
        Measured {
            format: FORMAT,
            wall_us: 41_000,
            pipelines: BTreeMap::from([("phase1".to_owned(), 12_000)]),
            pipelines_peak_rss_kb: BTreeMap::from([("phase1".to_owned(), 9_216)]),
            peak_rss_kb: Some(18_432),
            generators: BTreeMap::from([("phase1".to_owned(), generator())]),
            exhausted: BTreeMap::new(),
            warped: None,
        }
    }

    /// 2,000 arrivals a second for 10 s, all of them a millisecond late.
    fn generator() -> Generator {
        Generator {
            started: 20_000,
            dropped: 0,
            offered_us: 9_999_500,
            achieved_us: 9_999_500,
            lag_p50_us: 1_000,
            lag_p99_us: 1_000,
            lag_max_us: 1_000,
        }
    }

    #[test]
    fn rates_count_the_gaps_between_arrivals() {
        assert_eq!(generator().offered_per_1000_s(), Some(2_000_000));
        assert_eq!(generator().achieved_per_1000_s(), Some(2_000_000));
        let burst = Generator { offered_us: 0, ..generator() };
        assert_eq!((burst.offered_per_1000_s(), burst.achieved_per_1000_s()), (None, None));
    }

    #[test]
    fn a_generator_lags_by_its_percentile_or_by_its_rate() {
        assert_eq!(generator().lagged(), None);
        let late = Generator { lag_p99_us: 50_001, ..generator() };
        let reason = "arrivals began up to 50 ms late (p99), and 50 ms are borne";
        assert_eq!(late.lagged().as_deref(), Some(reason));
        assert_eq!(Generator { started: 298, ..late }.lagged(), None);
        let slow = Generator { achieved_us: 11_000_000, ..generator() };
        let reason = "90.9 % of the offered rate was achieved, and 99 % are needed";
        assert_eq!(slow.lagged().as_deref(), Some(reason));
        assert_eq!(Generator { achieved_us: 10_049_500, ..generator() }.lagged(), None);
        assert_eq!(Generator { offered_us: 0, ..late }.lagged(), None, "a burst has no rate");
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(Measured::read(&measured().to_json()), Ok(measured()));
    }

    #[test]
    fn warped_time_says_how_much_of_the_real_time_was_computing() {
        let mut warped =
            Warped { speed: 60, passed_us: 100_500_000, computing_us: 1_200_000, strangers: None };
        let measured = Measured { warped: Some(warped.clone()), ..measured() };
        assert_eq!(Measured::read(&measured.to_json()), Ok(measured));
        let words = warped.words(9_900_000);
        let expected = "time: warped x60, 1 m 41 s in 9.9 s of real time, 1.2 s of it computing";
        assert_eq!(words, expected);
        warped.strangers = Some((2, "busybox".to_owned()));
        assert!(warped.words(1).contains("warning: `busybox` and others did not follow"));
    }

    #[test]
    fn another_format_is_refused_by_its_number() {
        let other = Measured { format: 2, ..measured() };
        let error = Measured::read(&other.to_json()).unwrap_err();
        assert_eq!(error, "measured format 2 is unknown: this version reads format 1");
    }
}
