//! The numbers of the main screen: one row a metric, one column a pipeline.
//!
//! Invariant: a ratio is there only between exactly two pipelines, the second over the first,
//! computed from the numbers themselves and not from their rounded text.

use std::collections::{BTreeMap, BTreeSet};

use crate::judge::{Judged, Latency, Quantile, Summary};
use crate::record::measured::Generator;
use crate::record::{Cause, Clock, Currency, Measured};
use crate::render::words::quantile_words;
use crate::text::{duration, escape, memory, money, percent, ratio, thousands, usd};

/// The rows while they grow.
struct Rows<'a> {
    summaries: &'a [Summary],
    rows: Vec<Vec<String>>,
}

impl Rows<'_> {
    /// A row of values, each shown in its own way; `—` where there is none.
    fn add(
        &mut self,
        label: impl Into<String>,
        value: impl Fn(&Summary) -> Option<u64>,
        show: impl Fn(&Summary, u64) -> String,
    ) {
        self.add_or("—", label, value, show);
    }

    /// The same with a word of its own where there is no value.
    fn add_or(
        &mut self,
        none: &str,
        label: impl Into<String>,
        value: impl Fn(&Summary) -> Option<u64>,
        show: impl Fn(&Summary, u64) -> String,
    ) {
        let cell = |s: &Summary| value(s).map_or_else(|| none.to_owned(), |v| show(s, v));
        let mut row = vec![label.into()];
        row.extend(self.summaries.iter().map(cell));
        if let [first, second] = self.summaries {
            row.push(ratio(value(second), value(first)));
        }
        self.rows.push(row);
    }

    fn count(&mut self, label: impl Into<String>, value: impl Fn(&Summary) -> u64) {
        self.add(label, |s| Some(value(s)), |_, v| thousands(v));
    }

    fn any(&self, value: impl Fn(&Summary) -> u64) -> bool {
        self.summaries.iter().any(|s| value(s) > 0)
    }
}

/// The header and the rows.
pub(super) fn rows(
    judged: &Judged,
    measured: Option<&Measured>,
) -> (Vec<String>, Vec<Vec<String>>) {
    let (run, summaries) = (judged.run(), judged.summaries());
    let mut rows = Rows { summaries, rows: Vec::new() };
    outcomes(&mut rows);
    let clock = run.header.clock;
    percentiles(&mut rows, clock, "latency", &Quantile::ALL, |s| &s.latency);
    if rows.any(|s| s.first_call.count()) {
        let ends = &[Quantile::P50, Quantile::Max];
        percentiles(&mut rows, clock, "start to first call", ends, |s| &s.first_call);
    }
    if rows.any(|s| s.first_token.count()) {
        let without_max = &Quantile::ALL[..3];
        percentiles(&mut rows, clock, "first token", without_max, |s| &s.first_token);
        percentiles(&mut rows, clock, "between tokens", without_max, |s| &s.between_tokens);
    }
    costs(&mut rows, &run.header.currency);
    work(&mut rows);
    platform(&mut rows);
    let elapsed =
        if run.header.clock == Clock::Simulated { "simulated time" } else { "elapsed time" };
    rows.add(elapsed, |s| s.elapsed_us, |_, v| duration(v));
    if let Some(measured) = measured {
        let wall_us = |s: &Summary| measured.pipelines.get(&s.pipeline).copied();
        rows.add("wall time", wall_us, |_, v| duration(v));
        if !measured.generators.is_empty() {
            schedule(&mut rows, &measured.generators);
        }
    }
    if rows.any(|s| s.memory_kb) {
        rows.add("modelled memory", |s| Some(s.memory_kb).filter(|kb| *kb > 0), |_, v| memory(v));
    }
    if let Some(measured) = measured
        && !measured.pipelines_peak_rss_kb.is_empty()
    {
        let own = |s: &Summary| measured.pipelines_peak_rss_kb.get(&s.pipeline).copied();
        rows.add("own memory, resident", own, |_, v| memory(v));
    }

    let mut header = vec!["metric".to_owned()];
    header.extend(summaries.iter().map(|s| escape(&s.pipeline)));
    if summaries.len() == 2 {
        header.push("ratio".to_owned());
    }
    (header, rows.rows)
}

fn outcomes(rows: &mut Rows<'_>) {
    rows.add("success rate", Summary::success_ppm, |s, v| {
        format!("{} ({}/{})", percent(v), thousands(s.documented), thousands(s.tried()))
    });
    rows.add("definition coverage", Summary::coverage_ppm, |s, v| {
        let (documented, all) = (s.documented_definitions, s.definitions);
        format!("{} ({}/{})", percent(v), thousands(documented), thousands(all))
    });
    if rows.any(|s| s.skipped) {
        rows.count("skipped", |s| s.skipped);
    }
    if rows.any(|s| s.warm_up) {
        rows.count("warm-up, left out", |s| s.warm_up);
    }
    let causes = rows.summaries.iter().flat_map(|s| s.failures.keys().copied());
    let causes: BTreeSet<Cause> = causes.collect();
    for cause in causes {
        let failed = |s: &Summary| s.failures.get(&cause).copied().unwrap_or(0);
        rows.count(format!("failed: {}", cause.words()), failed);
    }
}

/// In real time a quantile of too few samples is not shown: the next run would have another.
fn percentiles(
    rows: &mut Rows<'_>,
    clock: Clock,
    name: &str,
    quantiles: &[Quantile],
    of: impl Fn(&Summary) -> &Latency,
) {
    for &quantile in quantiles {
        let shown = |s: &Summary| clock == Clock::Simulated || of(s).enough_for(quantile);
        let label = format!("{name} {}", quantile.name());
        let cell = |s: &Summary, value| quantile_words(quantile, value, of(s).count(), clock);
        rows.add(label, |s| of(s).quantile_us(quantile), cell);
        // A ratio of what is not shown is not shown either.
        if !rows.summaries.iter().all(shown)
            && rows.summaries.len() == 2
            && let Some(ratio) = rows.rows.last_mut().and_then(|row| row.last_mut())
        {
            "—".clone_into(ratio);
        }
    }
}

fn costs(rows: &mut Rows<'_>, currency: &Currency) {
    rows.add("cost", |s| Some(s.cost_microusd), |_, v| usd(v));
    let local = |v: u64| money(&currency.symbol, currency.micros(v));
    if !currency.is_dollar() {
        let label = format!("cost in {}", escape(&currency.code));
        rows.add(label, |s| Some(s.cost_microusd), |_, v| local(v));
    }
    if rows.summaries.iter().any(|s| s.told_microusd != s.cost_microusd) {
        rows.add("cost told by replies", |s| Some(s.told_microusd), |_, v| usd(v));
    }
    let each = Summary::cost_per_success_microusd;
    rows.add_or("none", "cost per success", each, |_, v| usd(v));
    rows.add("wasted cost", |s| Some(s.wasted_microusd), |_, v| usd(v));
    if rows.any(|s| s.zombie_microusd) {
        rows.add("zombie cost", |s| Some(s.zombie_microusd), |_, v| usd(v));
    }
    if rows.any(|s| s.duplicate_microusd) {
        rows.add("cost of duplicates", |s| Some(s.duplicate_microusd), |_, v| usd(v));
    }
}

/// How well the arrivals were kept: of the generator, and not of the pipeline.
fn schedule(rows: &mut Rows<'_>, generators: &BTreeMap<String, Generator>) {
    let of = |s: &Summary| generators.get(&s.pipeline);
    let rate = |per_1000_s: u64| {
        let tenths = (per_1000_s + 50) / 100;
        format!("{}.{}/s", thousands(tenths / 10), tenths % 10)
    };
    let any_rate = generators.values().any(|of| of.offered_per_1000_s().is_some());
    if any_rate {
        let offered = |s: &Summary| of(s)?.offered_per_1000_s();
        rows.add("offered rate", offered, |_, v| rate(v));
        let achieved = |s: &Summary| of(s)?.achieved_per_1000_s();
        rows.add("achieved rate", achieved, |_, v| rate(v));
    }
    let mut lag = |quantile: Quantile, lag_us: fn(&Generator) -> u64| {
        let cell = |s: &Summary, value| {
            quantile_words(quantile, value, of(s).map_or(0, |of| of.started), Clock::Wall)
        };
        let label = format!("schedule lag {}", quantile.name());
        rows.add(label, |s| of(s).map(lag_us), cell);
    };
    lag(Quantile::P50, |of| of.lag_p50_us);
    lag(Quantile::P99, |of| of.lag_p99_us);
    lag(Quantile::Max, |of| of.lag_max_us);
    rows.add("dropped arrivals", |s| Some(of(s)?.dropped), |_, v| thousands(v));
}

fn platform(rows: &mut Rows<'_>) {
    if rows.any(|s| s.cold_starts) {
        rows.count("cold starts", |s| s.cold_starts);
    }
    if rows.any(|s| s.queued_max_us) {
        rows.add("longest in the queue", |s| Some(s.queued_max_us), |_, v| duration(v));
    }
}

fn work(rows: &mut Rows<'_>) {
    rows.count("calls", |s| s.calls);
    rows.count("retries", |s| s.retries);
    if rows.any(|s| s.retries) {
        rows.add("load amplification", Summary::amplification_ppm, |s, _| {
            ratio(Some(s.calls), Some(s.calls - s.retries))
        });
    }
    if rows.any(|s| s.jobless_calls) {
        rows.count("calls without a job", |s| s.jobless_calls);
        rows.add("cost without a job", |s| Some(s.jobless_microusd), |_, v| usd(v));
    }
    rows.count("tokens in", |s| s.tokens_in);
    rows.count("tokens out", |s| s.tokens_out);
    rows.count("cache hits", |s| s.cache_hits);
}
