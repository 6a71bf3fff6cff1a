//! What is typed after `chaos report`.

use std::path::PathBuf;

use clap::Args as Section;
use reports::Judged;
use reports::render::{Exporter, RUNS};

use super::currency::CurrencyArg;
use super::format::one_of;

/// `chaos report`.
#[derive(Debug, Section)]
#[command(after_help = REPORT_EXAMPLES)]
pub struct ReportArgs {
    /// Folders of runs, folders that hold such folders, or run.jsonl files
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// The formats; several by comma or by repeating the flag
    #[arg(
        long,
        value_parser = one_of(&RUNS, |runs| runs.format()),
        value_delimiter = ',',
        default_value = "terminal"
    )]
    pub format: Vec<&'static dyn Exporter<[Judged]>>,
    /// The file to write, or the folder where there are several [default: standard output]
    #[arg(long, value_name = "FILE|DIR")]
    pub out: Option<PathBuf>,
    /// Show costs in this currency as well [default: as it was run]
    #[arg(long, value_enum, ignore_case = true)]
    pub currency: Option<CurrencyArg>,
    /// Every file's line in the terminal report, not only the first ones
    #[arg(long)]
    pub verbose: bool,
}

const REPORT_EXAMPLES: &str = "\
Examples:
  chaos report chaos-out/concurrent-001
  chaos report chaos-out                     every run below it, in one report
  chaos report before after --format html --out report.html
  chaos report out --format markdown >> \"$GITHUB_STEP_SUMMARY\"
  chaos report out --format json,csv,hgrm --out out/";
