//! The numbers of runs as github-action-benchmark reads them (`customSmallerIsBetter`), which draws
//! each over time: those of which a smaller value is better.

use serde::Serialize;

use crate::compare::{Better, Metric, Unit};
use crate::judge::Judged;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::text::escape;

/// `--format benchmark`.
#[derive(Debug)]
pub(crate) struct Benchmark;

#[derive(Serialize)]
struct Point {
    name: String,
    unit: &'static str,
    value: u64,
    extra: String,
}

impl Exporter<[Judged]> for Benchmark {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "benchmark",
            about: "The numbers for github-action-benchmark (customSmallerIsBetter)",
            file: "benchmark.json",
            kept: false,
        }
    }

    fn text(&self, runs: &[Judged], _style: Style) -> String {
        let several = runs.len() > 1;
        let points: Vec<Point> = runs.iter().flat_map(|judged| points(judged, several)).collect();
        serde_json::to_string_pretty(&points).expect("plain data with text keys") + "\n"
    }
}

/// The points of one run, whose name tells it apart where there are several.
fn points(judged: &Judged, several: bool) -> Vec<Point> {
    let header = &judged.run().header;
    let run = if several { format!("{} / ", escape(judged.name())) } else { String::new() };
    let of = |pipeline: &str, metric: Metric| {
        let (scenario, pipeline) = (escape(&header.scenario), escape(pipeline));
        format!("{run}{scenario} / {pipeline} / {}", metric.name())
    };
    let less = || Metric::ALL.into_iter().filter(|metric| metric.better() == Better::Less);
    let summaries = judged.summaries().iter();
    let points = summaries.flat_map(|summary| {
        less().filter_map(move |metric| Some((summary, metric, metric.of(summary)?)))
    });
    points
        .map(|(summary, metric, value)| Point {
            name: of(&summary.pipeline, metric),
            unit: match metric.unit() {
                Unit::Count => "",
                Unit::Microusd => "µ$",
                Unit::Microseconds => "µs",
            },
            value,
            extra: format!("seed {}", header.seed),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::fixture;

    #[test]
    fn only_numbers_that_should_be_small_are_points() {
        let text = Benchmark.text(&[fixture::judged(|_| ())], Style::PLAIN);
        let points: Vec<Value> = serde_json::from_str(&text).unwrap();
        let find = |name: &str| points.iter().find(|point| point["name"] == name);
        let cost = find("concurrent / phase3 / cost_microusd").unwrap();
        assert_eq!((cost["value"].as_u64(), &cost["unit"]), (Some(192_225), &Value::from("µ$")));
        assert!(find("concurrent / phase3 / documented").is_none());
    }
}
