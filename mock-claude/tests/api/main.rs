//! What a client sees of the routes beside messages: one family a file.

#[path = "../support/mod.rs"]
mod support;

mod batches;
mod client;
mod files;
mod models;
