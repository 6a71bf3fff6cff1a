//! CPython's parser as measured facts, read from `cpython.toml` next to this file.
//!
//! Only what was measured is here; what a pipeline does with a refusal is the analyse stage's.

use std::sync::LazyLock;

use serde::Deserialize;

/// One version of the interpreter.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interpreter {
    /// The version by which it is chosen, for example `3.9`.
    pub name: String,
    /// The release that was measured.
    pub measured: String,
    /// Indents inside indents that it takes; one more is an `IndentationError`.
    pub max_indents: u32,
    /// Brackets inside brackets that it takes; one more is a `SyntaxError`.
    pub max_brackets: u32,
    /// Terms of one expression that it takes; one more is a `RecursionError`.
    pub max_terms: Option<u64>,
    /// Terms of one expression on which it was seen to die of a segmentation fault.
    pub fatal_terms: Option<u64>,
    /// Kilobytes of a process that has parsed nothing.
    pub base_kb: u64,
    /// Bytes of memory for each thousand bytes of source.
    pub tree_bytes_per_source_kb: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Vec<Interpreter>,
}

static VERSIONS: LazyLock<Vec<Interpreter>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("cpython.toml")).expect("the shipped file parses");
    file.version
});

/// The interpreter of a version that the file has.
pub fn version(name: &str) -> &'static Interpreter {
    let found = VERSIONS.iter().find(|interpreter| interpreter.name == name);
    found.expect("the shipped file has every version that can be chosen")
}

impl Interpreter {
    /// Kilobytes that the process takes at its worst on a source of this many bytes.
    pub fn memory_kb(&self, bytes: u64) -> u64 {
        let tree = bytes.saturating_mul(self.tree_bytes_per_source_kb) / 1_000;
        self.base_kb + (tree + bytes) / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_of_memory_gives_back_what_was_measured() {
        let measured =
            [("3.9", [53, 231, 453]), ("3.11", [63, 263, 513]), ("3.13", [63, 267, 523])];
        for (name, megabytes) in measured {
            for (lines, expected) in [10_000, 50_000, 100_000].into_iter().zip(megabytes) {
                let modelled = version(name).memory_kb(lines * 41) / 1024;
                let off = modelled.abs_diff(expected) * 100 / expected;
                assert!(off <= 5, "{name}, {lines} lines: {modelled} MB for {expected} MB");
            }
        }
    }
}
