//! What is typed after `chaos generate`.

use std::path::PathBuf;

use clap::{Args as Section, Subcommand, ValueEnum};

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
