//! Where a report goes: one format to standard output or to a file, several to a folder.
//!
//! In a folder each format has the name that runs use for it, and a format may have several files.
//! Files are written whole or not at all.

use std::fs;
use std::path::Path;

use reports::Style;
use reports::render::Exporter;

use crate::Failure;
use crate::process::terminal;
use crate::storage::files::write_piecewise;

/// Formats that were asked for, and where they go.
#[derive(Debug)]
pub struct Delivery<'a, T: ?Sized> {
    formats: Vec<&'a dyn Exporter<T>>,
    out: Option<&'a Path>,
    verbose: bool,
}

impl<'a, T: ?Sized> Delivery<'a, T> {
    /// Checks that the formats can go there, before anything is read or run.
    pub fn new(
        formats: &[&'a dyn Exporter<T>],
        out: Option<&'a Path>,
        verbose: bool,
    ) -> Result<Self, Failure> {
        let mut once: Vec<&'a dyn Exporter<T>> = Vec::new();
        for format in formats {
            // A format that is asked for twice is meant once.
            if !once.iter().any(|earlier| earlier.format() == format.format()) {
                once.push(*format);
            }
        }
        if once.len() > 1 && out.is_none() {
            return Err(Failure::usage(
                "several formats in one stream can be read by nothing\n\
                 hint: name a folder for them with `--out DIR`",
            ));
        }
        Ok(Self { formats: once, out, verbose })
    }

    /// Reports a subject. Colours are for a terminal, not for a file.
    pub fn send(&self, subject: &T) -> Result<(), Failure> {
        let verbose = self.verbose;
        let Some(out) = self.out else {
            let style = Style { verbose, ..terminal::style() };
            return self
                .formats
                .iter()
                .try_for_each(|format| terminal::stream(|to| format.write(subject, style, to)));
        };
        let style = Style { verbose, ..Style::PLAIN };
        let is_folder = out.is_dir() || out.as_os_str().to_string_lossy().ends_with('/');
        if let [format] = self.formats[..]
            && !is_folder
        {
            return write_piecewise(out, |to| format.write(subject, style, to));
        }
        fs::create_dir_all(out).map_err(|error| Failure::unwritable(out, &error))?;
        for file in self.formats.iter().flat_map(|format| format.files(subject, style)) {
            write_piecewise(&out.join(&file.name), |to| file.write_to(to))?;
        }
        Ok(())
    }
}
