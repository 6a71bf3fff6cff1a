//! The numbers of runs for a spreadsheet: one row for each pipeline of each run.
//!
//! Invariants: the columns are the metrics by the names that baselines and gates use, in exact
//! whole numbers; a number that could not be measured is an empty cell, never a zero.

use crate::compare::Metric;
use crate::judge::{Judged, Summary};
use crate::record::Clock;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::sheet::{cell, written};
use crate::render::style::Style;
use crate::render::words::verdict_words;

const BEFORE: [&str; 8] =
    ["run", "scenario", "seed", "clock", "verdict", "pipeline", "success_ppm", "coverage_ppm"];

/// `--format csv`: the summaries, header first.
#[derive(Debug)]
pub(crate) struct SummaryCsv;

impl Exporter<[Judged]> for SummaryCsv {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "csv",
            about: "The numbers, a row for each pipeline",
            file: "summary.csv",
            kept: false,
        }
    }

    fn text(&self, runs: &[Judged], _style: Style) -> String {
        let header: Vec<&str> = BEFORE.into_iter().chain(Metric::ALL.map(Metric::name)).collect();
        let rows = runs.iter().flat_map(|run| run.summaries().iter().map(|of| row(run, of)));
        written(header, rows)
    }
}

fn row(judged: &Judged, summary: &Summary) -> Vec<String> {
    let header = &judged.run().header;
    let clock = if header.clock == Clock::Simulated { "simulated" } else { "wall" };
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let mut row = vec![
        cell(judged.name()),
        cell(&header.scenario),
        header.seed.to_string(),
        clock.to_owned(),
        verdict_words(judged).to_owned(),
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
        let runs = ["=a,b", "c"].map(|name| fixture::judged(|_| ()).named(name));
        let text = SummaryCsv.text(&runs, Style::PLAIN);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 4);
        assert_eq!((&rows[0][0], &rows[2][0]), ("'=a,b", "c"));
        let column = |name: &str| header.iter().position(|column| column == name).unwrap();
        let summary = &runs[0].summaries()[1];
        for metric in Metric::ALL {
            let expected = metric.of(summary).map(|v| v.to_string()).unwrap_or_default();
            assert_eq!(&rows[1][column(metric.name())], expected, "{}", metric.name());
        }
    }

    #[test]
    fn what_could_not_be_measured_is_empty() {
        let judged = fixture::judged(|run| run.pipelines[0].jobs.clear());
        let text = SummaryCsv.text(&[judged], Style::PLAIN);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let first = reader.records().next().unwrap().unwrap();
        assert_eq!((&first[4], &first[6]), ("INCONCLUSIVE", ""));
    }
}
