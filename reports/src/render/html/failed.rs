//! Why jobs failed: one row for each cause, rule and pipeline, the most urgent first.
//!
//! Invariant: the counts of all rows add up to the failed jobs. An example's evidence stands for
//! its group; every single one is in `failures.csv`.

use maud::{Markup, html};

use crate::judge::{Failure, Judged};
use crate::render::failures::groups::by_meaning;
use crate::render::failures::matrix;
use crate::text::{escape, thousands};

/// The most rows.
const CAP: usize = 100;

/// What is shown of each group, next to its size.
const COLUMNS: [&str; 5] =
    ["cause", "category, priority", "decided by", "would have saved it", "evidence of the first"];

/// The section; without failures it says so.
pub(super) fn section(judged: &Judged) -> Markup {
    let failures = judged.failures();
    let groups = by_meaning(&failures);
    let left_out = groups.len().saturating_sub(CAP);
    html! {
        h2 { "Failures by cause" }
        @if failures.is_empty() {
            p { "No job failed." }
        } @else {
            p { (matrix::sentence(&failures)) }
            div class="scroll" tabindex="0" role="region" aria-label="failures by cause" {
                table class="stack" {
                    thead { tr {
                        th class="number" scope="col" { "jobs" }
                        @for name in COLUMNS {
                            th scope="col" { (name) }
                        }
                    } }
                    tbody {
                        @for group in groups.iter().take(CAP) { (row(group)) }
                    }
                }
            }
            @if left_out > 0 {
                p class="soft" { (thousands(left_out as u64)) " more groups are in failures.csv." }
            }
        }
    }
}

fn row(group: &[&Failure<'_>]) -> Markup {
    let first = group[0];
    html! {
        tr {
            td class="number" data-label="jobs" { (thousands(group.len() as u64)) }
            td class="short" data-label=(COLUMNS[0]) {
                (first.words()) br;
                span class="soft" { (escape(&first.job.pipeline)) }
            }
            td class="short" data-label=(COLUMNS[1]) {
                (first.category().name()) br; (first.priority().name())
                @if first.expected { ", expected" }
            }
            td class="short" data-label=(COLUMNS[2]) {
                (first.rule().name()) br; "(" (first.confidence().name()) ")"
            }
            td class="words" data-label=(COLUMNS[3]) {
                @if let Some(stage) = first.stage() { strong { (stage.name()) } ": " }
                (first.remedy())
            }
            td class="words long" data-label=(COLUMNS[4]) { (escape(&first.evidence())) }
        }
    }
}
