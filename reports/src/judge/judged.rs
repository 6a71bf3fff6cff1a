//! A run, judged once, with everything that follows from its records.
//!
//! Invariant: a [`Judged`] is made by [`judge`] alone, which takes the run for good, and no page
//! can make another one: a run cannot be copied, and nobody else counts, checks or lists failures.

use super::breaks::expected;
use super::check::{Check, checks, lagging, ran_out};
use super::failed::{FailedJob, failed_jobs};
use super::failure::Failure;
use super::standing::Standing;
use super::summary::Summary;
use super::verdict::Verdict;
use crate::record::{Expectation, Measured};
use crate::run::Run;

/// A judged run: what every page, gate and comparison is made of.
///
/// A run is given away to be judged, so it is judged once:
///
/// ```compile_fail,E0382
/// fn twice(run: reports::Run) {
///     let first = reports::judge(run);
///     let second = reports::judge(run);
/// }
/// ```
///
/// and whoever has the result has no second run to judge:
///
/// ```compile_fail,E0599
/// fn again(judged: &reports::Judged) -> reports::Judged {
///     reports::judge(judged.run().clone())
/// }
/// ```
#[derive(Debug, PartialEq)]
pub struct Judged {
    name: String,
    run: Run,
    measured: Option<Measured>,
    verdict: Verdict,
    checks: Vec<Check>,
    summaries: Vec<Summary>,
    failed: Vec<FailedJob>,
}

/// Judges a run by what its scenario expects. Its name is that of its scenario, so that the same
/// run gives the same text wherever it is kept.
pub fn judge(run: Run) -> Judged {
    let summaries = Summary::of(&run);
    let checks = checks(&run, &summaries);
    Judged {
        name: run.header.scenario.clone(),
        verdict: Verdict::worst(checks.iter().map(|check| check.verdict)),
        failed: failed_jobs(&run, &checks),
        measured: None,
        run,
        checks,
        summaries,
    }
}

impl Judged {
    /// The same run under the name by which the reader knows it, for example a path.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The same run with what depends on the machine. It is shown and not judged, but for two
    /// things: a run whose generator lagged was not under the load that was asked for, and one
    /// that the machine had not enough for was not met by its pipelines. Neither proves anything.
    #[must_use]
    pub fn with_measured(mut self, measured: Option<Measured>) -> Self {
        let generators = measured.iter().flat_map(|measured| &measured.generators);
        self.checks.extend(generators.filter_map(|(pipeline, of)| lagging(pipeline, of)));
        let exhausted = measured.iter().flat_map(|measured| &measured.exhausted);
        self.checks.extend(exhausted.map(|(what, count)| ran_out(what, *count)));
        let verdict = Verdict::worst(self.checks.iter().map(|check| check.verdict));
        Self { measured, verdict, ..self }
    }

    /// The same run with more checks: what it was held against besides its own scenario.
    #[must_use]
    pub fn with_checks(mut self, checks: impl IntoIterator<Item = Check>) -> Self {
        self.checks.extend(checks);
        let verdict = Verdict::worst(self.checks.iter().map(|check| check.verdict));
        Self { verdict, ..self }
    }

    /// The run's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The records.
    pub const fn run(&self) -> &Run {
        &self.run
    }

    /// What depended on the machine, where that is known.
    pub const fn measured(&self) -> Option<&Measured> {
        self.measured.as_ref()
    }

    /// The worst of the checks.
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Every check, by pipeline in the order of the run.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The numbers of each pipeline, in the order of the run.
    pub fn summaries(&self) -> &[Summary] {
        &self.summaries
    }

    /// How a pipeline came out of the run.
    pub fn standing(&self, summary: &Summary) -> Standing {
        let pipeline = summary.pipeline.as_str();
        let is_expected = |expected: &Expectation| !expected.is_empty();
        if !self.run.header.expect.get(pipeline).is_some_and(is_expected) {
            return Standing::NotJudged;
        }
        let of = self.checks.iter().filter(|check| check.pipeline == pipeline);
        let worst = Verdict::worst(of.map(|check| check.verdict));
        let breaks = expected(&self.run, &self.checks).contains_key(pipeline);
        Standing::of(worst, breaks && summary.failed > 0)
    }

    /// Whether a check expects its pipeline to break, and it does.
    pub fn is_break(&self, check: &Check) -> bool {
        let breaks = expected(&self.run, &self.checks);
        let broke = breaks.get(check.pipeline.as_str());
        check.verdict == Verdict::Pass
            && broke.is_some_and(|of| of.is_by(check))
            && self.summaries.iter().any(|s| s.pipeline == check.pipeline && s.failed > 0)
    }

    /// Every failed job, in the order of pipelines and jobs.
    pub fn failures(&self) -> Vec<Failure<'_>> {
        self.failed.iter().map(|failed| failed.in_run(&self.run)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::fixture;
    use crate::record::Bound;
    use crate::record::measured::Generator;

    #[test]
    fn a_judged_run_goes_by_its_scenario_until_it_is_named() {
        let judged = judge(fixture::concurrent());
        assert_eq!((judged.name(), judged.measured()), ("concurrent", None));
        assert_eq!(judged.named("out/1").name(), "out/1");
    }

    #[test]
    fn a_run_whose_generator_lagged_is_inconclusive_and_says_so() {
        let with_lag = |lag_p99_us| {
            let generator = Generator {
                started: 1_000,
                dropped: 0,
                offered_us: 1_000_000,
                achieved_us: 1_000_000,
                lag_p50_us: 900,
                lag_p99_us,
                lag_max_us: lag_p99_us,
            };
            let measured = Measured {
                format: crate::record::measured::FORMAT,
                wall_us: 1_000_000,
                pipelines: BTreeMap::new(),
                pipelines_peak_rss_kb: BTreeMap::new(),
                peak_rss_kb: None,
                generators: BTreeMap::from([("phase1".to_owned(), generator)]),
                exhausted: BTreeMap::new(),
                warped: None,
            };
            judge(fixture::concurrent()).with_measured(Some(measured))
        };
        assert_eq!(with_lag(1_100).verdict(), Verdict::Pass);
        let lagged = with_lag(70_000);
        assert_eq!(lagged.verdict(), Verdict::Inconclusive);
        let check = lagged.checks().last().unwrap();
        assert_eq!((check.metric.as_str(), check.measured.as_str()), ("schedule", "lag p99 70 ms"));
        let expected = "the generator lagged: arrivals began up to 70 ms late (p99), \
                        and 50 ms are borne";
        assert_eq!(check.reason.as_deref(), Some(expected));
    }

    #[test]
    fn a_pipeline_that_breaks_as_expected_passes_and_is_not_good() {
        let standings = |run| {
            let judged = judge(run);
            let of = |summary| judged.standing(summary);
            judged.summaries().iter().map(of).collect::<Vec<Standing>>()
        };
        assert_eq!(standings(fixture::concurrent()), [Standing::Broke, Standing::Good]);
        let mut missed = fixture::concurrent();
        let bound = |bound: &mut Expectation, max| {
            bound.success_rate = Some(Bound { min: None, max: Some(max) });
        };
        bound(missed.header.expect.get_mut("phase1").unwrap(), 0.3);
        assert_eq!(standings(missed), [Standing::Failed, Standing::Good]);
        let mut unknown = fixture::concurrent();
        unknown.pipelines[0].attempts.pop();
        unknown.header.expect.remove("phase3");
        assert_eq!(standings(unknown), [Standing::Unknown, Standing::NotJudged]);
        let judged = judge(fixture::concurrent());
        let breaks = judged.checks().iter().filter(|check| judged.is_break(check));
        let breaks: Vec<&str> = breaks.map(|check| check.metric.as_str()).collect();
        assert_eq!(breaks, ["success_rate"]);
    }

    #[test]
    fn the_verdict_is_that_of_the_worst_check() {
        let mut run = fixture::concurrent();
        assert_eq!(judge(fixture::concurrent()).verdict(), Verdict::Pass);
        run.pipelines[1].attempts.pop();
        let judged = judge(run);
        assert_eq!(judged.verdict(), Verdict::Inconclusive);
        assert_eq!(judged.summaries().len(), 2);
        assert_eq!(judged.failures().len(), 6);
    }
}
