//! Every failed test as a row for a spreadsheet: the inventory of the failure analysis, extended.
//!
//! Invariants: one row for each failure, never grouped and never cut; the first six columns are
//! those of the inventory that tools already read, and later ones are only added at the end.

use std::io::{self, Write};

use super::words::{place, rule};
use crate::triage::{Finding, Triage};
use reports::render::sheet::{cell, sheet, write_sheet};
use reports::render::{Exporter, ReportFormat, Style};

const HEADER: [&str; 19] = [
    "File",
    "Test Name",
    "Status",
    "Category",
    "Priority",
    "Reason",
    "Confidence",
    "Rule",
    "Tier",
    "Evidence",
    "Remedy",
    "Group",
    "Phase",
    "Exception",
    "Message",
    "Place",
    "ID",
    "Input",
    "History",
];

/// `--report csv`.
#[derive(Debug)]
pub(super) struct Csv;

impl Exporter<Triage<'_>> for Csv {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "csv",
            about: "The failure inventory, a row for each failure",
            file: "failure_inventory.csv",
            kept: false,
        }
    }

    fn text(&self, triage: &Triage<'_>, _style: Style) -> String {
        sheet(HEADER, triage.findings.iter().map(|finding| row(triage, finding)))
    }

    fn write(&self, triage: &Triage<'_>, _style: Style, out: &mut dyn Write) -> io::Result<()> {
        write_sheet(HEADER, triage.findings.iter().map(|finding| row(triage, finding)), out)
    }
}

fn row(triage: &Triage<'_>, finding: &Finding<'_>) -> [String; 19] {
    let case = &finding.case;
    let name = match &case.id.params {
        Some(params) => format!("{}[{params}]", case.id.name),
        None => case.id.name.clone(),
    };
    let name = if case.id.class.is_empty() { name } else { format!("{}::{name}", case.id.class) };
    let phase = serde_json::to_value(case.phase).ok();
    let phase = phase.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    [
        cell(&case.id.file),
        cell(&name),
        case.status.name().to_uppercase(),
        finding.category.name().to_owned(),
        finding.priority.name().to_owned(),
        cell(&finding.reason),
        finding.confidence.name().to_owned(),
        cell(rule(finding)),
        finding.tier.name().to_owned(),
        cell(&finding.evidence),
        cell(&finding.remedy),
        triage.groups[finding.group].id.clone(),
        phase,
        cell(case.exception.as_deref().unwrap_or_default()),
        cell(&case.message),
        cell(&place(case)),
        cell(&case.id.full),
        cell(&triage.runs[finding.run].0.name),
        triage.groups[finding.group]
            .past
            .as_ref()
            .map_or("", |past| past.standing.word())
            .to_owned(),
    ]
}
