//! The `chaos` binary as a library: commands, the run, the pipelines, the transports.
//!
//! In reading order: [`args`] is what was typed and [`plan`] what it means; [`command`] has a file
//! for each subcommand; [`runner`] puts a run together out of [`simulation`], [`driver`] and
//! [`pipeline`] on a [`platform`], over a [`transport`]; [`recorder`] and [`output`] keep what
//! happened, and [`book`] and [`resume`] carry it over a crash. [`estimate`] foretells a run
//! without one, and [`claims`] says which runs decide about what documents claim. Nothing here
//! judges: that is what `reports` does with the records.

pub mod args;
pub mod plan;

pub mod command;

pub mod claims;

pub mod driver;
pub mod estimate;
pub mod runner;
pub mod simulation;

pub mod advice;
pub mod client;
pub mod pipeline;
pub mod platform;
pub mod source;
pub mod transport;

pub mod book;
pub mod charges;
pub mod clock;
pub mod database;
pub mod docs;
pub mod interrupt;
pub mod measure;
pub mod output;
pub mod recorder;
pub mod remote;
pub mod resume;

pub mod failure;
pub mod files;
pub mod hex;
pub mod terminal;

pub use failure::{Exit, Failure};
