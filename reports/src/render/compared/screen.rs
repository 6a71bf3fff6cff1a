//! A gate or a comparison on a terminal: the verdict, what moved, and then what held.
//!
//! Invariants: what is worse comes first and is listed with every digit; what held is counted; the
//! remedy stands where the failure is.

use std::fmt::Write as _;

use super::page::{Compared, Page, Section};
use crate::compare::GateRow;
use crate::judge::Verdict;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::render::table::table;
use crate::text::{escape, wrap};

/// `--format terminal`.
#[derive(Debug)]
pub(crate) struct PageScreen;

impl<T: Compared> Exporter<T> for PageScreen {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "terminal",
            about: "The screen of the command",
            file: T::FILES.screen,
            kept: false,
        }
    }

    fn text(&self, subject: &T, style: Style) -> String {
        render(&subject.page(), style)
    }
}

fn render(page: &Page, style: Style) -> String {
    let word = style.paint(page.verdict, page.word);
    let mut text = format!("{word}  {}: {}\n", escape(&page.title), page.headline);
    for sentence in &page.sentences {
        let _ = writeln!(text, "{}", wrap("", &escape(sentence), style.width, 2));
    }
    for reason in &page.reasons {
        let symbol = style.paint(Verdict::Inconclusive, Verdict::Inconclusive.symbol());
        let line = wrap("  ", &escape(reason), style.width, 2);
        let _ = writeln!(text, "{symbol}{}", &line[1..]);
    }
    for section in &page.sections {
        if !section.is_whole(page) {
            let symbol = style.paint(section.verdict, section.verdict.symbol());
            let _ = writeln!(text, "\n{symbol} {}: {}", escape(&section.scenario), section.words);
        }
        one(&mut text, section, style);
    }
    if let Some(hint) = page.hint {
        let _ = writeln!(text, "\n{}", wrap("hint: ", hint, style.width, 2));
    }
    text
}

/// `✓ calls`, and in words what is no pass: `✗ latency_p50_us (worse)`.
fn marked(row: &GateRow) -> String {
    let words = match row.verdict {
        Verdict::Pass => String::new(),
        _ => format!(" ({})", row.change()),
    };
    format!("{} {}{}", row.verdict.symbol(), escape(&row.metric), escape(&words))
}

fn one(text: &mut String, section: &Section, style: Style) {
    for reason in &section.reasons {
        let line = wrap("  inconclusive: ", &escape(reason), style.width, 4);
        let _ = writeln!(text, "{line}");
    }
    for note in &section.notes {
        let _ = writeln!(text, "{}", wrap("  note: ", &escape(note), style.width, 4));
    }
    let escaped = |row: &GateRow| -> Vec<String> {
        section.cells(row).iter().map(|cell| escape(cell)).collect()
    };
    let (words, names) = section.columns();
    let header: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let rows: Vec<&GateRow> = section.moved().collect();
    if rows.is_empty() {
        return;
    }
    if section.is_of_repeats() {
        // The verdict is a symbol before the metric, so that the numbers fit into 80 columns.
        let rows = rows.into_iter().map(|row| {
            let mut cells = escaped(row);
            cells.drain(..words);
            cells.insert(0, marked(row));
            cells
        });
        let header = [&header[..1], &header[words..]].concat();
        text.push_str(&table(header, rows.collect(), 1, style));
        return;
    }
    // A table for each, because its name in every line would leave no room for numbers.
    let mut pipelines: Vec<&str> = Vec::new();
    for row in &rows {
        if !pipelines.contains(&row.pipeline.as_str()) {
            pipelines.push(&row.pipeline);
        }
    }
    for pipeline in pipelines {
        let of = rows.iter().filter(|row| row.pipeline == pipeline);
        let rows: Vec<Vec<String>> = of.map(|row| escaped(row)[1..].to_vec()).collect();
        let _ = writeln!(text, "{}", escape(pipeline));
        text.push_str(&table(header[1..].to_vec(), rows, words - 1, style));
    }
}
