//! A history for a spreadsheet: a row for each metric of each run.

use crate::history::{History, Point, Series};
use crate::record::Clock;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::sheet::{cell, sheet};
use crate::render::style::Style;

const HEADER: [&str; 11] = [
    "scenario",
    "scenario_sha256",
    "pipeline",
    "seed",
    "clock",
    "speed",
    "day",
    "label",
    "metric",
    "value",
    "samples",
];

/// `--format csv`.
#[derive(Debug)]
pub(in crate::render) struct HistoryCsv;

impl Exporter<History> for HistoryCsv {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "csv",
            about: "A row for each metric of each run, for a spreadsheet; without test logs",
            file: "history.csv",
            kept: false,
        }
    }

    fn text(&self, history: &History, _style: Style) -> String {
        sheet(HEADER, history.series.iter().flat_map(rows))
    }
}

fn rows(series: &Series) -> impl Iterator<Item = [String; 11]> + '_ {
    series.lines.iter().flat_map(move |line| {
        let of = series.points.iter().zip(line.values.iter().zip(&line.samples));
        of.filter_map(move |(point, (value, samples))| {
            Some(row(series, point, &line.metric, (*value)?, *samples))
        })
    })
}

fn row(
    series: &Series,
    point: &Point,
    metric: &str,
    value: u64,
    samples: Option<u64>,
) -> [String; 11] {
    let basis = &series.basis;
    let clock = if basis.clock == Clock::Simulated { "simulated" } else { "wall" };
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    [
        cell(&basis.scenario),
        basis.scenario_sha256.clone(),
        cell(&basis.pipeline),
        basis.seed.to_string(),
        clock.to_owned(),
        number(basis.speed.map(u64::from)),
        cell(&point.mark.day),
        cell(point.mark.label.as_deref().unwrap_or_default()),
        cell(metric),
        value.to_string(),
        number(samples),
    ]
}
