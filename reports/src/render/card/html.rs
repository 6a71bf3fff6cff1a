//! The card as one page that needs no network.

use maud::{Markup, html};

use super::words::{cost, effort, gaps, gate, letter, tally};
use crate::card::{Card, ProbeLine, Row};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::html::badge::verdict;
use crate::render::html::page::page;
use crate::render::style::Style;
use crate::text::{duration, escape, thousands, usd};

/// `chaos diagnose --format html`.
#[derive(Debug)]
pub(crate) struct CardHtml;

impl Exporter<Card> for CardHtml {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "html",
            about: "One page that needs no network",
            file: "card.html",
            kept: true,
        }
    }

    fn text(&self, card: &Card, _style: Style) -> String {
        let body = html! {
            main {
                (heading(card))
                ul class="card" aria-label="grades" {
                    @for row in &card.rows { (one(row, card)) }
                }
                (probes(&card.probes))
                @if let Some(command) = &card.run_one {
                    p class="soft" { "To see one probe in full: " code { (escape(command)) } }
                }
            }
        };
        page(&format!("report card of {}", escape(&card.target)), &body)
    }
}

fn heading(card: &Card) -> Markup {
    html! {
        header {
            h1 { "Report card of " (escape(&card.target)) }
            p class="closing" { (tally(card)) }
            p { (verdict(card.gate.verdict, card.gate.verdict.word())) " " (gate(card)) }
            p class="soft" { (effort(card)) " · chaos " (escape(&card.tool)) }
            @for gap in gaps(card) { p class="inconclusive" { "? " (gap) } }
        }
    }
}

fn one(row: &Row, card: &Card) -> Markup {
    let class = row.grade.map_or("unseen", |grade| grade.verdict().class());
    html! {
        li class=(class) {
            span class={ "grade " (class) } { (letter(row.grade)) }
            div {
                h2 { (row.criterion.name()) @if row.grade.is_none() { " (not shown)" } }
                p { (marked(&row.says)) }
                @if let Some(fix) = &row.fix { p { strong { "Fix: " } (marked(fix)) } }
                @if let Some(monthly) = row.cost {
                    p { strong { "Cost: " } (cost(monthly, card.volume)) }
                }
                @if !row.evidence.is_empty() {
                    details {
                        summary { "Evidence (" (thousands(row.evidence.len() as u64)) ")" }
                        dl {
                            @for evidence in &row.evidence {
                                dt { (escape(&evidence.probe)) }
                                dd { (marked(&evidence.saw)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Text with what stands between backticks as code.
fn marked(text: &str) -> Markup {
    let text = escape(text);
    html! {
        @for (number, part) in text.split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn probes(lines: &[ProbeLine]) -> Markup {
    html! {
        h2 { "Probes" }
        div class="scroll" tabindex="0" role="region" aria-label="probes" {
            table {
                thead { tr {
                    th scope="col" { "probe" }
                    th scope="col" { "what is wrong in it" }
                    @for name in ["documented", "lost silently", "requests", "cost", "took"] {
                        th class="number" scope="col" { (name) }
                    }
                } }
                tbody {
                    @for line in lines { tr {
                        th scope="row" { code { (escape(&line.name)) } }
                        td class="words" { (marked(&line.title)) }
                        td class="number" { (line.documented) " of " (line.jobs) }
                        td class="number" { (line.lost_silently) }
                        td class="number" { (line.calls) }
                        td class="number" { (usd(line.cost_microusd)) }
                        td class="number" { (duration(line.elapsed_us)) }
                    } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Grade;
    use crate::card::tests::example;

    #[test]
    fn every_row_is_there_and_text_from_outside_is_no_markup() {
        let page = CardHtml.text(&example().held_against_grade(Grade::D), Style::PLAIN);
        for row in &example().rows {
            assert!(page.contains(row.criterion.name()), "{:?}", row.criterion);
        }
        assert!(page.contains("&lt;b&gt;") && !page.contains("<b>"));
        assert!(!page.contains("<script"));
    }
}
