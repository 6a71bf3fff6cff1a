//! A run as a picture: the JSON of Trace Events, which Perfetto and `chrome://tracing` show.
//!
//! A process is a pipeline, a track is a worker: each job lies on the first track that is free when
//! it begins, each request likewise on tracks of its own, and faults are marks above them. Times
//! are microseconds since the pipeline began, as on record.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::judge::Judged;
use crate::record::{Attempt, Fault, Job, Outcome};
use crate::render::export::{Exporter, ReportFormat, text_of};
use crate::render::style::Style;
use crate::run::PipelineRun;
use crate::text::escape;

/// Where the tracks of requests begin, below those of all jobs.
const CALLS: u64 = 1_000_000;

/// The track of faults, above all others.
const FAULTS: u64 = 0;

/// `--format trace`.
#[derive(Debug)]
pub(crate) struct Trace;

impl Exporter<[Judged]> for Trace {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "trace",
            about: "Trace Event JSON: the run as a picture, for Perfetto",
            file: "trace.json",
            kept: false,
        }
    }

    fn text(&self, runs: &[Judged], style: Style) -> String {
        text_of(|out| self.write(runs, style, out))
    }

    fn write(&self, runs: &[Judged], _style: Style, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n")?;
        let pipelines = runs.iter().flat_map(|judged| {
            judged.run().pipelines.iter().map(move |pipeline| (judged, pipeline))
        });
        let mut events = Events { out, first: true };
        for (process, (judged, pipeline)) in (1..).zip(pipelines) {
            let mut name = pipeline.header.name.clone();
            if runs.len() > 1 {
                name = format!("{} ({}): {name}", judged.run().header.scenario, judged.name());
            }
            let name = escape(&name);
            events.one(&json!({
                "ph": "M", "name": "process_name", "pid": process, "args": {"name": name},
            }))?;
            of_pipeline(process, pipeline, &mut events)?;
        }
        out.write_all(b"\n]}\n")
    }
}

/// Events, written one by one.
struct Events<'a> {
    out: &'a mut dyn Write,
    first: bool,
}

impl Events<'_> {
    fn one(&mut self, event: &Value) -> io::Result<()> {
        let between = if std::mem::take(&mut self.first) { "" } else { ",\n" };
        write!(self.out, "{between}{event}")
    }

    /// Names a track and gives it its place.
    fn track(&mut self, process: u64, track: u64, name: &str) -> io::Result<()> {
        for (kind, argument) in [
            ("thread_name", json!({"name": name})),
            ("thread_sort_index", json!({"sort_index": track})),
        ] {
            self.one(&json!({
                "ph": "M", "name": kind, "pid": process, "tid": track, "args": argument,
            }))?;
        }
        Ok(())
    }
}

fn of_pipeline(process: u64, pipeline: &PipelineRun, events: &mut Events<'_>) -> io::Result<()> {
    let sent = |job: &&Job| job.outcome != Outcome::Skipped;
    let mut jobs: Vec<&Job> = pipeline.jobs.iter().filter(sent).collect();
    jobs.sort_by_key(|job| (job.start_us, job.job));
    let mut lanes = Lanes::default();
    for job in jobs {
        let (lane, is_new) = lanes.take(job.start_us, job.end_us);
        let track = lane + 1;
        if is_new {
            events.track(process, track, &format!("worker {track}"))?;
        }
        events.one(&of_job(process, track, job))?;
    }
    let mut attempts: Vec<&Attempt> = pipeline.attempts.iter().collect();
    attempts.sort_by_key(|attempt| (attempt.start_us, attempt.job, attempt.chunk));
    let mut lanes = Lanes::default();
    for attempt in attempts {
        let (lane, is_new) = lanes.take(attempt.start_us, attempt.end_us);
        let track = CALLS + lane;
        if is_new {
            events.track(process, track, &format!("request {}", lane + 1))?;
        }
        events.one(&of_attempt(process, track, attempt))?;
    }
    if !pipeline.faults.is_empty() {
        events.track(process, FAULTS, "faults")?;
    }
    pipeline.faults.iter().try_for_each(|fault| events.one(&of_fault(process, fault)))
}

fn of_job(process: u64, track: u64, job: &Job) -> Value {
    let outcome = match (job.outcome, job.cause) {
        (Outcome::Documented, _) => "documented".to_owned(),
        (_, Some(cause)) => cause.name().to_owned(),
        (_, None) => "failed".to_owned(),
    };
    json!({
        "ph": "X", "name": escape(&job.path), "cat": format!("job,{outcome}"),
        "pid": process, "tid": track,
        "ts": job.start_us, "dur": job.end_us.saturating_sub(job.start_us),
        "args": {
            "job": job.job, "outcome": outcome,
            "waited_us": job.start_us.saturating_sub(job.arrival_us),
            "calls": job.calls, "cost_microusd": job.cost_microusd,
            "detail": job.detail.as_deref().map(escape),
        },
    })
}

fn of_attempt(process: u64, track: u64, attempt: &Attempt) -> Value {
    let outcome = attempt.cause.map_or("answered", |cause| cause.name());
    let Attempt { job, chunk, attempt: number, .. } = attempt;
    json!({
        "ph": "X", "name": format!("job {job} part {chunk} try {number}: {outcome}"),
        "cat": format!("request,{outcome}"), "pid": process, "tid": track,
        "ts": attempt.start_us, "dur": attempt.end_us.saturating_sub(attempt.start_us),
        "args": {
            "status": attempt.status, "tokens_in": attempt.tokens_in,
            "tokens_out": attempt.tokens_out, "cost_microusd": attempt.cost_microusd,
            "request_id": attempt.request_id.as_deref().map(escape),
            "retry_after_s": attempt.retry_after_s,
        },
    })
}

fn of_fault(process: u64, fault: &Fault) -> Value {
    json!({
        "ph": "i", "s": "t", "name": escape(&fault.name), "cat": "fault",
        "pid": process, "tid": FAULTS, "ts": fault.at_us,
        "args": {"status": fault.status, "request_id": escape(&fault.request_id)},
    })
}

/// Tracks that are free or taken until some moment.
#[derive(Default)]
struct Lanes {
    free: BTreeSet<u64>,
    taken: BinaryHeap<Reverse<(u64, u64)>>,
    count: u64,
}

impl Lanes {
    /// The first lane that is free from `start_us` on, and whether it is a new one.
    fn take(&mut self, start_us: u64, end_us: u64) -> (u64, bool) {
        while let Some(Reverse((until_us, lane))) = self.taken.peek().copied() {
            if until_us > start_us {
                break;
            }
            self.taken.pop();
            self.free.insert(lane);
        }
        let free = self.free.pop_first();
        let lane = free.unwrap_or(self.count);
        self.count += u64::from(free.is_none());
        self.taken.push(Reverse((end_us, lane)));
        (lane, free.is_none())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::fixture;

    fn events(runs: &[Judged]) -> Vec<Value> {
        let text = Trace.text(runs, Style::PLAIN);
        let document: Value = serde_json::from_str(&text).unwrap();
        document["traceEvents"].as_array().unwrap().clone()
    }

    #[test]
    fn every_job_request_and_fault_is_an_event_and_no_two_lie_on_one_another() {
        let runs = [fixture::judged(|_| ())];
        let found = events(&runs);
        let run = runs[0].run();
        let count = |kind: &str| {
            found.iter().filter(|e| e["cat"].as_str().is_some_and(|c| c.starts_with(kind))).count()
        };
        let of =
            |number: fn(&PipelineRun) -> usize| run.pipelines.iter().map(number).sum::<usize>();
        assert_eq!(count("job"), of(|p| p.jobs.len()));
        assert_eq!(count("request"), of(|p| p.attempts.len()));
        assert_eq!(count("fault"), of(|p| p.faults.len()));
        let mut tracks: BTreeMap<(u64, u64), Vec<(u64, u64)>> = BTreeMap::new();
        for event in found.iter().filter(|event| event["ph"] == "X") {
            let number = |name: &str| event[name].as_u64().unwrap();
            let span = (number("ts"), number("ts") + number("dur"));
            tracks.entry((number("pid"), number("tid"))).or_default().push(span);
        }
        for (track, mut spans) in tracks {
            spans.sort_unstable();
            assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{track:?}: {spans:?}");
        }
    }

    #[test]
    fn a_run_without_anything_is_still_a_document() {
        let found = events(&[fixture::judged(|run| {
            for pipeline in &mut run.pipelines {
                pipeline.jobs.clear();
                pipeline.attempts.clear();
                pipeline.faults.clear();
            }
        })]);
        assert!(found.iter().all(|event| event["ph"] == "M"), "{found:?}");
        assert_eq!(events(&[]), [] as [Value; 0]);
    }
}
