//! Records in, judgement out: summaries, verdicts, classified failures and rendered text.
//!
//! Everything here is a pure function of its arguments, so a run that was recorded once gives
//! the same text for ever. No file is opened, no clock is read, and whether there are colours is
//! the caller's decision. The modules follow the way of a number from the record to the screen.

// What a run writes, and the vocabulary in it.
pub mod cause;
pub mod expect;
pub mod measured;
mod plausible;
pub mod record;

// From lines to numbers.
pub mod classify;
pub mod failure;
pub mod injected;
pub mod latency;
pub mod metric;
pub mod run;
pub mod summary;

// From numbers to verdicts.
pub mod ablation;
pub mod baseline;
pub mod claim;
pub mod compare;
pub mod gate;
pub mod verdict;

// What has not been run yet.
pub mod estimate;

// From verdicts to text.
pub mod render;
pub mod text;

#[cfg(test)]
mod fixture;

pub use baseline::Baseline;
pub use cause::{Category, Cause, Priority};
pub use classify::{Confidence, Rule, Stage};
pub use compare::{Comparison, compare};
pub use estimate::Estimate;
pub use expect::{Bound, Expectation, Problem};
pub use failure::Failure;
pub use gate::{GateReport, gate};
pub use latency::{Latency, Quantile};
pub use measured::Measured;
pub use metric::Metric;
pub use record::{FORMAT, Record};
pub use render::Style;
pub use run::{PipelineRun, ReadError, Run, RunReader};
pub use summary::Summary;
pub use verdict::{Check, Judgement, Verdict, judge};
