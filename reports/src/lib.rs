//! Records in, judgement out: summaries, verdicts, classified failures and rendered text.
//!
//! Everything here is a pure function of its arguments, so a run that was recorded once always
//! gives the same text. No file is opened, no clock is read, and whether there are colours is the
//! caller's decision. The folders follow a number on its way from the record to the screen:
//! [`record`] is what a run writes, [`run`] reads it back, [`judge`](mod@judge) makes a [`Judged`]
//! of it, once, [`compare`](mod@compare) checks that against a baseline or another run,
//! [`history`] follows many of them over time, and [`render`] makes text of each, in a table of
//! formats.

pub mod record;
pub mod run;

pub mod judge;

pub mod compare;

pub mod history;

pub mod card;
pub mod claim;
pub mod estimate;

pub mod render;
pub mod text;

#[cfg(test)]
mod fixture;

pub use compare::{
    Baseline, BaselineEntry, Comparison, Difference, GateReport, GateScenario, LEAST, Metric,
    Tolerance, ablation, against, compare, diff, gate, gate_within, incomparable,
};
pub use estimate::Estimate;
pub use history::History;
pub use judge::{
    Check, Confidence, Failure, Judged, Latency, Quantile, Rule, Stage, Standing, Summary, Verdict,
    Watch, judge,
};
pub use record::measured;
pub use record::{Bound, Category, Cause, Expectation, FORMAT, Measured, Priority, Record};
pub use render::Style;
pub use run::{PipelineRun, ReadError, Run, RunReader};
