//! What is counted for a monitor, as Prometheus text.
//!
//! Everything is an integer, and no label can grow without end: paths come from a fixed list,
//! error types are the documented ones, and series beyond a named number count as `other`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU32, Ordering};

use http::HeaderMap;
use parking_lot::Mutex;

use super::record::{Entry, Ledger};
use super::trace::{Trace, known_path};
use crate::cloud;
use crate::limits::{LIMITED, Level, Levels};

/// Combinations of path, status, error and fault that are counted apart, at most.
const MAX_SERIES: usize = 1_000;

/// Limits whose levels are shown, at most.
const MAX_LEVELS: usize = 32;

/// The upper bounds of the latency histogram in milliseconds.
const BUCKETS_MS: [u64; 14] =
    [1, 5, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000];

/// Counters of one mock.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    in_flight: AtomicU32,
    own_levels: Mutex<Levels>,
    counts: Mutex<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    requests: BTreeMap<Series, u64>,
    latency: Histogram,
    first_token: Histogram,
    levels: BTreeMap<String, u64>,
}

/// How often something took how long.
#[derive(Debug, Default)]
struct Histogram {
    up_to: [u64; BUCKETS_MS.len()],
    count: u64,
    sum_us: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Series {
    path: &'static str,
    status: u16,
    error: &'static str,
    fault: String,
}

impl Metrics {
    /// Counters a request in; returns how many are under way with it.
    pub(crate) fn begin(&self) -> u32 {
        self.in_flight.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Counters a request out.
    pub(crate) fn end(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// Requests under way.
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Notes the levels of the mock's own limits that exist.
    pub(crate) fn note_levels(&self, levels: &Levels) {
        if levels.iter().any(Option::is_some) {
            let mut own = self.own_levels.lock();
            for (own, level) in own.iter_mut().zip(levels) {
                *own = level.or(*own);
            }
        }
    }

    /// Notes the levels of the limits as the headers of an answer announce them.
    pub(crate) fn announced(&self, headers: &HeaderMap) {
        let levels = headers.iter().filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("anthropic-ratelimit-")?;
            Some((name, value.to_str().ok()?.parse().ok()?))
        });
        let mut levels = levels.peekable();
        if levels.peek().is_none() {
            return;
        }
        let mut counts = self.counts.lock();
        for (name, value) in levels {
            if let Some(level) = counts.levels.get_mut(name) {
                *level = value;
            } else if counts.levels.len() < MAX_LEVELS {
                counts.levels.insert(name.to_owned(), value);
            }
        }
    }

    /// Counters a request that has ended.
    pub(crate) fn count(&self, entry: &Entry, trace: &Trace) {
        let mut series = Series {
            path: known_path(&trace.path)
                .or_else(|| cloud::template(&trace.path))
                .unwrap_or("other"),
            status: entry.status,
            error: entry.error.unwrap_or_default(),
            fault: entry.fault.clone().unwrap_or_default(),
        };
        let started_us = trace.started_us;
        let took_us = |until_us: u64| until_us.saturating_sub(started_us);
        let mut counts = self.counts.lock();
        if counts.requests.len() >= MAX_SERIES && !counts.requests.contains_key(&series) {
            series = Series { path: "other", status: 0, error: "", fault: "other".to_owned() };
        }
        *counts.requests.entry(series).or_default() += 1;
        counts.latency.add(took_us(trace.ended_us.unwrap_or(started_us)));
        if let Some(first_token_us) = trace.first_token_us {
            counts.first_token.add(took_us(first_token_us));
        }
    }

    /// The text that Prometheus reads; tokens and money come from the ledger.
    pub(crate) fn text(&self, ledger: &Ledger) -> String {
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        let counts = self.counts.lock();
        let mut text = String::new();
        head(&mut text, "requests_total", "counter", "Requests that have ended.");
        for (series, count) in &counts.requests {
            let _ = writeln!(
                text,
                "mock_claude_requests_total{{path=\"{}\",status=\"{}\",error=\"{}\",fault=\"{}\"}} \
                 {count}",
                escaped(series.path),
                series.status,
                escaped(series.error),
                escaped(&series.fault),
            );
        }
        for (name, help, value) in [
            ("input_tokens_total", "Tokens read and charged.", ledger.tokens_in),
            ("output_tokens_total", "Tokens written and charged.", ledger.tokens_out),
            ("cost_microusd_total", "Micro-dollars charged.", ledger.cost_microusd),
        ] {
            head(&mut text, name, "counter", help);
            let _ = writeln!(text, "mock_claude_{name} {value}");
        }
        head(&mut text, "requests_in_flight", "gauge", "Requests under way.");
        let _ = writeln!(text, "mock_claude_requests_in_flight {in_flight}");
        head(&mut text, "limit_level", "gauge", "Limits as last announced to a client.");
        let mut levels = counts.levels.clone();
        for (limited, level) in LIMITED.into_iter().zip(*self.own_levels.lock()) {
            if let Some(Level { limit, remaining }) = level {
                levels.insert(format!("{limited}-limit"), limit);
                levels.insert(format!("{limited}-remaining"), remaining);
            }
        }
        for (name, level) in &levels {
            let _ =
                writeln!(text, "mock_claude_limit_level{{limit=\"{}\"}} {level}", escaped(name));
        }
        let latency = ("latency_seconds", "From the request to its last byte.");
        counts.latency.write(&mut text, latency);
        let first_token = ("first_token_seconds", "From the request to the first content.");
        counts.first_token.write(&mut text, first_token);
        text
    }
}

impl Histogram {
    fn add(&mut self, took_us: u64) {
        for (bucket, bound_ms) in self.up_to.iter_mut().zip(BUCKETS_MS) {
            *bucket += u64::from(took_us <= bound_ms * 1_000);
        }
        self.count += 1;
        self.sum_us = self.sum_us.saturating_add(took_us);
    }

    fn write(&self, text: &mut String, (name, help): (&str, &str)) {
        head(text, name, "histogram", help);
        let name = format!("mock_claude_{name}");
        for (count, bound_ms) in self.up_to.iter().zip(BUCKETS_MS) {
            let bound = seconds(bound_ms * 1_000);
            let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {count}");
        }
        let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {}", self.count);
        let _ = writeln!(text, "{name}_sum {}", seconds(self.sum_us));
        let _ = writeln!(text, "{name}_count {}", self.count);
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP mock_claude_{name} {help}\n# TYPE mock_claude_{name} {kind}");
}

/// Seconds with the decimals they need, from whole microseconds.
fn seconds(us: u64) -> String {
    let text = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    let short = text.trim_end_matches('0');
    if short.ends_with('.') { format!("{short}0") } else { short.to_owned() }
}

/// A label value as the text format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::record::Record;

    fn record(path: &str, fault: &str) -> Record {
        let entry = Entry {
            status: 529,
            error: Some("overloaded_error"),
            fault: Some(fault.to_owned()),
            ..Entry::undecided(0)
        };
        let path = path.to_owned().into();
        let trace = Trace { path, ended_us: Some(7_000), ..Trace::default() };
        Record { number: 0, entry, trace }
    }

    fn count(metrics: &Metrics, record: &Record) {
        metrics.count(&record.entry, &record.trace);
    }

    #[test]
    fn a_label_cannot_break_out_of_its_quotes() {
        let metrics = Metrics::default();
        count(&metrics, &record("/v1/messages", "a\"b\\c\nd"));
        let text = metrics.text(&Ledger::default());
        assert!(text.contains(r#"fault="a\"b\\c\nd"} 1"#), "{text}");
        assert!(text.contains("latency_seconds_bucket{le=\"0.005\"} 0\n"), "{text}");
        assert!(text.contains("latency_seconds_bucket{le=\"0.01\"} 1\n"), "{text}");
        assert!(text.contains("latency_seconds_sum 0.007\n"), "{text}");
    }

    #[test]
    fn the_first_token_is_counted_of_streams_only() {
        let metrics = Metrics::default();
        count(&metrics, &record("/v1/messages", "none"));
        let mut streamed = record("/v1/messages", "none");
        streamed.trace.started_us = 1_000;
        streamed.trace.first_token_us = Some(3_500);
        count(&metrics, &streamed);
        let text = metrics.text(&Ledger::default());
        assert!(text.contains("first_token_seconds_bucket{le=\"0.001\"} 0\n"), "{text}");
        assert!(text.contains("first_token_seconds_bucket{le=\"0.005\"} 1\n"), "{text}");
        assert!(text.contains("first_token_seconds_sum 0.0025\n"), "{text}");
        assert!(text.contains("first_token_seconds_count 1\n"), "{text}");
        assert!(text.contains("latency_seconds_count 2\n"), "{text}");
    }

    #[test]
    fn neither_paths_nor_faults_grow_the_metrics_without_end() {
        let metrics = Metrics::default();
        for number in 0..3 * MAX_SERIES {
            count(&metrics, &record(&format!("/v1/{number}"), "same"));
            count(&metrics, &record("/v1/models", &number.to_string()));
        }
        let series = metrics.counts.lock().requests.len();
        assert_eq!(series, MAX_SERIES + 1);
    }
}
