//! The `[command]` section of a target's file.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Processes at once where the load hands over all jobs together.
pub(in crate::target) const JOBS_AT_ONCE: NonZeroUsize =
    NonZeroUsize::new(10).expect("ten is not zero");

/// A program of yours that makes the calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandConfig {
    /// The program and its arguments, started without a shell. `{file}` starts a process for each
    /// file; `{files}` and `{dir}` start one for all of them. `{out}` is a place for the job's
    /// output, and `{job}` its number.
    pub argv: Vec<String>,
    /// Where it is started, and what its relative paths start from: below this file's folder.
    #[serde(default)]
    pub cwd: Option<String>,
    /// What is set in its environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// What it reads from standard input.
    #[serde(default)]
    pub stdin: Stdin,
    /// Processes at once where the load hands over all jobs together.
    #[serde(default = "jobs_at_once")]
    pub jobs_at_once: NonZeroUsize,
    /// Whether the keys in your environment go along. Without it they are taken out.
    #[serde(default)]
    pub keep_keys: bool,
    /// Whether a job can be good although its process ended with another status than 0.
    #[serde(default)]
    pub ignore_exit_status: bool,
}

/// What a process reads from standard input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stdin {
    /// Nothing.
    #[default]
    Nothing,
    /// The text of the job's file; a process is started for each.
    File,
}

const fn jobs_at_once() -> NonZeroUsize {
    JOBS_AT_ONCE
}

impl CommandConfig {
    /// A command with nothing but its words.
    pub(super) fn typed(argv: Vec<String>) -> Self {
        Self {
            argv,
            cwd: None,
            env: BTreeMap::new(),
            stdin: Stdin::Nothing,
            jobs_at_once: JOBS_AT_ONCE,
            keep_keys: false,
            ignore_exit_status: false,
        }
    }
}
