//! One module, written block by block: the top, then functions and classes, then the guard.
//!
//! The lines left are always zero or enough for one more block, so the last block ends exactly on
//! the last line. No block has more than about a hundred lines, which bounds memory and gives
//! whoever cuts the file at definitions a place to cut.

use super::class;
use super::function::{self, Callees, Place};
use super::header::{Header, summary};
use super::template::{Scope, expand, lines_of};
use crate::naming::{Names, Subject};
use crate::random::Stream;

/// Two blank lines stand before every top-level definition.
const GAP: u64 = 2;
/// The fewest lines that can hold one more block.
const SHORTEST_BLOCK: u64 = GAP + function::SHORTEST;
/// The fewest and the most lines of a function.
const FUNCTION: (u64, u64) = (7, 40);
/// The most lines of a class.
const LONGEST_CLASS: u64 = 100;
/// Modules with fewer lines have nothing but constants.
const SHORTEST_MODULE: u64 = 3 + SHORTEST_BLOCK;
/// From this many lines on, a module can be run by itself.
const RUNNABLE: u64 = 60;

const GUARD: &str = "

if __name__ == \"__main__\":
    logging.basicConfig(level=logging.INFO)
    logger.info(\"%d handlers registered\", len(HANDLERS))";

/// Writes one module from front to back.
#[derive(Debug, Clone)]
pub(crate) struct ModuleWriter {
    stream: Stream,
    names: Names,
    subject: Subject,
    header: Header,
    callees: Callees,
    /// The lines of the module.
    lines: u64,
    /// The lines that are not written yet, without the guard.
    left: u64,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Top,
    Blocks,
    Done,
}

impl ModuleWriter {
    /// A module of exactly `lines` lines, at least one.
    pub(crate) fn new(mut stream: Stream, subject: Subject, lines: u64) -> Self {
        Self {
            names: Names::new(&mut stream),
            stream,
            subject,
            header: Header::for_lines(lines),
            callees: Callees::default(),
            lines: lines.max(1),
            left: lines.max(1),
            stage: Stage::Top,
        }
    }

    /// Continues a finished module with `lines` lines of further functions.
    pub(crate) fn extend(&mut self, lines: u64) {
        debug_assert!(lines >= SHORTEST_BLOCK, "there is no room for a function");
        self.left = lines;
        self.stage = Stage::Blocks;
    }

    /// Appends the next block; false once there is none.
    pub(crate) fn advance(&mut self, out: &mut String) -> bool {
        match self.stage {
            Stage::Top if self.lines < SHORTEST_MODULE => {
                self.constants_only(out);
                self.stage = Stage::Done;
            }
            Stage::Top => {
                let (names, stream) = (&mut self.names, &mut self.stream);
                self.left -= self.header.write(out, self.subject, names, stream);
                if self.lines >= RUNNABLE {
                    self.left -= lines_of(GUARD);
                }
                self.stage = Stage::Blocks;
            }
            Stage::Blocks if self.left > 0 => self.block(out),
            Stage::Blocks => {
                if self.lines >= RUNNABLE {
                    out.push_str(GUARD);
                    out.push('\n');
                }
                self.stage = Stage::Done;
            }
            Stage::Done => return false,
        }
        true
    }

    /// A module too small for a function.
    fn constants_only(&mut self, out: &mut String) {
        let scope = Scope { subject: "", result: "", callees: &[], builtin: "", constants: &[] };
        let mut line = |out: &mut String, text: &str| expand(out, text, 0, scope, &mut self.stream);
        line(out, &summary(self.subject, ""));
        for number in 1..self.lines {
            if number == 1 && self.lines > 2 {
                line(out, "");
            } else {
                line(out, &format!("{} = $n", self.names.constant()));
            }
        }
    }

    /// Appends two blank lines and one definition.
    fn block(&mut self, out: &mut String) {
        out.push_str("\n\n");
        let room = self.left - GAP;
        let class_fits = self.header.rich && room >= class::SHORTEST;
        let written = if class_fits && self.stream.one_in(8) {
            let wanted = self.stream.between(class::SHORTEST, LONGEST_CLASS);
            let lines = fit(wanted, room);
            let (names, stream) = (&mut self.names, &mut self.stream);
            class::write(out, lines, names, &self.header.constants, &self.callees, stream);
            lines
        } else {
            let wanted = self.stream.between(FUNCTION.0, FUNCTION.1);
            let lines = fit(wanted, room);
            let name = self.names.function();
            let Header { rich, decorators, ref constants } = self.header;
            let place = Place { indent: 0, rich, decorators, constants };
            function::write(out, lines, &name, &place, &mut self.callees, &mut self.stream);
            lines + self.registration(out, &name.code, room - lines)
        };
        self.left -= GAP + written;
    }

    /// Now and then, registers a function at module level, and returns the lines that took.
    fn registration(&mut self, out: &mut String, name: &str, room: u64) -> u64 {
        let lines = GAP + 1;
        let fits = room == lines || room >= lines + SHORTEST_BLOCK;
        if !(self.header.rich && fits && self.stream.one_in(12)) {
            return 0;
        }
        out.push_str("\n\nHANDLERS[\"");
        out.push_str(name);
        out.push_str("\"] = ");
        out.push_str(name);
        out.push('\n');
        lines
    }
}

/// The lines of a block that leaves nothing, or enough for the next one.
fn fit(wanted: u64, room: u64) -> u64 {
    if wanted + SHORTEST_BLOCK > room { room } else { wanted }
}
