//! This process: how it ends and in which words, what it shows, what stops it, and what it takes.

pub mod exhausted;
pub mod failure;
pub mod in_order;
pub mod interrupt;
pub mod measure;
pub mod meter;
pub mod permits;
pub mod room;
pub mod terminal;
