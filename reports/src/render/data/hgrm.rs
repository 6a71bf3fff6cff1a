//! Latency distributions in the text of `HdrHistogram`, which its plotters read.
//!
//! Invariants: one distribution for each pipeline, of documented jobs, in milliseconds; the shape
//! is that of the reference implementation, whose last line has no fourth column.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::judge::{Judged, Latency, Summary};
use crate::render::export::{Exporter, ReportFile, ReportFormat};
use crate::render::style::Style;
use crate::text::{escape, file_name};

/// `--format hgrm`.
#[derive(Debug)]
pub(crate) struct Hgrm;

impl Exporter<[Judged]> for Hgrm {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "hgrm",
            about: "Latency percentiles for HDR plotters, one file for each pipeline",
            file: "latency-PIPELINE.hgrm",
            kept: false,
        }
    }

    fn text(&self, runs: &[Judged], _style: Style) -> String {
        let texts = runs.iter().flat_map(|judged| {
            judged.summaries().iter().map(move |summary| of_pipeline(judged, summary))
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    /// `latency-phase1.hgrm`, or `latency-2-phase1.hgrm` for the second of several runs. Pipelines
    /// that would share a name are told apart by their number.
    fn files<'a>(&'a self, runs: &'a [Judged], _style: Style) -> Vec<ReportFile<'a>> {
        let mut taken = BTreeSet::new();
        let mut found = Vec::new();
        for (number, judged) in (1..).zip(runs) {
            for summary in judged.summaries() {
                let pipeline = file_name(&summary.pipeline);
                let plain = match runs.len() {
                    1 => format!("latency-{pipeline}"),
                    _ => format!("latency-{number}-{pipeline}"),
                };
                let mut name = plain.clone();
                for again in 2.. {
                    if taken.insert(name.clone()) {
                        break;
                    }
                    name = format!("{plain}-{again}");
                }
                found.push(ReportFile::new(format!("{name}.hgrm"), move |out| {
                    out.write_all(of_pipeline(judged, summary).as_bytes())
                }));
            }
        }
        found
    }
}

/// The text of one pipeline's file.
fn of_pipeline(judged: &Judged, summary: &Summary) -> String {
    let header = &judged.run().header;
    let about = format!("{}, {}", escape(&header.scenario), escape(&summary.pipeline));
    let mut text = String::new();
    let _ = writeln!(text, "#[{about}, seed {}, latency of documented jobs in ms]", header.seed);
    text.push_str(&distribution(&summary.latency));
    text
}

fn distribution(latency: &Latency) -> String {
    let mut text = String::new();
    let names = ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"];
    let _ = writeln!(text, "{:>12} {:>14} {:>10} {:>14}\n", names[0], names[1], names[2], names[3]);
    for (value_us, share, count) in latency.percentile_points() {
        let _ = write!(text, "{:>12} {share:.12} {count:>10}", milliseconds(value_us));
        if share < 1.0 {
            let _ = write!(text, " {:>14.2}", 1.0 / (1.0 - share));
        }
        text.push('\n');
    }
    let (mean, deviation) = latency.mean_and_deviation_us();
    let (mean, deviation) = (mean / 1000.0, deviation / 1000.0);
    let max = milliseconds(latency.max_us().unwrap_or(0));
    let count = latency.count();
    let _ = writeln!(text, "#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]");
    let _ = writeln!(text, "#[Max     = {max:>12}, Total count    = {count:>12}]");
    text
}

fn milliseconds(micros: u64) -> String {
    format!("{}.{:03}", micros / 1_000, micros % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::judge::Quantile;
    use crate::render::export::text_of;

    #[test]
    fn a_distribution_has_the_columns_of_the_plotter_and_the_counts_of_the_run() {
        let runs = [fixture::judged(|_| ())];
        let files = Hgrm.files(&runs, Style::PLAIN);
        insta::assert_snapshot!(text_of(|out| files[0].write_to(out)), @r"
        #[concurrent, phase1, seed 7, latency of documented jobs in ms]
               Value     Percentile TotalCount 1/(1-Percentile)

           18513.919 0.000000000000          1           1.00
           18513.919 0.100000000000          1           1.11
           18513.919 0.200000000000          1           1.25
           19038.207 0.300000000000          2           1.43
           19038.207 0.400000000000          2           1.67
           19038.207 0.500000000000          2           2.00
           20054.015 0.550000000000          3           2.22
           20054.015 0.600000000000          3           2.50
           20054.015 0.650000000000          3           2.86
           20054.015 0.700000000000          3           3.33
           22098.760 0.750000000000          4           4.00
           22098.760 1.000000000000          4
        #[Mean    =    19918.848, StdDeviation   =     1372.368]
        #[Max     =    22098.760, Total count    =            4]
        ");
    }

    /// As the plotter reads it: four numbers on a line, comments left out.
    fn points(text: &str) -> Vec<[f64; 4]> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| {
                let numbers = line.split_whitespace().map(str::parse);
                let numbers: Result<Vec<f64>, _> = numbers.collect();
                numbers.ok()?.try_into().ok()
            })
            .collect()
    }

    #[test]
    fn the_plotter_reads_every_percentile_back() {
        let mut latency = Latency::default();
        (1..=10_000).for_each(|n| latency.record(n * 1_000));
        let points = points(&distribution(&latency));
        assert!(points.len() > 50, "{}", points.len());
        assert!(points.is_sorted_by(|a, b| a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2]));
        let p50 = points.iter().find(|point| point[1] >= 0.5).unwrap();
        let exact = latency.quantile_us(Quantile::P50).unwrap();
        #[expect(clippy::cast_precision_loss, reason = "far below what a float holds exactly")]
        let exact = exact as f64 / 1000.0;
        assert!((p50[0] - exact).abs() <= exact / 500.0, "{p50:?} is not {exact}");
        assert!(points.iter().all(|point| (point[3] * (1.0 - point[1]) - 1.0).abs() < 0.01));
    }

    #[test]
    fn nothing_documented_is_a_file_without_points() {
        assert_eq!(points(&distribution(&Latency::default())).len(), 0);
    }
}
