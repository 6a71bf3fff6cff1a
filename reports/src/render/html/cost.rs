//! What each pipeline has cost by each moment, from the ledger's charge for each request.
//!
//! Invariant: the last point is the whole cost, as the table has it.

use maud::{Markup, html};

use super::chart::{BELOW, FOOT, figure, frame, legend, line, look, mark, time_axis, value_axis};
use super::latency::end_us;
use super::scale::{Axis, Buckets, Kind, Tenths};
use crate::judge::Summary;
use crate::run::{PipelineRun, Run};
use crate::text::{escape, usd};

/// The most points of a line.
const POINTS: usize = 200;

/// The chart of all pipelines.
pub(super) fn chart(run: &Run, summaries: &[Summary]) -> Markup {
    let end_us = end_us(run);
    let highest = summaries.iter().map(|s| s.cost_microusd).max().unwrap_or(0);
    let (x, y) = (time_axis(end_us), value_axis(Kind::Money, highest));
    let buckets = Buckets::over(end_us, POINTS);
    let lines: Vec<_> = run.pipelines.iter().map(|p| points(p, &x, &y, buckets)).collect();
    let drawing = html! {
        (frame(&x, &y, "time since the start", "charged so far"))
        @for (index, points) in lines.iter().enumerate() {
            (line(&look(index), points.iter().copied()))
            @if let Some((x, y)) = points.last() { (mark(index, *x, *y)) }
        }
    };
    let entries = summaries.iter().enumerate().map(|(index, summary)| {
        (index, format!("{}: {}", escape(&summary.pipeline), usd(summary.cost_microusd)))
    });
    let entries: Vec<(usize, String)> = entries.collect();
    let caption = "Everything that was charged, the answers that nobody could use included.";
    figure("Cost over time", &legend(&entries), FOOT + BELOW, &drawing, caption)
}

/// The sum at the end of each bucket in which something was charged, up to the last request.
fn points(pipeline: &PipelineRun, x: &Axis, y: &Axis, buckets: Buckets) -> Vec<(Tenths, Tenths)> {
    let mut charged = vec![0_u64; buckets.count];
    let mut last_us = 0;
    for attempt in &pipeline.attempts {
        charged[buckets.index(attempt.end_us)] += attempt.cost_microusd;
        last_us = last_us.max(attempt.end_us);
    }
    let mut sum = 0;
    let mut points = vec![(x.at(0), y.at(0))];
    for (bucket, charge) in charged.into_iter().enumerate().filter(|(_, charge)| *charge > 0) {
        // The line rises within the bucket and rests between: charges come with the answers.
        points.push((x.at(buckets.start_us(bucket)), y.at(sum)));
        sum += charge;
        points.push((x.at(buckets.start_us(bucket + 1).min(last_us)), y.at(sum)));
    }
    points.push((x.at(last_us), y.at(sum)));
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_line_never_falls_and_ends_at_the_whole_cost() {
        let judged = fixture::judged(|_| ());
        let run = judged.run();
        let (x, y) = (time_axis(end_us(run)), value_axis(Kind::Money, 200_000));
        for (pipeline, summary) in run.pipelines.iter().zip(judged.summaries()) {
            let points = points(pipeline, &x, &y, Buckets::over(end_us(run), POINTS));
            assert_eq!(points.last().unwrap().1, y.at(summary.cost_microusd));
            assert!(points.is_sorted_by_key(|(x, y)| (x.0, -y.0)), "{points:?}");
        }
    }
}
