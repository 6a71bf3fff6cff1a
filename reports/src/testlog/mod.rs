//! The output of a test runner, read exactly: which test failed, how, and whether all was read.
//!
//! Invariant: nothing is guessed in silence. What was read is counted and held against what the
//! runner itself announced at its end, and a difference is a [`Completeness`] of its own. Memory
//! stays bounded: failures keep their details up to a budget, everything that did not fail is
//! kept as a status and an id, and what no longer fits is counted still.
//!
//! Deliberately not here: opening files (the caller hands over a reader), and what a failure
//! means (rules are applied to what this module gives).

// What is read.
mod case;
mod counts;
mod quiet;
mod run;

// From bytes to lines.
mod bytes;
mod decode;
mod json;
mod lines;
mod output;
mod prefix;
mod stamp;

// Text, a runner each.
mod binary;
mod build;
mod cargo;
mod nextest;
mod panic;
mod pytest;
mod text;

// Formats for machines, one each.
mod go;
mod jest;
mod junit;
mod libtest;
mod reportlog;

// Which one it is.
mod format;

pub use case::{Capture, Case, Frame, NodeId, Phase, Status};
pub use counts::Counts;
pub use format::{Format, read};
pub use quiet::Quiet;
pub use run::{Completeness, Held, Log, Runner, TestRun};
