//! The numbers of runs for a spreadsheet: one row for each pipeline of each run.
//!
//! Invariants: the columns are the metrics by the names that baselines and gates use, in exact
//! whole numbers; a number that could not be measured is an empty cell, never a zero.

use super::sheet::{cell, written};
use super::{Named, verdict_words};
use crate::metric::Metric;
use crate::record::Clock;
use crate::summary::Summary;
use crate::verdict::judge;

const BEFORE: [&str; 8] =
    ["run", "scenario", "seed", "clock", "verdict", "pipeline", "success_ppm", "coverage_ppm"];

/// Renders the summaries as CSV, header first.
pub fn render(runs: &[Named<'_>]) -> String {
    let header: Vec<&str> = BEFORE.into_iter().chain(Metric::ALL.map(Metric::name)).collect();
    written(header, runs.iter().flat_map(rows))
}

fn rows(named: &Named<'_>) -> Vec<Vec<String>> {
    let judgement = judge(named.run);
    let verdict = verdict_words(named.run, &judgement);
    judgement.summaries.iter().map(|summary| row(named, verdict, summary)).collect()
}

fn row(named: &Named<'_>, verdict: &str, summary: &Summary) -> Vec<String> {
    let header = &named.run.header;
    let clock = if header.clock == Clock::Simulated { "simulated" } else { "wall" };
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let mut row = vec![
        cell(named.name),
        cell(&header.scenario),
        header.seed.to_string(),
        clock.to_owned(),
        verdict.to_owned(),
        cell(&summary.pipeline),
        number(summary.success_ppm()),
        number(summary.coverage_ppm()),
    ];
    row.extend(Metric::ALL.map(|metric| number(metric.of(summary))));
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn every_pipeline_of_every_run_is_a_row_that_is_read_back() {
        let run = fixture::concurrent();
        let text = render(&[Named { name: "=a,b", run: &run }, Named { name: "c", run: &run }]);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 4);
        assert_eq!((&rows[0][0], &rows[2][0]), ("'=a,b", "c"));
        let column = |name: &str| header.iter().position(|column| column == name).unwrap();
        let summary = &Summary::of(&run)[1];
        for metric in Metric::ALL {
            let expected = metric.of(summary).map(|v| v.to_string()).unwrap_or_default();
            assert_eq!(&rows[1][column(metric.name())], expected, "{}", metric.name());
        }
    }

    #[test]
    fn what_could_not_be_measured_is_empty() {
        let mut run = fixture::concurrent();
        run.pipelines[0].jobs.clear();
        let text = render(&[Named { name: "a", run: &run }]);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let first = reader.records().next().unwrap().unwrap();
        assert_eq!((&first[4], &first[6]), ("INCONCLUSIVE", ""));
    }
}
