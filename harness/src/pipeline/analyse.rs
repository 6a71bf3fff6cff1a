//! The analyse stage: what happens to the process that parses a file before sending it.
//!
//! A model with measured limits, because no file of ours should have to kill a real interpreter.
//! Source of the numbers: CPython 3.9.18, 3.11.7 and 3.13.0 with `ast.parse`, 2026.

use std::num::NonZeroU64;

use reports::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chunk::ChunkPolicy;
use crate::source::facts::Facts;

/// The `[analyse]` section: the process that a pipeline runs in, as a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum AnalysePolicy {
    /// The file is not parsed.
    Off,
    /// The file is parsed by CPython 3.9's `ast`, with that parser's limits.
    #[serde(rename = "cpython_39")]
    Cpython39 {
        /// The process is killed above this.
        memory_limit_mb: NonZeroU64,
    },
}

/// Indents inside indents that CPython takes; one more is an `IndentationError`.
const MAX_INDENTS: u32 = 99;

/// Brackets inside brackets that CPython takes; one more is a `SyntaxError`.
const MAX_BRACKETS: u32 = 200;

/// Terms of one expression on which CPython 3.9 was seen to die of a segmentation fault. Fewer
/// may do it too; 5,000 do not.
const FATAL_TERMS: u64 = 500_000;

/// Kilobytes of a process that has parsed nothing.
const BASE_KB: u64 = 10_240;

/// Bytes of memory for each thousand bytes of source in CPython 3.9's `ast`.
const AST_BYTES_PER_KB: u64 = 108_000;

/// Bytes of memory for each line in tree-sitter's tree.
const TREE_BYTES_PER_LINE: u64 = 1_792;

/// Lines whose tree is in memory at once, however long the file is.
const TREE_LINES: u64 = 30_000;

/// How the process came through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Analysis {
    /// It goes on; the remark says what it swallowed.
    Survived {
        /// Something that the pipeline did not notice.
        remark: Option<String>,
    },
    /// It died.
    Died {
        /// Of what.
        cause: Cause,
        /// The last words.
        detail: String,
    },
}

/// Parses a file as the policy's interpreter would.
pub fn analyse(policy: &AnalysePolicy, facts: &Facts, memory_kb: u64) -> Analysis {
    let AnalysePolicy::Cpython39 { memory_limit_mb } = policy else {
        return Analysis::Survived { remark: None };
    };
    if facts.terms >= FATAL_TERMS {
        let detail = format!(
            "signal: segmentation fault; CPython 3.9 cannot parse an expression of {} terms",
            facts.terms
        );
        return Analysis::Died { cause: Cause::ProcessKilled, detail };
    }
    if memory_kb > memory_limit_mb.get().saturating_mul(1024) {
        let detail = format!("{} MB / {memory_limit_mb} MB; signal: killed", memory_kb / 1024);
        return Analysis::Died { cause: Cause::OutOfMemory, detail };
    }
    let swallowed = if facts.indents > MAX_INDENTS {
        Some("IndentationError: too many levels of indentation")
    } else if facts.brackets > MAX_BRACKETS {
        Some("SyntaxError: too many nested parentheses")
    } else {
        None
    };
    Analysis::Survived {
        remark: swallowed.map(|error| format!("sent without analysis after {error}")),
    }
}

/// Peak memory of the modelled process, in kilobytes.
pub fn memory_kb(analyse: &AnalysePolicy, chunk: &ChunkPolicy, facts: &Facts, bytes: u64) -> u64 {
    let tree = match (analyse, chunk) {
        (AnalysePolicy::Cpython39 { .. }, _) => bytes.saturating_mul(AST_BYTES_PER_KB) / 1_000,
        // The documented chunker parses with the same `ast`.
        (AnalysePolicy::Off, ChunkPolicy::Documented { max_lines, .. })
            if facts.lines > max_lines.get() as u64 =>
        {
            bytes.saturating_mul(AST_BYTES_PER_KB) / 1_000
        }
        (AnalysePolicy::Off, ChunkPolicy::Stable { max_lines, .. })
            if facts.lines > max_lines.get() as u64 =>
        {
            facts.lines.min(TREE_LINES).saturating_mul(TREE_BYTES_PER_LINE)
        }
        _ => 0,
    };
    BASE_KB + (tree + bytes) / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHASE1: AnalysePolicy =
        AnalysePolicy::Cpython39 { memory_limit_mb: NonZeroU64::new(512).unwrap() };

    fn nested(indents: u32, brackets: u32, terms: u64) -> Facts {
        Facts { indents, brackets, terms, ..Facts::default() }
    }

    #[test]
    fn what_cpython_rejects_is_swallowed_and_what_kills_it_kills() {
        let survived = |facts: &Facts| match analyse(&PHASE1, facts, 0) {
            Analysis::Survived { remark } => remark,
            Analysis::Died { detail, .. } => panic!("{detail}"),
        };
        assert_eq!(survived(&nested(99, 200, 5_000)), None);
        assert!(survived(&nested(100, 0, 0)).unwrap().contains("IndentationError"));
        assert!(survived(&nested(0, 201, 0)).unwrap().contains("SyntaxError"));
        let Analysis::Died { cause, .. } = analyse(&PHASE1, &nested(0, 0, 500_000), 0) else {
            panic!("500,000 terms did not kill the process");
        };
        assert_eq!(cause, Cause::ProcessKilled);
    }

    #[test]
    fn half_a_gigabyte_is_reached_where_it_was_measured() {
        // 113,000 lines of 41 bytes were measured to reach 512 MB on CPython 3.9.
        let kb = memory_kb(&PHASE1, &ChunkPolicy::Off, &Facts::default(), 113_000 * 41);
        assert!((490..550).contains(&(kb / 1024)), "{} MB", kb / 1024);
        let Analysis::Died { cause, .. } = analyse(&PHASE1, &Facts::default(), 513 * 1024) else {
            panic!("513 MB fit into 512 MB");
        };
        assert_eq!(cause, Cause::OutOfMemory);
    }

    #[test]
    fn a_stage_that_is_off_survives_everything() {
        let analysis = analyse(&AnalysePolicy::Off, &nested(1000, 1000, 1_000_000), u64::MAX);
        assert_eq!(analysis, Analysis::Survived { remark: None });
    }
}
