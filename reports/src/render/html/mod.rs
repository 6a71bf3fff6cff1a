//! One page that holds everything: it opens from a file, a mail or an archive, without a network.
//!
//! Invariants: the page depends on the records alone; every text from outside passes through
//! [`crate::text::escape`] (control characters, changes of direction) and through the markup's own
//! escaping; there is no script, and the policy in its head forbids every fetch. Charts are
//! bounded by time buckets and lists by caps that say what they leave out, so that a run of any
//! size gives a page that opens at once.

pub(super) mod badge;
mod chart;
mod cost;
mod failed;
mod files;
mod latency;
mod overview;
pub(super) mod page;
mod percentiles;
mod scale;
mod strip;
mod throughput;

use maud::{Markup, html};

use self::badge::verdict;
use super::export::{Exporter, ReportFormat};
use super::screen::comparison;
use super::style::Style;
use super::words::{
    again, clock_words, introductions, origin_words, pipelines_words, verdict_words,
};
use crate::judge::{Check, Judged, Standing, Verdict};
use crate::record::Header;
use crate::text::{counted, escape, thousands};

/// `--format html`.
#[derive(Debug)]
pub(crate) struct Html;

impl Exporter<[Judged]> for Html {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "html",
            about: "One page with charts that needs no network",
            file: "report.html",
            kept: true,
        }
    }

    fn text(&self, runs: &[Judged], _style: Style) -> String {
        render(runs)
    }
}

/// Renders runs, one after another, as one page.
fn render(runs: &[Judged]) -> String {
    let title = match runs {
        [one] => {
            let scenario = escape(&one.run().header.scenario);
            format!("{scenario}: {}", pipelines_words(one.run()))
        }
        many => format!("{} runs", thousands(many.len() as u64)),
    };
    let body = html! {
        @if runs.len() > 1 { (overview::table(runs)) }
        main {
            @for (index, judged) in runs.iter().enumerate() { (one_run(index, judged)) }
        }
    };
    page::page(&title, &body)
}

fn one_run(index: usize, judged: &Judged) -> Markup {
    let run = judged.run();
    html! {
        article class="run" id={ "run-" (index + 1) } {
            (heading(judged))
            (gates(judged))
            (comparison_table(judged))
            h2 { "Charts" }
            div class="charts" {
                (latency::charts(run))
                (percentiles::chart(run, judged.summaries()))
                (cost::chart(run, judged.summaries()))
                @if let Some(chart) = throughput::chart(run) { (chart) }
            }
            (failed::section(judged))
            (files::section(run))
            (environment(judged))
        }
    }
}

fn heading(judged: &Judged) -> Markup {
    let run = judged.run();
    let Header { scenario, title, question, seed, .. } = &run.header;
    html! {
        header {
            h1 {
                (verdict(judged.verdict(), verdict_words(judged)))
                " " (pipelines_words(run))
            }
            (conclusion(judged))
            p { strong { (escape(scenario)) } ": " (escape(title)) ". " (escape(question)) }
            p class="soft" {
                "seed " (seed) " · " (clock_words(run)) " · mock-claude, chaos "
                (escape(&run.header.tool)) " · " (origin_words(run))
            }
            @for gap in &run.gaps { p class="inconclusive" { "? " (gap.to_string()) } }
        }
    }
}

/// What it comes to: what became of each pipeline, the two compared, and what each of them is.
fn conclusion(judged: &Judged) -> Markup {
    html! {
        ul class="standings" {
            @for summary in judged.summaries() {
                @let standing = judged.standing(summary);
                li {
                    (badge::standing(standing)) " " strong { (escape(&summary.pipeline)) } " "
                    (thousands(summary.documented)) " of " (thousands(summary.tried()))
                    " documented"
                }
            }
        }
        @if let Some(sentence) = comparison::closing_of(judged) {
            p class="closing" { (sentence) }
        }
        @for (name, what) in introductions(judged.run()) {
            p class="soft" { strong { (name) } ": " (what) }
        }
    }
}

/// Every expectation with what was measured.
fn gates(judged: &Judged) -> Markup {
    let checks = judged.checks();
    let number = |check: &Check| match check.bound.as_str() {
        "" => check.measured.clone(),
        bound => format!("{} (expected {bound})", check.measured),
    };
    html! {
        ul class="gates" aria-label="expectations" {
            @for check in checks {
                @let broke = judged.is_break(check);
                @let unjudged = check.verdict == Verdict::Pass && check.bound.is_empty();
                li class=(if broke {
                    Standing::Broke.class()
                } else if unjudged {
                    Standing::NotJudged.class()
                } else {
                    check.verdict.class()
                }) {
                    @if broke { (badge::standing(Standing::Broke)) }
                    @else if unjudged { (badge::standing(Standing::NotJudged)) }
                    @else { (verdict(check.verdict, check.verdict.word())) }
                    span { (escape(&check.pipeline)) " " code { (check.metric) } }
                    span class="number" { (number(check)) }
                    @if let Some(reason) = &check.reason { span class="why" { (escape(reason)) } }
                }
            }
        }
    }
}

fn comparison_table(judged: &Judged) -> Markup {
    let (header, rows) = comparison::table_of(judged);
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
    }
}

/// What it takes to run the same again.
fn environment(judged: &Judged) -> Markup {
    let header = &judged.run().header;
    html! {
        details {
            summary { "Where these numbers come from" }
            dl {
                dt { "records" } dd { code { (escape(judged.name())) } }
                dt { "run again" } dd { code { (escape(&again(judged.run()))) } }
                dt { "scenario" } dd { code { "sha256 " (escape(&header.scenario_sha256)) } }
                @for pipeline in &header.pipelines {
                    dt { (escape(&pipeline.name)) }
                    dd {
                        code { "sha256 " (escape(&pipeline.config_sha256)) }
                        ", " (counted(pipeline.jobs, "job"))
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
