//! From a run to what is said of it: numbers, checks, a verdict, and what each failure means.
//!
//! [`judge`] takes a run and gives a [`Judged`], once; every page, gate and comparison is made of
//! that. In reading order: [`Summary`] counts, [`Check`] compares with what was expected,
//! [`Verdict`] is the worst of those, and a [`Failure`] says which [`Rule`] decided and which
//! [`Stage`] would have saved the job. The functions behind them are private to this folder.

mod latency;
mod reconcile;
mod summary;

mod check;
mod threshold;
mod verdict;

mod breaks;
mod early;
mod failed;
mod failure;
mod injected;
mod rule;
mod stage;
mod standing;

mod judged;

pub use check::Check;
pub use early::Watch;
pub use failure::Failure;
pub use injected::Injected;
pub use judged::{Judged, judge};
pub use latency::{Latency, Quantile};
pub use rule::{Confidence, Rule};
pub use stage::Stage;
pub use standing::Standing;
pub use summary::Summary;
pub use verdict::Verdict;

pub(crate) use injected::hits;
