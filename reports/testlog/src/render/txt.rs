//! The failure report of tests, in the shape of the failure analysis: 80 columns.
//!
//! Invariant: every failure is counted in every section, and listed by its id.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::matrix;
use super::words::{first_line, place, rule, status_words};
use crate::triage::{Finding, Triage};
use reports::Category;
use reports::render::table::table;
use reports::render::{Exporter, ReportFormat, Style};
use reports::text::{escape, percent, wrap};

const WIDTH: usize = 80;

/// `--report txt`.
#[derive(Debug)]
pub(super) struct Txt;

impl Exporter<Triage<'_>> for Txt {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "txt",
            about: "The failure report",
            file: "failure_report.txt",
            kept: false,
        }
    }

    fn text(&self, triage: &Triage<'_>, _style: Style) -> String {
        render(triage)
    }
}

/// Renders the report.
fn render(triage: &Triage<'_>) -> String {
    let rule = "=".repeat(WIDTH);
    let mut page = format!("{rule}\nTEST FAILURE ANALYSIS REPORT\n{rule}\n");
    for note in &triage.notes {
        let _ = writeln!(page, "{}", wrap("", &escape(&format!("note: {note}")), WIDTH, 2));
    }
    summary(&mut page, triage);
    if triage.findings.is_empty() {
        page.push_str("\nNo test failed.\n");
        return page;
    }
    by_category(&mut page, triage);
    section(&mut page, "PRIORITY MATRIX");
    let (header, rows) = matrix::rows(triage);
    page.push_str(&table(header, rows, 1, Style { width: WIDTH, ..Style::PLAIN }));
    by_file(&mut page, triage);
    groups(&mut page, triage);
    section(&mut page, "DETAILED FAILURE ANALYSIS");
    for (number, finding) in (1..).zip(&triage.findings) {
        detail(&mut page, number, finding);
    }
    page
}

fn section(page: &mut String, title: &str) {
    let _ = writeln!(page, "\n{title}\n{}", "-".repeat(WIDTH));
}

fn share(part: u64, whole: u64) -> String {
    let ppm = u128::from(part) * 1_000_000 / u128::from(whole.max(1));
    percent(u64::try_from(ppm).unwrap_or(u64::MAX))
}

fn summary(page: &mut String, triage: &Triage<'_>) {
    section(page, "SUMMARY");
    let mut tests = 0;
    let mut failed = 0;
    let mut passed = 0;
    for (_, run) in &triage.runs {
        tests += run.tests();
        passed += run.read.passed;
        failed += run.read.failed;
    }
    let _ = writeln!(page, "Total Tests:    {tests}");
    let _ = writeln!(page, "Passed:         {passed} ({})", share(passed, tests));
    let _ = writeln!(page, "Failed:         {failed} ({})", share(failed, tests));
    let errors = triage.runs.iter().map(|(_, run)| run.read.errors).sum::<u64>();
    if errors > 0 {
        let _ = writeln!(page, "Errors:         {errors}");
    }
    for (input, run) in &triage.runs {
        if !run.completeness.is_complete() {
            let _ = writeln!(page, "Incomplete:     {}", escape(&input.name));
        }
    }
}

fn by_category(page: &mut String, triage: &Triage<'_>) {
    section(page, "FAILURES BY CATEGORY");
    for category in Category::ALL {
        let count = triage.in_category(category);
        if count > 0 {
            let _ = writeln!(page, "{:15} {count:3} tests", category.name());
            let _ = writeln!(page, "  Description: {}", category.description());
        }
    }
}

fn by_file(page: &mut String, triage: &Triage<'_>) {
    section(page, "FAILURES BY TEST FILE");
    let mut files: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in &triage.findings {
        *files.entry(finding.case.id.file.as_str()).or_default() += 1;
    }
    for (file, count) in files {
        let file = if file.is_empty() { "(no file)" } else { file };
        let _ = writeln!(page, "{:40} {count:2} failures", escape(file));
    }
}

fn groups(page: &mut String, triage: &Triage<'_>) {
    section(page, "FAILURES BY SIGNATURE");
    for group in &triage.groups {
        let (first, last) = group.ends();
        let id = |place: usize| escape(&triage.findings[place].case.id.full);
        let head = format!("{} {:3} failures  {}", group.id, group.members.len(), group.signature);
        let _ = writeln!(page, "{}", wrap("", &escape(&head), WIDTH, 2));
        let _ = writeln!(page, "  First: {}", id(first));
        if first != last {
            let _ = writeln!(page, "  Last:  {}", id(last));
        }
    }
}

fn detail(page: &mut String, number: usize, finding: &Finding<'_>) {
    let case = &finding.case;
    let _ = writeln!(page, "{number}. {}", escape(&case.id.full));
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            let prefix = format!("   {name:<10}");
            let _ = writeln!(page, "{}", wrap(&prefix, &escape(value), WIDTH, 13));
        }
    };
    field("Status:", status_words(case));
    field("File:", &case.id.file);
    field("Priority:", &format!("{}, {}", finding.priority.name(), finding.category.name()));
    field("Reason:", &finding.reason);
    let (confidence, tier) = (finding.confidence.name(), finding.tier.name());
    field("Decided:", &format!("by {}, {confidence}, {tier}", rule(finding)));
    field("Evidence:", &finding.evidence);
    field("Message:", first_line(&case.message));
    field("Place:", &place(case));
    field("Remedy:", &finding.remedy);
}
