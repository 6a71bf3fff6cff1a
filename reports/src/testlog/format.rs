//! Which format an input is in, and the way from its bytes to runs.

use std::io::{self, BufRead};

use super::decode::Decoded;
use super::{Log, lines, text};

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// pytest's text.
    Pytest,
    /// `cargo test` in text.
    Cargo,
    /// cargo-nextest in text.
    Nextest,
}

/// Reads everything that an input holds. Without a format, the input itself tells.
pub fn read(input: impl BufRead, format: Option<Format>) -> io::Result<Log> {
    let mut reader = text::Reader::new(format);
    lines::each(Decoded::new(input), |line| reader.line(line))?;
    Ok(Log { runs: reader.finish() })
}
