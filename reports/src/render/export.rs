//! What a format is: a word on the command line, a file in a folder of reports, and a text.
//!
//! Each format is one file with one [`Exporter`] and one line in a table of formats. What is
//! reported is the exporter's parameter: runs, a gate, a comparison, or whatever another crate has
//! to report. Invariant: a text depends on the arguments alone.

use std::fmt;
use std::io::{self, Write};

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

/// What writes a text, piece by piece.
type Writing<'a> = dyn Fn(&mut dyn Write) -> io::Result<()> + 'a;

/// A file of a report.
pub struct ReportFile<'a> {
    /// Its name in the folder.
    pub name: String,
    write: Box<Writing<'a>>,
}

impl fmt::Debug for ReportFile<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ReportFile").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<'a> ReportFile<'a> {
    /// A file that is written by `write`.
    pub(super) fn new(name: String, write: impl Fn(&mut dyn Write) -> io::Result<()> + 'a) -> Self {
        Self { name, write: Box::new(write) }
    }

    /// Writes what is in it.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        (self.write)(out)
    }
}

/// One format of `T`.
pub trait Exporter<T: ?Sized>: fmt::Debug + Sync {
    /// How it is asked for and where it goes.
    fn format(&self) -> ReportFormat;

    /// The text, for a screen or for a file of the user's choice.
    fn text(&self, subject: &T, style: Style) -> String;

    /// Writes the text. A format with a line for each job writes it piece by piece, because a run
    /// of a million jobs would have a text of a hundred megabytes.
    fn write(&self, subject: &T, style: Style, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.text(subject, style).as_bytes())
    }

    /// The files in a folder: one, unless the format says otherwise.
    fn files<'a>(&'a self, subject: &'a T, style: Style) -> Vec<ReportFile<'a>> {
        let name = self.format().file.to_owned();
        vec![ReportFile::new(name, move |out| self.write(subject, style, out))]
    }
}

/// The text of what is written piece by piece.
pub(super) fn text_of(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).expect("memory can be written");
    String::from_utf8(bytes).expect("every format is text")
}
