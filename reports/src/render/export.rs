//! What a format is: a word on the command line, a file in a folder of reports, and a text.
//!
//! Each format is one file with one [`Exporter`] and one line in a table of formats. What is
//! reported is the exporter's parameter: runs, a gate, a comparison, or whatever another crate has
//! to report. Invariant: a text depends on the arguments alone.

use std::fmt;

use super::style::Style;

/// How a format is asked for and where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportFormat {
    /// What is typed for it.
    pub word: &'static str,
    /// What it is, for `--help`.
    pub about: &'static str,
    /// Its file in a folder of reports.
    pub file: &'static str,
    /// Whether every run leaves this file in its folder, asked for or not.
    pub kept: bool,
}

/// A file of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Its name in the folder.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// One format of `T`.
pub trait Exporter<T: ?Sized>: fmt::Debug + Sync {
    /// How it is asked for and where it goes.
    fn format(&self) -> ReportFormat;

    /// The text, for a screen or for a file of the user's choice.
    fn text(&self, subject: &T, style: Style) -> String;

    /// The files in a folder: one, unless the format says otherwise.
    fn files(&self, subject: &T, style: Style) -> Vec<ReportFile> {
        let name = self.format().file.to_owned();
        vec![ReportFile { name, text: self.text(subject, style) }]
    }
}
