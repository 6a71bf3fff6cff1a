//! Whether a threshold can no longer be met while its run goes on, so that the run may end.
//!
//! Invariant: only what can be known for good is said. A count that is too high stays too high, and
//! a share is taken with everything that is still to come as good. What could get better again, a
//! percentile for example, waits for the end.

use std::collections::BTreeMap;

use crate::record::threshold::{Comparison, Measure, Threshold};
use crate::record::{Aborted, Header, Job, NO_JOB, Outcome, Record};

/// Follows the records of a run that is to end as soon as a threshold cannot be met any more.
#[derive(Debug, Default)]
pub struct Watch {
    pipelines: BTreeMap<String, Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    thresholds: Vec<Threshold>,
    /// Jobs that arrive before it count for nothing.
    warm_up_us: u64,
    jobs: u64,
    ended: u64,
    documented: u64,
    failed: u64,
    lost_definitions: u64,
    lost_lines: u64,
    calls: u64,
    retries: u64,
    cost_microusd: u64,
    wasted_microusd: u64,
    zombie_microusd: u64,
    tokens_in: u64,
    tokens_out: u64,
}

impl Watch {
    /// Follows the run that begins with this header.
    pub fn new(header: &Header) -> Self {
        let watched = header.pipelines.iter().map(|pipeline| {
            let of = header.expect.get(&pipeline.name);
            let watched = Watched {
                thresholds: of.map(|of| of.checks.clone()).unwrap_or_default(),
                warm_up_us: if pipeline.jobs > 1 { header.warm_up_us } else { 0 },
                jobs: pipeline.jobs,
                ..Watched::default()
            };
            (pipeline.name.clone(), watched)
        });
        Self { pipelines: watched.collect() }
    }

    /// Takes the next record; gives the threshold that cannot be met any more after it.
    pub fn follow(&mut self, record: &Record) -> Option<Aborted> {
        let pipeline = match record {
            Record::Attempt(attempt) => &attempt.pipeline,
            Record::Job(job) => &job.pipeline,
            Record::Platform(platform) => &platform.pipeline,
            _ => return None,
        };
        let watched = self.pipelines.get_mut(&**pipeline)?;
        watched.add(record);
        watched.thresholds.iter().find_map(|threshold| {
            let measured = watched.measured(threshold)?;
            (!threshold.comparison.holds(measured, threshold.value)).then(|| Aborted {
                pipeline: pipeline.clone(),
                check: threshold.to_string(),
                measured: u64::try_from(measured).unwrap_or(u64::MAX),
            })
        })
    }
}

impl Watched {
    fn add(&mut self, record: &Record) {
        match record {
            // Whether its job belongs to the warm-up is not known yet.
            Record::Attempt(attempt) if self.warm_up_us == 0 || attempt.job == NO_JOB => {
                self.calls += 1;
                self.retries += u64::from(attempt.attempt > 1);
                self.cost_microusd += attempt.cost_microusd;
                self.tokens_in += attempt.tokens_in;
                self.tokens_out += attempt.tokens_out;
            }
            Record::Job(job) if job.arrival_us >= self.warm_up_us => self.add_job(job),
            // One job fewer of those that count.
            Record::Job(_) => self.jobs = self.jobs.saturating_sub(1),
            Record::Platform(platform) if self.warm_up_us == 0 => {
                self.zombie_microusd += platform.zombie_microusd;
            }
            _ => {}
        }
    }

    fn add_job(&mut self, job: &Job) {
        self.ended += 1;
        self.wasted_microusd += job.wasted_microusd;
        self.lost_lines += job.lost_lines;
        match job.outcome {
            Outcome::Documented => self.documented += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Skipped => return,
        }
        self.lost_definitions += job.definitions.saturating_sub(job.documented);
    }

    /// The best that the measure can come to, in millionths of its unit; nothing where it may yet
    /// go either way.
    fn measured(&self, threshold: &Threshold) -> Option<u128> {
        let whole = |count: u64| u128::from(count) * 1_000_000;
        let to_come = self.jobs.saturating_sub(self.ended);
        let is_upper = matches!(
            threshold.comparison,
            Comparison::Less | Comparison::AtMost | Comparison::Equal
        );
        let is_lower = matches!(threshold.comparison, Comparison::More | Comparison::AtLeast);
        Some(match threshold.measure {
            Measure::SuccessRate if is_lower => {
                let best = self.documented + to_come;
                whole(best).checked_div(u128::from(best + self.failed))?
            }
            Measure::Documented if is_lower => whole(self.documented + to_come),
            _ if !is_upper => return None,
            Measure::Failed => whole(self.failed),
            Measure::LostDefinitions => whole(self.lost_definitions),
            Measure::LostLines => whole(self.lost_lines),
            Measure::Calls => whole(self.calls),
            Measure::Retries => whole(self.retries),
            Measure::Cost => u128::from(self.cost_microusd),
            Measure::WastedCost => u128::from(self.wasted_microusd),
            Measure::ZombieCost => u128::from(self.zombie_microusd),
            Measure::TokensIn => whole(self.tokens_in),
            Measure::TokensOut => whole(self.tokens_out),
            _ => return None,
        })
        .filter(|measured| {
            // What is to be met exactly may still be reached from below.
            threshold.comparison != Comparison::Equal || *measured > threshold.value
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    /// The first threshold of phase1 that ends the fixture's run, and after how many of its jobs.
    fn ended(text: &str) -> Option<(u64, u64)> {
        let mut records = fixture::records();
        let Record::Header(header) = &mut records[0] else { panic!("a header comes first") };
        let of = header.expect.entry("phase1".to_owned()).or_default();
        of.checks = vec![text.parse().unwrap()];
        let mut watch = Watch::new(header);
        let mut jobs = 0;
        for record in &records {
            jobs += u64::from(matches!(record, Record::Job(_)));
            if let Some(aborted) = watch.follow(record) {
                assert_eq!((&*aborted.pipeline, aborted.check.as_str()), ("phase1", text));
                return Some((jobs, aborted.measured));
            }
        }
        None
    }

    /// Of the ten jobs the third, fifth, sixth, seventh, ninth and tenth fail.
    #[test]
    fn a_run_ends_with_the_record_that_breaks_a_threshold_for_good() {
        assert_eq!(ended("failed < 2"), Some((5, 2_000_000)));
        assert_eq!(ended("failed == 0"), Some((3, 1_000_000)));
        assert_eq!(ended("success_rate >= 80%"), Some((6, 700_000)));
        assert_eq!(ended("documented > 7"), Some((6, 7_000_000)));
        assert_eq!(ended("calls <= 9"), Some((9, 10_000_000)));
    }

    #[test]
    fn what_may_yet_be_met_ends_nothing() {
        for text in [
            "failed < 7",
            "success_rate >= 40%",
            "failed == 6",
            "calls > 100",
            "p95(latency) < 1us",
            "cost_per_success < $0.000001",
        ] {
            assert_eq!(ended(text), None, "{text}");
        }
    }
}
