//! The files: each with its outcome, the failed ones first.
//!
//! Invariant: where the list is cut, it says how many it leaves out and where all of them are.

use maud::{Markup, html};

use crate::record::{Cause, Job, Outcome};
use crate::run::{PipelineRun, Run};
use crate::text::{counted, duration, escape, shortened, thousands, usd};

/// The most files of a pipeline.
const CAP: usize = 100;

/// The longest name that is shown whole, in characters: a name may be as long as a page.
const LONG: usize = 240;

/// The section with a list for each pipeline.
pub(super) fn section(run: &Run) -> Markup {
    html! {
        h2 { "Files" }
        @for pipeline in &run.pipelines { (list(pipeline)) }
    }
}

fn list(pipeline: &PipelineRun) -> Markup {
    // Jobs are in their order already; those that failed come first.
    let of =
        |failed| pipeline.jobs.iter().filter(move |job| (job.outcome == Outcome::Failed) == failed);
    let jobs: Vec<&Job> = of(true).chain(of(false)).take(CAP).collect();
    let (all, failed) = (pipeline.jobs.len(), of(true).count());
    let label = format!("files of {}", escape(&pipeline.header.name));
    html! {
        details open[failed > 0 || all <= 20] {
            summary {
                (escape(&pipeline.header.name)) ": " (counted(all, "file")) ", "
                (thousands(failed as u64)) " failed"
            }
            div class="scroll" tabindex="0" role="region" aria-label=(label) {
                table class="stack" {
                    thead { tr {
                        th class="number" scope="col" { "job" }
                        th scope="col" { "file" }
                        th scope="col" { "outcome" }
                        @for name in ["latency", "calls", "cost", "wasted"] {
                            th class="number" scope="col" { (name) }
                        }
                    } }
                    tbody { @for job in &jobs { (row(job)) } }
                }
            }
            @if all > CAP {
                p class="soft" {
                    "The first " (thousands(CAP as u64)) " of " (thousands(all as u64))
                    " files, failed ones first; the other " (thousands((all - CAP) as u64))
                    " are in jobs.txt."
                }
            }
        }
    }
}

fn row(job: &Job) -> Markup {
    let (class, outcome) = match job.outcome {
        Outcome::Documented => ("pass", "✓ documented".to_owned()),
        Outcome::Failed => {
            let words = job.cause.map_or("no cause recorded", Cause::words);
            ("fail", format!("✗ {words}"))
        }
        Outcome::Skipped => {
            let reason = job.detail.as_deref().unwrap_or("no reason given");
            ("", format!("– skipped: {}", escape(&shortened(reason, LONG))))
        }
    };
    html! {
        tr {
            td class="number" data-label="job" { (job.job) }
            td class="path" data-label="file" { code { (escape(&shortened(&job.path, LONG))) } }
            td class={ "short " (class) } data-label="outcome" { (outcome) }
            td class="number" data-label="latency" { (duration(job.latency_us())) }
            td class="number" data-label="calls" { (thousands(job.calls)) }
            td class="number" data-label="cost" { (usd(job.cost_microusd)) }
            td class="number" data-label="wasted" { (usd(job.wasted_microusd)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_long_list_is_cut_and_says_what_it_leaves_out() {
        let mut run = fixture::concurrent();
        run.pipelines.truncate(1);
        let job = run.pipelines[0].jobs[0].clone();
        let more = (11..=10_000).map(|number| Job { job: number, ..job.clone() });
        run.pipelines[0].jobs.extend(more);
        let page = section(&run).into_string();
        assert!(page.contains("the other 9,900 are in jobs.txt"), "{page}");
        assert_eq!(page.matches("✗ 429 rate limit").count(), 6, "failures come first");
    }
}
