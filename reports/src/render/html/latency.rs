//! Latency over time, one drawing for each pipeline on the same axes, with what went wrong below.
//!
//! Invariants: a job stands where it ended; few jobs are drawn one by one, many as percentiles of
//! time buckets, each from the distribution of its own jobs and never from averages; the strip has
//! every fault and every refusal, in the same buckets as the latencies.

use maud::{Markup, html};

use super::chart::{BELOW, FOOT, figure, frame, legend, line, look, lost, mark, path};
use super::chart::{time_axis, value_axis};
use super::scale::{Axis, Buckets, Kind, Tenths};
use super::strip;
use crate::judge::{Latency, Quantile};
use crate::record::{Job, Outcome};
use crate::run::{PipelineRun, Run};
use crate::text::{counted, duration, escape, thousands};

/// The most jobs of a pipeline that are drawn one by one.
const SINGLE: usize = 240;

/// The pieces into which time is cut.
const BUCKETS: usize = 60;

/// The charts, one for each pipeline.
pub(super) fn charts(run: &Run) -> Markup {
    let end_us = end_us(run);
    let buckets = Buckets::over(end_us, BUCKETS);
    let cells: Vec<Cells<'_>> = run.pipelines.iter().map(|p| Cells::of(p, buckets)).collect();
    let highest = cells.iter().map(Cells::highest_us).max().unwrap_or(0);
    let (x, y) = (time_axis(end_us), value_axis(Kind::Time, highest));
    html! {
        @for (index, (pipeline, cells)) in run.pipelines.iter().zip(&cells).enumerate() {
            (chart(index, pipeline, cells, &x, &y))
        }
    }
}

/// What is drawn of one pipeline.
struct Cells<'a> {
    jobs: Vec<&'a Job>,
    buckets: Buckets,
    /// The documented jobs that ended in each bucket.
    documented: Vec<Latency>,
}

impl<'a> Cells<'a> {
    fn of(pipeline: &'a PipelineRun, buckets: Buckets) -> Self {
        let tried = pipeline.jobs.iter().filter(|job| job.outcome != Outcome::Skipped);
        let jobs: Vec<&Job> = tried.collect();
        let mut documented = vec![Latency::default(); buckets.count];
        for job in jobs.iter().filter(|job| job.outcome == Outcome::Documented) {
            documented[buckets.index(job.end_us)].record(job.latency_us());
        }
        Self { jobs, buckets, documented }
    }

    fn one_by_one(&self) -> bool {
        self.jobs.len() <= SINGLE
    }

    /// The highest value that is drawn. One very slow job of many would flatten all others.
    fn highest_us(&self) -> u64 {
        if self.one_by_one() {
            return self.jobs.iter().map(|job| job.latency_us()).max().unwrap_or(0);
        }
        self.documented.iter().filter_map(|cell| cell.quantile_us(Quantile::P95)).max().unwrap_or(0)
    }

    fn points(&self, quantile: Quantile, x: &Axis, y: &Axis) -> Vec<(Tenths, Tenths)> {
        let filled = self.documented.iter().enumerate();
        filled
            .filter_map(|(bucket, latency)| {
                let value = latency.quantile_us(quantile)?;
                Some((x.at(self.buckets.middle_us(bucket)), y.at(value)))
            })
            .collect()
    }
}

/// The end of the last job, of the last request and of the last pipeline.
pub(super) fn end_us(run: &Run) -> u64 {
    let of = |pipeline: &PipelineRun| {
        let jobs = pipeline.jobs.iter().map(|job| job.end_us);
        let attempts = pipeline.attempts.iter().map(|attempt| attempt.end_us);
        jobs.chain(attempts).max().unwrap_or(0)
    };
    run.pipelines.iter().map(of).max().unwrap_or(0)
}

fn chart(index: usize, pipeline: &PipelineRun, cells: &Cells<'_>, x: &Axis, y: &Axis) -> Markup {
    let name = escape(&pipeline.header.name);
    let documented: u64 = cells.documented.iter().map(Latency::count).sum();
    let (strip, height) = strip::strip(pipeline, x, cells.buckets, FOOT + BELOW + 8);
    let drawing = html! {
        (frame(x, y, "time since the start", "latency of a job"))
        @if cells.one_by_one() { (one_by_one(index, &cells.jobs, x, y)) }
        @else { (percentiles(index, cells, x, y)) }
        (strip)
    };
    let numbers = format!("{name} (n={})", thousands(documented));
    let lost = cells.jobs.len() as u64 - documented;
    let caption = if cells.one_by_one() && lost == 0 {
        "Each mark is a documented job, at its end. None failed.".to_owned()
    } else if cells.one_by_one() {
        let lost = thousands(lost);
        format!("Each mark is a documented job, each × one of {lost} that failed, at its end.")
    } else {
        format!(
            "Line: median; band: up to the 95th percentile, of the documented jobs that ended in \
             the same {}. {} failed; the strip says when.",
            duration(cells.buckets.width_us),
            counted(lost, "job"),
        )
    };
    figure(
        &format!("Latency over time: {name}"),
        &legend(&[(index, numbers)]),
        FOOT + BELOW + 8 + height,
        &drawing,
        &caption,
    )
}

fn one_by_one(index: usize, jobs: &[&Job], x: &Axis, y: &Axis) -> Markup {
    html! {
        @for job in jobs {
            @let place = (x.at(job.end_us), y.at(job.latency_us()));
            @if job.outcome == Outcome::Failed { (lost(place.0, place.1)) }
            @else { (mark(index, place.0, place.1)) }
        }
    }
}

fn percentiles(index: usize, cells: &Cells<'_>, x: &Axis, y: &Axis) -> Markup {
    let (median, p95) = (cells.points(Quantile::P50, x, y), cells.points(Quantile::P95, x, y));
    let around = median.iter().copied().chain(p95.iter().rev().copied());
    html! {
        path class={ "band " (look(index)) } d={ (path(around)) "z" } {}
        (line(&format!("thin {}", look(index)), p95))
        (line(&look(index), median))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn few_jobs_are_marks_and_many_are_percentiles_of_buckets() {
        let mut run = fixture::concurrent();
        let few = charts(&run).into_string();
        assert_eq!(few.matches("class=\"lost\"").count(), 6, "one for each failure");
        // Fourteen documented jobs and the two marks of the legends.
        assert_eq!(few.matches("class=\"mark ").count(), 16);
        let jobs = &mut run.pipelines[1].jobs;
        let more: Vec<Job> =
            (0..10_000_u64).map(|n| Job { job: n, end_us: n * 3_000, ..jobs[0].clone() }).collect();
        *jobs = more;
        let many = charts(&run).into_string();
        assert_eq!(many.matches("class=\"band s1\"").count(), 1);
        assert!(many.len() < 40_000, "{} bytes", many.len());
    }

    #[test]
    fn a_run_without_jobs_still_has_its_axes() {
        let mut run = fixture::concurrent();
        run.pipelines.truncate(1);
        run.pipelines[0].jobs.clear();
        run.pipelines[0].attempts.clear();
        assert!(charts(&run).into_string().contains("latency of a job"));
    }
}
