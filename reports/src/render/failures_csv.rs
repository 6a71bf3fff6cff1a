//! Every failed job as a row for a spreadsheet.
//!
//! Invariants: one row for each failure, never grouped and never cut; a cell that a spreadsheet
//! would run as a formula has a quote before it; no cell holds a control character.

use crate::failure::{Failure, failures};
use crate::run::Run;
use crate::text::{decimal, escape, usd_exact};

const HEADER: [&str; 13] = [
    "Pipeline",
    "Job",
    "File",
    "Cause",
    "Category",
    "Priority",
    "Status",
    "Detail",
    "CostUSD",
    "WastedUSD",
    "Calls",
    "ArrivalSeconds",
    "EndSeconds",
];

/// Renders the failures of a run as CSV, header first.
pub fn render(run: &Run) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let infallible = "writing to memory cannot fail";
    writer.write_record(HEADER).expect(infallible);
    for failure in failures(run) {
        writer.write_record(row(&failure)).expect(infallible);
    }
    let bytes = writer.into_inner().expect(infallible);
    String::from_utf8(bytes).expect("every cell is text")
}

fn row(failure: &Failure<'_>) -> [String; 13] {
    let job = failure.job;
    [
        cell(&job.pipeline),
        job.job.to_string(),
        cell(&job.path),
        failure.cause_name().to_owned(),
        failure.category().name().to_owned(),
        failure.priority().name().to_owned(),
        failure.status.map(|status| status.to_string()).unwrap_or_default(),
        cell(job.detail.as_deref().unwrap_or_default()),
        usd_exact(job.cost_microusd),
        usd_exact(job.wasted_microusd),
        job.calls.to_string(),
        decimal(u128::from(job.arrival_us), 1),
        decimal(u128::from(job.end_us), 1),
    ]
}

/// Text from outside, harmless in a spreadsheet and in a terminal.
pub(super) fn cell(text: &str) -> String {
    // The full-width forms count: some spreadsheets read them as the plain ones.
    let formula = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    let guard = if text.starts_with(formula) { "'" } else { "" };
    format!("{guard}{}", escape(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixture;

    fn parsed(text: &str) -> Vec<csv::StringRecord> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader.records().map(Result::unwrap).collect()
    }

    #[test]
    fn every_failure_is_one_row() {
        let mut run = fixture::concurrent();
        run.pipelines[0].jobs[2].path = "a.py".to_owned();
        run.pipelines[0].jobs[2].detail = Some("slow, \"please\"".to_owned());
        let text = render(&run);
        assert_eq!(parsed(&text).len(), 1 + 6);
        let first = text.lines().nth(1).unwrap();
        insta::assert_snapshot!(first, @r#"
        phase1,3,a.py,rate_limited,CONFIGURATION,HIGH,429,"slow, ""please""",0.000000,0.000000,1,0.0,0.05
        "#);
    }

    #[test]
    fn a_run_without_failures_has_a_header_alone() {
        let mut run = fixture::concurrent();
        run.pipelines.remove(0);
        assert_eq!(render(&run), HEADER.join(",") + "\n");
    }

    #[test]
    fn a_cell_that_would_be_a_formula_has_a_quote_before_it() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert!(cell(text).starts_with('\''), "{text:?}");
        }
        assert_eq!(cell("src/a=b.py"), "src/a=b.py");
    }

    proptest! {
        #[test]
        fn what_is_written_is_parsed_back(path in any::<String>(), detail in any::<String>()) {
            let mut run = fixture::concurrent();
            let job = &mut run.pipelines[0].jobs[2];
            job.path.clone_from(&path);
            job.detail = Some(detail.clone());
            let text = render(&run);
            let rows = parsed(&text);
            prop_assert_eq!(rows.len(), 7);
            prop_assert_eq!(&rows[1][2], cell(&path));
            prop_assert_eq!(&rows[1][7], cell(&detail));
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
            for field in rows.iter().skip(1).flatten() {
                prop_assert!(!field.starts_with(['=', '+', '-', '@']), "{field:?}");
            }
        }
    }
}
