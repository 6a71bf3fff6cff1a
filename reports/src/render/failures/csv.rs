//! Every failed job as a row for a spreadsheet: the inventory of the failure analysis, extended.
//!
//! Invariants: one row for each failure, never grouped and never cut; the first six columns are
//! those of the inventory that tools already read, and later ones are only added at the end.

use crate::judge::{Failure, Judged};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::sheet::{cell, sheet};
use crate::render::style::Style;
use crate::text::{decimal, usd_exact};

const HEADER: [&str; 23] = [
    "File",
    "Test Name",
    "Status",
    "Category",
    "Priority",
    "Reason",
    "Expected",
    "Rule",
    "Confidence",
    "Stage",
    "Remedy",
    "Evidence",
    "Pipeline",
    "Job",
    "Cause",
    "HTTPStatus",
    "Detail",
    "CostUSD",
    "WastedUSD",
    "Calls",
    "ArrivalSeconds",
    "EndSeconds",
    "Run",
];

/// `--format failures-csv`, header first.
#[derive(Debug)]
pub(crate) struct FailuresCsv;

impl Exporter<[Judged]> for FailuresCsv {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "failures-csv",
            about: "Every failure as a row",
            file: "failures.csv",
            kept: true,
        }
    }

    fn text(&self, runs: &[Judged], _style: Style) -> String {
        let rows = runs.iter().flat_map(|judged| {
            judged.failures().into_iter().map(move |failure| row(judged, &failure))
        });
        sheet(HEADER, rows)
    }
}

fn row(judged: &Judged, failure: &Failure<'_>) -> [String; 23] {
    let job = failure.job;
    [
        cell(&job.path),
        cell(&format!("{}[{}]", job.pipeline, job.job)),
        "FAILED".to_owned(),
        failure.category().name().to_owned(),
        failure.priority().name().to_owned(),
        failure.words().to_owned(),
        if failure.expected { "yes" } else { "no" }.to_owned(),
        failure.rule().name().to_owned(),
        failure.confidence().name().to_owned(),
        failure.stage().map(|stage| stage.name().to_owned()).unwrap_or_default(),
        failure.remedy().to_owned(),
        cell(&failure.evidence()),
        cell(&job.pipeline),
        job.job.to_string(),
        failure.cause_name().to_owned(),
        failure.status().map(|status| status.to_string()).unwrap_or_default(),
        cell(job.detail.as_deref().unwrap_or_default()),
        usd_exact(job.cost_microusd),
        usd_exact(job.wasted_microusd),
        job.calls.to_string(),
        decimal(u128::from(job.arrival_us), 1),
        decimal(u128::from(job.end_us), 1),
        cell(judged.name()),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixture;
    use crate::judge::judge;
    use crate::run::Run;

    fn rendered(run: Run) -> String {
        FailuresCsv.text(&[judge(run).named("out")], Style::PLAIN)
    }

    fn parsed(text: &str) -> Vec<csv::StringRecord> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader.records().map(Result::unwrap).collect()
    }

    #[test]
    fn every_failure_is_one_row() {
        let mut run = fixture::concurrent();
        run.pipelines[0].jobs[2].path = "a.py".to_owned();
        run.pipelines[0].jobs[2].detail = Some("slow, \"please\"".to_owned());
        let text = rendered(run);
        assert_eq!(parsed(&text).len(), 1 + 6);
        let first: Vec<String> = parsed(&text)[1].iter().map(str::to_owned).collect();
        let named = HEADER.iter().zip(&first).map(|(name, cell)| format!("{name}: {cell}"));
        insta::assert_snapshot!(named.collect::<Vec<_>>().join("\n"), @r#"
        File: a.py
        Test Name: phase1[3]
        Status: FAILED
        Category: ENVIRONMENT
        Priority: LOW
        Reason: 429 rate limit
        Expected: yes
        Rule: quota-of-others
        Confidence: certain
        Stage: retry
        Remedy: pace to the announced limit, honour retry-after, or raise the retry budget
        Evidence: status 429; fault `burst_limit` injected; attempt 1 of part 1; retry-after 8 s; 1 call; said: slow, "please"
        Pipeline: phase1
        Job: 3
        Cause: rate_limited
        HTTPStatus: 429
        Detail: slow, "please"
        CostUSD: 0.000000
        WastedUSD: 0.000000
        Calls: 1
        ArrivalSeconds: 0.0
        EndSeconds: 0.05
        Run: out
        "#);
    }

    #[test]
    fn a_run_without_failures_has_a_header_alone() {
        let mut run = fixture::concurrent();
        run.pipelines.remove(0);
        assert_eq!(rendered(run), HEADER.join(",") + "\n");
    }

    proptest! {
        #[test]
        fn what_is_written_is_parsed_back(path in any::<String>(), detail in any::<String>()) {
            let mut run = fixture::concurrent();
            let job = &mut run.pipelines[0].jobs[2];
            job.path.clone_from(&path);
            job.detail = Some(detail.clone());
            let text = rendered(run);
            let rows = parsed(&text);
            prop_assert_eq!(rows.len(), 7);
            prop_assert_eq!(&rows[1][0], cell(&path));
            prop_assert_eq!(&rows[1][16], cell(&detail));
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
            for field in rows.iter().skip(1).flatten() {
                prop_assert!(!field.starts_with(['=', '+', '-', '@']), "{field:?}");
            }
        }
    }
}
