//! Goal: every format of a table can be asked for, and goes to a file of its own.
//! Method: the rules of a table, checked on each; every format of the fixture run.

use std::collections::BTreeSet;

use super::*;
use crate::fixture;

/// Holds the rules of every table.
fn check<T: ?Sized>(formats: &[&dyn Exporter<T>]) {
    let formats: Vec<ReportFormat> = formats.iter().map(|format| format.format()).collect();
    let all = formats.len();
    let different = |of: fn(&ReportFormat) -> &'static str| {
        formats.iter().map(of).collect::<BTreeSet<_>>().len()
    };
    assert_eq!((different(|f| f.word), different(|f| f.file)), (all, all), "{formats:?}");
    let is_word = |c: char| c.is_ascii_lowercase() || c == '-';
    assert!(formats.iter().all(|f| f.word.chars().all(is_word) && !f.about.ends_with('.')));
}

#[test]
fn no_two_formats_share_a_word_or_a_file() {
    check(&RUNS);
    check(&GATE);
    check(&COMPARISON);
    check(&CLAIMS);
}

#[test]
fn every_format_of_runs_has_a_text_and_files_that_say_the_same() {
    let runs = [fixture::judged(|run| run.header.expect.clear())];
    for format in RUNS {
        let name = format.format().word;
        let text = format.text(&runs, Style::PLAIN);
        assert!(!text.is_empty(), "{name}");
        let files = format.files(&runs, Style::PLAIN);
        let text_of = |file: &ReportFile<'_>| export::text_of(|out| file.write_to(out));
        let joined: Vec<String> = files.iter().map(text_of).collect();
        assert_eq!(joined.join("\n"), text, "{name}");
    }
}

#[test]
fn a_run_keeps_what_a_reader_of_its_folder_expects() {
    let kept = RUNS.iter().map(|format| format.format()).filter(|format| format.kept);
    let mut kept: Vec<&str> = kept.map(|format| format.file).collect();
    kept.sort_unstable();
    let expected = [
        "annotations.txt",
        "failures.csv",
        "failures.txt",
        "jobs.txt",
        "matrix.txt",
        "report.html",
        "summary.txt",
    ];
    assert_eq!(kept, expected);
}
