//! The analyse stage: what happens to the process that parses a file before sending it.
//!
//! A model with measured limits, because no file of ours should have to kill a real interpreter.
//! The limits are data: `cpython.toml`. Where a scenario names a platform, its memory counts and
//! not the policy's.

pub mod cpython;

use std::num::NonZeroU64;

use reports::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::cpython::Interpreter;
use crate::chunk::ChunkPolicy;
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
    /// The file is parsed by CPython 3.11's `ast`, which raises where 3.9's died.
    #[serde(rename = "cpython_311")]
    Cpython311 {
        /// The process is killed above this.
        memory_limit_mb: NonZeroU64,
    },
    /// The file is parsed by CPython 3.13's `ast`, which raises later than 3.11's.
    #[serde(rename = "cpython_313")]
    Cpython313 {
        /// The process is killed above this.
        memory_limit_mb: NonZeroU64,
    },
}

impl AnalysePolicy {
    /// The interpreter that parses, and its memory; none where nothing is parsed.
    fn interpreter(&self) -> Option<(&'static Interpreter, NonZeroU64)> {
        match *self {
            Self::Off => None,
            Self::Cpython39 { memory_limit_mb } => Some((cpython::version("3.9"), memory_limit_mb)),
            Self::Cpython311 { memory_limit_mb } => {
                Some((cpython::version("3.11"), memory_limit_mb))
            }
            Self::Cpython313 { memory_limit_mb } => {
                Some((cpython::version("3.13"), memory_limit_mb))
            }
        }
    }
}

/// Kilobytes of a process that parses nothing of the file.
const BASE_KB: u64 = 10_240;

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

/// Parses a file as the policy's interpreter would; `platform_mb` is the memory of the platform
/// where a scenario names one.
pub fn analyse(
    policy: &AnalysePolicy,
    facts: &Facts,
    memory_kb: u64,
    platform_mb: Option<NonZeroU64>,
) -> Analysis {
    let parsing = policy.interpreter();
    if let Some((interpreter, _)) = parsing
        && interpreter.fatal_terms.is_some_and(|fatal| facts.terms >= fatal)
    {
        let detail = format!(
            "signal: segmentation fault; CPython {} cannot parse an expression of {} terms",
            interpreter.name, facts.terms
        );
        return Analysis::Died { cause: Cause::ProcessKilled, detail };
    }
    let limit_mb = platform_mb.or(parsing.map(|(_, limit_mb)| limit_mb));
    if let Some(limit_mb) = limit_mb.filter(|limit_mb| exceeds(memory_kb, *limit_mb)) {
        let detail = format!("{} MB / {limit_mb} MB; signal: killed", memory_kb / 1024);
        return Analysis::Died { cause: Cause::OutOfMemory, detail };
    }
    let Some((interpreter, _)) = parsing else {
        return Analysis::Survived { remark: None };
    };
    if interpreter.max_terms.is_some_and(|most| facts.terms > most) {
        let detail = "RecursionError: maximum recursion depth exceeded during ast construction";
        return Analysis::Died { cause: Cause::AnalysisFailed, detail: detail.to_owned() };
    }
    let swallowed = if facts.indents > interpreter.max_indents {
        Some("IndentationError: too many levels of indentation")
    } else if facts.brackets > interpreter.max_brackets {
        Some("SyntaxError: too many nested parentheses")
    } else {
        None
    };
    Analysis::Survived {
        remark: swallowed.map(|error| format!("sent without analysis after {error}")),
    }
}

const fn exceeds(memory_kb: u64, limit_mb: NonZeroU64) -> bool {
    memory_kb > limit_mb.get().saturating_mul(1024)
}

/// Peak memory of the modelled process, in kilobytes.
pub fn memory_kb(analyse: &AnalysePolicy, chunk: &ChunkPolicy, facts: &Facts, bytes: u64) -> u64 {
    if let Some((interpreter, _)) = analyse.interpreter() {
        return interpreter.memory_kb(bytes);
    }
    let tree = match chunk {
        // The documented chunker parses with the same `ast`.
        ChunkPolicy::Documented { max_lines, .. } if facts.lines > max_lines.get() as u64 => {
            return cpython::version("3.9").memory_kb(bytes);
        }
        ChunkPolicy::Stable { max_lines, .. } if facts.lines > max_lines.get() as u64 => {
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
        let survived = |facts: &Facts| match analyse(&PHASE1, facts, 0, None) {
            Analysis::Survived { remark } => remark,
            Analysis::Died { detail, .. } => panic!("{detail}"),
        };
        assert_eq!(survived(&nested(99, 200, 5_000)), None);
        assert!(survived(&nested(100, 0, 0)).unwrap().contains("IndentationError"));
        assert!(survived(&nested(0, 201, 0)).unwrap().contains("SyntaxError"));
        let Analysis::Died { cause, .. } = analyse(&PHASE1, &nested(0, 0, 500_000), 0, None) else {
            panic!("500,000 terms did not kill the process");
        };
        assert_eq!(cause, Cause::ProcessKilled);
    }

    #[test]
    fn half_a_gigabyte_is_reached_where_it_was_measured() {
        // 113,000 lines of 41 bytes were measured to reach 512 MB on CPython 3.9.
        let kb = memory_kb(&PHASE1, &ChunkPolicy::Off, &Facts::default(), 113_000 * 41);
        assert!((490..550).contains(&(kb / 1024)), "{} MB", kb / 1024);
        let Analysis::Died { cause, .. } = analyse(&PHASE1, &Facts::default(), 513 * 1024, None)
        else {
            panic!("513 MB fit into 512 MB");
        };
        assert_eq!(cause, Cause::OutOfMemory);
    }

    #[test]
    fn a_stage_that_is_off_survives_everything() {
        let analysis = analyse(&AnalysePolicy::Off, &nested(1000, 1000, 1_000_000), u64::MAX, None);
        assert_eq!(analysis, Analysis::Survived { remark: None });
    }

    #[test]
    fn what_killed_3_9_is_an_error_that_3_11_and_3_13_raise() {
        let memory_limit_mb = NonZeroU64::new(512).unwrap();
        let cause =
            |policy: AnalysePolicy, terms| match analyse(&policy, &nested(0, 0, terms), 0, None) {
                Analysis::Survived { .. } => None,
                Analysis::Died { cause, .. } => Some(cause),
            };
        let (v39, v311, v313) = (
            AnalysePolicy::Cpython39 { memory_limit_mb },
            AnalysePolicy::Cpython311 { memory_limit_mb },
            AnalysePolicy::Cpython313 { memory_limit_mb },
        );
        assert_eq!(cause(v39.clone(), 5_000), None);
        assert_eq!(cause(v39, 200_000), Some(Cause::ProcessKilled));
        assert_eq!(cause(v311.clone(), 2_989), None);
        assert_eq!(cause(v311, 5_000), Some(Cause::AnalysisFailed));
        assert_eq!(cause(v313.clone(), 5_000), None);
        assert_eq!(cause(v313, 500_000), Some(Cause::AnalysisFailed));
    }

    #[test]
    fn the_memory_of_a_platform_counts_and_not_the_policy_s() {
        let died = |policy: &AnalysePolicy, platform_mb| {
            let platform_mb = NonZeroU64::new(platform_mb);
            let analysis = analyse(policy, &Facts::default(), 600 * 1024, platform_mb);
            matches!(analysis, Analysis::Died { cause: Cause::OutOfMemory, .. })
        };
        assert!(died(&PHASE1, 512) && !died(&PHASE1, 1_024));
        assert!(died(&AnalysePolicy::Off, 512), "a process that parses nothing has a limit too");
    }
}
