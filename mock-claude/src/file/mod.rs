//! Reads the files that users write: strictly, every problem at once, each with its place, its key
//! and, where one is near, the name that was meant.
//!
//! A file is parsed ([`document`]), held against the schema of the type that it becomes
//! ([`shape`]), and what is wrong is told in words ([`problem`]). Nothing here knows what a file is
//! about: the mock's own files, scenarios and pipelines are all read by it.

pub mod document;
pub mod problem;
pub mod shape;

pub use self::document::Document;
pub use self::problem::{Invalid, Problem, nearest, suggest};
pub use self::shape::Finding;
