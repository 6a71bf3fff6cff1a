//! One page that holds everything: it opens from a file, a mail or an archive, without a network.
//!
//! Invariants: the page depends on the records alone; every text from outside passes through
//! [`crate::text::escape`] (control characters, changes of direction) and through the markup's own
//! escaping; there is no script, and the policy in its head forbids every fetch. Charts are
//! bounded by time buckets and lists by caps that say what they leave out, so that a run of any
//! size gives a page that opens at once.

mod chart;
mod cost;
mod failed;
mod files;
mod latency;
mod overview;
mod percentiles;
mod scale;
mod strip;
mod throughput;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::command::{again, clock_words, origin_words};
use super::{Named, comparison, pipelines_words, verdict_words};
use crate::record::Header;
use crate::run::Run;
use crate::text::{escape, thousands};
use crate::verdict::{Check, Judgement, Verdict, judge};

/// Nothing may be fetched, run or sent; only the styles in the page apply.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                      base-uri 'none'; form-action 'none'";

/// Renders runs, one after another, as one page.
pub fn render(runs: &[Named<'_>]) -> String {
    let judged: Vec<(&Named<'_>, Judgement)> = runs.iter().map(|n| (n, judge(n.run))).collect();
    let title = match runs {
        [one] => format!("{}: {}", escape(&one.run.header.scenario), pipelines_words(one.run)),
        many => format!("{} runs", thousands(many.len() as u64)),
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                link rel="icon" href="data:,";
                title { (title) " · chaos" }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                @if judged.len() > 1 { (overview::table(&judged)) }
                main {
                    @for (index, (named, judgement)) in judged.iter().enumerate() {
                        (one_run(index, named, judgement))
                    }
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn one_run(index: usize, named: &Named<'_>, judgement: &Judgement) -> Markup {
    let run = named.run;
    html! {
        article class="run" id={ "run-" (index + 1) } {
            (heading(run, judgement))
            (gates(judgement))
            (comparison_table(run, judgement))
            h2 { "Charts" }
            div class="charts" {
                (latency::charts(run))
                (percentiles::chart(run, &judgement.summaries))
                (cost::chart(run, &judgement.summaries))
                @if let Some(chart) = throughput::chart(run) { (chart) }
            }
            (failed::section(run))
            (files::section(run))
            (environment(named))
        }
    }
}

fn heading(run: &Run, judgement: &Judgement) -> Markup {
    let Header { scenario, title, question, seed, .. } = &run.header;
    html! {
        header {
            h1 {
                (verdict(judgement.verdict, verdict_words(run, judgement)))
                " " (pipelines_words(run))
            }
            p { strong { (escape(scenario)) } ": " (escape(title)) ". " (escape(question)) }
            p class="soft" {
                "seed " (seed) " · " (clock_words(run)) " · mock-claude, chaos "
                (escape(&run.header.tool)) " · " (origin_words(run))
            }
            @for gap in &run.gaps { p class="inconclusive" { "? " (gap.to_string()) } }
        }
    }
}

/// A verdict; the words of a run that is not judged are no verdict's, and neither is its look.
fn verdict(verdict: Verdict, words: &str) -> Markup {
    let judged = words == verdict.word();
    let (class, symbol) =
        if judged { (verdict.class(), verdict.symbol()) } else { ("unjudged", "–") };
    html! { span class={ "verdict " (class) } { (symbol) " " (words) } }
}

/// The first block: every expectation with what was measured.
fn gates(judgement: &Judgement) -> Markup {
    let number = |check: &Check| match check.bound.as_str() {
        "" => check.measured.clone(),
        bound => format!("{} (expected {bound})", check.measured),
    };
    html! {
        ul class="gates" aria-label="expectations" {
            @for check in &judgement.checks {
                li class=(check.verdict.class()) {
                    (verdict(check.verdict, check.verdict.word()))
                    span { (escape(&check.pipeline)) " " code { (check.metric) } }
                    span class="number" { (number(check)) }
                    @if let Some(reason) = &check.reason { span class="why" { (escape(reason)) } }
                }
            }
        }
    }
}

fn comparison_table(run: &Run, judgement: &Judgement) -> Markup {
    let (header, rows) = comparison::table_of(run, judgement);
    html! {
        h2 { "Numbers" }
        div class="scroll" tabindex="0" role="region" aria-label="numbers" {
            table class="compared" {
                thead { tr {
                    @for (column, name) in header.iter().enumerate() {
                        th class=[(column > 0).then_some("number")] scope="col" { (name) }
                    }
                } }
                tbody {
                    @for row in &rows { tr {
                        @for (column, cell) in row.iter().enumerate() {
                            @if column == 0 { th scope="row" { (cell) } }
                            @else { td class="number" { (cell) } }
                        }
                    } }
                }
            }
        }
        @if let Some(sentence) = comparison::closing_of(run, judgement) {
            p class="closing" { (sentence) }
        }
    }
}

/// What it takes to run the same again.
fn environment(named: &Named<'_>) -> Markup {
    let header = &named.run.header;
    html! {
        details {
            summary { "Where these numbers come from" }
            dl {
                dt { "records" } dd { code { (escape(named.name)) } }
                dt { "run again" } dd { code { (escape(&again(named.run))) } }
                dt { "scenario" } dd { code { "sha256 " (escape(&header.scenario_sha256)) } }
                @for pipeline in &header.pipelines {
                    dt { (escape(&pipeline.name)) }
                    dd {
                        code { "sha256 " (escape(&pipeline.config_sha256)) }
                        ", " (thousands(pipeline.jobs)) " jobs"
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
