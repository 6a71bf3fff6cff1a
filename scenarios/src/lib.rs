//! The scenario files: what is asked, of which pipelines, under which load, limits and faults,
//! and what is expected of the answer.
//!
//! Each section's type belongs to the crate that acts on it, but for [`cache_fault`], which no leaf
//! acts on. This crate puts the sections together ([`scenario`]), reads files strictly and reports
//! everything that is wrong with them at once ([`document`], [`shape`], [`problem`]), and ships the
//! scenarios of the seed documents ([`library`]). It runs nothing.

pub mod cache_fault;
pub mod document;
pub mod library;
pub mod problem;
pub mod scenario;
pub mod shape;

pub use problem::{Invalid, Problem};
pub use scenario::{FORMAT, Scenario};
