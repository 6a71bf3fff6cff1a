//! The scenario files: what is asked, of which pipelines, under which load, limits and faults,
//! and what is expected of the answer.
//!
//! Each section's type belongs to the crate that acts on it, but for [`cache_fault`], which no leaf
//! acts on. This crate puts the sections together ([`scenario`]) and ships the scenarios of the
//! seed documents ([`library`]). Files are read by the mock's reader ([`document`], [`shape`],
//! [`problem`]), which knows no file's meaning. It runs nothing.

pub mod cache_fault;
pub mod library;
pub mod platform;
pub mod scenario;

pub use mock_claude::file::{Invalid, Problem, document, problem, shape};
pub use platform::{PlatformConfig, PlatformName};
pub use scenario::{FORMAT, Scenario};
