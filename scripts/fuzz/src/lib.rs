//! Every reader of bytes that somebody else sends, as a function from bytes to nothing.
//!
//! A function returns whatever it is given; it panics where the reader does, or where what was read
//! is not what it has to be. Each has a target of the fuzzer that calls it and nothing else, a
//! folder in `corpus` with its name, and a line in [`TARGETS`], from which `harness/tests/fuzz.rs`
//! feeds it the corpus and mutations of it without a fuzzer.

mod choices;
mod pipe;

mod admin;
mod bodies;
mod checkpoints;
mod fields;
mod files;
mod heads;
mod logs;
mod recordings;
mod records;
mod relayed;
mod streams;
mod toml;

/// A reader, and the name of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 12] = [
    ("admin", admin::feed),
    ("bodies", bodies::feed),
    ("checkpoints", checkpoints::feed),
    ("fields", fields::feed),
    ("files", files::feed),
    ("heads", heads::feed),
    ("logs", logs::feed),
    ("recordings", recordings::feed),
    ("records", records::feed),
    ("relayed", relayed::feed),
    ("streams", streams::feed),
    ("toml", toml::feed),
];

/// Feeds the target of this name.
pub fn feed(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, feed) = target.expect("a target has the name of a line in the table");
    feed(data);
}
