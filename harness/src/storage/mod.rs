//! Everything that outlives a run: its folder and files, its checkpoint, caches, documentation.
//!
//! A [`folder`] is opened before its run and never holds another's; [`files`] are written whole;
//! a [`checkpoint`] lets a run go on after a crash; [`cache`] keeps answers from one run to the
//! next, in a [`database`] or on a server; a [`history`] has the figures of many runs.

pub mod cache;
pub mod checkpoint;
pub mod database;
pub mod docs;
pub mod files;
pub mod folder;
pub mod history;
