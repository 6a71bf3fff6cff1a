//! Jobs that arrived and jobs that were documented, by each moment: offered load against achieved.
//!
//! Invariant: it is drawn only where jobs arrive over time; where all arrive at once there is no
//! rate to keep up with.

use maud::{Markup, html};

use super::chart::{BELOW, FOOT, figure, frame, legend, line, look, mark, time_axis, value_axis};
use super::latency::end_us;
use super::scale::{Axis, Buckets, Kind, Tenths};
use crate::record::Outcome;
use crate::run::{PipelineRun, Run};
use crate::text::{counted, escape, thousands};

/// The most points of a line.
const POINTS: usize = 160;

/// The chart of all pipelines; nothing where every job arrives at once.
pub(super) fn chart(run: &Run) -> Option<Markup> {
    let later = run.pipelines.iter().flat_map(tried).any(|(arrival_us, _)| arrival_us > 0);
    if !later {
        return None;
    }
    let end_us = end_us(run);
    let most = run.pipelines.iter().map(|p| tried(p).count()).max().unwrap_or(0);
    let (x, y) = (time_axis(end_us), value_axis(Kind::Count, most as u64));
    let buckets = Buckets::over(end_us, POINTS);
    let drawing = html! {
        (frame(&x, &y, "time since the start", "jobs"))
        @for (index, pipeline) in run.pipelines.iter().enumerate() {
            @let arrived = points(tried(pipeline).map(|(at_us, _)| at_us), &x, &y, buckets);
            @let done = points(tried(pipeline).filter_map(|(_, done)| done), &x, &y, buckets);
            (line(&format!("thin {}", look(index)), arrived))
            (line(&look(index), done.iter().copied()))
            @if let Some((x, y)) = done.last() { (mark(index, *x, *y)) }
        }
    };
    let entries = run.pipelines.iter().enumerate().map(|(index, pipeline)| {
        let arrived = tried(pipeline).count() as u64;
        let done = tried(pipeline).filter(|(_, done)| done.is_some()).count() as u64;
        let name = escape(&pipeline.header.name);
        (index, format!("{name}: {} of {}", thousands(done), counted(arrived, "job")))
    });
    let entries: Vec<(usize, String)> = entries.collect();
    let caption = "Thin and dotted: jobs that had arrived. Thick: jobs that were documented. \
                   The distance between the two is the queue, and what was lost.";
    Some(figure("Offered and achieved", &legend(&entries), FOOT + BELOW, &drawing, caption))
}

/// The arrival of every job that was meant to be documented, and its end where it was.
fn tried(pipeline: &PipelineRun) -> impl Iterator<Item = (u64, Option<u64>)> {
    let jobs = pipeline.jobs.iter().filter(|job| job.outcome != Outcome::Skipped);
    jobs.map(|job| {
        let documented = job.outcome == Outcome::Documented;
        (job.arrival_us, documented.then_some(job.end_us))
    })
}

/// How many of the moments have passed at the end of each bucket that has any.
fn points(
    moments: impl Iterator<Item = u64>,
    x: &Axis,
    y: &Axis,
    buckets: Buckets,
) -> Vec<(Tenths, Tenths)> {
    let mut counts = vec![0_u64; buckets.count];
    let mut last_us = 0;
    for at_us in moments {
        counts[buckets.index(at_us)] += 1;
        last_us = last_us.max(at_us);
    }
    let mut sum = 0;
    let mut points = vec![(x.at(0), y.at(0))];
    for (bucket, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        points.push((x.at(buckets.start_us(bucket)), y.at(sum)));
        sum += count;
        points.push((x.at(buckets.start_us(bucket + 1).min(last_us)), y.at(sum)));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_burst_has_no_rate_and_no_chart() {
        assert!(chart(&fixture::concurrent()).is_none());
    }

    #[test]
    fn arrivals_over_time_are_drawn_with_what_was_documented() {
        let mut run = fixture::concurrent();
        for (n, job) in (0..).zip(&mut run.pipelines[0].jobs) {
            job.arrival_us = n * 1_000_000;
        }
        let page = chart(&run).unwrap().into_string();
        assert!(page.contains("phase1: 4 of 10 jobs"), "{page}");
        assert_eq!(page.matches("line thin s0").count(), 1);
    }
}
