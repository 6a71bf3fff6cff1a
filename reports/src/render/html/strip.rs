//! The strip under the latencies: when faults were injected, requests refused and jobs lost.
//!
//! Invariants: every event is in one cell of one row and in the row's total; rows that do not fit
//! are added up in a last one that says so. A darker cell has more events; its title counts them.
//! A failed request that no fault explains is said to have had none: it met a limit of the API, or
//! a deadline of its own.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::chart::{LEFT, RIGHT};
use super::scale::{Axis, Buckets, time};
use crate::judge::hits;
use crate::record::{Cause, Outcome};
use crate::run::PipelineRun;
use crate::text::{escape, shortened, thousands};

/// The most rows of one kind that have a name of their own.
const NAMED: usize = 4;

/// The characters of a label that fit into the drawing next to its total, on a telephone too.
const LABEL: usize = 38;

/// The height of a row.
const ROW: i64 = 34;

/// The height of what is drawn in it, below its label.
const BAR: i64 = 8;

/// One row: what happened, and how often in each bucket.
struct Row {
    label: String,
    class: &'static str,
    cells: Vec<u64>,
}

impl Row {
    fn total(&self) -> u64 {
        self.cells.iter().sum()
    }
}

/// The drawing from a height on, and how much height it takes.
pub(super) fn strip(pipeline: &PipelineRun, x: &Axis, buckets: Buckets, top: i64) -> (Markup, i64) {
    let rows = rows(pipeline, buckets);
    let drawing = html! {
        @for (index, row) in (0..).zip(&rows) {
            @let y = top + index * ROW;
            text x=(LEFT) y=(y + 10) { (row.label) }
            text x=(RIGHT) y=(y + 10) text-anchor="end" { (thousands(row.total())) }
            rect class="track" x=(LEFT) y=(y + 16) width=(RIGHT - LEFT) height=(BAR) {}
            (cells(row, x, buckets, y + 16))
        }
    };
    (drawing, i64::try_from(rows.len()).unwrap_or(0) * ROW)
}

fn cells(row: &Row, x: &Axis, buckets: Buckets, y: i64) -> Markup {
    let most = row.cells.iter().copied().max().unwrap_or(1).max(1);
    let filled = row.cells.iter().enumerate().filter(|(_, count)| **count > 0);
    html! {
        @for (bucket, count) in filled {
            @let (start, end) = (buckets.start_us(bucket), buckets.start_us(bucket + 1));
            @let (from, to) = (x.at(start), x.at(end));
            @let width = super::scale::Tenths((to.0 - from.0).max(20));
            @let depth = (count * 4).div_ceil(most);
            rect class={ (row.class) " h" (depth) } x=(from) y=(y) width=(width) height=(BAR) {
                title {
                    (thousands(*count)) " × " (row.label) ", " (time(start)) " to " (time(end))
                }
            }
        }
    }
}

/// Injected faults by name, then failed requests that no fault explains, then lost jobs.
fn rows(pipeline: &PipelineRun, buckets: Buckets) -> Vec<Row> {
    let faults = pipeline.faults.iter().map(|f| (f.name.clone(), f.at_us));
    let mut rows = named(faults, buckets, ["fault: ", ""], "other faults");
    let requests = pipeline.attempts.iter().zip(hits(pipeline));
    let unexplained = requests.filter_map(|(attempt, fault)| {
        let cause = attempt.cause?;
        fault.is_none().then(|| (cause.words().to_owned(), attempt.end_us))
    });
    let others = "other kinds, no fault injected";
    rows.extend(named(unexplained, buckets, ["", ", no fault injected"], others));
    let mut lost = Row { label: "jobs lost".to_owned(), class: "cell lost", cells: Vec::new() };
    lost.cells = vec![0; buckets.count];
    for job in pipeline.jobs.iter().filter(|job| job.outcome == Outcome::Failed) {
        let counted = job.cause != Some(Cause::Interrupted);
        lost.cells[buckets.index(job.end_us)] += u64::from(counted);
    }
    rows.push(lost);
    rows
}

/// A row for each of the most frequent names, and one for the others together.
fn named(
    events: impl Iterator<Item = (String, u64)>,
    buckets: Buckets,
    [before, after]: [&str; 2],
    others: &str,
) -> Vec<Row> {
    let mut by_name: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (name, at_us) in events {
        let cells = by_name.entry(name).or_insert_with(|| vec![0; buckets.count]);
        cells[buckets.index(at_us)] += 1;
    }
    let row = |label: String, cells| Row { label, class: "cell", cells };
    let mut rows: Vec<Row> = by_name
        .into_iter()
        .map(|(name, cells)| {
            let name = shortened(&escape(&name), LABEL - before.len() - after.len());
            row(format!("{before}{name}{after}"), cells)
        })
        .collect();
    // The sort is stable: equally frequent ones stay in the order of their names.
    rows.sort_by_key(|row| std::cmp::Reverse(row.total()));
    if rows.len() > NAMED {
        let rest = rows.split_off(NAMED);
        let mut cells = vec![0; buckets.count];
        for (cell, other) in rest.iter().flat_map(|row| row.cells.iter().enumerate()) {
            cells[cell] += other;
        }
        rows.push(row(format!("{} {others}", rest.len()), cells));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::record::Fault;

    fn totals(pipeline: &PipelineRun) -> Vec<(String, u64)> {
        let rows = rows(pipeline, Buckets::over(60_000_000, 60));
        rows.into_iter().map(|row| (row.label.clone(), row.total())).collect()
    }

    #[test]
    fn every_fault_every_refusal_and_every_lost_job_is_counted_once() {
        let mut run = fixture::concurrent();
        let row = |label: &str, total| (label.to_owned(), total);
        assert_eq!(totals(&run.pipelines[0]), [row("fault: burst_limit", 6), row("jobs lost", 6)]);
        run.pipelines[0].faults.clear();
        assert_eq!(
            totals(&run.pipelines[0]),
            [row("429 rate limit, no fault injected", 6), row("jobs lost", 6)]
        );
    }

    #[test]
    fn faults_beyond_the_named_ones_are_added_up() {
        let mut run = fixture::concurrent();
        let fault = run.pipelines[0].faults[0].clone();
        let more = (0..40).map(|n| Fault { name: format!("fault {}", n % 20), ..fault.clone() });
        run.pipelines[0].faults = more.collect();
        run.pipelines[0].attempts.clear();
        let found = totals(&run.pipelines[0]);
        assert_eq!(found.len(), NAMED + 2);
        assert_eq!(found[NAMED], ("16 other faults".to_owned(), 32));
    }
}
