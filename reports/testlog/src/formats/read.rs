//! The way from the bytes of an input to its runs.

use reports::text::counted;
use std::io::{self, BufRead};

use super::{Format, go, jest, junit, reportlog, text};
use crate::bytes::LONGEST;
use crate::lines::{self, decode::Decoded};
use crate::{Completeness, Held, Log};

/// Reads everything that an input holds. Without a format, it is detected.
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
            let mut reader = reportlog::ReportlogReader::new();
            cut = lines::each(input, |line, _| reader.line(line))?.cut;
            reader.finish()
        }
        Format::Go => {
            let mut reader = go::GoReader::new();
            cut = lines::each(input, |line, _| reader.line(line))?.cut;
            reader.finish()
        }
        Format::Text | Format::Pytest | Format::Cargo | Format::Nextest | Format::Libtest => {
            let mut reader = text::TextReader::new(format);
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
        let problem = format!("{} longer than {} MiB cut", counted(cut, "line"), LONGEST >> 20);
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
