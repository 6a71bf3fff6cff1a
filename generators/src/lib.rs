//! Source trees and arrival schedules, from a seed.
//!
//! This crate is pure: the same input and the same seed give the same bytes on every machine,
//! today and in years. It does no input or output, reads no clock, and knows nothing of HTTP;
//! whoever needs files on a disk writes the pieces there.
//!
//! In reading order: [`config`] holds what a scenario says, [`problem`] what can be wrong with it,
//! [`arrivals`] the schedules, [`file`](mod@file) the files, [`edit`] what changes between two
//! rounds, and [`random`] the chance behind all of them.

pub mod config;
pub mod problem;

pub mod arrivals;
pub mod edit;
pub mod file;

mod folders;
mod naming;
mod nested;
mod python;
mod repository;
mod words;

pub mod random;

pub use arrivals::Arrivals;
pub use config::{Input, Load, Nesting, Recorded, Spread, Stage};
pub use edit::{Edit, EditKind};
pub use file::{GeneratedFile, Pieces};
