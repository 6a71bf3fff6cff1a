//! The numbers of runs as `OpenMetrics`, for whatever scrapes a file: the textfile collector of
//! Prometheus's node exporter, or a push gateway.
//!
//! Invariant: units are the base units that the format asks for, seconds and dollars; a number that
//! could not be measured has no sample, never a zero.

use std::fmt::Write as _;

use crate::compare::{Metric, Unit};
use crate::judge::{Judged, Summary, Verdict};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::text::{decimal, escape};

/// `--format openmetrics`.
#[derive(Debug)]
pub(crate) struct OpenMetrics;

impl Exporter<[Judged]> for OpenMetrics {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "openmetrics",
            about: "The numbers for Prometheus, as `OpenMetrics` text",
            file: "metrics.txt",
            kept: false,
        }
    }

    fn text(&self, runs: &[Judged], _style: Style) -> String {
        let mut text = String::new();
        let _ =
            writeln!(text, "# TYPE chaos_pass gauge\n# HELP chaos_pass 1 where the run passed.");
        for judged in runs {
            let pass = u8::from(judged.verdict() == Verdict::Pass);
            let _ = writeln!(text, "chaos_pass{{{}}} {pass}", labels(runs, judged, None));
        }
        for metric in Metric::ALL {
            family(&mut text, runs, metric);
        }
        text + "# EOF\n"
    }
}

/// One metric of every pipeline, where any has it.
fn family(text: &mut String, runs: &[Judged], metric: Metric) {
    let samples: Vec<String> = runs
        .iter()
        .flat_map(|judged| judged.summaries().iter().map(move |summary| (judged, summary)))
        .filter_map(|(judged, summary)| {
            let value = value(metric, metric.of(summary)?);
            Some(format!("{}{{{}}} {value}\n", name(metric), labels(runs, judged, Some(summary))))
        })
        .collect();
    if !samples.is_empty() {
        let unit = match metric.unit() {
            Unit::Count => "",
            Unit::Microusd => "usd",
            Unit::Microseconds => "seconds",
        };
        let name = name(metric);
        let _ = writeln!(text, "# TYPE {name} gauge");
        if !unit.is_empty() {
            let _ = writeln!(text, "# UNIT {name} {unit}");
        }
        text.extend(samples);
    }
}

fn name(metric: Metric) -> String {
    let name = metric.name();
    match metric.unit() {
        Unit::Count => format!("chaos_{name}"),
        Unit::Microusd => format!("chaos_{}_usd", name.trim_end_matches("_microusd")),
        Unit::Microseconds => format!("chaos_{}_seconds", name.trim_end_matches("_us")),
    }
}

fn value(metric: Metric, value: u64) -> String {
    match metric.unit() {
        Unit::Count => value.to_string(),
        Unit::Microusd | Unit::Microseconds => decimal(u128::from(value), 0),
    }
}

/// Whose a sample is. Two runs of one scenario are told apart by their names.
fn labels(runs: &[Judged], judged: &Judged, summary: Option<&Summary>) -> String {
    let header = &judged.run().header;
    let quoted = |text: &str| escape(text).replace('\\', "\\\\").replace('"', "\\\"");
    let mut labels = format!("scenario=\"{}\",seed=\"{}\"", quoted(&header.scenario), header.seed);
    if runs.len() > 1 {
        let _ = write!(labels, ",run=\"{}\"", quoted(judged.name()));
    }
    if let Some(summary) = summary {
        let _ = write!(labels, ",pipeline=\"{}\"", quoted(&summary.pipeline));
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn numbers_have_base_units_and_labels_that_say_whose_they_are() {
        let text = OpenMetrics.text(&[fixture::judged(|_| ())], Style::PLAIN);
        for line in [
            r#"chaos_pass{scenario="concurrent",seed="7"} 1"#,
            "# UNIT chaos_cost_usd usd",
            r#"chaos_cost_usd{scenario="concurrent",seed="7",pipeline="phase3"} 0.192225"#,
            r#"chaos_elapsed_seconds{scenario="concurrent",seed="7",pipeline="phase3"} 31.17345"#,
            r#"chaos_calls{scenario="concurrent",seed="7",pipeline="phase1"} 10"#,
        ] {
            assert!(text.lines().any(|found| found == line), "`{line}` is missing in:\n{text}");
        }
        assert!(text.ends_with("# EOF\n") && !text.contains("first_token"), "{text}");
    }

    #[test]
    fn a_name_cannot_end_its_label() {
        let judged = fixture::judged(|run| run.header.scenario = "a\"} 1\n\\".to_owned());
        let text = OpenMetrics.text(&[judged], Style::PLAIN);
        assert!(text.contains(r#"scenario="a\"} 1\\n\\""#), "{text}");
    }
}
