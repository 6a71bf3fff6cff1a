//! Which format an input is in, and the way from its bytes to runs.

use std::io::{self, BufRead};

use memchr::memmem;

use super::decode::Decoded;
use super::{Completeness, Held, Log, go, jest, junit, libtest, lines, reportlog, text};

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text, by whichever runner speaks.
    Text,
    /// pytest's text.
    Pytest,
    /// `cargo test` in text.
    Cargo,
    /// cargo-nextest in text.
    Nextest,
    /// libtest's JSON, by `cargo test` or by nextest.
    Libtest,
    /// A JUnit file.
    Junit,
    /// pytest-reportlog.
    Reportlog,
    /// `go test -json`.
    Go,
    /// `jest --json`.
    Jest,
}

impl Format {
    /// The format that an input opens as. Text is what nothing else is.
    pub fn detect(start: &[u8]) -> Self {
        let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
        let has = |mark: &str| memmem::find(start, mark.as_bytes()).is_some();
        match start.first() {
            Some(b'<') if has("<testsuite") => Self::Junit,
            // Behind other lines, it is a part of a text.
            Some(b'{') if libtest::Reader::opens(start) => Self::Libtest,
            Some(b'{') if has("\"$report_type\"") => Self::Reportlog,
            Some(b'{') if has("\"testResults\"") || has("\"numTotalTests\"") => Self::Jest,
            // A build's errors stand before the first event.
            _ if has("{\"Time\":\"") || has("{\"Action\":\"") || has("{\"ImportPath\":\"") => {
                Self::Go
            }
            _ => Self::Text,
        }
    }
}

/// Reads everything that an input holds. Without a format, the input itself tells.
///
/// What is read is bounded, not the input: a log of any length takes the same memory.
pub fn read(input: impl BufRead, format: Option<Format>) -> io::Result<Log> {
    let mut input = Decoded::new(input);
    let format = match format {
        Some(format) => format,
        None => Format::detect(input.fill_buf()?),
    };
    let mut cut = 0;
    let mut runs = match format {
        Format::Junit => junit::read(input)?,
        Format::Jest => jest::read(input)?,
        Format::Reportlog => {
            let mut reader = reportlog::Reader::new();
            cut = lines::each(input, |line, _| reader.line(line))?.cut;
            reader.finish()
        }
        Format::Go => {
            let mut reader = go::Reader::new();
            cut = lines::each(input, |line, _| reader.line(line))?.cut;
            reader.finish()
        }
        Format::Text | Format::Pytest | Format::Cargo | Format::Nextest | Format::Libtest => {
            let mut reader = text::Reader::new(format);
            let mut take = |line: &[u8], ended: bool| {
                if ended || reader.is_whole(line) {
                    reader.line(line);
                }
            };
            cut = lines::each(input, &mut take)?.cut;
            reader.finish()
        }
    };
    for run in &mut runs {
        // Tests that are only counted may have passed, whoever asks for one of them.
        if run.held == Held::All && run.quiet.dropped() > 0 {
            run.held = Held::Failures;
        }
    }
    if cut > 0 {
        let problem = format!("{cut} lines longer than {} MiB were cut", lines::LONGEST >> 20);
        for run in &mut runs {
            run.completeness =
                match std::mem::replace(&mut run.completeness, Completeness::Reconciled) {
                    Completeness::Mismatch(mut problems) => {
                        problems.push(problem.clone());
                        Completeness::Mismatch(problems)
                    }
                    _ => Completeness::Mismatch(vec![problem.clone()]),
                };
        }
    }
    Ok(Log { runs })
}
