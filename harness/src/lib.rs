//! The `chaos` binary as a library: commands, plans, targets, the run and its records.
//!
//! In reading order: [`args`] is what was typed and [`plan`] what it means; [`command`] has a file
//! for each subcommand. A [`run`] gives each [`target`] of a plan its jobs on a [`platform`], over
//! a [`service`], and keeps what happened; [`source`] is where the files of jobs come from, and
//! [`storage`] whatever outlives the run. [`estimate`] says what a run would come to without one,
//! [`claims`] which runs decide about what documents claim, and [`diagnose`] which probes show what
//! a client does wrong. [`process`] is this process: how
//! it ends, what it shows, what stops it. Nothing here judges: that is what `reports` does with
//! the records. The pipelines themselves are the crate `engine`.

pub mod args;
pub mod plan;

pub mod command;

pub mod claims;
pub mod diagnose;
pub mod estimate;

pub mod platform;
pub mod run;
pub mod service;
pub mod target;

pub mod source;
pub mod storage;

pub mod process;

pub use process::failure::{Exit, Failure};
