//! The `[[input]]` and `[load]` sections of a scenario: what files exist, and when each arrives.
//!
//! The types only hold what was written. What cannot be expressed as a range of one key is
//! checked by [`Load::problems`] and [`Input::problems`], which name the key they mean.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One source of files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Input {
    /// One Python file.
    File {
        /// The file's lines.
        #[schemars(range(min = 1, max = 10_000_000))]
        lines: u64,
    },
    /// One Python file nested as deeply as asked.
    Nested {
        /// What is nested.
        shape: Nesting,
        /// How deep: indents, brackets, or terms of the expression.
        #[schemars(range(min = 1, max = 10_000_000))]
        depth: u64,
    },
    /// A tree of Python files.
    Repository {
        /// How many files.
        #[schemars(range(min = 1, max = 1_000_000))]
        files: u64,
        /// The lines of all files together; at least one a file.
        #[schemars(range(min = 1, max = 100_000_000))]
        lines: u64,
        /// How the lines are spread over the files.
        #[serde(default)]
        spread: Spread,
        /// Share of the files that repeat the content of another one, from 0 to 1.
        #[serde(default)]
        #[schemars(range(min = 0.0, max = 1.0))]
        duplicates: f64,
    },
}

/// What a nested file nests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Nesting {
    /// `if` blocks, one indent deeper each.
    Blocks,
    /// Brackets inside brackets.
    Brackets,
    /// One long sum: `a + a + a`, which parsers build as a left-leaning tree.
    Expression,
}

/// How the lines of a repository are spread over its files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Every file has the same number of lines, within one, while less than half are copies.
    #[default]
    Even,
    /// Many small files and a few large ones, as real repositories have.
    Skewed,
}

/// When the jobs arrive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "shape", rename_all = "snake_case", deny_unknown_fields)]
pub enum Load {
    /// Open model: every job arrives at once, each as an invocation of its own.
    Burst {
        /// How often the list of files is run through.
        #[serde(default = "once")]
        #[schemars(range(min = 1, max = 1_000_000))]
        repeat: u64,
    },
    /// Closed model: each of the users starts its next job when its last one has ended.
    Sequential {
        /// How often the list of files is run through.
        #[serde(default = "once")]
        #[schemars(range(min = 1, max = 1_000_000))]
        repeat: u64,
        /// How many users there are.
        #[serde(default = "once")]
        #[schemars(range(min = 1, max = 100_000))]
        users: u64,
        /// Seconds between the end of one round and the start of the next.
        #[serde(default)]
        #[schemars(range(min = 0, max = 31_536_000))]
        pause_s: u64,
        /// Jobs that arrive in the first so many seconds are run and left out of the figures.
        #[serde(default, skip_serializing_if = "is_zero")]
        #[schemars(range(max = 31_536_000))]
        warm_up_s: u64,
    },
    /// One invocation is handed the whole list; the pipeline's own workers set the pace.
    Batch {
        /// How often the list of files is run through.
        #[serde(default = "once")]
        #[schemars(range(min = 1, max = 1_000_000))]
        repeat: u64,
        /// Seconds between the end of one round and the start of the next.
        #[serde(default)]
        #[schemars(range(min = 0, max = 31_536_000))]
        pause_s: u64,
    },
    /// Open model: jobs arrive at a fixed rate, whether or not earlier ones have ended.
    Constant {
        /// How often the list of files is run through.
        #[serde(default = "once")]
        #[schemars(range(min = 1, max = 1_000_000))]
        repeat: u64,
        /// Arrivals a minute.
        #[schemars(range(min = 1, max = 60_000_000))]
        rate_per_minute: u64,
        /// Jobs that arrive in the first so many seconds are run and left out of the figures.
        #[serde(default, skip_serializing_if = "is_zero")]
        #[schemars(range(max = 31_536_000))]
        warm_up_s: u64,
    },
    /// Open model: jobs arrive at random with exponential gaps around a mean rate.
    Poisson {
        /// How often the list of files is run through.
        #[serde(default = "once")]
        #[schemars(range(min = 1, max = 1_000_000))]
        repeat: u64,
        /// Mean arrivals a minute.
        #[schemars(range(min = 1, max = 60_000_000))]
        rate_per_minute: u64,
        /// Jobs that arrive in the first so many seconds are run and left out of the figures.
        #[serde(default, skip_serializing_if = "is_zero")]
        #[schemars(range(max = 31_536_000))]
        warm_up_s: u64,
    },
    /// Open model: the rate changes evenly from one value to another. The files are run through as
    /// often as that takes.
    Ramp {
        /// Arrivals a minute at the beginning.
        #[schemars(range(max = 60_000_000))]
        from_per_minute: u64,
        /// Arrivals a minute at the end.
        #[schemars(range(max = 60_000_000))]
        to_per_minute: u64,
        /// How long it takes, in seconds; then the load is over.
        #[schemars(range(min = 1, max = 31_536_000))]
        over_s: u64,
        /// Jobs that arrive in the first so many seconds are run and left out of the figures.
        #[serde(default, skip_serializing_if = "is_zero")]
        #[schemars(range(max = 31_536_000))]
        warm_up_s: u64,
    },
    /// Open model: in each stage the rate changes evenly to that of the stage, as in k6. The files
    /// are run through as often as that takes.
    Stages {
        /// Arrivals a minute at the beginning of the first stage.
        #[serde(default)]
        #[schemars(range(max = 60_000_000))]
        start_rate_per_minute: u64,
        /// The stages, in order.
        #[schemars(length(min = 1))]
        stages: Vec<Stage>,
        /// Jobs that arrive in the first so many seconds are run and left out of the figures.
        #[serde(default, skip_serializing_if = "is_zero")]
        #[schemars(range(max = 31_536_000))]
        warm_up_s: u64,
    },
    /// Open model: a base rate, and for some time another one. The files are run through as often
    /// as that takes.
    Spike {
        /// Arrivals a minute before and after the spike.
        #[schemars(range(max = 60_000_000))]
        rate_per_minute: u64,
        /// Arrivals a minute in the spike.
        #[schemars(range(min = 1, max = 60_000_000))]
        spike_per_minute: u64,
        /// When the spike begins, in seconds.
        #[schemars(range(max = 31_536_000))]
        at_s: u64,
        /// How long it is, in seconds.
        #[schemars(range(min = 1, max = 31_536_000))]
        for_s: u64,
        /// The length of the whole load in seconds.
        #[schemars(range(min = 1, max = 31_536_000))]
        duration_s: u64,
        /// Jobs that arrive in the first so many seconds are run and left out of the figures.
        #[serde(default, skip_serializing_if = "is_zero")]
        #[schemars(range(max = 31_536_000))]
        warm_up_s: u64,
    },
    /// Open model: arrivals that were recorded elsewhere, one a row.
    Replay {
        /// A CSV file, relative to the scenario's folder: a column `offset_ms`, and where a row is
        /// about a certain input file, a column `file`.
        file: String,
        /// Jobs that arrive in the first so many seconds are run and left out of the figures.
        #[serde(default, skip_serializing_if = "is_zero")]
        #[schemars(range(max = 31_536_000))]
        warm_up_s: u64,
        /// What was read from the file, by whoever may open one.
        #[serde(skip)]
        #[schemars(skip)]
        rows: Arc<[Recorded]>,
    },
}

/// A time in which the rate changes evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// How long it is, in seconds; in a stage of 0 the rate jumps.
    #[schemars(range(max = 31_536_000))]
    pub duration_s: u64,
    /// Arrivals a minute at its end.
    #[schemars(range(max = 60_000_000))]
    pub rate_per_minute: u64,
}

/// One arrival that was recorded elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Milliseconds since the start; never less than that of the row before.
    pub offset_ms: u64,
    /// The input file that it is about, where it says so.
    pub file: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it skips by reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

const fn once() -> u64 {
    1
}
