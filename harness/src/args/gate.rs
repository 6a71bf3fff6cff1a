//! What is typed after `chaos gate` and `chaos compare`.

use std::path::PathBuf;

use clap::Args as Section;
use clap::builder::RangedI64ValueParser;
use reports::render::{COMPARISON, Exporter, GATE};
use reports::{Comparison, GateReport, LEAST, Tolerance};

use super::format::one_of;
use super::run::speed;
use super::threads::ThreadsArgs;

/// `chaos gate`.
#[derive(Debug, Section)]
#[command(after_help = GATE_EXAMPLES)]
pub struct GateArgs {
    /// The baseline file
    #[arg(long, value_name = "FILE", required_unless_present = "base", conflicts_with = "base")]
    pub baseline: Option<PathBuf>,
    /// Two pipelines held against each other, in real time.
    #[command(flatten)]
    pub pair: PairArgs,
    /// Keep the runs and their reports below this folder when scenarios are run again
    #[arg(long, value_name = "DIR", conflicts_with = "runs")]
    pub keep: Option<PathBuf>,
    /// How far a number may get worse, relative, absolute or both, as in the examples; with both,
    /// the greater one counts [default: not at all, and 5 % in real time]
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
    /// How many threads simulate.
    #[command(flatten)]
    pub threads: ThreadsArgs,
    /// No progress line
    #[arg(long)]
    pub quiet: bool,
    /// Runs to judge; without any, the baseline's scenarios are run again
    pub runs: Vec<PathBuf>,
}

/// What `chaos gate` needs to hold two pipelines against each other.
#[derive(Debug, Section)]
pub struct PairArgs {
    /// The pipeline to hold another one against, in real time: a shipped name or a file, for
    /// example in another checkout
    #[arg(
        long,
        value_name = "NAME|FILE",
        requires_all = ["head", "scenario"],
        conflicts_with = "runs"
    )]
    pub base: Option<String>,
    /// The pipeline that is held against it
    #[arg(long, value_name = "NAME|FILE", requires = "base")]
    pub head: Option<String>,
    /// The scenario that both are put under: a shipped name or the path of your own file
    #[arg(long, value_name = "NAME|FILE", requires = "base")]
    pub scenario: Option<String>,
    /// How often each is run, in turns
    #[arg(
        long,
        value_name = "N",
        requires = "base",
        default_value_t = 10,
        value_parser = repeats()
    )]
    pub repeats: u32,
    /// The seed of every decision left to chance [default: the scenario's]
    #[arg(long, requires = "base")]
    pub seed: Option<u64>,
    /// A source tree to use in place of the scenario's generated files
    #[arg(long, value_name = "DIR", requires = "base")]
    pub input: Option<PathBuf>,
    /// Let time pass N times as fast for commands while all of them wait, 1 to 1000 (Linux)
    #[arg(long, value_name = "N", requires = "base", value_parser = speed())]
    pub speed: Option<u32>,
}

/// Fewer show nothing, and more cost more than they show.
fn repeats() -> RangedI64ValueParser<u32> {
    RangedI64ValueParser::new().range(i64::from(LEAST)..=50)
}

const GATE_EXAMPLES: &str = "\
Examples:
  chaos gate --baseline baseline.json
  chaos gate --baseline baseline.json out
  chaos gate --baseline baseline.json --tolerance 'latency_* 5% 20ms'
  chaos gate --baseline baseline.json --tolerance 'phase3: cost_microusd $0.01'
  chaos gate --base ../main/pipeline.toml --head pipeline.toml --scenario concurrent
  chaos gate --base phase1 --head phase3 --scenario pair.toml --tolerance 'latency_* 10%'
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
