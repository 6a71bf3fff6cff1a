//! Python text that looks like production code: modules, classes, functions, statements.
//!
//! Everything is planned from the outside in: each part is given an exact number of lines and
//! fills it, so a file needs no padding. Only syntax of Python 3.9 is written, and every
//! module can be executed: names are defined before they are used.

pub(crate) mod module;

mod class;
mod function;
mod header;
mod statements;
mod template;
