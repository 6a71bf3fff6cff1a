//! Which injected fault hit which request.
//!
//! Invariants: a request that got an answer names its fault by its id, and nothing else decides.
//! One that got none has no id: it is joined by time, with a fault that no answered request claims,
//! and only where every such fault in its time has the same name.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::repeat_n;

use crate::record::Attempt;
use crate::run::PipelineRun;

/// A fault that hit a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Injected<'a> {
    /// Its name in the scenario.
    pub name: &'a str,
    /// Whether the request was found by its time alone.
    pub by_time: bool,
}

/// The same by the fault's place among those of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    fault: usize,
    by_time: bool,
}

impl Hit {
    /// The fault with its name.
    pub(super) fn in_pipeline(self, pipeline: &PipelineRun) -> Injected<'_> {
        Injected { name: &pipeline.faults[self.fault].name, by_time: self.by_time }
    }
}

/// The fault of each request of a pipeline, in the order of the requests.
pub(crate) fn hits(pipeline: &PipelineRun) -> Box<dyn Iterator<Item = Option<Hit>> + '_> {
    // A run of a million requests without faults needs no list, and no order among their ids.
    if pipeline.faults.is_empty() {
        return Box::new(repeat_n(None, pipeline.attempts.len()));
    }
    let faults = || pipeline.faults.iter().enumerate();
    let by_id: BTreeMap<&str, usize> =
        faults().map(|(place, fault)| (fault.request_id.as_str(), place)).collect();
    let answered: BTreeSet<&str> =
        pipeline.attempts.iter().filter_map(|a| a.request_id.as_deref()).collect();
    let mut unclaimed: Vec<usize> = faults()
        .filter(|(_, fault)| !answered.contains(fault.request_id.as_str()))
        .map(|(place, _)| place)
        .collect();
    unclaimed.sort_by_key(|place| pipeline.faults[*place].at_us);
    let of = move |attempt: &Attempt| match attempt.request_id.as_deref() {
        Some(id) => by_id.get(id).map(|&fault| Hit { fault, by_time: false }),
        None if attempt.cause.is_some() => at_the_time(pipeline, &unclaimed, attempt),
        None => None,
    };
    Box::new(pipeline.attempts.iter().map(of))
}

fn at_the_time(pipeline: &PipelineRun, unclaimed: &[usize], attempt: &Attempt) -> Option<Hit> {
    let fault = |place: &usize| &pipeline.faults[*place];
    let first = unclaimed.partition_point(|place| fault(place).at_us < attempt.start_us);
    let during = unclaimed[first..].iter();
    let mut during = during.take_while(|place| fault(place).at_us <= attempt.end_us);
    let hit = during.next()?;
    let alone = during.all(|place| fault(place).name == fault(hit).name);
    alone.then_some(Hit { fault: *hit, by_time: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::record::Fault;
    use crate::run::Run;

    /// The fixture in which the third job's refusal lost its answer.
    fn unanswered() -> Run {
        let mut run = fixture::concurrent();
        let attempt = run.pipelines[0].attempts.iter_mut().find(|a| a.job == 3).unwrap();
        (attempt.request_id, attempt.status) = (None, None);
        run
    }

    fn of_third(run: &Run) -> Option<Injected<'_>> {
        let pipeline = &run.pipelines[0];
        let place = pipeline.attempts.iter().position(|a| a.job == 3).unwrap();
        hits(pipeline).nth(place).flatten().map(|hit| hit.in_pipeline(pipeline))
    }

    #[test]
    fn an_answered_request_is_joined_by_its_id() {
        let expected = Injected { name: "burst_limit", by_time: false };
        let run = fixture::concurrent();
        assert_eq!(of_third(&run), Some(expected));
        let documented = hits(&run.pipelines[0]).filter(Option::is_none).count();
        assert_eq!(documented, 4);
    }

    #[test]
    fn a_request_without_an_answer_is_joined_by_its_time() {
        let expected = Injected { name: "burst_limit", by_time: true };
        let mut run = unanswered();
        assert_eq!(of_third(&run), Some(expected));
        for fault in &mut run.pipelines[0].faults {
            fault.at_us = 50_001;
        }
        assert_eq!(of_third(&run), None, "the fault came after the request had ended");
    }

    #[test]
    fn nothing_is_said_where_two_faults_are_possible() {
        let mut run = unanswered();
        let faults = &mut run.pipelines[0].faults;
        let other = Fault { name: "reset".into(), request_id: "x".into(), ..faults[0].clone() };
        faults.push(other);
        assert_eq!(of_third(&run), None);
    }
}
