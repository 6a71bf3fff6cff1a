//! One generated file: its path is known at once, its text is written while it is read.
//!
//! A piece of text is at most 64 KB and nothing else is kept, so a file of a million lines takes
//! no more memory than a small one. Reading a file twice gives the same bytes.

use crate::config::{Input, Nesting};
use crate::naming::{Subject, Subjects};
use crate::nested::{self, NestedWriter};
use crate::python::module::ModuleWriter;
use crate::random::Stream;
use crate::repository::Plan;

/// A piece is handed out once it has this many bytes. The largest block that can still be added
/// to a smaller one has about 10 KB, so no piece exceeds 64 KB.
const ENOUGH: usize = 48 * 1_024;

/// A file that is not written anywhere yet.
#[derive(Debug, Clone)]
pub struct GeneratedFile {
    /// Where it belongs: relative, with `/` between the folders, unique in its input.
    pub path: String,
    /// How many lines it has. Each of them ends with a newline.
    pub lines: u64,
    seed: u64,
    position: u64,
    number: u64,
    subject: Subject,
    nested: Option<(Nesting, u64)>,
}

impl GeneratedFile {
    /// The text in order, in pieces of at most 64 KB that may end within a line.
    pub fn pieces(&self) -> Pieces {
        let stream = Stream::new(self.seed, "content", self.position, self.number);
        let writer = match self.nested {
            None => Writer::Module(ModuleWriter::new(stream, self.subject, self.lines)),
            Some((shape, depth)) => {
                Writer::Nested(NestedWriter::new(stream, self.subject, shape, depth))
            }
        };
        Pieces { writer }
    }

    /// The whole text at once.
    pub fn text(&self) -> String {
        let mut text: String = self.pieces().collect();
        // A piece has room for a large file, and nearly all are small.
        text.shrink_to_fit();
        text
    }
}

/// The text of one file, piece by piece.
#[derive(Debug, Clone)]
pub struct Pieces {
    writer: Writer,
}

#[derive(Debug, Clone)]
enum Writer {
    Module(ModuleWriter),
    Nested(NestedWriter),
}

impl Iterator for Pieces {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut piece = String::with_capacity(ENOUGH);
        while piece.len() < ENOUGH {
            let more = match &mut self.writer {
                Writer::Module(writer) => writer.advance(&mut piece),
                Writer::Nested(writer) => writer.advance(&mut piece),
            };
            if !more {
                break;
            }
        }
        (!piece.is_empty()).then_some(piece)
    }
}

/// The files of one input, in the order in which they become jobs.
#[derive(Debug, Clone)]
struct Files {
    seed: u64,
    position: u64,
    subjects: Subjects,
    plan: Plan,
    nested: Option<(Nesting, u64)>,
}

impl Iterator for Files {
    type Item = GeneratedFile;

    fn next(&mut self) -> Option<GeneratedFile> {
        let planned = self.plan.next()?;
        let subject = self.subjects.module(planned.group);
        Some(GeneratedFile {
            path: self.subjects.path(subject, planned.copy),
            lines: planned.lines,
            seed: self.seed,
            position: self.position,
            number: planned.group,
            subject,
            nested: self.nested,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.plan.size_hint()
    }
}

impl Input {
    /// The files of this input. `position` is its place among the inputs of the scenario: equal
    /// inputs at different positions give different files with different paths.
    ///
    /// ```
    /// use generators::Input;
    ///
    /// let file = Input::File { lines: 500 }.files(7, 0).next().expect("an input has a file");
    /// assert_eq!(file.text().lines().count(), 500);
    /// ```
    pub fn files(&self, seed: u64, position: u64) -> impl Iterator<Item = GeneratedFile> + use<> {
        let mut nested = None;
        let plan = match *self {
            Self::File { lines } => Plan::single(lines.max(1)),
            Self::Nested { shape, depth } => {
                nested = Some((shape, depth.max(1)));
                Plan::single(nested::lines(shape, depth.max(1)))
            }
            Self::Repository { files, lines, spread, duplicates } => {
                let mut stream = Stream::new(seed, "repository", position, 0);
                Plan::new(files, lines, spread, duplicates, &mut stream)
            }
        };
        Files { seed, position, subjects: Subjects::new(seed, position), plan, nested }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Spread;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn one(lines: u64, seed: u64) -> GeneratedFile {
        Input::File { lines }.files(seed, 0).next().expect("an input has a file")
    }

    proptest! {
        #[test]
        fn a_file_has_exactly_the_lines_asked_for(lines in 1_u64..3_000, seed: u64) {
            let text = one(lines, seed).text();
            prop_assert!(text.ends_with('\n'));
            prop_assert_eq!(text.lines().count() as u64, lines);
        }

        #[test]
        fn the_seed_decides_every_byte(lines in 20_u64..500, seed: u64) {
            let text = one(lines, seed).text();
            prop_assert_eq!(&text, &one(lines, seed).text());
            prop_assert_ne!(&text, &one(lines, seed.wrapping_add(1)).text());
        }
    }

    /// Line counts by chance could miss the few sizes at which the layout changes.
    #[test]
    fn every_small_size_is_exact() {
        for lines in 1..400 {
            assert_eq!(one(lines, 7).text().lines().count() as u64, lines);
        }
    }

    #[test]
    fn lines_are_clean() {
        for line in one(5_000, 7).text().lines() {
            assert!(line.len() <= 100, "{line}");
            assert_eq!(line, line.trim_end());
        }
    }

    /// What the chunk and size estimates of the scenarios rely on.
    #[test]
    fn density_is_that_of_real_code() {
        for seed in 0..5 {
            let text = one(10_000, seed).text();
            let bytes = text.len() / 10_000;
            assert!((33..=38).contains(&bytes), "{bytes} bytes a line");
            let is_definition = |line: &&str| {
                let line = line.trim_start();
                ["def ", "async def ", "class "].iter().any(|word| line.starts_with(word))
            };
            let definitions = text.lines().filter(is_definition).count();
            assert!((500..=700).contains(&definitions), "{definitions} definitions");
            for part in text.lines().collect::<Vec<_>>().chunks(2_000) {
                let definitions = part.iter().filter(|line| is_definition(line)).count();
                assert!(definitions <= 140, "{definitions} definitions in 2000 lines");
            }
        }
    }

    #[test]
    fn no_top_level_definition_is_longer_than_120_lines() {
        let text = one(20_000, 7).text();
        let starts = text.lines().enumerate().filter(|(_, line)| {
            ["def ", "async def ", "class ", "@", "HANDLERS["].iter().any(|w| line.starts_with(w))
        });
        let starts: Vec<_> = starts.map(|(number, _)| number).collect();
        assert!(starts.windows(2).all(|pair| pair[1] - pair[0] <= 120));
    }

    #[test]
    fn pieces_are_small_and_make_up_the_text() {
        let file = one(20_000, 7);
        assert!(file.pieces().all(|piece| piece.len() <= 64 * 1_024));
        assert_eq!(file.pieces().collect::<String>(), file.text());
    }

    #[test]
    fn equal_inputs_at_different_positions_share_no_path_and_no_text() {
        let input =
            Input::Repository { files: 40, lines: 2_000, spread: Spread::Even, duplicates: 0.0 };
        let all: Vec<_> = (0..3).flat_map(|position| input.files(7, position)).collect();
        let paths: BTreeSet<_> = all.iter().map(|file| &file.path).collect();
        let texts: BTreeSet<_> = all.iter().map(GeneratedFile::text).collect();
        assert_eq!((paths.len(), texts.len()), (120, 120));
    }

    #[test]
    fn copies_are_equal_byte_for_byte_and_have_other_paths() {
        let input =
            Input::Repository { files: 100, lines: 5_000, spread: Spread::Skewed, duplicates: 0.3 };
        let files: Vec<_> = input.files(7, 0).collect();
        let paths: BTreeSet<_> = files.iter().map(|file| &file.path).collect();
        let texts: BTreeMap<_, _> = files.iter().map(|file| (file.text(), &file.path)).collect();
        assert_eq!((paths.len(), texts.len()), (100, 70));
        let lines: usize = files.iter().map(|file| file.text().lines().count()).sum();
        assert_eq!(lines, 5_000);
    }
}
