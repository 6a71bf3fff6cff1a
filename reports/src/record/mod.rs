//! The records that a run appends as they happen, one JSON object a line: the contract between the
//! run, which only records, and everything that judges it later.
//!
//! Invariants: no field depends on the machine in a simulated run; times are whole microseconds
//! since the run's start, money is whole micro-dollars, shares are parts per million. The first
//! line is the header; a file without a footer is a run that died, and is still readable. What
//! does depend on the machine has a file of its own: [`Measured`].

mod attempt;
mod category;
mod cause;
mod expect;
mod header;
mod job;
mod line;
pub mod measured;
mod name;
pub mod threshold;

pub use attempt::{Attempt, Fault, NO_JOB};
pub use category::{Category, Priority};
pub use cause::Cause;
pub use expect::{Bound, Expectation, millionths};
pub use header::{Clock, Currency, Header, PipelineHeader};
pub use job::{Job, Outcome, Platform};
pub use line::{Aborted, FORMAT, Footer, PipelineEnd, Record};
pub use measured::Measured;
pub use name::PipelineName;
pub use threshold::Threshold;
