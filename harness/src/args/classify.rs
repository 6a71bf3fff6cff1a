//! What is typed after `chaos classify`.

use std::path::PathBuf;

use clap::{Args as Section, ValueEnum};
use reports::render::Exporter;
use testlog::render::TRIAGE;
use testlog::triage::Triage;

use super::format::one_of;
use super::history::SUITE;

/// `chaos classify`.
#[derive(Debug, Section)]
#[command(after_help = CLASSIFY_EXIT)]
pub struct ClassifyArgs {
    /// Logs and result files; `-` or nothing is standard input
    pub files: Vec<PathBuf>,
    /// The format of the input, where it cannot be detected
    #[arg(long, value_enum)]
    pub format: Option<TestFormat>,
    /// The report to make
    #[arg(long, value_parser = one_of(&TRIAGE, |triage| triage.format()), default_value = "text")]
    pub report: &'static dyn for<'a> Exporter<Triage<'a>>,
    /// The file or folder to write in place of standard output; with `--compat`, the folder
    #[arg(long, value_name = "FILE|DIR")]
    pub out: Option<PathBuf>,
    /// Rules of your own, tried before those that ship (see reports/testlog/rules.toml)
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Say of each failure whether it is new, by this history; add the log to it afterwards
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// The name of the tests in the history
    #[arg(long, value_name = "NAME", default_value = SUITE)]
    pub suite: String,
    /// Look for tests that flip, also in a single file
    #[arg(long)]
    pub flaky: bool,
    /// Every id of every group, not only the first ones
    #[arg(long)]
    pub verbose: bool,
    /// Exactly what the original script made of pytest's text, its mistakes included
    #[arg(long, conflicts_with_all = ["format", "report", "rules", "flaky", "verbose", "history"])]
    pub compat: bool,
}

const CLASSIFY_EXIT: &str = "\
Exit codes:
  0 nothing failed, 99 something failed, 4 nothing failed in what could be read,
  but the log is incomplete or holds no test output";

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

impl From<TestFormat> for testlog::Format {
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
