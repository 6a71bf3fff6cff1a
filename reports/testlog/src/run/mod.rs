//! What is read: the runs of a log, and the reports about tests in them.

mod case;
mod counts;
pub(crate) mod quiet;
mod room;
mod test_run;

pub use case::{Capture, Case, Frame, NodeId, Phase, Status};
pub use counts::Counts;
pub use quiet::Quiet;
pub(crate) use room::{Room, keep};
pub use test_run::{Completeness, Held, Log, Runner, TestRun};
