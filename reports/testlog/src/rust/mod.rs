//! What runs the tests of a Rust workspace: `cargo test`, cargo-nextest, and libtest's JSON.

mod binary;
pub(crate) mod build;
pub(crate) mod cargo;
pub(crate) mod libtest;
pub(crate) mod nextest;
pub(crate) mod panic;
