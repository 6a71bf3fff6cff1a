//! What was typed, and nothing more; `plan` says what it means.

use std::path::PathBuf;

use clap::{Args as Section, Parser, Subcommand, ValueEnum};
use mock_claude::limits::Tier;

use crate::pipeline::stage::Stage;

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
  chaos estimate .                           what it would cost, without one call
  chaos list                                 every scenario and the question it asks
  chaos gate --baseline baseline.json        red when an exact figure moved
  chaos ablate --scenario concurrent --pipeline hardened   what each defence is worth
  chaos claims                               what the documents claim, measured
  chaos mock --port 8080 --preset brownout   the API alone, for your own client

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
    /// Foretell what a run over a source tree would cost, take and break on, without one call
    Estimate(EstimateArgs),
    /// List the scenarios and pipelines that ship with the binary
    List,
    /// Print a scenario, pipeline or platform, as a start for your own
    Show {
        /// A shipped scenario, pipeline or platform
        name: String,
    },
    /// Print the reports of runs again, for a person, a program or a CI system
    Report(ReportArgs),
    /// Read what a test runner printed: every failure, exactly, and whether all was read
    Classify(ClassifyArgs),
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
    /// Switch one stage of a pipeline off at a time, and show which failure comes back
    Ablate(AblateArgs),
    /// Measure what the seed documents claim
    Claims(ClaimsArgs),
    /// Write generated source files
    Generate {
        /// What to write.
        #[command(subcommand)]
        what: GenerateWhat,
    },
    /// Serve the mock of the Claude API on a port, as `mock-claude` does
    #[command(after_help = MOCK_EXAMPLES)]
    Mock(Box<mock_claude::cli::Args>),
}

const MOCK_EXAMPLES: &str = "\
Examples:
  chaos mock --port 8080 --preset realistic
  chaos mock --port 0 --limits start --faults brownout.toml --seed 7
  chaos mock --show-preset stress > mine.toml && chaos mock --config mine.toml
  chaos mock proxy --upstream https://api.anthropic.com --record calls.jsonl

The first line that is printed is the URL: point ANTHROPIC_BASE_URL at it. Ctrl-C stops it.";

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
    /// A cache that outlives the run: a file, or the redis:// URL of a server (with --clock wall)
    #[arg(long, value_name = "FILE|URL")]
    pub cache: Option<PathBuf>,
    /// Write the documentation of each file that is documented into this folder
    #[arg(long, value_name = "DIR")]
    pub docs: Option<PathBuf>,
    /// Go on where a run in the output folder was killed or stopped; begin it, where there is none
    #[arg(long, requires = "out", conflicts_with = "force")]
    pub resume: bool,
    /// The URL of a mock that is running, to use in place of one of the run's own
    #[arg(long, value_name = "URL", requires = "mock_admin")]
    pub mock_url: Option<String>,
    /// The URL of that mock's admin API, which knows what was charged
    #[arg(long, value_name = "URL", requires = "mock_url")]
    pub mock_admin: Option<String>,
    /// Every file's line, not only the first ones
    #[arg(long)]
    pub verbose: bool,
    /// Only errors
    #[arg(long, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// `chaos estimate`.
#[derive(Debug, Section)]
pub struct EstimateArgs {
    /// The source tree, or one file
    #[arg(value_name = "DIR")]
    pub input: PathBuf,
    /// Pipelines: shipped names or paths of your own files [default: all that ship]
    #[arg(long, value_name = "NAME|FILE", num_args = 1..)]
    pub pipeline: Vec<String>,
    /// The rate limits of a usage tier [default: none]
    #[arg(long, value_name = "TIER", value_parser = Tier::ALL.map(Tier::name))]
    pub limits: Option<String>,
    /// A model in place of each pipeline's own
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,
    /// JSON instead of text
    #[arg(long)]
    pub json: bool,
}

const RUN_EXAMPLES: &str = "\
Examples:
  chaos run --scenario concurrent
  chaos run --scenario large-repo --input src --pipeline phase3
  chaos run --scenario mine.toml --pipeline phase1 mine-pipeline.toml --seed 11
  chaos run --scenario large-repo --pipeline phase3 --cache answers.redb
  chaos run --scenario mine.toml --clock wall --out out --resume
  chaos run --all --quiet --out runs";

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
    /// Replace the run that is in the output folder instead of keeping it beside
    #[arg(long, requires = "out")]
    pub force: bool,
    /// No progress bar
    #[arg(long)]
    pub quiet: bool,
}

const ABLATE_EXAMPLES: &str = "\
Examples:
  chaos ablate --scenario concurrent --pipeline phase3
  chaos ablate --scenario burst-100 --pipeline hardened
  chaos ablate --scenario burst-100 --pipeline hardened --without pacing adaptive";

/// `chaos classify`.
#[derive(Debug, Section)]
#[command(after_help = CLASSIFY_EXIT)]
pub struct ClassifyArgs {
    /// Logs and result files; `-` or nothing is standard input
    pub files: Vec<PathBuf>,
    /// The format of the input, where it does not tell itself
    #[arg(long, value_enum)]
    pub format: Option<TestFormat>,
    /// What to make of it
    #[arg(long, value_enum, default_value_t = TriageReport::Text)]
    pub report: TriageReport,
    /// The file to write in place of standard output; with `--compat`, the folder
    #[arg(long, value_name = "FILE|DIR")]
    pub out: Option<PathBuf>,
    /// Rules of your own, tried before those that ship (see reports/rules.toml)
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Look for tests that flip, also in a single file
    #[arg(long)]
    pub flaky: bool,
    /// Every id of every group, not only the first ones
    #[arg(long)]
    pub verbose: bool,
    /// Exactly what the original script made of pytest's text, its mistakes included
    #[arg(long, conflicts_with_all = ["format", "report", "rules", "flaky", "verbose"])]
    pub compat: bool,
}

/// What the failures of tests can be reported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TriageReport {
    /// For a terminal: each group of failures with its cause and remedy.
    Text,
    /// The failure report.
    Txt,
    /// The failure inventory, a row for each failure.
    Csv,
    /// Everything, for programs.
    Json,
    /// A comment on a pull request.
    Markdown,
    /// A test report in the XML of `JUnit`.
    Junit,
    /// Failures by priority and category.
    Matrix,
}

/// `chaos claims`.
#[derive(Debug, Section)]
pub struct ClaimsArgs {
    /// Only these rows
    #[arg(long, value_name = "N", num_args = 1..)]
    pub row: Vec<u64>,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t = ClaimsFormat::Text)]
    pub format: ClaimsFormat,
    /// No progress bar
    #[arg(long)]
    pub quiet: bool,
}

/// The shape of the list of claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClaimsFormat {
    /// For a terminal.
    Text,
    /// A line for each quantity, for a spreadsheet.
    Csv,
    /// A table.
    Markdown,
}

/// `chaos report`.
#[derive(Debug, Section)]
#[command(after_help = REPORT_EXAMPLES)]
pub struct ReportArgs {
    /// Folders of runs, or their run.jsonl
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// What to make of them; several by comma or by repeating the flag
    #[arg(long, value_enum, value_delimiter = ',', default_value = "terminal")]
    pub format: Vec<FormatArg>,
    /// The file to write, or the folder where there are several [default: standard output]
    #[arg(long, value_name = "FILE|DIR")]
    pub out: Option<PathBuf>,
    /// Every file's line in the terminal report, not only the first ones
    #[arg(long)]
    pub verbose: bool,
}

const REPORT_EXAMPLES: &str = "\
Examples:
  chaos report chaos-out/concurrent-001
  chaos report before after --format html --out report.html
  chaos report out --format markdown >> \"$GITHUB_STEP_SUMMARY\"
  chaos report out --format json,csv,hgrm --out reports/";

/// What a run can be reported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum FormatArg {
    /// The screen of `chaos run`.
    Terminal,
    /// A comment on a pull request, or the summary of a CI step.
    Markdown,
    /// Everything, for programs; its schema is reports/report.schema.json.
    Json,
    /// The numbers, a row for each pipeline.
    Csv,
    /// Latency percentiles for HDR plotters, one file for each pipeline.
    Hgrm,
    /// One page with charts that needs no network.
    Html,
    /// Every failure as a row.
    FailuresCsv,
    /// The failure report.
    FailuresTxt,
    /// A test report in the XML of `JUnit`.
    Junit,
    /// Annotations for GitHub Actions.
    Github,
    /// Failures by priority and category.
    Matrix,
}

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
    /// libtest's JSON, by `cargo test` or by nextest.
    Libtest,
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
            TestFormat::Libtest => Self::Libtest,
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
