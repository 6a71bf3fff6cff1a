//! `--speed`: the same program again, below a clock that runs fast while all of its processes
//! wait.
//!
//! The program that was typed stays outside and sets the pace; the one below it does the run, mock
//! and processes of the command included, and knows of it only what its reports say.

use std::sync::Arc;

use warp::supervise::{Ended, supervise};

use crate::target::TargetPlan;
use crate::{Exit, Failure};

/// Does the runs below a clock and gives how they ended; nothing where they are to be done here.
/// `runs` are the targets of each run; built-in ones alongside the user's own stay in simulated
/// time.
pub fn below(speed: Option<u32>, runs: &[&[Arc<dyn TargetPlan>]]) -> Result<Option<Exit>, Failure> {
    let Some(speed) = speed else { return Ok(None) };
    let own = |targets: &&[Arc<dyn TargetPlan>]| targets.iter().any(|t| t.needs_real_time());
    if !runs.iter().all(own) {
        return Err(Failure::usage(
            "`--speed` is for a command of yours: built-in pipelines wait in simulated time, \
             which costs nothing\n\
             hint: chaos run concurrent --speed 60 -- python pipeline.py {file}",
        ));
    }
    if speed == 1 {
        return Ok(None);
    }
    if warp::figures::is_inside() {
        return inside();
    }
    for target in runs.iter().copied().flatten() {
        target.can_be_warped()?;
    }
    match supervise(speed) {
        Ok(Ended::Code(code)) => Ok(Some(Exit::of_code(code))),
        Ok(Ended::Signal(signal)) => {
            Err(Failure::internal(format!("the run was ended by signal {signal}")))
        }
        Err(error) => Err(Failure::internal(format!(
            "time cannot be warped: {error}\nhint: leave out `--speed`"
        ))),
    }
}

/// Whether this program follows the clock that it was started below.
fn inside() -> Result<Option<Exit>, Failure> {
    if warp::figures::figures().is_some() {
        return Ok(None);
    }
    Err(Failure::internal(
        "the system does not load what warps time into this program\nhint: leave out `--speed`",
    ))
}
