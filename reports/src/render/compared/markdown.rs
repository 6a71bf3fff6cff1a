//! A gate or a comparison for a pull request's comment: the verdict in one line, what moved in a
//! table, and what held folded away and counted, because a comment may have 64 KB.

use std::fmt::Write as _;

use super::page::{Compared, Page, Section};
use crate::compare::GateRow;
use crate::judge::Verdict;
use crate::render::ci::markdown::{cell, code, folded, plain};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::text::counted;
use crate::text::escape;

/// `--format markdown`.
#[derive(Debug)]
pub(crate) struct PageMarkdown;

impl<T: Compared> Exporter<T> for PageMarkdown {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "markdown",
            about: "A comment on a pull request, or the summary of a CI step",
            file: T::FILES.markdown,
            kept: false,
        }
    }

    fn text(&self, subject: &T, _style: Style) -> String {
        render(&subject.page())
    }
}

/// Numbers of one scenario that are listed, so that a comment stays below what it may have.
const MOST: usize = 40;

fn render(page: &Page) -> String {
    let (symbol, title) = (page.verdict.symbol(), code(&page.title));
    let mut text = format!("**{symbol} {}** {title}: {}\n", page.word, page.headline);
    for sentence in &page.sentences {
        let _ = writeln!(text, "\n{}", plain(&escape(sentence)));
    }
    reasons(&mut text, &page.reasons);
    let is_told = |section: &&Section| {
        section.is_whole(page) || section.verdict != Verdict::Pass || section.moved().count() > 0
    };
    let (told, held): (Vec<&Section>, Vec<&Section>) = page.sections.iter().partition(is_told);
    for section in told {
        if !section.is_whole(page) {
            let (symbol, name) = (section.verdict.symbol(), code(&section.scenario));
            let _ = writeln!(text, "\n**{symbol} {name}**: {}", section.words);
        }
        one(&mut text, section);
    }
    if !held.is_empty() {
        folded(&mut text, &format!("{} passed", counted(held.len(), "scenario")), |text| {
            for section in held {
                let _ = writeln!(text, "- {}: {}", code(&section.scenario), section.words);
            }
        });
    }
    if let Some(hint) = page.hint {
        let _ = writeln!(text, "\n{}", plain(hint));
    }
    text
}

fn one(text: &mut String, section: &Section) {
    reasons(text, &section.reasons);
    for note in &section.notes {
        let _ = writeln!(text, "- note: {}", code(note));
    }
    let moved: Vec<&GateRow> = section.moved().collect();
    if !moved.is_empty() {
        text.push('\n');
        table(text, section, &moved[..moved.len().min(MOST)]);
        if moved.len() > MOST {
            let _ = writeln!(text, "\nand {} more", counted(moved.len() - MOST, "number"));
        }
    }
}

fn reasons(text: &mut String, reasons: &[String]) {
    for reason in reasons {
        let _ = writeln!(text, "- ? inconclusive: {}", code(reason));
    }
}

fn table(text: &mut String, section: &Section, rows: &[&GateRow]) {
    let (words, names) = section.columns();
    let _ = writeln!(text, "| {} |", names.join(" | "));
    let numbers = "---:|".repeat(names.len() - words);
    let _ = writeln!(text, "|{}{numbers}", "---|".repeat(words));
    for row in rows {
        let mut cells = section.cells(row);
        for name in &mut cells[..words - 1] {
            *name = cell(name);
        }
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
}
