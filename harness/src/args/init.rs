//! What is typed after `chaos init`.

use clap::{Args as Section, ValueEnum};

/// `chaos init`.
#[derive(Debug, Section)]
#[command(after_help = INIT_EXAMPLES)]
pub struct InitArgs {
    /// The trouble: a shipped scenario, see `chaos list` [default: asked for, or concurrent]
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// The CI system for which a workflow is written [default: asked for, or none]
    #[arg(long, value_enum)]
    pub ci: Option<Ci>,
    /// Your own pipeline: {file} starts a process for each file, {dir} or {files} one for all
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// A CI system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ci {
    /// A workflow in .github/workflows/chaos.yml.
    Github,
    /// A job in chaos.gitlab-ci.yml, to be included.
    Gitlab,
    /// No workflow.
    None,
}

const INIT_EXAMPLES: &str = "\
Examples:
  chaos init                                      asks for the three things that it has to know
  chaos init -- python pipeline.py {file}
  chaos init --scenario brownout --ci github -- node pipeline.mjs {file}

It writes chaos-scenario.toml and chaos-pipeline.toml into this folder and replaces no file.
Then: chaos run chaos-scenario.toml";
