//! `cargo test` in text: one run for each test binary.
//!
//! A binary says how many tests it runs before the first result, so a result after the last one
//! is a test's own output. The names that failed show which blocks of output are forged.

mod line;

use reports::text::counted;
use std::collections::BTreeMap;

use self::line::{count_of, counts, died, outcome};
use crate::bytes;
use crate::bytes::output::Output;
use crate::run::Room;
use crate::run::quiet;
use crate::rust::{binary, panic};
use crate::{Case, Completeness, Counts, Held, NodeId, Phase, Quiet, Runner};
use crate::{Status, TestRun};

/// What stands behind a name in a result, and nowhere else: what is expected of the test.
const MODES: [&[u8]; 3] = [b" - should panic", b" - compile fail", b" - compile"];
/// The bytes of failures by name, and of what they printed, that one run may hold.
const NAMES: usize = 16 << 20;
const OUTPUTS: usize = 8 << 20;

/// One run that is being read.
#[derive(Debug)]
pub(crate) struct CargoReader {
    title: Option<String>,
    /// The name of the run that comes next.
    next: Option<String>,
    announced_tests: u64,
    results: u64,
    read: Counts,
    quiet: Quiet,
    /// The names that failed, in the order of the log, each with its output.
    failed: Vec<(String, Output)>,
    places: BTreeMap<Vec<u8>, usize>,
    /// Names at the end of the output, for quiet runs that print letters.
    listed: Vec<String>,
    listing: bool,
    /// The blocks that are open: those of later tests stand inside an earlier one's output,
    /// unless the rest of the order proves them to be real.
    blocks: Vec<usize>,
    quiet_run: bool,
    last: Option<(Counts, Option<u64>)>,
    ended: bool,
    died: Option<String>,
    names_left: usize,
    outputs_left: usize,
    /// A test whose result comes on a later line, after its own output.
    open: Option<Vec<u8>>,
}

impl CargoReader {
    /// A run that holds no more than there is room for.
    pub(crate) fn new(room: &Room) -> Self {
        Self {
            title: None,
            next: None,
            announced_tests: 0,
            results: 0,
            read: Counts::ZERO,
            quiet: Quiet::with_budget(quiet::BUDGET.min(room.quiet)),
            failed: Vec::new(),
            places: BTreeMap::new(),
            listed: Vec::new(),
            listing: false,
            blocks: Vec::new(),
            quiet_run: false,
            last: None,
            ended: false,
            died: None,
            names_left: NAMES.min(room.failures),
            outputs_left: OUTPUTS.min(room.failures / 2),
            open: None,
        }
    }

    /// Begins with the room that other runs left. What names the next run stays.
    pub(crate) fn make_room(&mut self, room: &Room) {
        *self = Self { next: self.next.take(), ..Self::new(room) };
    }

    /// Whether a line begins a run: `running 3 tests`.
    pub(crate) fn begins(line: &[u8]) -> bool {
        count_of(line).is_some()
    }

    /// Whether a line is the end of a run of which nothing else is there: `grep` left it, or the
    /// log's beginning is gone.
    pub(crate) fn resumes(line: &[u8]) -> bool {
        line.strip_prefix(b"test result: ").is_some_and(|rest| counts(rest).is_some())
    }

    /// Whether the end of another run may follow: this one has its own, or had nothing else.
    pub(crate) const fn is_over(&self) -> bool {
        self.ended || self.last.is_some() && self.announced_tests == 0
    }

    /// Whether another run may begin: not before this one's results are all read.
    pub(crate) fn is_interruptible(&self) -> bool {
        self.ended || self.died.is_some() || (self.failed.is_empty() && self.blocks.is_empty())
    }

    /// A line between runs: it may name the next one.
    pub(crate) fn before(&mut self, line: &[u8]) {
        self.next = binary::name(line).or(self.next.take());
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8]) {
        if self.ended || self.died.is_some() {
            self.before(line);
        }
        if self.ended {
            return;
        }
        if let Some(count) = count_of(line)
            && self.results == 0
        {
            self.announced_tests = count;
            self.title = self.next.take();
            return;
        }
        if let Some(rest) = line.strip_prefix(b"test result: ") {
            self.result_line(rest);
        } else if line.starts_with(b"error: test failed, to rerun pass") || died(line) {
            self.died = Some(bytes::lossy(&line[..line.len().min(500)]));
        } else if self.results < self.announced_tests {
            self.result(line);
        } else {
            self.output(line);
        }
    }

    fn result(&mut self, line: &[u8]) {
        if let Some(name) = self.open.take() {
            match outcome(line) {
                Some(status) => self.add(&name, status),
                None => self.open = Some(name),
            }
            return;
        }
        if let Some(rest) = line.strip_prefix(b"test ") {
            // The result is the last thing on the line; a name may hold anything but that.
            let split = memchr::memmem::rfind(rest, b" ... ");
            if let Some(at) = split {
                match outcome(&rest[at + 5..]) {
                    Some(status) => self.add(&rest[..at], status),
                    None => self.open = Some(rest[..at].to_vec()),
                }
            }
        } else if let Some(name) = line.strip_suffix(b" --- FAILED") {
            self.quiet_run = true;
            self.add(name, Status::Failed);
        } else if !line.is_empty() && line.iter().all(|byte| b".Fi".contains(byte)) {
            self.letters(line);
        } else if let Some((letters, _)) = bytes::split_once(line, b" ")
            && line.ends_with(&self.announced_tests.to_string().into_bytes())
            && letters.iter().all(|byte| b".Fi".contains(byte))
        {
            // A row of 88 letters, and how far it is: `.... 88/120`.
            self.letters(letters);
        }
    }

    fn letters(&mut self, letters: &[u8]) {
        self.quiet_run = true;
        self.results += letters.len() as u64;
        for letter in letters {
            self.read.add(match letter {
                b'F' => Status::Failed,
                b'i' => Status::Skipped,
                _ => Status::Passed,
            });
        }
    }

    fn add(&mut self, name: &[u8], status: Status) {
        let name = MODES.iter().find_map(|mode| name.strip_suffix(*mode)).unwrap_or(name);
        self.results += 1;
        self.read.add(status);
        if status != Status::Failed {
            self.quiet.push(status, name);
            return;
        }
        self.name(name);
    }

    /// Names a failure, where there is room for one more.
    fn name(&mut self, name: &[u8]) -> Option<usize> {
        let cost = name.len() * 3 + 512;
        if self.names_left < cost {
            return None;
        }
        self.names_left -= cost;
        self.places.insert(name.to_vec(), self.failed.len());
        self.failed.push((bytes::lossy(name), Output::default()));
        Some(self.failed.len() - 1)
    }

    fn output(&mut self, line: &[u8]) {
        if line == b"failures:" {
            self.listing = true;
            self.listed.clear();
            return;
        }
        let header = line.strip_prefix(b"---- ").and_then(|rest| rest.strip_suffix(b" ----"));
        let named = header.and_then(|title| title.strip_suffix(b" stdout"));
        if let Some(place) = named.and_then(|name| self.block_of(name)) {
            self.open_block(place);
            self.listing = false;
            return;
        }
        if self.listing {
            if let Some(name) = line.strip_prefix(b"    ")
                && self.listed.len() as u64 <= self.read.failed
            {
                // Only a quiet run that shows no output needs the list.
                if self.quiet_run && self.failed.is_empty() && self.names_left > name.len() + 64 {
                    self.names_left -= name.len() + 64;
                    self.listed.push(bytes::lossy(name));
                }
                return;
            }
            self.listing = line.is_empty();
        }
        if let Some(&place) = self.blocks.last() {
            let output = &mut self.failed[place].1;
            let before = output.kept();
            output.push_line(line, self.outputs_left);
            self.outputs_left = self.outputs_left + before - output.kept();
        }
    }

    /// The failure that a block is about. A quiet run may name its failures here first.
    fn block_of(&mut self, name: &[u8]) -> Option<usize> {
        let known = self.places.get(name).copied();
        let unnamed = self.quiet_run && (self.failed.len() as u64) < self.read.failed;
        if known.is_some() || !unnamed { known } else { self.name(name) }
    }

    /// Opens a block. Blocks stand in the order in which tests failed, so a block that is open
    /// and belongs to a later test was a test's own output: it goes back to that test.
    fn open_block(&mut self, place: usize) {
        while let Some(forged) = self.blocks.pop_if(|open| *open >= place) {
            let output = std::mem::take(&mut self.failed[forged].1);
            self.outputs_left += output.kept();
            if let Some(owner) = self.blocks.last() {
                let owner = &mut self.failed[*owner].1;
                let before = owner.kept();
                owner.push(&output.text(), self.outputs_left);
                self.outputs_left = self.outputs_left + before - owner.kept();
            }
        }
        self.blocks.push(place);
    }

    fn result_line(&mut self, rest: &[u8]) {
        let Some((counts, duration)) = counts(rest) else { return };
        self.last = Some((counts, duration));
        // Before all results are in, and where it disagrees, a test may have printed it.
        let known = Counts { deselected: counts.deselected, ..self.read };
        self.ended = self.results >= self.announced_tests && known == counts;
    }

    /// The run as a whole, and a fresh reader for the next one.
    pub(crate) fn finish(&mut self) -> TestRun {
        let next = self.next.take();
        let mut reader = std::mem::replace(self, Self::new(&Room::NONE));
        self.next = next;
        let mut run = TestRun::new(Runner::Cargo);
        run.title = reader.title.take();
        if reader.failed.is_empty() && reader.quiet_run {
            let listed = reader.listed.drain(..).map(|name| (name, Output::default()));
            reader.failed.extend(listed);
        }
        let file = run.title.clone().unwrap_or_default();
        let failed = std::mem::take(&mut reader.failed).into_iter();
        run.cases = failed.map(|(name, output)| case(&file, &name, &output.text())).collect();
        let announced = reader.last.map(|(counts, _)| counts);
        reader.read.deselected = announced.map_or(0, |counts| counts.deselected);
        let failed = run.cases.len() as u64;
        run.completeness = match announced {
            None => Completeness::NoFinalLine,
            Some(announced) => {
                let mut problems = reader.read.differences(&announced);
                if reader.results != reader.announced_tests {
                    let (announced, read) = (reader.announced_tests, reader.results);
                    problems.push(format!("{} announced, {read} read", counted(announced, "test")));
                }
                if failed != announced.failed {
                    problems.push(format!("{} failed, {failed} named", announced.failed));
                }
                Completeness::from_problems(problems)
            }
        };
        run.held = match () {
            () if failed < reader.read.failed => Held::Some,
            () if reader.quiet_run => Held::Failures,
            () => Held::All,
        };
        run.exit_hint = announced.map(|counts| if counts.failed > 0 { 101 } else { 0 });
        run.duration_ms = reader.last.and_then(|(_, duration)| duration);
        run.session_error = reader.died.filter(|_| announced.is_none());
        (run.read, run.announced, run.quiet) = (reader.read, announced, reader.quiet);
        run
    }
}

/// A failed test: the panic in its output is why.
fn case(file: &str, name: &str, output: &str) -> Case {
    let mut id = NodeId::plain(name, file, name);
    if let Some((class, short)) = name.rsplit_once("::") {
        (id.class, id.name) = (class.to_owned(), short.to_owned());
    }
    let mut case = Case::new(id, Status::Failed, Phase::Call);
    panic::explain(&mut case, output);
    case
}
