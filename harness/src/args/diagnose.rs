//! What is typed after `chaos diagnose`.

use std::path::PathBuf;

use clap::Args as Section;
use clap::builder::{PossibleValuesParser, RangedI64ValueParser, TypedValueParser};
use reports::card::{Card, Grade};
use reports::render::{CARD, Exporter};

use super::format::one_of;
use super::run::speed;
use super::service::ServiceArgs;

/// `chaos diagnose`.
#[derive(Debug, Section)]
#[command(after_help = EXAMPLES)]
pub struct DiagnoseArgs {
    /// A shipped pipeline, or the path of a pipeline's, command's or service's file
    #[arg(long, value_name = "NAME|FILE", conflicts_with_all = ["http", "command"])]
    pub pipeline: Option<String>,
    /// A service of the user's.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// Let time pass N times as fast while everything waits, 1 to 1000 [default: 60 where it can
    /// be, otherwise 1]
    #[arg(long, value_name = "N", value_parser = speed())]
    pub speed: Option<u32>,
    /// Only these probes, besides `healthy`
    #[arg(long, value_name = "PROBE", num_args = 1.., value_delimiter = ',')]
    pub only: Vec<String>,
    /// The probes, with what is wrong in each; runs nothing
    #[arg(long)]
    pub list: bool,
    /// Probes under way at once; a service gets one after another
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = at_once())]
    pub at_once: u16,
    /// Other files and other chances
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Files a month, for what it costs
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub files_a_month: u64,
    /// How many of a hundred files meet a given kind of trouble, for what it costs
    #[arg(long, value_name = "PERCENT", default_value_t = 1, value_parser = percent())]
    pub troubled: u8,
    /// Fail where a grade is below this one
    #[arg(long, value_name = "GRADE", value_parser = grade(), default_value = "D")]
    pub fail_below: Grade,
    /// Fail where a grade is worse than on this card (card.json of an earlier diagnosis)
    #[arg(long, value_name = "CARD", conflicts_with = "fail_below")]
    pub baseline: Option<PathBuf>,
    /// The formats; several by comma or by repeating the flag [default: text, and with --out all]
    #[arg(long, value_parser = one_of(&CARD, |card| card.format()), value_delimiter = ',')]
    pub format: Vec<&'static dyn Exporter<Card>>,
    /// The file to write, or the folder where there are several [default: standard output]
    #[arg(long, value_name = "FILE|DIR")]
    pub out: Option<PathBuf>,
    /// All evidence, also of what is good
    #[arg(long)]
    pub verbose: bool,
    /// No progress line
    #[arg(long)]
    pub quiet: bool,
    /// Your own pipeline: {file} starts a process for each file, {dir} or {files} one for all
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "http")]
    pub command: Vec<String>,
}

fn grade() -> impl TypedValueParser<Value = Grade> {
    PossibleValuesParser::new(Grade::ALL.map(Grade::letter)).map(|letter| {
        let found = Grade::ALL.into_iter().find(|grade| grade.letter() == letter);
        found.expect("clap lets only the letters through")
    })
}

fn at_once() -> RangedI64ValueParser<u16> {
    RangedI64ValueParser::new().range(1..=64)
}

fn percent() -> RangedI64ValueParser<u8> {
    RangedI64ValueParser::new().range(0..=100)
}

const EXAMPLES: &str = "\
Examples:
  chaos diagnose -- python pipeline.py {file}
  chaos diagnose --files-a-month 200000 -- python pipeline.py {file}
  chaos diagnose --http http://127.0.0.1:8000/document --start 'uvicorn app:app --port 8000'
  chaos diagnose --pipeline phase1
  chaos diagnose --only hang,cut --verbose -- node pipeline.mjs {file}
  chaos diagnose --out card/ -- python pipeline.py {file}        card.txt, .md, .html and .json
  chaos diagnose --baseline card/card.json -- python pipeline.py {file}

Grades: A nothing to do, B small, C costs money or files in bad weather, D costs them soon,
F costs them now. What no probe has shown has no grade.";
