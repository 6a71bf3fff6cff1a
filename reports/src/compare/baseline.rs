//! The numbers that a change must not move: a file that is committed and read in a diff.
//!
//! Invariants: only exact numbers of whole runs in simulated time get in; keys and entries are
//! sorted, so that accepting the same runs again changes no byte. The file says what was measured
//! and never what was typed or where, so nothing secret can reach it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::metric::Metric;
use crate::judge::{Judged, Latency, Summary};
use crate::record::{Cause, Clock};

/// The version of the format that this crate writes, and the only one that it reads.
const FORMAT: u32 = 1;

/// The committed numbers of some scenarios.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The version of the format: 1.
    pub format: u32,
    /// The version of `chaos` that began the file.
    pub tool: String,
    /// The scenarios, sorted by name and then by seed.
    pub entries: Vec<Entry>,
}

/// The numbers of one scenario with one seed. The fields are declared in the order of their
/// names, because that is the order in which they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The day on which these numbers were accepted, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
    /// Where the files came from, as the run's header says it.
    pub input: String,
    /// The numbers, by pipeline.
    pub pipelines: BTreeMap<String, Numbers>,
    /// Why these numbers were accepted, in the words of who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The scenario's name.
    pub scenario: String,
    /// The scenario's hash.
    pub scenario_sha256: String,
    /// The seed.
    pub seed: u64,
    /// The version of `chaos` that measured these numbers; of earlier entries, see
    /// [`Baseline::tool`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
}

/// The numbers of one pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    /// The hash of the pipeline's configuration, to tell a change of it from one of the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_sha256: Option<String>,
    /// Failed jobs by cause; an absent cause is zero.
    pub failures: BTreeMap<String, u64>,
    /// The latencies of the documented jobs in microseconds, as HDR tools exchange them: version 2,
    /// deflated, in base64. For whoever wants another percentile; the gate compares the metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_hdr: Option<String>,
    /// Every [`Metric`] by its name; absent where there was nothing to measure.
    pub metrics: BTreeMap<String, u64>,
}

/// Why a file is not a readable baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaselineError {
    /// The text is no baseline.
    Malformed(String),
    /// The file names a format that this version does not read.
    UnknownFormat(u64),
    /// Two entries are about the same scenario and seed.
    Repeated(String, u64),
}

impl Baseline {
    /// A baseline without entries; a gate over it is inconclusive.
    pub fn empty(tool: impl Into<String>) -> Self {
        Self { format: FORMAT, tool: tool.into(), entries: Vec::new() }
    }

    /// Reads the text of a baseline.
    pub fn read(text: &str) -> Result<Self, BaselineError> {
        #[derive(Deserialize)]
        struct Version {
            format: u64,
        }
        let malformed = |e: serde_json::Error| BaselineError::Malformed(e.to_string());
        let version: Version = serde_json::from_str(text).map_err(malformed)?;
        if version.format != u64::from(FORMAT) {
            return Err(BaselineError::UnknownFormat(version.format));
        }
        let mut baseline: Self = serde_json::from_str(text).map_err(malformed)?;
        for entry in &baseline.entries {
            for (pipeline, numbers) in &entry.pipelines {
                numbers.latency().map_err(|error| {
                    let place = format!("`{}`, `{pipeline}`", entry.scenario);
                    BaselineError::Malformed(format!("{place}: `latency_hdr`: {error}"))
                })?;
            }
        }
        baseline.entries.sort_by(|a, b| a.key().cmp(&b.key()));
        for pair in baseline.entries.windows(2) {
            if pair[0].key() == pair[1].key() {
                return Err(BaselineError::Repeated(pair[0].scenario.clone(), pair[0].seed));
            }
        }
        Ok(baseline)
    }

    /// The text of the baseline, ending in a line end.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("plain data with text keys");
        text + "\n"
    }

    /// The version of `chaos` that measured the numbers of an entry.
    pub fn tool_of<'a>(&'a self, entry: &'a Entry) -> &'a str {
        entry.tool.as_deref().unwrap_or(&self.tool)
    }

    /// Takes the numbers of a run in place of what the baseline has for its scenario.
    ///
    /// The error says everything that keeps the run out of a baseline.
    pub fn accept(&mut self, judged: &Judged, reason: Option<String>) -> Result<(), Vec<String>> {
        let doubts = doubts(judged);
        if !doubts.is_empty() {
            return Err(doubts);
        }
        let entry = Entry { reason, ..Entry::of(judged) };
        self.entries.retain(|e| e.scenario != entry.scenario);
        self.entries.push(entry);
        self.entries.sort_by(|a, b| a.key().cmp(&b.key()));
        Ok(())
    }
}

impl Entry {
    /// The numbers of a run, reliable or not: see [`doubts`].
    pub(super) fn of(judged: &Judged) -> Self {
        let header = &judged.run().header;
        let numbers = |summary: &Summary| (summary.pipeline.clone(), Numbers::of(summary));
        Self {
            scenario: header.scenario.clone(),
            scenario_sha256: header.scenario_sha256.clone(),
            seed: header.seed,
            input: header.input.clone(),
            accepted: None,
            reason: None,
            pipelines: judged.summaries().iter().map(numbers).collect(),
            tool: Some(header.tool.clone()),
        }
    }

    /// Whether it has the same numbers as another one. A distribution adds nothing to them.
    pub fn has_numbers_of(&self, other: &Self) -> bool {
        let bare = |entry: &Self| {
            let mut pipelines = entry.pipelines.clone();
            for numbers in pipelines.values_mut() {
                numbers.latency_hdr = None;
            }
            pipelines
        };
        bare(self) == bare(other)
    }

    fn key(&self) -> (&str, u64) {
        (&self.scenario, self.seed)
    }
}

impl Numbers {
    /// The latencies, where the baseline has them.
    pub fn latency(&self) -> Result<Option<Latency>, String> {
        let Some(text) = &self.latency_hdr else { return Ok(None) };
        let max_us = self.metrics.get(Metric::LatencyMax.name()).copied().unwrap_or(u64::MAX);
        Latency::from_base64(text, max_us).map(Some)
    }

    /// The numbers of a summary.
    pub(crate) fn of(summary: &Summary) -> Self {
        let named = |metric: Metric| Some((metric.name().to_owned(), metric.of(summary)?));
        let failed = |(cause, count): (&Cause, &u64)| (cause.name().to_owned(), *count);
        Self {
            config_sha256: Some(summary.config_sha256.clone()),
            failures: summary.failures.iter().map(failed).collect(),
            latency_hdr: summary.latency.to_base64(),
            metrics: Metric::ALL.into_iter().filter_map(named).collect(),
        }
    }

    /// A metric, or `failed.CAUSE`, by its name; `None` where there was nothing to measure.
    pub(crate) fn value(&self, name: &str) -> Option<u64> {
        match name.strip_prefix("failed.") {
            Some(cause) => Some(self.failures.get(cause).copied().unwrap_or(0)),
            None => self.metrics.get(name).copied(),
        }
    }
}

/// Everything that keeps the numbers of a run from being exact and whole.
pub(super) fn doubts(judged: &Judged) -> Vec<String> {
    let real = (judged.run().header.clock == Clock::Wall).then(|| {
        "the run followed real time, whose numbers are never exact: `chaos gate --base OLD --head \
         NEW` holds two pipelines against each other in real time"
            .to_owned()
    });
    real.into_iter().chain(flaws(judged)).collect()
}

/// Everything that keeps the numbers of a run from being whole, exact or not.
pub(crate) fn flaws(judged: &Judged) -> Vec<String> {
    let run = judged.run();
    let mut flaws = Vec::new();
    if run.pipelines.is_empty() {
        flaws.push("the run has no pipelines".to_owned());
    }
    flaws.extend(run.gaps.iter().map(ToString::to_string));
    for summary in judged.summaries() {
        let pipeline = &summary.pipeline;
        flaws.extend(summary.unreconciled.iter().map(|reason| format!("{pipeline}: {reason}")));
        if summary.tried() == 0 {
            flaws.push(format!("{pipeline}: no job was tried"));
        }
    }
    flaws
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(message) => write!(f, "not a baseline: {message}"),
            Self::UnknownFormat(found) => {
                write!(f, "baseline format {found} is unknown: this version reads format {FORMAT}")
            }
            Self::Repeated(scenario, seed) => {
                write!(f, "the baseline has `{scenario}` with seed {seed} twice")
            }
        }
    }
}

impl std::error::Error for BaselineError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::judge::judge;
    use crate::run::Gap;

    fn baseline() -> Baseline {
        let mut baseline = Baseline::empty("0.1.0");
        baseline.accept(&fixture::judged(|_| ()), Some("first numbers".to_owned())).unwrap();
        baseline
    }

    #[test]
    fn what_is_written_is_read_back_and_written_the_same() {
        let text = baseline().to_json();
        let read = Baseline::read(&text).unwrap();
        assert_eq!(read, baseline());
        assert_eq!(read.to_json(), text);
        let empty = Baseline::empty("\"quoted\"");
        assert_eq!(Baseline::read(&empty.to_json()), Ok(empty));
    }

    #[test]
    fn the_text_is_sorted_one_number_a_line_and_ends_in_a_line_end() {
        let mut baseline = baseline();
        baseline.entries[0].pipelines.pop_first();
        let numbers = baseline.entries[0].pipelines.get_mut("phase3").unwrap();
        numbers.config_sha256 = Some("33".to_owned());
        numbers.latency_hdr = Some("HIST".to_owned());
        insta::assert_snapshot!(baseline.to_json(), @r#"
        {
          "format": 1,
          "tool": "0.1.0",
          "entries": [
            {
              "input": "generated",
              "pipelines": {
                "phase3": {
                  "config_sha256": "33",
                  "failures": {},
                  "latency_hdr": "HIST",
                  "metrics": {
                    "cache_hits": 0,
                    "cache_misses": 10,
                    "calls": 16,
                    "cost_microusd": 192225,
                    "cost_per_success_microusd": 19223,
                    "definitions": 50,
                    "documented": 10,
                    "documented_definitions": 50,
                    "elapsed_us": 31173450,
                    "failed": 0,
                    "jobs": 10,
                    "latency_max_us": 31173450,
                    "latency_p50_us": 27590655,
                    "latency_p95_us": 31173450,
                    "latency_p99_us": 31173450,
                    "retries": 6,
                    "skipped": 0,
                    "tokens_in": 12200,
                    "tokens_out": 10375,
                    "wasted_microusd": 0
                  }
                }
              },
              "reason": "first numbers",
              "scenario": "concurrent",
              "scenario_sha256": "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
              "seed": 7,
              "tool": "0.1.0"
            }
          ]
        }
        "#);
        assert!(baseline.to_json().ends_with("}\n"));
    }

    #[test]
    fn accepting_again_replaces_the_scenario_and_keeps_the_order() {
        let mut baseline = baseline();
        let other = fixture::judged(|run| run.header.scenario = "cache".to_owned());
        baseline.accept(&other, None).unwrap();
        let reseeded = fixture::judged(|run| run.header.seed = 8);
        baseline.accept(&reseeded, None).unwrap();
        let keys: Vec<_> = baseline.entries.iter().map(Entry::key).collect();
        assert_eq!(keys, [("cache", 7), ("concurrent", 8)]);
    }

    #[test]
    fn a_run_whose_numbers_are_not_exact_and_whole_is_not_accepted() {
        let mut run = fixture::concurrent();
        run.header.clock = Clock::Wall;
        run.gaps = vec![Gap::NoFooter];
        run.pipelines[0].attempts.pop();
        let mut baseline = Baseline::empty("0.1.0");
        let doubts = baseline.accept(&judge(run), None).unwrap_err();
        assert_eq!(doubts.len(), 4, "{doubts:?}");
        assert_eq!(baseline.entries, []);
    }

    #[test]
    fn another_format_is_refused_by_its_number() {
        let error = Baseline::read("{\"format\": 2, \"shape\": \"other\"}").unwrap_err();
        let text = "baseline format 2 is unknown: this version reads format 1";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn an_unknown_key_or_a_repeated_scenario_is_refused() {
        let text = baseline().to_json().replace("\"seed\"", "\"sead\"");
        assert!(matches!(Baseline::read(&text), Err(BaselineError::Malformed(_))));
        let mut twice = baseline();
        twice.entries.push(twice.entries[0].clone());
        let error = Baseline::read(&twice.to_json()).unwrap_err();
        assert_eq!(error, BaselineError::Repeated("concurrent".to_owned(), 7));
    }
}
