//! A gate or a comparison as one page that needs no network.

use maud::{Markup, html};

use super::page::{Compared, Page, Section};
use crate::compare::GateRow;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::html::badge::verdict;
use crate::render::html::page::page;
use crate::render::style::Style;
use crate::text::counted;
use crate::text::escape;

/// `--format html`.
#[derive(Debug)]
pub(crate) struct PageHtml;

impl<T: Compared> Exporter<T> for PageHtml {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "html",
            about: "One page that needs no network",
            file: T::FILES.html,
            kept: false,
        }
    }

    fn text(&self, subject: &T, _style: Style) -> String {
        let subject = subject.page();
        let title = escape(&subject.title);
        let body = html! {
            main {
                header {
                    h1 { (verdict(subject.verdict, subject.word)) " " (title) }
                    p class="closing" { (subject.headline) }
                    @for sentence in &subject.sentences { p { (escape(sentence)) } }
                    (inconclusive(&subject.reasons))
                    @if let Some(hint) = subject.hint { p { (hint) } }
                }
                @for section in &subject.sections { (one(&subject, section)) }
            }
        };
        page(&format!("{title}: {}", subject.word), &body)
    }
}

fn one(page: &Page, section: &Section) -> Markup {
    let moved: Vec<&GateRow> = section.moved().collect();
    let held: Vec<&GateRow> = section.rows.iter().filter(|row| row.is_same()).collect();
    html! {
        section {
            @if !section.is_whole(page) {
                h2 { (escape(&section.scenario)) }
                p { (verdict(section.verdict, &section.words)) }
            }
            (inconclusive(&section.reasons))
            @for note in &section.notes { p class="soft" { "note: " (escape(note)) } }
            @if !moved.is_empty() { (table(section, &moved)) }
            @if !held.is_empty() {
                details {
                    summary { (counted(held.len(), "number")) " did not move" }
                    (table(section, &held))
                }
            }
        }
    }
}

fn inconclusive(reasons: &[String]) -> Markup {
    html! {
        @for reason in reasons {
            p class="inconclusive" { "? inconclusive: " (escape(reason)) }
        }
    }
}

fn table(section: &Section, rows: &[&GateRow]) -> Markup {
    let (words, names) = section.columns();
    let (of_words, of_numbers) = names.split_at(words);
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="numbers" {
            table {
                thead { tr {
                    @for name in of_words { th scope="col" { (name) } }
                    @for name in of_numbers { th class="number" scope="col" { (name) } }
                } }
                tbody {
                    @for row in rows { tr {
                        @let cells = section.cells(row);
                        th scope="row" { (escape(&cells[0])) }
                        @for cell in &cells[1..words] { td { (escape(cell)) } }
                        @for cell in &cells[words..] { td class="number" { (cell) } }
                    } }
                }
            }
        }
    }
}
