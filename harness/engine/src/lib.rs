//! The built-in pipelines: one engine with switchable stages, and everything that a stage needs.
//!
//! In reading order: a [`preset`] says which stages are on and with which policy; a [`pipeline`]
//! takes one file at a time through them, and its stages share one [`context`]. The stages are
//! [`analyse`], [`cache`], [`chunk`], [`call`], [`merge`] and [`judge`]; each is a policy that can
//! be off, and one file or folder here. A call passes [`admission`] (caps, breaker, budget,
//! concurrency, pace) before the [`client`] sends it, and [`source`] reads what is documented.
//!
//! Invariant: the engine opens no file, prints nothing and knows no pipeline by name, no command
//! line and nobody who runs it. Whatever it needs from outside is in [`outside`].

pub mod context;
pub mod pipeline;
pub mod preset;

pub mod analyse;
pub mod cache;
pub mod call;
pub mod chunk;
pub mod judge;
pub mod merge;

pub mod admission;
pub mod client;
pub mod source;

pub mod outside;

pub use context::Context;
pub use pipeline::{Finished, Pipeline, Task};
pub use preset::Preset;
