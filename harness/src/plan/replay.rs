//! The arrivals that a scenario replays: a CSV file in the scenario's folder, and which of the
//! run's files each of them is about.
//!
//! Invariant: everything that is wrong with the file is said at once, each with its line, as far
//! as anybody would read it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord, Trim};
use generators::{Load, Recorded};
use scenarios::suggest;

use crate::run::work::is_skipped;
use crate::source::SourceFile;
use crate::{Exit, Failure};

/// The largest file of arrivals that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The latest arrival: the longest load that a scenario can have, a year.
const MAX_OFFSET_MS: u64 = 31_536_000_000;

/// Problems that are listed, at most.
const MAX_PROBLEMS: usize = 10;

const OFFSET: &str = "offset_ms";
const FILE: &str = "file";

/// Reads the file that a load replays; other loads stay as they are.
pub(super) fn read(scenario: &str, load: &mut Load) -> Result<(), Failure> {
    let Load::Replay { file, rows, .. } = load else { return Ok(()) };
    let path = place(scenario, file);
    let unreadable = |error: std::io::Error| {
        let mut failure = Failure::unreadable(&path, &error);
        let hint = "\nhint: `load.file` is relative to the folder of the scenario's file";
        failure.message.push_str(hint);
        failure
    };
    let mut bytes = Vec::new();
    let mut opened = File::open(&path).map_err(unreadable)?.take(MAX_BYTES + 1);
    opened.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!(
            "`{}` is too large for a file of arrivals\nhint: at most {MAX_BYTES} bytes are read",
            path.display()
        );
        return Err(Failure::new(Exit::Invalid, message));
    }
    *rows = parse(&bytes).map_err(|problems| invalid(&path, &problems))?.into();
    Ok(())
}

/// Which of the files each recorded arrival is about: the one that it names, or else the next.
pub(super) fn order(
    scenario: &str,
    load: &Load,
    files: &[SourceFile],
) -> Result<Option<Vec<usize>>, Failure> {
    let Load::Replay { file, rows, .. } = load else { return Ok(None) };
    let sent = || files.iter().enumerate().filter(|(_, file)| !is_skipped(file));
    let by_path: BTreeMap<&str, usize> = sent().map(|(item, file)| (&*file.path, item)).collect();
    let mut next = sent().map(|(item, _)| item).cycle();
    let (mut order, mut problems) = (Vec::with_capacity(rows.len()), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        let item = match &row.file {
            None => next.next(),
            Some(name) => by_path.get(name.as_str()).copied(),
        };
        order.extend(item);
        if item.is_none() {
            // The header is the first line.
            let line = index as u64 + 2;
            let hint = row.file.as_deref().and_then(|name| suggest(name, by_path.keys().copied()));
            problems.push(Problem { line, message: nobody(row.file.as_deref()), hint });
        }
    }
    if problems.is_empty() {
        Ok(Some(order))
    } else {
        Err(invalid(&place(scenario, file), &problems))
    }
}

fn nobody(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("`{name}` is no file of the run"),
        None => "the run has no file that is sent".to_owned(),
    }
}

/// A file next to the scenario's.
fn place(scenario: &str, file: &str) -> PathBuf {
    Path::new(scenario).parent().unwrap_or(Path::new("")).join(file)
}

/// Something that is wrong with a line.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    line: u64,
    message: String,
    hint: Option<String>,
}

fn invalid(path: &Path, problems: &[Problem]) -> Failure {
    let mut text: Vec<String> = Vec::new();
    for Problem { line, message, hint } in problems.iter().take(MAX_PROBLEMS) {
        text.push(format!("{}:{line}: {message}", path.display()));
        text.extend(hint.as_ref().map(|hint| format!("hint: {hint}")));
    }
    if let Some(more @ 1..) = problems.len().checked_sub(MAX_PROBLEMS) {
        text.push(format!("and {more} more"));
    }
    Failure::new(Exit::Invalid, text.join("\n"))
}

fn parse(bytes: &[u8]) -> Result<Vec<Recorded>, Vec<Problem>> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).flexible(true).from_reader(bytes);
    let one = |line, message: String, hint: &str| {
        vec![Problem { line, message, hint: (!hint.is_empty()).then(|| hint.to_owned()) }]
    };
    let header = reader.headers().map_err(|error| one(1, of_csv(&error), ""))?.clone();
    let known = "the first line names the columns: `offset_ms`, and `file` where it is known";
    if let Some(other) = header.iter().find(|name| ![OFFSET, FILE].contains(name)) {
        return Err(one(1, format!("unknown column `{other}`"), known));
    }
    let column = |name| header.iter().position(|column| column == name);
    let (Some(offset), file) = (column(OFFSET), column(FILE)) else {
        return Err(one(1, format!("there is no column `{OFFSET}`"), known));
    };
    let (mut rows, mut problems): (Vec<Recorded>, Vec<Problem>) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                problems.push(Problem { line, message: of_csv(&error), hint: None });
                break;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        match row(&record, header.len(), offset, file, rows.last()) {
            Ok(row) => rows.push(row),
            Err(message) => problems.push(Problem { line, message, hint: None }),
        }
    }
    if problems.is_empty() && rows.is_empty() {
        return Err(one(1, "there are no arrivals".to_owned(), "each row after the first is one"));
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

fn row(
    record: &StringRecord,
    columns: usize,
    offset: usize,
    file: Option<usize>,
    before: Option<&Recorded>,
) -> Result<Recorded, String> {
    if record.len() != columns {
        return Err(format!("{} fields where the first line has {columns}", record.len()));
    }
    let text = &record[offset];
    let offset_ms: u64 = text
        .parse()
        .ok()
        .filter(|offset_ms| *offset_ms <= MAX_OFFSET_MS)
        .ok_or_else(|| format!("`{text}` is no whole number from 0 to {MAX_OFFSET_MS}"))?;
    if let Some(before) = before.map(|row| row.offset_ms).filter(|before| *before > offset_ms) {
        return Err(format!("`{offset_ms}` is before `{before}`, the arrival above it"));
    }
    let file = file.map(|file| record[file].to_owned()).filter(|name| !name.is_empty());
    Ok(Recorded { offset_ms, file })
}

/// What the reader of CSV says, without the place, which is said in front of it.
fn of_csv(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(offset_ms: u64, file: Option<&str>) -> Recorded {
        Recorded { offset_ms, file: file.map(str::to_owned) }
    }

    fn problems(text: &str) -> Vec<String> {
        let problems = parse(text.as_bytes()).expect_err("it cannot be used");
        problems.iter().map(|problem| format!("{}: {}", problem.line, problem.message)).collect()
    }

    #[test]
    fn columns_are_found_by_their_names_and_files_are_optional() {
        assert_eq!(parse(b"offset_ms\n0\n 5 \n5\n").unwrap(), [0, 5, 5].map(|ms| row(ms, None)));
        let both = parse(b"file, offset_ms\r\na.py,1\r\n,2\r\n").unwrap();
        assert_eq!(both, [row(1, Some("a.py")), row(2, None)]);
    }

    #[test]
    fn every_line_that_cannot_be_used_is_named() {
        assert_eq!(
            problems("offset_ms\n7\nsoon\n-1\n6\n8,b.py\n99999999999999\n"),
            [
                "3: `soon` is no whole number from 0 to 31536000000",
                "4: `-1` is no whole number from 0 to 31536000000",
                "5: `6` is before `7`, the arrival above it",
                "6: 2 fields where the first line has 1",
                "7: `99999999999999` is no whole number from 0 to 31536000000",
            ]
        );
        assert_eq!(problems("offset_s\n7\n"), ["1: unknown column `offset_s`"]);
        assert_eq!(problems("file\n7\n"), ["1: there is no column `offset_ms`"]);
        assert_eq!(problems(""), ["1: there is no column `offset_ms`"]);
        assert_eq!(problems("offset_ms\n"), ["1: there are no arrivals"]);
    }
}
