//! A small run for the tests: ten files at once, as in the fourth breaking test of phase 2.
//!
//! phase1 gets four answers and six 429s, and gives up at once; phase3 meets the same six 429s
//! and documents all ten. Every number reconciles; a test changes what it is about.

use std::collections::BTreeMap;

use crate::judge::{Judged, judge};
use crate::record::{
    Attempt, Bound, Cause, Clock, Currency, Expectation, FORMAT, Fault, Footer, Header, Job,
    Outcome, PipelineEnd, PipelineHeader, Record,
};
use crate::run::Run;

/// The jobs that phase1 documents in the seed's own listing.
const LUCKY: [u64; 4] = [1, 2, 4, 8];

pub(crate) fn concurrent() -> Run {
    Run::from_records(records()).unwrap()
}

/// The same run after a change, judged.
pub(crate) fn judged(change: impl FnOnce(&mut Run)) -> Judged {
    let mut run = concurrent();
    change(&mut run);
    judge(run)
}

pub(crate) fn records() -> Vec<Record> {
    let mut records = vec![Record::Header(header())];
    for (pipeline, retries) in [("phase1", false), ("phase3", true)] {
        let first = records.len();
        for number in 1..=10 {
            one_file(&mut records, pipeline, number, retries);
        }
        let end = end(pipeline, &records[first..]);
        records.push(end);
    }
    let count = records.len() as u64;
    records.push(Record::Footer(Footer { interrupted: false, records: count, aborted: None }));
    records
}

fn header() -> Header {
    let pipeline = |name: &str, digit: &str| PipelineHeader {
        name: name.to_owned(),
        description: None,
        config_sha256: digit.repeat(64),
        jobs: 10,
        judged_by: None,
        typed: Vec::new(),
    };
    let success = |min, max| Expectation {
        success_rate: Some(Bound { min: Some(min), max }),
        ..Expectation::default()
    };
    Header {
        format: FORMAT,
        tool: "0.1.0".to_owned(),
        scenario: "concurrent".to_owned(),
        scenario_sha256: "c".repeat(64),
        title: "Ten files at once".to_owned(),
        question: "Does the pipeline keep what a burst is refused?".to_owned(),
        seed: 7,
        clock: Clock::Simulated,
        speed: None,
        pipelines: vec![pipeline("phase1", "1"), pipeline("phase3", "3")],
        input: "generated".to_owned(),
        currency: Currency {
            code: "INR".to_owned(),
            symbol: "₹".to_owned(),
            milli_per_usd: 83_000,
        },
        expect: BTreeMap::from([
            ("phase1".to_owned(), success(0.35, Some(0.45))),
            ("phase3".to_owned(), success(1.0, None)),
        ]),
        warm_up_us: 0,
    }
}

fn one_file(records: &mut Vec<Record>, pipeline: &str, number: u64, retries: bool) {
    let refused = !LUCKY.contains(&number);
    let (mut calls, mut clock_us) = (0, 0);
    if refused {
        calls += 1;
        clock_us += 50_000;
        records.push(fault(pipeline, number));
        records.push(attempt(pipeline, number, calls, 0, clock_us, true));
    }
    let documented = !refused || retries;
    if documented {
        calls += 1;
        let start_us = if refused { clock_us + 8_000_000 } else { 0 };
        clock_us = start_us + 18_000_000 + number * 512_345;
        records.push(attempt(pipeline, number, calls, start_us, clock_us, false));
    }
    records.push(job(pipeline, number, calls, clock_us, documented));
}

fn fault(pipeline: &str, number: u64) -> Record {
    Record::Fault(Fault {
        pipeline: pipeline.into(),
        at_us: 50_000,
        name: "burst_limit".to_owned(),
        status: Some(429),
        request_id: format!("req_{number:04}"),
    })
}

fn tokens(number: u64) -> (u64, u64) {
    (1_000 + number * 40, 900 + number * 25)
}

fn cost(number: u64) -> u64 {
    let (tokens_in, tokens_out) = tokens(number);
    tokens_in * 3 + tokens_out * 15
}

fn attempt(
    pipeline: &str,
    number: u64,
    attempt: u64,
    start_us: u64,
    end_us: u64,
    refused: bool,
) -> Record {
    let (tokens_in, tokens_out) = if refused { (0, 0) } else { tokens(number) };
    Record::Attempt(Attempt {
        pipeline: pipeline.into(),
        job: number,
        chunk: 1,
        attempt,
        start_us,
        end_us,
        first_token_us: None,
        status: Some(if refused { 429 } else { 200 }),
        cause: refused.then_some(Cause::RateLimited),
        detail: refused.then(|| "This request would exceed your rate limit".to_owned()),
        request_id: Some(format!("req_{number:04}")),
        retry_after_s: refused.then_some(8),
        tokens_in,
        tokens_out,
        cost_microusd: if refused { 0 } else { cost(number) },
        told_microusd: None,
    })
}

fn job(pipeline: &str, number: u64, calls: u64, end_us: u64, documented: bool) -> Record {
    let (tokens_in, tokens_out) = if documented { tokens(number) } else { (0, 0) };
    Record::Job(Job {
        pipeline: pipeline.into(),
        job: number,
        path: format!("src/module_{number:02}.py"),
        bytes: 4_000,
        lines: 100,
        arrival_us: 0,
        start_us: 0,
        end_us,
        outcome: if documented { Outcome::Documented } else { Outcome::Failed },
        cause: (!documented).then_some(Cause::RateLimited),
        detail: (!documented).then(|| "This request would exceed your rate limit".to_owned()),
        chunks: 1,
        lost_lines: 0,
        cache_hits: 0,
        cache_misses: u64::from(pipeline == "phase3"),
        calls,
        definitions: 5,
        documented: if documented { 5 } else { 0 },
        tokens_in,
        tokens_out,
        cost_microusd: if documented { cost(number) } else { 0 },
        wasted_microusd: 0,
        said_done: None,
        memory_kb: 38_912 + number,
    })
}

fn end(pipeline: &str, records: &[Record]) -> Record {
    let mut end = PipelineEnd {
        pipeline: pipeline.into(),
        elapsed_us: 0,
        ledger_microusd: 0,
        ledger_requests: 0,
    };
    for record in records {
        match record {
            Record::Attempt(a) => {
                end.ledger_microusd += a.cost_microusd;
                end.ledger_requests += 1;
            }
            Record::Job(j) => end.elapsed_us = end.elapsed_us.max(j.end_us),
            _ => {}
        }
    }
    Record::PipelineEnd(end)
}
