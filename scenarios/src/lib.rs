//! The scenario files: what is asked, of which pipelines, under which load, limits and faults,
//! and what is expected of the answer.
//!
//! Each section's type belongs to the crate that acts on it; this crate puts the sections
//! together ([`scenario`]), reads files strictly and reports everything that is wrong with them
//! at once ([`document`], [`shape`], [`problem`]), and ships the scenarios of the seed documents
//! ([`library`]). It runs nothing.

pub mod document;
pub mod library;
pub mod platform;
pub mod problem;
pub mod scenario;
pub mod shape;

pub use platform::{PlatformConfig, PlatformName};
pub use problem::{Invalid, Problem};
pub use scenario::{FORMAT, Scenario};
