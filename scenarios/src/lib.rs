//! The scenario files: what is asked, of which pipelines, under which load, limits and faults,
//! and what is expected of the answer.
//!
//! Each section's type belongs to the crate that acts on it, but for [`cache_fault`], which no leaf
//! acts on. This crate puts the sections together ([`scenario`]) and ships the scenarios of the
//! seed documents ([`library`]). Files are read by [`strict_toml`], which knows no file's meaning.
//! It runs nothing.

pub mod cache_fault;
pub mod library;
pub mod platform;
pub mod scenario;

pub use platform::{PlatformConfig, PlatformName};
pub use scenario::{FORMAT, Scenario};
pub use strict_toml::{self, Document, Invalid, Problem, nearest, suggest};
