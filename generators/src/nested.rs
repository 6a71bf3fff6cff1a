//! Modules that are nested as deeply as requested, to find out what a parser survives.
//!
//! A nested part stands between ordinary documented functions, so that it shows whether they
//! survive it. CPython survives 98 blocks in a function but not 99, 200 brackets but not 201.
//! Blocks are indented by one space a level, because their size grows with the square of the
//! depth: about `depth * depth / 2` bytes, 50 MB at 10,000. Brackets and terms grow linearly.

use std::cmp::Ordering;
use std::fmt::Write as _;

use crate::config::Nesting;
use crate::naming::Subject;
use crate::python::module::ModuleWriter;
use crate::random::Stream;

/// The lines before and after the nested part: a few functions each, and a short header.
const BEFORE: u64 = 38;
const AFTER: u64 = 36;
/// Opening or closing brackets on one line.
const BRACKETS_A_LINE: u64 = 8;
/// Terms of a sum on one line.
const TERMS_A_LINE: u64 = 20;
/// The most spaces written at once: one line of a deep block is far longer than a piece.
const SPACES_AT_ONCE: u64 = 8 * 1_024;

const BRACKET_START: &str = "

def grouped_rules() -> Any:
    \"\"\"Return the rules, in the groups that they are applied in.\"\"\"
    return ";

const BLOCK_START: &str = "

def deepest_level(levels: Sequence[int]) -> int:
 \"\"\"Tell whether every level is set, from the first to the last.\"\"\"
 found = 0
";

const SUM_START: &str = "

def sum_of_positions(net: int, tax: int, fee: int) -> int:
    \"\"\"Add up all positions of the statement.\"\"\"
    return (
";

/// The lines of a nested module.
pub(crate) fn lines(shape: Nesting, depth: u64) -> u64 {
    let core = match shape {
        Nesting::Blocks => 5 + depth + 2,
        Nesting::Brackets => 4 + 2 * depth.div_ceil(BRACKETS_A_LINE) + 1,
        Nesting::Expression => 5 + depth.div_ceil(TERMS_A_LINE) + 1,
    };
    BEFORE + core + AFTER
}

/// Writes one nested module from front to back.
#[derive(Debug, Clone)]
pub(crate) struct NestedWriter {
    module: ModuleWriter,
    shape: Nesting,
    depth: u64,
    part: Part,
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Before,
    /// The nested part: its next row, and how much of the row's indent is written.
    Core {
        row: u64,
        indented: u64,
    },
    After,
}

impl NestedWriter {
    /// A module with `depth` levels, at least one.
    pub(crate) fn new(stream: Stream, subject: Subject, shape: Nesting, depth: u64) -> Self {
        let module = ModuleWriter::new(stream, subject, BEFORE);
        Self { module, shape, depth: depth.max(1), part: Part::Before }
    }

    /// Appends the next few lines, or part of a very long one; false once there is nothing.
    pub(crate) fn advance(&mut self, out: &mut String) -> bool {
        match self.part {
            Part::Before => {
                if !self.module.advance(out) {
                    out.push_str(match self.shape {
                        Nesting::Blocks => BLOCK_START,
                        Nesting::Brackets => BRACKET_START,
                        Nesting::Expression => SUM_START,
                    });
                    self.part = Part::Core { row: 0, indented: 0 };
                }
                true
            }
            Part::Core { row, indented } => {
                self.part = match self.shape {
                    Nesting::Blocks => self.block_row(out, row, indented),
                    Nesting::Brackets => self.bracket_row(out, row),
                    Nesting::Expression => self.sum_row(out, row),
                };
                if matches!(self.part, Part::After) {
                    self.module.extend(AFTER);
                }
                true
            }
            Part::After => self.module.advance(out),
        }
    }

    /// One `if`, one level deeper than the row before; then the innermost line.
    fn block_row(&self, out: &mut String, row: u64, indented: u64) -> Part {
        let spaces = (row + 1 - indented).min(SPACES_AT_ONCE);
        for _ in 0..spaces {
            out.push(' ');
        }
        if indented + spaces <= row {
            return Part::Core { row, indented: indented + spaces };
        }
        if row < self.depth {
            writeln!(out, "if levels[{row}] > 0:").expect("a string takes text");
            return Part::Core { row: row + 1, indented: 0 };
        }
        out.push_str("found = len(levels)\n return found\n");
        Part::After
    }

    /// Opening brackets, then one value, then the same brackets closed in reverse.
    fn bracket_row(&self, out: &mut String, row: u64) -> Part {
        let rows = self.depth.div_ceil(BRACKETS_A_LINE);
        if row > 0 {
            out.push_str("        ");
        }
        match row.cmp(&rows) {
            Ordering::Less => {
                let first = row * BRACKETS_A_LINE;
                for level in first..(first + BRACKETS_A_LINE).min(self.depth) {
                    out.push_str(["[", "(", "{\"all\": "][kind_of(level)]);
                }
            }
            Ordering::Equal => out.push_str("\"deepest\""),
            Ordering::Greater => {
                let first = (2 * rows - row) * BRACKETS_A_LINE;
                for level in (first..(first + BRACKETS_A_LINE).min(self.depth)).rev() {
                    out.push_str(["]", ",)", "}"][kind_of(level)]);
                }
            }
        }
        // A dictionary may leave `"all": ` at the end of a row.
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
        if row == 2 * rows { Part::After } else { Part::Core { row: row + 1, indented: 0 } }
    }

    /// Some terms of the sum; with the last ones, the closing bracket.
    fn sum_row(&self, out: &mut String, row: u64) -> Part {
        out.push_str("        ");
        let first = row * TERMS_A_LINE;
        let end = (first + TERMS_A_LINE).min(self.depth);
        for term in first..end {
            out.push_str(match term {
                0 => "",
                _ if term == first => "+ ",
                _ => " + ",
            });
            out.push_str(["net", "tax", "fee"][kind_of(term)]);
        }
        out.push('\n');
        if end < self.depth {
            return Part::Core { row: row + 1, indented: 0 };
        }
        out.push_str("    )\n");
        Part::After
    }
}

/// Which of three alternatives stands at this level.
fn kind_of(level: u64) -> usize {
    crate::random::to_index(level % 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Input;
    use crate::file::GeneratedFile;

    fn nested(shape: Nesting, depth: u64) -> GeneratedFile {
        Input::Nested { shape, depth }.files(7, 0).next().expect("an input has a file")
    }

    #[test]
    fn the_lines_are_known_before_the_text_is_written() {
        for shape in [Nesting::Blocks, Nesting::Brackets, Nesting::Expression] {
            for depth in [1, 2, 7, 8, 9, 19, 20, 21, 40, 1_000] {
                let file = nested(shape, depth);
                let newlines = file.text().bytes().filter(|byte| *byte == b'\n').count();
                assert_eq!(newlines as u64, file.lines, "{shape:?} {depth}");
            }
        }
    }

    #[test]
    fn each_shape_nests_as_deeply_as_asked() {
        let deepest =
            |text: &str| text.lines().map(|line| line.len() - line.trim_start().len()).max();
        let blocks = nested(Nesting::Blocks, 120).text();
        assert_eq!(blocks.matches("if levels[").count(), 120);
        assert_eq!(deepest(&blocks), Some(121));
        let sum = nested(Nesting::Expression, 1_003).text();
        assert_eq!(
            sum.matches("+ net").count()
                + sum.matches("+ tax").count()
                + sum.matches("+ fee").count(),
            1_002
        );
    }

    /// One line of ten thousand spaces and more must not make a large piece.
    #[test]
    fn a_deep_block_comes_in_small_pieces() {
        let file = nested(Nesting::Blocks, 10_000);
        let mut bytes = 0;
        for piece in file.pieces() {
            assert!(piece.len() <= 64 * 1_024);
            bytes += piece.len();
        }
        assert!((50_000_000..51_000_000).contains(&bytes), "{bytes}");
    }
}
