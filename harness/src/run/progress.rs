//! What a person sees while a run goes on: which pipeline is under way, how far it is, what is
//! lost, and what it has cost.

use parking_lot::Mutex;
use reports::record::{Outcome, Record};
use reports::text::{counted, escape, thousands, usd};

use crate::process::meter::Meter;

/// A line that moves with the records of a run.
#[derive(Debug)]
pub struct Progress {
    meter: Meter,
    now: Mutex<Now>,
}

/// How the pipeline under way stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Now {
    pipeline: String,
    done: u64,
    lost: u64,
    calls: u64,
    cost_microusd: u64,
}

impl Progress {
    /// What this meter says.
    pub fn on(meter: Meter) -> Self {
        Self { meter, now: Mutex::default() }
    }

    /// Follows a record.
    pub fn follow(&self, record: &Record) {
        if self.meter.is_hidden() {
            return;
        }
        if matches!(record, Record::Job(_)) {
            self.meter.step(1);
        }
        let mut now = self.now.lock();
        if now.add(record) {
            self.meter.note(|| now.words());
        }
    }

    /// Ends the line, and leaves nothing of it.
    pub fn finish(&self) {
        self.meter.finish();
    }
}

impl Now {
    /// Adds a record; says whether it changed anything.
    fn add(&mut self, record: &Record) -> bool {
        match record {
            Record::Job(job) => {
                self.turn_to(&job.pipeline);
                match job.outcome {
                    Outcome::Documented => self.done += 1,
                    Outcome::Failed => self.lost += 1,
                    Outcome::Skipped => {}
                }
            }
            Record::Attempt(attempt) => {
                self.turn_to(&attempt.pipeline);
                self.calls += 1;
                self.cost_microusd += attempt.cost_microusd;
            }
            _ => return false,
        }
        true
    }

    fn turn_to(&mut self, pipeline: &str) {
        if self.pipeline != pipeline {
            *self = Self { pipeline: pipeline.to_owned(), ..Self::default() };
        }
    }

    fn words(&self) -> String {
        let Self { pipeline, done, lost, calls, cost_microusd } = self;
        format!(
            "{}: {} done, {} lost, {}, {}",
            escape(pipeline),
            thousands(*done),
            thousands(*lost),
            counted(*calls, "call"),
            usd(*cost_microusd)
        )
    }
}

#[cfg(test)]
mod tests {
    use reports::Cause;
    use reports::record::{Attempt, Job};

    use super::*;

    fn attempt(pipeline: &str) -> Record {
        let text = format!(
            r#"{{"record":"attempt","pipeline":"{pipeline}","job":1,"chunk":1,"attempt":1,
            "start_us":0,"end_us":1,"status":200,"cause":null,"detail":null,"request_id":null,
            "retry_after_s":null,"tokens_in":1,"tokens_out":1,"cost_microusd":120000}}"#
        );
        let attempt: Attempt = serde_json::from_str(&text).unwrap();
        Record::Attempt(attempt)
    }

    fn job(outcome: Outcome) -> Record {
        let text = r#"{"pipeline":"a","job":1,"path":"x","bytes":1,"lines":1,"arrival_us":0,
            "start_us":0,"end_us":1,"outcome":"documented","cause":null,"detail":null,"chunks":1,
            "cache_hits":0,"cache_misses":0,"calls":1,"definitions":0,"documented":0,
            "tokens_in":1,"tokens_out":1,"cost_microusd":0,"wasted_microusd":0,"memory_kb":0}"#;
        let job: Job = serde_json::from_str(text).unwrap();
        let cause = (outcome == Outcome::Failed).then_some(Cause::Overloaded);
        Record::Job(Job { outcome, cause, ..job })
    }

    #[test]
    fn the_line_says_how_the_pipeline_under_way_stands() {
        let mut now = Now::default();
        for record in [
            attempt("a"),
            attempt("a"),
            job(Outcome::Documented),
            job(Outcome::Failed),
            job(Outcome::Skipped),
        ] {
            assert!(now.add(&record));
        }
        assert_eq!(now.words(), "a: 1 done, 1 lost, 2 calls, $0.2400");
        now.add(&attempt("b"));
        assert_eq!(now.words(), "b: 0 done, 0 lost, 1 call, $0.1200");
    }
}
