//! The head of a page of several runs: where each begins, and their main numbers side by side.
//!
//! Invariant: one row for each pipeline of each run, in the order in which the runs were named.

use maud::{Markup, html};

use super::verdict;
use crate::latency::Quantile;
use crate::record::Clock;
use crate::render::{Named, verdict_words};
use crate::summary::Summary;
use crate::text::{duration, escape, percent, thousands, usd};
use crate::verdict::Judgement;

/// The numbers that are told of each pipeline.
const COLUMNS: [&str; 6] = ["success", "latency p50", "latency p95", "cost", "calls", "time"];

/// The table of all runs.
pub(super) fn table(judged: &[(&Named<'_>, Judgement)]) -> Markup {
    html! {
        nav {
            h1 { (thousands(judged.len() as u64)) " runs" }
            div class="scroll" tabindex="0" role="region" aria-label="runs" {
                table {
                    thead { tr {
                        @for name in ["verdict", "run", "pipeline"] { th scope="col" { (name) } }
                        @for name in COLUMNS { th class="number" scope="col" { (name) } }
                    } }
                    tbody {
                        @for (index, (named, judgement)) in judged.iter().enumerate() {
                            @for (row, summary) in judgement.summaries.iter().enumerate() {
                                tr {
                                    @if row == 0 { (name(index, named, judgement)) }
                                    td { (escape(&summary.pipeline)) }
                                    (numbers(named, summary))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The verdict and the name of a run, beside all of its pipelines.
fn name(index: usize, named: &Named<'_>, judgement: &Judgement) -> Markup {
    let rows = judgement.summaries.len();
    html! {
        td rowspan=(rows) { (verdict(judgement.verdict, verdict_words(named.run, judgement))) }
        td rowspan=(rows) {
            a href={ "#run-" (index + 1) } { (escape(&named.run.header.scenario)) }
            br;
            span class="soft" { (escape(named.name)) }
        }
    }
}

fn numbers(named: &Named<'_>, summary: &Summary) -> Markup {
    let latency = |quantile: Quantile| match summary.latency.quantile_us(quantile) {
        Some(value)
            if named.run.header.clock == Clock::Simulated
                || summary.latency.enough_for(quantile) =>
        {
            format!("{} (n={})", duration(value), thousands(summary.latency.count()))
        }
        _ => "n/a".to_owned(),
    };
    let cells = [
        summary.success_ppm().map_or_else(|| "n/a".to_owned(), percent),
        latency(Quantile::P50),
        latency(Quantile::P95),
        usd(summary.cost_microusd),
        thousands(summary.calls),
        summary.elapsed_us.map_or_else(|| "n/a".to_owned(), duration),
    ];
    html! { @for cell in cells { td class="number" { (cell) } } }
}
