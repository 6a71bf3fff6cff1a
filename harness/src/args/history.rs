//! What is typed after `chaos history`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args as Section, Subcommand};
use jiff::civil::Date;
use reports::History;
use reports::render::{Exporter, HISTORY};

use super::format::one_of;

/// The file of a history where none is named.
const FILE: &str = "chaos-history.redb";

/// The suite of test logs where none is named.
pub(super) const SUITE: &str = "tests";

/// What can be done with a history.
#[derive(Debug, Subcommand)]
pub enum HistoryAction {
    /// Add runs and test logs to a history
    Add(HistoryAddArgs),
    /// Print each metric over time, and which test failures are new
    Show(HistoryShowArgs),
}

/// `chaos history add`.
#[derive(Debug, Section)]
#[command(after_help = ADD_EXAMPLES)]
pub struct HistoryAddArgs {
    /// Folders of runs, folders with runs in them, and test logs that `chaos classify` reads; the
    /// logs of one call belong to one run of the tests
    #[arg(required = true, value_name = "RUN|DIR|LOG")]
    pub sources: Vec<PathBuf>,
    /// The history; made if it is not there
    #[arg(long, value_name = "FILE", default_value = FILE)]
    pub file: PathBuf,
    /// What was tested, for example a commit. Runs of one label that differ are flaky
    #[arg(long)]
    pub label: Option<String>,
    /// The day on which it was, for what is added later [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub day: Option<Date>,
    /// The name of the tests, where a history has the logs of several suites
    #[arg(long, value_name = "NAME", default_value = SUITE)]
    pub suite: String,
}

/// `chaos history show`.
#[derive(Debug, Section)]
#[command(after_help = SHOW_EXAMPLES)]
pub struct HistoryShowArgs {
    /// The history
    #[arg(long, value_name = "FILE", default_value = FILE)]
    pub file: PathBuf,
    /// Only this scenario
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// Only this pipeline
    #[arg(long, value_name = "NAME")]
    pub pipeline: Option<String>,
    /// Only these metrics; `latency_*` is all that begin so
    #[arg(long, value_name = "METRIC", num_args = 1..)]
    pub metric: Vec<String>,
    /// Only the latest runs of each line
    #[arg(long, value_name = "N")]
    pub last: Option<NonZeroUsize>,
    /// The baseline that says which steps were accepted, and why
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// The formats; several by comma or by repeating the flag
    #[arg(
        long,
        value_parser = one_of(&HISTORY, |history| history.format()),
        value_delimiter = ',',
        default_value = "terminal"
    )]
    pub format: Vec<&'static dyn Exporter<History>>,
    /// The file to write, or the folder where there are several [default: standard output]
    #[arg(long, value_name = "FILE|DIR")]
    pub out: Option<PathBuf>,
    /// Also the metrics that did not move, and every failure with all its tests
    #[arg(long)]
    pub verbose: bool,
}

const ADD_EXAMPLES: &str = "\
Examples:
  chaos history add out --label \"$GITHUB_SHA\"
  chaos gate --baseline baseline.json --keep runs; chaos history add runs --label v1.4
  chaos history add pytest.log --label \"$GITHUB_SHA\"
  chaos history add old/concurrent-001 --day 2026-10-01 --label v1.3

The same run twice is added once. A run that is incomplete is refused (exit code 4), and then
nothing is added.";

const SHOW_EXAMPLES: &str = "\
Examples:
  chaos history show
  chaos history show --baseline baseline.json --scenario concurrent
  chaos history show --metric cost_microusd 'latency_*' --last 20
  chaos history show --format csv --out history.csv

Exit codes:
  0 something was shown, whatever it says, 4 the history is empty";
