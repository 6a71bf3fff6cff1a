//! What was typed, and nothing more; `plan` says what it means.

use std::path::PathBuf;

use clap::{Args as Section, Parser, Subcommand, ValueEnum};

/// Break an LLM pipeline on purpose, before production does, and prove that the fix works.
#[derive(Debug, Parser)]
#[command(name = "chaos", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  chaos run --scenario concurrent            six of ten requests lost, and the defence
  chaos run --scenario large-repo --input .  the same on your own source tree
  chaos list                                 every scenario and the question it asks
  chaos gate --baseline baseline.json        red when an exact figure moved

Exit codes:
  0 pass, 99 an expectation or a comparison failed, 4 inconclusive, 2 usage,
  104 invalid scenario or file, 105 interrupted, 1 internal error";

const CLASSIFY_EXIT: &str = "\
Exit codes:
  0 nothing failed, 99 something failed, 4 nothing failed in what could be read,
  but the log is incomplete or holds no test output";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario against one or more pipelines
    Run(RunArgs),
    /// List the scenarios and pipelines that ship with the binary
    List,
    /// Print a scenario or pipeline file, as a start for your own
    Show {
        /// A shipped scenario or pipeline
        name: String,
    },
    /// Print the reports of a run again
    Report {
        /// The folder of a run, or its run.jsonl
        run: PathBuf,
        /// Every file's line, not only the first ones
        #[arg(long)]
        verbose: bool,
    },
    /// Read what a test runner printed: every failure, exactly, and whether all was read
    #[command(after_help = CLASSIFY_EXIT)]
    Classify {
        /// Logs and result files; `-` or nothing is standard input
        files: Vec<PathBuf>,
        /// The format, where the input itself does not tell
        #[arg(long, value_enum)]
        format: Option<TestFormat>,
    },
    /// Compare two runs of the same scenario
    Compare {
        /// The run to compare with
        base: PathBuf,
        /// The run that is new
        head: PathBuf,
    },
    /// Fail when a run's exact figures differ from the baseline's
    Gate {
        /// The baseline file
        #[arg(long, value_name = "FILE")]
        baseline: PathBuf,
        /// Keep the runs and their reports below this folder when scenarios are run again
        #[arg(long, value_name = "DIR", conflicts_with = "runs")]
        out: Option<PathBuf>,
        /// Runs to judge; without any, the baseline's scenarios are run again
        runs: Vec<PathBuf>,
    },
    /// Work on baselines
    Baseline {
        /// What to do with it.
        #[command(subcommand)]
        action: BaselineAction,
    },
    /// Write generated source files
    Generate {
        /// What to write.
        #[command(subcommand)]
        what: GenerateWhat,
    },
}

/// What can be done with a baseline.
#[derive(Debug, Subcommand)]
pub enum BaselineAction {
    /// Accept the figures of runs as the ones to hold
    Accept {
        /// The baseline file; made if it is not there
        #[arg(long, value_name = "FILE")]
        baseline: PathBuf,
        /// Why these figures are right, kept in the file
        #[arg(long)]
        reason: Option<String>,
        /// Folders of runs
        #[arg(required = true)]
        runs: Vec<PathBuf>,
    },
}

/// `chaos run`.
#[derive(Debug, Section)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that was typed or was not")]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    /// Scenarios: shipped names or paths of your own files
    #[arg(long, value_name = "NAME|FILE", num_args = 1.., required_unless_present = "all")]
    pub scenario: Vec<String>,
    /// Every shipped scenario, one after another
    #[arg(long, conflicts_with = "scenario")]
    pub all: bool,
    /// Pipelines: shipped names or paths of your own files [default: the scenario's]
    #[arg(long, value_name = "NAME|FILE", num_args = 1..)]
    pub pipeline: Vec<String>,
    /// The seed of every decision left to chance [default: the scenario's]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Simulated time costs nothing; wall time uses a real port
    #[arg(long, value_enum, default_value_t = ClockArg::Simulated)]
    pub clock: ClockArg,
    /// A source tree to use in place of the scenario's generated files
    #[arg(long, value_name = "DIR")]
    pub input: Option<PathBuf>,
    /// The folder for the records and reports [default: the next free one below chaos-out]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace the run that is in the output folder instead of keeping it beside
    #[arg(long, requires = "out")]
    pub force: bool,
    /// A cache file that outlives the run, for pipelines that have a cache
    #[arg(long, value_name = "FILE")]
    pub cache: Option<PathBuf>,
    /// Every file's line, not only the first ones
    #[arg(long)]
    pub verbose: bool,
    /// Only errors
    #[arg(long, conflicts_with = "verbose")]
    pub quiet: bool,
}

const RUN_EXAMPLES: &str = "\
Examples:
  chaos run --scenario concurrent
  chaos run --scenario large-repo --input src --pipeline phase3
  chaos run --scenario mine.toml --pipeline phase1 mine-pipeline.toml --seed 11
  chaos run --scenario large-repo --pipeline phase3 --cache answers.redb
  chaos run --all --quiet --out runs";

/// The clock of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClockArg {
    /// Same seed, same bytes.
    Simulated,
    /// Real time over a real port.
    Wall,
}

/// The formats of test output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// Text of any runner below.
    Text,
    /// pytest's text.
    Pytest,
    /// `cargo test`.
    Cargo,
    /// cargo-nextest.
    Nextest,
    /// JUnit XML.
    Junit,
    /// pytest-reportlog, JSON lines.
    Reportlog,
    /// `go test -json`.
    Go,
    /// `jest --json`.
    Jest,
}

impl From<TestFormat> for reports::testlog::Format {
    fn from(format: TestFormat) -> Self {
        match format {
            TestFormat::Text => Self::Text,
            TestFormat::Pytest => Self::Pytest,
            TestFormat::Cargo => Self::Cargo,
            TestFormat::Nextest => Self::Nextest,
            TestFormat::Junit => Self::Junit,
            TestFormat::Reportlog => Self::Reportlog,
            TestFormat::Go => Self::Go,
            TestFormat::Jest => Self::Jest,
        }
    }
}

/// `chaos generate`. The ranges are those of a scenario's `[[input]]`.
#[derive(Debug, Subcommand)]
pub enum GenerateWhat {
    /// A Python file
    File {
        /// Its lines
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
        lines: u64,
        /// Where it goes.
        #[command(flatten)]
        to: GenerateTo,
    },
    /// A deeply nested Python file
    Nested {
        /// What is nested
        #[arg(long, value_enum)]
        shape: ShapeArg,
        /// How deep
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
        depth: u64,
        /// Where it goes.
        #[command(flatten)]
        to: GenerateTo,
    },
    /// A tree of Python files
    Repo {
        /// How many files
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
        files: u64,
        /// The lines of all files together
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
        lines: u64,
        /// How the lines are spread over the files
        #[arg(long, value_enum, default_value_t = SpreadArg::Even)]
        spread: SpreadArg,
        /// Share of the files that repeat another one's content, from 0 to 1
        #[arg(long, default_value_t = 0.0)]
        duplicates: f64,
        /// The seed
        #[arg(long, default_value_t = 7)]
        seed: u64,
        /// The folder to write; it must not exist or be empty
        #[arg(long, value_name = "DIR")]
        output: PathBuf,
    },
}

/// Where a generated file goes.
#[derive(Debug, Section)]
pub struct GenerateTo {
    /// The seed
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// The file to write; it must not exist [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What a nested file nests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShapeArg {
    /// `if` blocks.
    Blocks,
    /// Brackets.
    Brackets,
    /// One long sum.
    Expression,
}

/// How lines are spread over files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SpreadArg {
    /// The same in each.
    Even,
    /// Many small files and a few large ones.
    Skewed,
}
