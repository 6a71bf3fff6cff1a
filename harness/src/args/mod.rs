//! What was typed, and nothing more; `plan` says what it means.

mod classify;
mod currency;
mod diagnose;
mod format;
mod gate;
mod generate;
mod history;
mod init;
mod report;
mod run;
mod service;
mod threads;

pub use classify::{ClassifyArgs, TestFormat};
pub use currency::CurrencyArg;
pub use diagnose::DiagnoseArgs;
pub use gate::{CompareArgs, GateArgs, PairArgs};
pub use generate::{GenerateTo, GenerateWhat, ShapeArg, SpreadArg};
pub use history::{HistoryAction, HistoryAddArgs, HistoryShowArgs};
pub use init::{Ci, InitArgs};
pub use report::ReportArgs;
pub use run::{AblateArgs, ClockArg, RunArgs};
pub use service::ServiceArgs;
pub use threads::ThreadsArgs;

use std::path::PathBuf;

use clap::{Args as Section, Parser, Subcommand};
use clap_complete::Shell;
use mock_claude::limits::Tier;
use reports::Difference;
use reports::claim::Claim;
use reports::render::{CLAIMS, DIFFERENCE, Exporter};

use self::format::one_of;

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
  chaos diagnose -- python pipeline.py {file}          what your own client does wrong, graded
  chaos run concurrent -- python pipeline.py {file}    one kind of trouble for it, in full
  chaos init -- python pipeline.py {file}              files to start from, for your own command
  chaos run concurrent                                 six of ten requests lost, and the defence
  chaos run large-repo --input .                       the same on your own source tree
  chaos estimate .                                     what it would cost, without one call
  chaos list                                           every scenario and the question it asks
  chaos gate --baseline baseline.json                  red when an exact figure moved
  chaos history add out; chaos history show            what moved over time, and since when
  chaos ablate --scenario concurrent --pipeline phase3 what each defence is worth
  chaos claims                                         what the documents claim, measured
  chaos mock --port 8080 --preset brownout             the API alone, for your own client

Exit codes:
  0 pass, 99 an expectation or a comparison failed, 4 inconclusive, 2 usage,
  104 invalid scenario or file, 105 interrupted, 1 internal error

Environment:
  Every flag has a variable: CHAOS_RUN_SEED for `chaos run --seed`. A flag that is typed wins.";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a scenario, a pipeline and a workflow for your own command
    Init(InitArgs),
    /// Run a scenario against one or more pipelines
    Run(Box<RunArgs>),
    /// Find out what a client does wrong: many short troubles, a grade for each kind of conduct
    Diagnose(Box<DiagnoseArgs>),
    /// Estimate what a run over a source tree would cost, take and break on, without one call
    Estimate(EstimateArgs),
    /// List the scenarios and pipelines that ship with the binary
    List {
        /// JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Print a scenario, pipeline or platform, as a start for your own
    Show {
        /// A shipped scenario, pipeline or platform
        name: String,
    },
    /// Print a JSON schema of files that are read or written, for editors and programs
    Schema {
        /// Its name; without one, all are listed
        name: Option<String>,
    },
    /// Print the reports of runs again, for a person, a program or a CI system
    Report(ReportArgs),
    /// Read what a test runner printed: every failure, exactly, and whether all was read
    Classify(ClassifyArgs),
    /// Compare two runs of the same scenario
    Compare(CompareArgs),
    /// Fail when a run's exact figures differ from the baseline's
    Gate(GateArgs),
    /// Work on baselines
    Baseline {
        /// What to do with it.
        #[command(subcommand)]
        action: BaselineAction,
    },
    /// Keep runs and test logs in one file, and show what moved over time
    History {
        /// What to do with it.
        #[command(subcommand)]
        action: HistoryAction,
    },
    /// Switch one stage of a pipeline off at a time, and show which failure comes back
    Ablate(AblateArgs),
    /// Measure the figures that the documents on Phase 1 and Phase 3 claim
    Claims(ClaimsArgs),
    /// Write generated source files
    Generate {
        /// What to write.
        #[command(subcommand)]
        what: GenerateWhat,
    },
    /// Print completions for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write a man page for each command into a folder
    Man {
        /// The folder; made if it is not there
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Clean up after a run, once it is gone
    #[command(hide = true)]
    Guard {
        /// What marks the processes of the run.
        mark: String,
        /// The folder of its files.
        folder: PathBuf,
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

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  chaos completions bash > ~/.local/share/bash-completion/completions/chaos
  chaos completions zsh > ~/.zfunc/_chaos
  chaos completions fish > ~/.config/fish/completions/chaos.fish";

/// What can be done with a baseline.
#[derive(Debug, Subcommand)]
pub enum BaselineAction {
    /// Print a baseline: every scenario, or all numbers of one
    Show {
        /// The baseline file
        baseline: PathBuf,
        /// A scenario of it
        scenario: Option<String>,
    },
    /// Print what two baselines differ in
    Diff {
        /// The baseline file to compare with
        base: PathBuf,
        /// The other one
        head: PathBuf,
        /// How it is printed
        #[arg(
            long,
            value_parser = one_of(&DIFFERENCE, |difference| difference.format()),
            default_value = "terminal"
        )]
        format: &'static dyn Exporter<Difference>,
    },
    /// Accept the figures of runs as the ones to keep to
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
    /// Show costs in this currency as well
    #[arg(long, value_enum, ignore_case = true)]
    pub currency: Option<CurrencyArg>,
    /// JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// `chaos claims`.
#[derive(Debug, Section)]
pub struct ClaimsArgs {
    /// Only these rows
    #[arg(long, value_name = "N", num_args = 1..)]
    pub row: Vec<u64>,
    /// How the list is printed
    #[arg(long, value_parser = one_of(&CLAIMS, |claims| claims.format()), default_value = "text")]
    pub format: &'static dyn Exporter<[Claim]>,
    /// How many threads simulate.
    #[command(flatten)]
    pub threads: ThreadsArgs,
    /// No progress line
    #[arg(long)]
    pub quiet: bool,
}
