//! How many threads simulate: typed alike wherever runs are simulated.

use std::num::NonZeroUsize;

use clap::Args as Section;
use clap::builder::{RangedU64ValueParser, TypedValueParser};

/// How many threads simulate.
#[derive(Debug, Clone, Copy, Section)]
pub struct ThreadsArgs {
    /// Threads that simulate at once, 1 to 256; the outcome is the same [default: one a core]
    #[arg(long, value_name = "N", value_parser = threads())]
    pub threads: Option<NonZeroUsize>,
}

fn threads() -> impl TypedValueParser<Value = NonZeroUsize> {
    let parser = RangedU64ValueParser::<usize>::new().range(1..=256);
    parser.map(|threads| NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN))
}
