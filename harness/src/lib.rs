//! The `chaos` binary as a library: commands, the run, the pipelines, the transports.
//!
//! In reading order: [`args`] is what was typed and [`plan`] what it means; [`command`] has a file
//! for each subcommand; [`runner`] puts a run together out of [`simulation`], [`driver`] and
//! [`pipeline`], over a [`transport`]; [`recorder`] and [`output`] keep what happened, and [`book`]
//! and [`resume`] carry it over a crash. Nothing here judges: that is what `reports` does with the
//! records.

pub mod args;
pub mod plan;

pub mod command;

pub mod driver;
pub mod runner;
pub mod simulation;

pub mod advice;
pub mod client;
pub mod pipeline;
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
pub mod terminal;

pub use failure::{Exit, Failure};
