//! A run as OpenTelemetry spans, in the JSON of OTLP that a collector's file receiver reads and
//! that `/v1/traces` takes: a trace for each job, with a span for each request in it.
//!
//! Names follow the semantic conventions for generative AI. Records know no time of day, so a
//! pipeline begins on 1 January 2026; identifiers follow from the records, so that the same run
//! gives the same bytes.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::judge::Judged;
use crate::record::{Attempt, Cause, Fault, Job, NO_JOB, Outcome};
use crate::render::export::{Exporter, ReportFormat, text_of};
use crate::render::style::Style;
use crate::run::PipelineRun;
use crate::text::escape;

/// The beginning of 2026, in microseconds.
const EPOCH_US: u64 = 1_767_225_600_000_000;

/// `--format otlp`.
#[derive(Debug)]
pub(crate) struct Otlp;

impl Exporter<[Judged]> for Otlp {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "otlp",
            about: "OpenTelemetry spans in OTLP's JSON, by the conventions for generative AI",
            file: "otlp.json",
            kept: false,
        }
    }

    fn text(&self, runs: &[Judged], style: Style) -> String {
        text_of(|out| self.write(runs, style, out))
    }

    fn write(&self, runs: &[Judged], _style: Style, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"{\"resourceSpans\":[")?;
        let pipelines = runs.iter().flat_map(|judged| {
            judged.run().pipelines.iter().map(move |pipeline| (judged, pipeline))
        });
        for (index, (judged, pipeline)) in pipelines.enumerate() {
            let header = &judged.run().header;
            let resource = json!({"attributes": [
                text("service.name", &escape(&pipeline.header.name)),
                text("chaos.scenario", &escape(&header.scenario)),
                number("chaos.seed", header.seed),
            ]});
            let scope = json!({"name": "chaos", "version": header.tool});
            let between = if index == 0 { "\n" } else { ",\n" };
            write!(out, "{between}{{\"resource\":{resource},\"scopeSpans\":[{{\"scope\":{scope},")?;
            out.write_all(b"\"spans\":[")?;
            let key = format!("{} {}", header.scenario_sha256, header.seed);
            Spans { pipeline, key, out, first: true }.write()?;
            out.write_all(b"\n]}]}")?;
        }
        out.write_all(b"\n]}\n")
    }
}

/// The spans of a pipeline, written one by one.
struct Spans<'a> {
    pipeline: &'a PipelineRun,
    /// What tells the run from others.
    key: String,
    out: &'a mut dyn Write,
    first: bool,
}

impl Spans<'_> {
    fn write(mut self) -> io::Result<()> {
        let pipeline = self.pipeline;
        let mut jobs = BTreeMap::new();
        for job in pipeline.jobs.iter().filter(|job| job.outcome != Outcome::Skipped) {
            let trace = self.trace(&[job.job, job.start_us, job.end_us]);
            jobs.insert(job.job, trace);
            self.one(&of_job(trace, job))?;
        }
        let mut faults: BTreeMap<&str, Vec<&Fault>> = BTreeMap::new();
        for fault in &pipeline.faults {
            faults.entry(&fault.request_id).or_default().push(fault);
        }
        for (number, attempt) in (0..).zip(&pipeline.attempts) {
            let trace = jobs.get(&attempt.job).filter(|_| attempt.job != NO_JOB).copied();
            let own = || self.trace(&[NO_JOB, number, attempt.start_us, attempt.end_us]);
            let (trace, parent) = match trace {
                Some(trace) => (trace, Some(span(trace, 0))),
                None => (own(), None),
            };
            let met = attempt.request_id.as_deref().and_then(|id| faults.remove(id));
            let met = met.unwrap_or_default();
            self.one(&of_attempt((trace, number + 1, parent), attempt, &met))?;
        }
        Ok(())
    }

    fn trace(&self, of: &[u64]) -> u128 {
        xxh3_128(format!("{} {} {of:?}", self.key, self.pipeline.header.name).as_bytes())
    }

    fn one(&mut self, span: &Value) -> io::Result<()> {
        let between = if std::mem::take(&mut self.first) { "\n" } else { ",\n" };
        write!(self.out, "{between}{span}")
    }
}

/// The identifier of a span; that of the job is number 0 of its trace.
fn span(trace: u128, number: u64) -> String {
    format!("{:016x}", xxh3_64(format!("{trace} {number}").as_bytes()))
}

fn of_job(trace: u128, job: &Job) -> Value {
    let mut attributes = vec![
        number("chaos.job", job.job),
        text("code.file.path", &escape(&job.path)),
        number("chaos.waited_us", job.start_us.saturating_sub(job.arrival_us)),
        number("chaos.cost_microusd", job.cost_microusd),
        number("gen_ai.usage.input_tokens", job.tokens_in),
        number("gen_ai.usage.output_tokens", job.tokens_out),
    ];
    let failed = (job.outcome == Outcome::Failed).then(|| failure(job.cause));
    attributes.extend(failed.map(|name| text("error.type", name)));
    json!({
        "traceId": format!("{trace:032x}"), "spanId": span(trace, 0),
        "name": "job", "kind": 1,
        "startTimeUnixNano": nanos(job.start_us), "endTimeUnixNano": nanos(job.end_us),
        "attributes": attributes, "status": status(failed, job.detail.as_deref()),
    })
}

fn of_attempt(
    (trace, index, parent): (u128, u64, Option<String>),
    attempt: &Attempt,
    faults: &[&Fault],
) -> Value {
    let mut attributes = vec![
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.provider.name", "anthropic"),
        number("gen_ai.usage.input_tokens", attempt.tokens_in),
        number("gen_ai.usage.output_tokens", attempt.tokens_out),
        number("chaos.part", attempt.chunk),
        number("http.request.resend_count", attempt.attempt.saturating_sub(1)),
        number("chaos.cost_microusd", attempt.cost_microusd),
    ];
    let status_code = attempt.status.map(|code| number("http.response.status_code", code.into()));
    attributes.extend(status_code);
    let id = attempt.request_id.as_deref();
    attributes.extend(id.map(|id| text("anthropic.request_id", &escape(id))));
    let failed = attempt.cause.map(Cause::name);
    attributes.extend(failed.map(|name| text("error.type", name)));
    let events: Vec<Value> = faults.iter().map(|fault| of_fault(fault)).collect();
    let mut span = json!({
        "traceId": format!("{trace:032x}"), "spanId": span(trace, index),
        "name": "chat", "kind": 3,
        "startTimeUnixNano": nanos(attempt.start_us), "endTimeUnixNano": nanos(attempt.end_us),
        "attributes": attributes, "events": events,
        "status": status(failed, attempt.detail.as_deref()),
    });
    if let Some(parent) = parent {
        span["parentSpanId"] = parent.into();
    }
    span
}

fn of_fault(fault: &Fault) -> Value {
    json!({
        "timeUnixNano": nanos(fault.at_us), "name": "fault",
        "attributes": [text("chaos.fault", &escape(&fault.name))],
    })
}

fn failure(cause: Option<Cause>) -> &'static str {
    cause.map_or("failed", |cause| cause.name())
}

/// 2 is an error; what did not fail leaves it unset, as an instrumentation has to.
fn status(failed: Option<&str>, detail: Option<&str>) -> Value {
    match failed {
        Some(_) => json!({"code": 2, "message": detail.map(escape).unwrap_or_default()}),
        None => json!({}),
    }
}

fn nanos(us: u64) -> String {
    (u128::from(EPOCH_US + us) * 1_000).to_string()
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn number(key: &str, value: u64) -> Value {
    // 64-bit numbers are text in the JSON of protobuf.
    json!({"key": key, "value": {"intValue": value.to_string()}})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fixture;

    fn spans(runs: &[Judged]) -> Vec<Value> {
        let text = Otlp.text(runs, Style::PLAIN);
        let document: Value = serde_json::from_str(&text).unwrap();
        let resources = document["resourceSpans"].as_array().unwrap().clone();
        let of = |resource: &Value| resource["scopeSpans"][0]["spans"].as_array().unwrap().clone();
        resources.iter().flat_map(of).collect()
    }

    #[test]
    fn every_job_is_a_trace_and_every_request_a_span_in_it() {
        let runs = [fixture::judged(|_| ())];
        let found = spans(&runs);
        let of = |name: &str| found.iter().filter(|span| span["name"] == name).collect::<Vec<_>>();
        let pipelines = &runs[0].run().pipelines;
        assert_eq!(of("job").len(), pipelines.iter().map(|p| p.jobs.len()).sum::<usize>());
        assert_eq!(of("chat").len(), pipelines.iter().map(|p| p.attempts.len()).sum::<usize>());
        let ids: BTreeSet<String> = found.iter().map(|span| span["spanId"].to_string()).collect();
        assert_eq!(ids.len(), found.len(), "two spans have one identifier");
        for request in of("chat") {
            let parent = of("job").into_iter().find(|job| job["spanId"] == request["parentSpanId"]);
            let parent = parent.expect("a request lies in its job");
            assert_eq!(parent["traceId"], request["traceId"]);
            assert_eq!(request["traceId"].as_str().map(str::len), Some(32));
            let refused = request["status"]["code"] == 2;
            let named = request.to_string().contains("rate_limited");
            assert_eq!(refused, named, "{request}");
        }
    }

    #[test]
    fn a_request_of_no_job_is_a_trace_of_its_own_and_a_fault_an_event_of_its_request() {
        let runs = [fixture::judged(|run| run.pipelines[1].attempts[0].job = NO_JOB)];
        let found = spans(&runs);
        let alone = found.iter().filter(|s| s["name"] == "chat" && s["parentSpanId"].is_null());
        assert_eq!(alone.count(), 1);
        let run = runs[0].run();
        let faults = run.pipelines.iter().map(|pipeline| pipeline.faults.len()).sum::<usize>();
        let events = found.iter().filter_map(|span| span["events"].as_array()).map(Vec::len);
        assert_eq!(events.sum::<usize>(), faults);
        assert_eq!(spans(&[]), [] as [Value; 0]);
    }
}
