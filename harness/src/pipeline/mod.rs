//! One engine with switchable stages: analyse, cache, chunk, schedule, call, merge, store, judge.
//!
//! Each stage is a policy of the preset that can be off, and one file here. The engine puts them in
//! order and knows no pipeline by name.

pub mod adaptive;
pub mod analyse;
pub mod answer;
pub mod breaker;
pub mod budget;
pub mod cache;
pub mod call;
pub mod chunk;
pub mod context;
pub mod cpython;
pub mod deadline;
pub mod engine;
pub mod gate;
pub mod judge;
pub mod merge;
pub mod pacing;
pub mod preset;
pub mod prompt;
pub mod request;
pub mod retry;
pub mod schedule;
pub mod spend;
pub mod stage;
pub mod store;
pub mod used;

pub use context::Context;
pub use engine::Job;
pub use preset::Preset;
