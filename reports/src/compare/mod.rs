//! What a judged run is compared with: a baseline that was committed, another run, or itself with
//! one stage off.
//!
//! [`Metric`] is the list of numbers that all of them compare. Whether two things can be compared
//! at all comes first, and what cannot is inconclusive.

pub mod ablation;
mod baseline;
mod gate;
mod metric;
mod repeats;
mod runs;
mod tolerance;

pub use ablation::Ablation;
pub use baseline::{Baseline, BaselineError, Entry as BaselineEntry, Numbers};
pub use gate::{
    ACCEPT, Difference, GateReport, GateRow, GateScenario, REMEDY, diff, gate, gate_within,
    incomparable,
};
pub use metric::{Better, Change, Metric, Unit};
pub use repeats::{LEAST, Repeats, against};
pub use runs::{ComparedNumber, Comparison, PipelineComparison, compare};
pub use tolerance::Tolerance;

pub(crate) use baseline::flaws;
pub(crate) use tolerance::is_named;
