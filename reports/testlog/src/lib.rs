//! The output of a test runner, read exactly: which test failed, how, and whether all was read.
//! Then rules say what each failure means, and pages show it.
//!
//! Invariant: nothing is guessed in silence. What was read is counted and checked against what the
//! runner itself announced at its end, and a difference is a [`Completeness`] of its own. Memory
//! stays bounded: failures keep their details up to a budget, everything that did not fail is
//! kept as a status and an id, and what no longer fits is counted still.
//!
//! Deliberately not here: opening files (the caller hands over a reader), and the runs of
//! pipelines, which the crate `reports` knows.

// What is read: runs, and the cases in them.
mod run;

// The runners that print text.
mod bytes;
mod pytest;
mod rust;

// From the bytes of an input to lines, and from lines to runs, in every format.
mod lines;

mod formats;

// From cases to what they mean, and to text.
pub mod render;
pub mod triage;

pub use formats::{Format, read};
pub use run::{
    Capture, Case, Completeness, Counts, Frame, Held, Log, NodeId, Phase, Quiet, Runner, Status,
    TestRun,
};
