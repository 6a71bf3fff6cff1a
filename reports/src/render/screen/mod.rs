//! What a person reads in a terminal: the numbers side by side, then a line for each file.
//!
//! The screen of a run is both; each is a file of its own in the run's folder as well, without what
//! depends on the machine and without leaving any file out.

mod closing;
pub(super) mod comparison;
mod each;
mod jobs;
mod rows;
mod terminal;

pub(super) use comparison::SummaryTxt;
pub(super) use jobs::JobsTxt;
pub use terminal::Terminal;
