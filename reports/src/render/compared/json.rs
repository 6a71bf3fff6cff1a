//! A gate or a comparison for programs, with a published schema.

use schemars::JsonSchema;
use serde::Serialize;

use super::page::{Compared, Page, Section};
use crate::compare::{Change, GateRow, Repeats, Unit};
use crate::judge::Verdict;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;

/// The version of the document.
const FORMAT: u32 = 1;

/// `--format json`.
#[derive(Debug)]
pub(crate) struct PageJson;

/// A gate or a comparison.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Document {
    /// The version of the document: 1.
    pub format: u32,
    /// The worst of everything below.
    pub verdict: Verdict,
    /// The same and what was compared, in words.
    pub headline: String,
    /// What a person would say of each pipeline; empty for a gate.
    pub sentences: Vec<String>,
    /// Why the whole cannot be judged.
    pub reasons: Vec<String>,
    /// Every scenario, the worst first.
    pub scenarios: Vec<Scenario>,
}

/// One scenario.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Scenario {
    /// Its name.
    pub scenario: String,
    /// The worst of the reasons and the numbers.
    pub verdict: Verdict,
    /// Why it cannot be compared.
    pub reasons: Vec<String>,
    /// What to know about the numbers.
    pub notes: Vec<String>,
    /// Every number, those that moved first.
    pub numbers: Vec<Number>,
}

/// One number.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Number {
    /// The pipeline.
    pub pipeline: String,
    /// The metric, or `failed.CAUSE`.
    pub metric: String,
    /// What it counts.
    pub unit: Unit,
    /// Its value in the base; absent where there is none.
    pub base: Option<u64>,
    /// Its value in the head.
    pub head: Option<u64>,
    /// How it moved; absent where one side is.
    pub change: Option<Change>,
    /// Whether that is a pass.
    pub verdict: Verdict,
    /// Why it is not.
    pub reason: Option<String>,
    /// What the runs of either side say, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
}

impl<T: Compared> Exporter<T> for PageJson {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "json",
            about: "Everything, for programs; its schema is reports/compared.schema.json",
            file: T::FILES.json,
            kept: false,
        }
    }

    fn text(&self, subject: &T, _style: Style) -> String {
        let document = Document::from(subject.page());
        serde_json::to_string_pretty(&document).expect("plain data with text keys") + "\n"
    }
}

impl From<Page> for Document {
    fn from(page: Page) -> Self {
        Self {
            format: FORMAT,
            verdict: page.verdict,
            headline: format!("{}  {}: {}", page.word, page.title, page.headline),
            sentences: page.sentences,
            reasons: page.reasons,
            scenarios: page.sections.into_iter().map(Scenario::from).collect(),
        }
    }
}

impl From<Section> for Scenario {
    fn from(section: Section) -> Self {
        let Section { scenario, verdict, reasons, notes, rows, .. } = section;
        let numbers = rows.into_iter().map(Number::from).collect();
        Self { scenario, verdict, reasons, notes, numbers }
    }
}

impl From<GateRow> for Number {
    fn from(row: GateRow) -> Self {
        let GateRow { pipeline, metric, unit, base, head, change, verdict, reason, repeats } = row;
        Self { pipeline, metric, unit, base, head, change, verdict, reason, repeats }
    }
}
