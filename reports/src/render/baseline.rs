//! A baseline for a person: what is kept to, scenario by scenario, and every number of one.

use super::style::Style;
use super::table::table;
use super::words::quantile_words;
use crate::compare::{Baseline, BaselineEntry, Metric};
use crate::judge::Quantile;
use crate::record::Clock;
use crate::text::{duration, escape, thousands, usd};

/// The scenarios of a baseline with their main numbers.
pub fn overview(baseline: &Baseline, style: Style) -> String {
    let header = ["scenario", "pipeline", "documented", "cost", "calls", "p95", "took"];
    let rows = baseline.entries.iter().flat_map(|entry| {
        entry.pipelines.iter().map(move |(pipeline, numbers)| {
            let of = |metric: Metric| numbers.metrics.get(metric.name()).copied();
            let shown = |value: Option<u64>, words: fn(u64) -> String| {
                value.map_or_else(|| "—".to_owned(), words)
            };
            let documented = shown(of(Metric::Documented), thousands);
            vec![
                escape(&entry.scenario),
                escape(pipeline),
                format!("{documented} of {}", shown(of(Metric::Jobs), thousands)),
                shown(of(Metric::Cost), usd),
                shown(of(Metric::Calls), thousands),
                p95(of(Metric::LatencyP95), of(Metric::Documented)),
                shown(of(Metric::Elapsed), duration),
            ]
        })
    });
    table(header.map(str::to_owned).to_vec(), rows.collect(), 2, style)
}

/// Only numbers of simulated time are in a baseline, over the documented jobs.
fn p95(value: Option<u64>, documented: Option<u64>) -> String {
    value.zip(documented).map_or_else(
        || "—".to_owned(),
        |(value, n)| quantile_words(Quantile::P95, value, n, Clock::Simulated),
    )
}

/// Every number of one scenario, a column for each pipeline.
pub fn entry(entry: &BaselineEntry, style: Style) -> String {
    let pipelines: Vec<&String> = entry.pipelines.keys().collect();
    let mut header = vec!["metric".to_owned()];
    header.extend(pipelines.iter().map(|pipeline| escape(pipeline)));
    let number = |pipeline: &String, name: &str| {
        let value = entry.pipelines.get(pipeline).and_then(|of| of.metrics.get(name));
        value.map_or_else(|| "—".to_owned(), |value| thousands(*value))
    };
    // What the metrics lack, from the distributions.
    let percentiles = [("latency_p90_us", 900), ("latency_p999_us", 999)];
    let percentiles = percentiles.into_iter().map(|(name, per_mille)| {
        let value = |pipeline: &&String| {
            let latency = entry.pipelines.get(*pipeline)?.latency().ok()??;
            latency.per_mille_us(per_mille)
        };
        let shown = |value: Option<u64>| value.map_or_else(|| "—".to_owned(), thousands);
        let values = pipelines.iter().map(|pipeline| shown(value(pipeline)));
        std::iter::once(name.to_owned()).chain(values).collect::<Vec<_>>()
    });
    let rows = Metric::ALL.into_iter().map(|metric| {
        let mut row = vec![metric.name().to_owned()];
        row.extend(pipelines.iter().map(|pipeline| number(pipeline, metric.name())));
        row
    });
    let rows: Vec<Vec<String>> =
        rows.chain(percentiles).filter(|row| row[1..].iter().any(|value| value != "—")).collect();
    let line = |name: &str, text: Option<&str>| {
        text.map(|text| format!("{name}: {}\n", escape(text))).unwrap_or_default()
    };
    format!(
        "{}  seed {}\n{}{}{}\n{}",
        escape(&entry.scenario),
        entry.seed,
        line("accepted", entry.accepted.as_deref()),
        line("reason", entry.reason.as_deref()),
        line("measured by chaos", entry.tool.as_deref()),
        table(header, rows, 1, style)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_baseline_is_shown_as_a_table_and_one_scenario_in_full() {
        let mut baseline = Baseline::empty("0.1.0");
        let reason = Some("first numbers".to_owned());
        baseline.accept(&fixture::judged(|_| ()), reason).unwrap();
        let page = overview(&baseline, Style::PLAIN);
        assert!(
            page.lines()
                .any(|line| line.contains("concurrent   phase1") && line.contains("4 of 10")),
            "{page}"
        );
        baseline.entries[0].accepted = Some("2026-11-30".to_owned());
        let page = entry(&baseline.entries[0], Style::PLAIN);
        for words in [
            "concurrent  seed 7",
            "accepted: 2026-11-30",
            "reason: first numbers",
            "measured by chaos: 0.1.0",
            "192,225",
            "latency_p90_us",
        ] {
            assert!(page.contains(words), "`{words}` is missing in:\n{page}");
        }
    }
}
