//! The head of a page of several runs: where each begins, and their main numbers side by side.
//!
//! Invariant: one row for each pipeline of each run, in the order in which the runs were named.

use maud::{Markup, html};

use super::badge::{standing, verdict};
use crate::judge::{Judged, Quantile, Summary};
use crate::render::words::{quantile_words, verdict_words};
use crate::text::{duration, escape, percent, thousands, usd};

/// The numbers that are shown of each pipeline.
const COLUMNS: [&str; 7] =
    ["success", "latency p50", "latency p95", "cost", "cost per success", "calls", "time"];

/// The table of all runs.
pub(super) fn table(runs: &[Judged]) -> Markup {
    html! {
        nav {
            h1 { (thousands(runs.len() as u64)) " runs" }
            div class="scroll" tabindex="0" role="region" aria-label="runs" {
                table class="stack" {
                    thead { tr {
                        @for name in ["verdict", "run", "pipeline"] { th scope="col" { (name) } }
                        @for name in COLUMNS { th class="number" scope="col" { (name) } }
                    } }
                    tbody {
                        @for (index, judged) in runs.iter().enumerate() {
                            @for (row, summary) in judged.summaries().iter().enumerate() {
                                tr {
                                    @if row == 0 { (name(index, judged)) }
                                    td data-label="pipeline" {
                                        (escape(&summary.pipeline)) br;
                                        (standing(judged.standing(summary)))
                                    }
                                    (numbers(judged, summary))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The verdict and the name of a run, alongside all of its pipelines.
fn name(index: usize, judged: &Judged) -> Markup {
    let rows = judged.summaries().len();
    html! {
        td rowspan=(rows) data-label="verdict" {
            (verdict(judged.verdict(), verdict_words(judged)))
        }
        td rowspan=(rows) data-label="run" {
            a href={ "#run-" (index + 1) } { (escape(&judged.run().header.scenario)) }
            br;
            span class="soft" { (escape(judged.name())) }
        }
    }
}

fn numbers(judged: &Judged, summary: &Summary) -> Markup {
    let clock = judged.run().header.clock;
    let latency = |quantile: Quantile| {
        let words = |value| quantile_words(quantile, value, summary.latency.count(), clock);
        summary.latency.quantile_us(quantile).map_or_else(|| "n/a".to_owned(), words)
    };
    let cells = [
        summary.success_ppm().map_or_else(|| "n/a".to_owned(), percent),
        latency(Quantile::P50),
        latency(Quantile::P95),
        usd(summary.cost_microusd),
        summary.cost_per_success_microusd().map_or_else(|| "none".to_owned(), usd),
        thousands(summary.calls),
        summary.elapsed_us.map_or_else(|| "n/a".to_owned(), duration),
    ];
    html! {
        @for (name, cell) in COLUMNS.iter().zip(cells) {
            td class="number" data-label=(name) { (cell) }
        }
    }
}
