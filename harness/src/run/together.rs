//! Runs the pipelines of a run at the same time, and puts their records in order.
//!
//! The first writes into the run's own records, as if it were alone. Each of the others keeps its
//! records apart until those before it have ended.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::recorder::Recorder;
use super::shared::Shared;
use crate::Failure;
use crate::process::in_order::in_order;
use crate::process::interrupt::Interrupt;

/// Gives each item and its recorder to `work`, `at_once` at a time; all results in the order of
/// the items, or the first failure in that order. Nothing is begun once the run is asked to stop.
pub(super) fn together<T: Sync, R: Send>(
    at_once: usize,
    items: &[T],
    (recorder, interrupt, shared): (&Arc<Recorder>, &Interrupt, &Shared),
    work: impl Fn(&T, &Arc<Recorder>) -> Result<R, Failure> + Sync,
) -> Result<Vec<R>, Failure> {
    let one = |index: usize, item: &T| {
        let _core = shared.core();
        if interrupt.asked() {
            return None;
        }
        let own = if at_once <= 1 || index == 0 {
            Arc::clone(recorder)
        } else {
            match recorder.apart() {
                Ok(apart) => Arc::new(apart),
                Err(failure) => return Some((Arc::clone(recorder), Err(failure))),
            }
        };
        let result = work(item, &own);
        Some((own, result))
    };
    let mut found = Ok(Vec::new());
    in_order(
        at_once,
        items,
        |_| (),
        one,
        |ended| {
            let Some((own, result)) = ended else { return ControlFlow::Break(()) };
            if !Arc::ptr_eq(&own, recorder) {
                recorder.join(&own);
            }
            match (result, &mut found) {
                (Ok(result), Ok(results)) => {
                    results.push(result);
                    ControlFlow::Continue(())
                }
                (Err(failure), _) => {
                    found = Err(failure);
                    ControlFlow::Break(())
                }
                (Ok(_), Err(_)) => ControlFlow::Break(()),
            }
        },
    );
    found
}
