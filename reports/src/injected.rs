//! Which injected fault hit which request.
//!
//! Invariants: a request that got an answer names its fault by its id, and nothing else decides.
//! One that got none has no id: it is joined by time, with a fault that no answered request claims,
//! and only where every such fault in its time has the same name.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::{Attempt, Fault};
use crate::run::PipelineRun;

/// A fault that hit a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Injected<'a> {
    /// Its name in the scenario.
    pub name: &'a str,
    /// Whether the request was found by its time alone.
    pub by_time: bool,
}

/// The fault of each request of a pipeline, in the order of the requests.
pub fn injected(pipeline: &PipelineRun) -> Vec<Option<Injected<'_>>> {
    let by_id: BTreeMap<&str, &str> =
        pipeline.faults.iter().map(|f| (f.request_id.as_str(), f.name.as_str())).collect();
    let answered: BTreeSet<&str> =
        pipeline.attempts.iter().filter_map(|a| a.request_id.as_deref()).collect();
    let mut unclaimed: Vec<&Fault> =
        pipeline.faults.iter().filter(|f| !answered.contains(f.request_id.as_str())).collect();
    unclaimed.sort_by_key(|fault| fault.at_us);
    let of = |attempt: &Attempt| match attempt.request_id.as_deref() {
        Some(id) => by_id.get(id).map(|&name| Injected { name, by_time: false }),
        None if attempt.cause.is_some() => at_the_time(&unclaimed, attempt),
        None => None,
    };
    pipeline.attempts.iter().map(of).collect()
}

fn at_the_time<'a>(unclaimed: &[&'a Fault], attempt: &Attempt) -> Option<Injected<'a>> {
    let first = unclaimed.partition_point(|fault| fault.at_us < attempt.start_us);
    let mut during = unclaimed[first..].iter().take_while(|fault| fault.at_us <= attempt.end_us);
    let name = during.next()?.name.as_str();
    during.all(|fault| fault.name == name).then_some(Injected { name, by_time: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
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
        injected(pipeline)[place]
    }

    #[test]
    fn an_answered_request_is_joined_by_its_id() {
        let expected = Injected { name: "burst_limit", by_time: false };
        let run = fixture::concurrent();
        assert_eq!(of_third(&run), Some(expected));
        let documented = injected(&run.pipelines[0]).into_iter().filter(Option::is_none).count();
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
