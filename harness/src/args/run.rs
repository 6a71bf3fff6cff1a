//! What is typed after `chaos run` and `chaos ablate`: both run a scenario.

use std::path::PathBuf;

use clap::builder::RangedI64ValueParser;
use clap::{Args as Section, ValueEnum};
use reports::Judged;
use reports::render::{Exporter, RUNS};
use warp::SPEEDS;

use super::currency::CurrencyArg;
use super::format::one_of;
use super::service::ServiceArgs;
use super::threads::ThreadsArgs;
use crate::plan::stage::Stage;

/// `chaos run`.
#[derive(Debug, Section)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that was typed or was not")]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    /// Scenarios: shipped names or paths of your own files
    #[arg(value_name = "SCENARIO", required_unless_present_any = ["all", "scenario"])]
    pub scenarios: Vec<String>,
    /// The same by a flag
    #[arg(long, value_name = "NAME|FILE", num_args = 1..)]
    pub scenario: Vec<String>,
    /// Every shipped scenario
    #[arg(long, conflicts_with_all = ["scenario", "scenarios"])]
    pub all: bool,
    /// Pipelines: shipped names or paths of your own files [default: the scenario's]
    #[arg(long, value_name = "NAME|FILE", num_args = 1..)]
    pub pipeline: Vec<String>,
    /// The seed of every decision left to chance [default: the scenario's]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Show costs in this currency as well [default: the scenario's, or none]
    #[arg(long, value_enum, ignore_case = true)]
    pub currency: Option<CurrencyArg>,
    /// Simulated time costs nothing; wall time uses a real port [default: simulated, where it can
    /// be]
    #[arg(long, value_enum)]
    pub clock: Option<ClockArg>,
    /// Let time pass N times as fast for your own command while all of it waits, 1 to 1000 (Linux)
    #[arg(long, value_name = "N", value_parser = speed())]
    pub speed: Option<u32>,
    /// A source tree to use in place of the scenario's generated files
    #[arg(long, value_name = "DIR")]
    pub input: Option<PathBuf>,
    /// The folder for the records and reports [default: the next free one below chaos-out]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace the run that is in the output folder instead of keeping it under another name
    #[arg(long, requires = "out")]
    pub force: bool,
    /// A cache that outlives the run: a file, or the redis:// URL of a server (with --clock wall)
    #[arg(long, value_name = "FILE|URL")]
    pub cache: Option<PathBuf>,
    /// Write the documentation of each file that is documented into this folder
    #[arg(long, value_name = "DIR")]
    pub docs: Option<PathBuf>,
    /// Continue a run in the output folder that was killed or stopped; start it where there is none
    #[arg(long, requires = "out", conflicts_with = "force")]
    pub resume: bool,
    /// The URL of a mock that is running, to use in place of one of the run's own
    #[arg(long, value_name = "URL", requires = "mock_admin")]
    pub mock_url: Option<String>,
    /// The URL of that mock's admin API, which knows what was charged
    #[arg(long, value_name = "URL", requires = "mock_url")]
    pub mock_admin: Option<String>,
    /// What is expected besides, of one pipeline or of all, as in the examples; what misses it
    /// exits with 99
    #[arg(long, value_name = "EXPECTATION", num_args = 1)]
    pub expect: Vec<String>,
    /// End the command as soon as something that is expected by `--expect` or by `checks` cannot be
    /// met any more
    #[arg(long)]
    pub abort_on_fail: bool,
    /// How the outcome is printed; several formats are written into the folder of the run
    #[arg(
        long,
        value_parser = one_of(&RUNS, |runs| runs.format()),
        value_delimiter = ',',
        default_value = "terminal"
    )]
    pub format: Vec<&'static dyn Exporter<[Judged]>>,
    /// A service of the user's.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// How many threads simulate.
    #[command(flatten)]
    pub threads: ThreadsArgs,
    /// Every file's line, not only the first ones
    #[arg(long)]
    pub verbose: bool,
    /// Only errors
    #[arg(long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Your own pipeline: {file} starts a process for each file, {dir} or {files} one for all
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

pub(super) fn speed() -> RangedI64ValueParser<u32> {
    RangedI64ValueParser::new().range(i64::from(*SPEEDS.start())..=i64::from(*SPEEDS.end()))
}

const RUN_EXAMPLES: &str = "\
Examples:
  chaos run concurrent
  chaos run concurrent -- python pipeline.py {file}
  chaos run concurrent --speed 60 -- python pipeline.py {file}
  chaos run concurrent --pipeline phase1 phase3 -- python pipeline.py {file}
  chaos run concurrent --pipeline mine.toml
  chaos run concurrent --http http://127.0.0.1:8000/document --start 'uvicorn app:app --port 8000'
  chaos run --scenario large-repo --input src --pipeline phase3
  chaos run --scenario mine.toml --pipeline phase1 mine-pipeline.toml --seed 11
  chaos run --scenario large-repo --pipeline phase3 --cache answers.redb
  chaos run --scenario mine.toml --clock wall --out out --resume
  chaos run concurrent --expect 'phase3: failed == 0' --expect 'cost_per_success < $0.06'
  chaos run concurrent --expect 'failed < 3' --abort-on-fail -- python pipeline.py {file}
  chaos run concurrent --format markdown >> \"$GITHUB_STEP_SUMMARY\"
  chaos run --all --quiet --out runs";

/// The clock of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClockArg {
    /// Same seed, same bytes.
    Simulated,
    /// Real time over a real port.
    Wall,
}

/// `chaos ablate`.
#[derive(Debug, Section)]
#[command(after_help = ABLATE_EXAMPLES)]
pub struct AblateArgs {
    /// The scenario: a shipped name or the path of your own file
    #[arg(long, value_name = "NAME|FILE")]
    pub scenario: String,
    /// The pipeline: a shipped name or the path of your own file
    #[arg(long, value_name = "NAME|FILE")]
    pub pipeline: String,
    /// Stages that are off from the beginning, where one defence stands in for another
    #[arg(long, value_enum, value_name = "STAGE", num_args = 1..)]
    pub without: Vec<Stage>,
    /// The seed of every decision left to chance [default: the scenario's]
    #[arg(long)]
    pub seed: Option<u64>,
    /// The folder for the records and reports [default: the next free one below chaos-out]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace the run that is in the output folder instead of keeping it under another name
    #[arg(long, requires = "out")]
    pub force: bool,
    /// How many threads simulate.
    #[command(flatten)]
    pub threads: ThreadsArgs,
    /// No progress line
    #[arg(long)]
    pub quiet: bool,
}

const ABLATE_EXAMPLES: &str = "\
Examples:
  chaos ablate --scenario concurrent --pipeline phase3
  chaos ablate --scenario burst-100 --pipeline hardened
  chaos ablate --scenario burst-100 --pipeline hardened --without pacing adaptive";
