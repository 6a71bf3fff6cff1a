//! What is typed after `chaos gate` and `chaos compare`.

use std::path::PathBuf;

use clap::Args as Section;
use reports::render::{COMPARISON, Exporter, GATE};
use reports::{Comparison, GateReport, Tolerance};

use super::format::one_of;

/// `chaos gate`.
#[derive(Debug, Section)]
#[command(after_help = GATE_EXAMPLES)]
pub struct GateArgs {
    /// The baseline file
    #[arg(long, value_name = "FILE")]
    pub baseline: PathBuf,
    /// Keep the runs and their reports below this folder when scenarios are run again
    #[arg(long, value_name = "DIR", conflicts_with = "runs")]
    pub keep: Option<PathBuf>,
    /// How far a number may get worse, relative, absolute or both, as in the examples; with both,
    /// the greater one counts [default: not at all]
    #[arg(long, value_name = "TOLERANCE")]
    pub tolerance: Vec<Tolerance>,
    /// The formats; several by comma or by repeating the flag
    #[arg(
        long,
        value_parser = one_of(&GATE, |gate| gate.format()),
        value_delimiter = ',',
        default_value = "terminal"
    )]
    pub format: Vec<&'static dyn Exporter<GateReport>>,
    /// The file to write, or the folder where there are several [default: standard output]
    #[arg(long, value_name = "FILE|DIR")]
    pub out: Option<PathBuf>,
    /// Runs to judge; without any, the baseline's scenarios are run again
    pub runs: Vec<PathBuf>,
}

const GATE_EXAMPLES: &str = "\
Examples:
  chaos gate --baseline baseline.json
  chaos gate --baseline baseline.json out
  chaos gate --baseline baseline.json --tolerance 'latency_* 5% 20ms'
  chaos gate --baseline baseline.json --tolerance 'phase3: cost_microusd $0.01'
  chaos gate --baseline baseline.json --format markdown >> \"$GITHUB_STEP_SUMMARY\"
  chaos gate --baseline baseline.json --format terminal,junit,github --out gate/ --keep runs";

/// `chaos compare`.
#[derive(Debug, Section)]
pub struct CompareArgs {
    /// The run to compare with
    pub base: PathBuf,
    /// The run that is new
    pub head: PathBuf,
    /// The formats; several by comma or by repeating the flag
    #[arg(
        long,
        value_parser = one_of(&COMPARISON, |comparison| comparison.format()),
        value_delimiter = ',',
        default_value = "terminal"
    )]
    pub format: Vec<&'static dyn Exporter<Comparison>>,
    /// The file to write, or the folder where there are several [default: standard output]
    #[arg(long, value_name = "FILE|DIR")]
    pub out: Option<PathBuf>,
}
