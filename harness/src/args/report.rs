//! What is typed after `chaos report`.

use std::path::PathBuf;

use clap::{Args as Section, ValueEnum};

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
