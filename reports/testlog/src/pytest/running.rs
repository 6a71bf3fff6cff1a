//! The part of a run in which tests run: each result as pytest shows it.
//!
//! A test may print what looks like a result while it runs. But pytest says behind each result how
//! far the run is, so a result that stands at the wrong place is the test's own output.

use super::progress::{self, Mark, Tail, Word};
use super::{CASE, Failing, MISSED, Place, RUNNING, Reader, WRAPPED, body, status, summary};
use crate::{Counts, Status};

impl Reader {
    /// Whether a line is this run's next result, by how far it says the run is.
    pub(crate) fn continues(&self, line: &[u8]) -> bool {
        let (Some(total), false) = (self.total, self.ended) else { return false };
        let next = self.reported + 1;
        if next > total {
            return false;
        }
        let (mark, tail) = progress::read(line);
        let alone = matches!(mark, Mark::Alone(_)) && !self.started.is_empty();
        let fits = match tail {
            Tail::Percent(percent) => percent == next * 100 / total,
            Tail::Count(count) => count == next,
            // With `-s` nothing says how far it is; a word alone ends what a test printed.
            Tail::None => alone && !self.tailed,
            Tail::Time => false,
        };
        fits && (alone || matches!(mark, Mark::Result { .. }))
    }

    /// The first result by name. Letters that came before it were a session's in a test's output.
    fn named(&mut self) {
        if !self.verbose && self.lettered {
            (self.lettered, self.parts) = (false, false);
            self.read = Counts::ZERO;
            self.failed_files.clear();
        }
        self.verbose = true;
    }

    /// Whether a session that begins now may be the output of a test of this one.
    pub(crate) fn is_under_way(&self) -> bool {
        self.place == Place::Progress && self.total.is_some_and(|total| self.reported < total)
    }

    /// Whether a line is a result that stands where this run is.
    pub(crate) fn accepts(&self, line: &[u8]) -> bool {
        match progress::read(line) {
            (Mark::Result { id, .. }, tail) => self.reached(id, tail).is_some(),
            (Mark::Alone(_), tail) => self.reached(&self.started, tail).is_some(),
            _ => false,
        }
    }

    /// Takes a result that stands where this run is. What a test prints while it runs may look
    /// like a result, but not at the right percentage.
    fn fits(&mut self, id: &[u8], tail: Tail) -> bool {
        if self.reported == 0 && self.previous.is_empty() && self.is_shrunk(tail) {
            self.planned = self.total.take();
        }
        let Some(reported) = self.reached(id, tail) else { return false };
        self.tailed |= tail != Tail::None;
        self.reported = reported;
        true
    }

    /// Whether the first result is further on than it can be: a `conftest.py` has left out tests
    /// that were collected, without a word. How many there are is not known then.
    fn is_shrunk(&self, tail: Tail) -> bool {
        let (Tail::Percent(percent), Some(total)) = (tail, self.total) else { return false };
        // Past the half, results before it may as well be ones that could not be read.
        total > 0 && (100 / total + MISSED + 1..=50).contains(&percent)
    }

    /// How many tests have a result with this one, if it stands where this run is.
    fn reached(&self, id: &[u8], tail: Tail) -> Option<u64> {
        let next = self.reported + u64::from(self.previous != id);
        // Either all results say how far the run is, or none does.
        if tail != Tail::None && !self.tailed && self.reported > 0 {
            return None;
        }
        let Some(total) = self.total.filter(|total| *total > 0) else { return Some(next) };
        // A result may have been missed, so a little further on is right as well.
        match tail {
            Tail::Percent(percent) => {
                let expected = next.min(total) * 100 / total;
                let missed = percent.checked_sub(expected)?;
                let further = (percent * total).div_ceil(100).max(next);
                (missed <= MISSED).then_some(if missed == 0 { next } else { further })
            }
            Tail::Count(count) => (count.checked_sub(next)? <= MISSED).then_some(count),
            Tail::Time => Some(next),
            Tail::None => (!self.tailed).then_some(next),
        }
    }

    pub(super) fn progress(&mut self, line: &[u8]) {
        if let Some((id, word, lines)) = self.open.take() {
            // A reason that goes on: it ends where a bracket closes it, before the tail.
            let end = progress::closes(line).filter(|tail| *tail != Tail::None || !self.tailed);
            match end {
                Some(tail) if self.fits(&id, tail) => self.result(&id, word, None),
                _ if lines < WRAPPED => self.open = Some((id, word, lines + 1)),
                _ => {}
            }
            return;
        }
        let (mark, tail) = progress::read(line);
        match mark {
            Mark::Result { id, word, part } => {
                // With workers there is no order to hold a result against, but no `collected`
                // line either.
                let worker = line.starts_with(b"[gw");
                let reasoned = matches!(word, Word::Skipped | Word::Xfail | Word::Xpass);
                if reasoned && self.tailed && tail == Tail::None && line.ends_with(b")") {
                    // A bracket inside the reason, which goes on.
                    self.open = Some((id.to_vec(), word, 0));
                    return;
                }
                if worker && self.total.is_none() || !worker && self.fits(id, tail) {
                    self.named();
                    let id = if worker { self.begun(id) } else { id };
                    self.result(id, word, part);
                }
            }
            Mark::Worker { rest, word } => {
                self.named();
                self.worker(rest, word);
            }
            Mark::Start(id) => {
                self.started.clear();
                self.started.extend_from_slice(id);
                self.runs(id);
            }
            Mark::Alone(word) => {
                let id = std::mem::take(&mut self.started);
                if !id.is_empty() && self.fits(&id, tail) {
                    self.named();
                    self.result(&id, word, None);
                }
                self.started = id;
            }
            Mark::Open { id, word } => self.open = Some((id.to_vec(), word, 0)),
            Mark::Letters { file, letters } if !self.verbose && !self.glued => {
                self.letters(file, letters);
            }
            Mark::Letters { .. } => {}
            Mark::None => self.preamble(line),
        }
    }

    /// What stands before the first result, or between results.
    fn preamble(&mut self, line: &[u8]) {
        // The title of another session, behind what was on its line already.
        self.nested |= line.last() == Some(&b'=')
            && memchr::memmem::find(line, b"== test session starts ==").is_some_and(|at| at > 0)
            && !Self::begins(line);
        if let Some(at) = memchr::memmem::find(line, b", pytest-")
            && line.starts_with(b"platform ")
        {
            let version = line[at + 9..].split(|byte| matches!(byte, b',' | b' ')).next();
            self.version = version.map(body::lossy);
            // Only a session that shows results by name says what runs it.
            self.named = memchr::memmem::find(&line[at..], b" -- ").is_some();
        } else if self.planned.is_none() && self.total.is_none() && planned(line).is_some() {
            self.planned = planned(line);
        } else if let Some(at) = memchr::memmem::find(line, b"Fatal Python error: ") {
            self.died(line, at);
        } else if self.collected(line) {
            self.total = total(line);
        } else if line.starts_with(b"[gw") && memchr::memmem::find(line, b" node down: ").is_some()
        {
            self.session_error = Some(body::lossy(&line[..line.len().min(500)]));
        } else if (!self.tailed || progress::has_banner(line))
            && memchr::memmem::find(line, b"::").is_some_and(|at| at > 0)
            && !line.starts_with(b" ")
        {
            // With `-s`, what the test prints first stands on the line on which it began.
            self.started.clear();
            self.started.extend_from_slice(progress::leading_id(line));
        }
    }

    /// Reads how many files were not collected; says whether the line tells.
    pub(super) fn collected(&mut self, line: &[u8]) -> bool {
        if total(line).is_none() || self.collection_skips.is_some() {
            // Another session collects, in a test of this one.
            self.nested |= total(line).is_some();
            return false;
        }
        if self.glued {
            return false;
        }
        let Some(text) = collected(line) else { return false };
        let count = |kind: &str| {
            text.split(" / ").find_map(|part| part.trim_end().strip_suffix(kind)?.parse().ok())
        };
        self.collection_errors = count(" errors").or_else(|| count(" error"));
        self.collection_skips = Some(count(" skipped").unwrap_or(0));
        true
    }

    fn result(&mut self, id: &[u8], word: Word, part: Option<&[u8]>) {
        if !self.running.is_empty() && self.running.remove(id) {
            self.names_left += cost(id);
        }
        let attempts = match word {
            Word::Rerun => {
                self.read.reruns += 1;
                self.forget_parts(id);
                self.reruns(id);
                self.previous.clear();
                self.previous.extend_from_slice(id);
                self.again = true;
                return;
            }
            Word::Passed | Word::Failed | Word::Error if !self.reruns.is_empty() => {
                let reruns = self.reruns.remove(id);
                self.names_left += reruns.map_or(0, |_| cost(id));
                reruns.unwrap_or(0).saturating_add(1)
            }
            _ => 1,
        };
        let status = status(word);
        self.read.add(status);
        if status.is_failure() || attempts > 1 {
            let cost = id.len() * 3 + CASE;
            if self.names_left < cost {
                self.dropped += 1;
                return;
            }
            self.names_left -= cost;
            let part = part.map(<[u8]>::to_vec);
            let after_result = self.previous == id && !self.again;
            self.failing.push(Failing { id: id.to_vec(), word, part, attempts, after_result });
        } else {
            self.quiet.push(status, id);
        }
        self.previous.clear();
        self.previous.extend_from_slice(id);
        self.again = false;
    }

    /// A test that runs, where there is room to know it.
    fn runs(&mut self, id: &[u8]) {
        let room = self.running.len() < RUNNING && self.names_left >= cost(id);
        if room && self.running.insert(id.to_vec()) {
            self.names_left -= cost(id);
        }
    }

    /// One attempt that did not count; without room, only the sum knows of it.
    fn reruns(&mut self, id: &[u8]) {
        if let Some(attempts) = self.reruns.get_mut(id) {
            *attempts = attempts.saturating_add(1);
        } else if self.names_left >= cost(id) {
            self.names_left -= cost(id);
            self.reruns.insert(id.to_vec(), 1);
        }
    }

    /// Parts that failed before a test is run again do not count.
    fn forget_parts(&mut self, id: &[u8]) {
        if self.read.subtests_failed == 0 {
            return;
        }
        let recent = self.failing.len().saturating_sub(RUNNING);
        let mut at = recent;
        while at < self.failing.len() {
            let known = &self.failing[at];
            if known.word == Word::SubFailed && known.id == id {
                self.failing.remove(at);
                self.read.subtests_failed -= 1;
            } else {
                at += 1;
            }
        }
    }

    /// The id of a test that runs, where a worker printed something behind it on its line.
    fn begun<'a>(&self, id: &'a [u8]) -> &'a [u8] {
        if self.running.is_empty() || self.running.contains(id) {
            return id;
        }
        // Looked up, not searched for: very many tests may never have had a result.
        let ends = memchr::memchr_iter(b' ', id).take(SPACES);
        let known = ends.filter(|end| self.running.contains(&id[..*end]));
        known.last().map_or(id, |end| &id[..end])
    }

    /// A result of which only the running tests tell where its part ends and its id begins.
    fn worker(&mut self, rest: &[u8], word: Word) {
        let starts = memchr::memrchr_iter(b' ', rest).take(SPACES).map(|space| &rest[space + 1..]);
        let known = starts.filter(|id| self.running.contains(*id)).last();
        let id = known.unwrap_or_else(|| summary::id_after_part(rest)).to_vec();
        let part = progress::trim_end(&rest[..rest.len() - id.len()]).to_vec();
        self.result(&id.clone(), word, Some(&part));
        // The test goes on after its part.
        self.runs(&id);
    }

    pub(super) fn letters(&mut self, file: &[u8], letters: &[u8]) {
        self.lettered = true;
        if !file.is_empty() {
            self.file.clear();
            self.file.extend_from_slice(file);
        }
        for letter in letters {
            self.parts |= *letter == b'u';
            let Some(word) = progress::letter(*letter) else { continue };
            if word == Word::Rerun {
                self.read.reruns += 1;
                continue;
            }
            let status = status(word);
            self.read.add(status);
            if matches!(status, Status::Failed | Status::SubtestFailed)
                && self.details_left > self.file.len() + 24
            {
                self.details_left -= self.file.len() + 24;
                self.failed_files.push(self.file.clone());
            }
        }
    }
}

/// The spaces of a line at which an id may begin or end.
const SPACES: usize = 64;

/// What a test takes that is known by its id alone.
const fn cost(id: &[u8]) -> usize {
    id.len() + 64
}

/// `collected 92 items / 1 error / 60 deselected / 32 selected`, where a line says it.
fn collected(line: &[u8]) -> Option<String> {
    let at = memchr::memmem::find(line, b"collected ")?;
    let told = at == 0 || line.starts_with(b"collecting");
    told.then(|| body::lossy(&line[at..line.len().min(at + 200)]))
}

/// `2 workers [4 items]`: how many tests there are, where workers collect them.
fn planned(line: &[u8]) -> Option<u64> {
    let at = memchr::memmem::find(line, b" workers [")
        .or_else(|| memchr::memmem::find(line, b" worker ["))?;
    let rest =
        line[at..].strip_suffix(b" items]").or_else(|| line[at..].strip_suffix(b" item]"))?;
    let count = &rest[memchr::memchr(b'[', rest)? + 1..];
    std::str::from_utf8(count).ok()?.parse().ok().filter(|total| *total < 1 << 40)
}

/// The tests that will run. Old versions print a wrong `selected` beside errors, so it is not
/// what is read.
fn total(line: &[u8]) -> Option<u64> {
    let text = collected(line)?;
    let mut parts = text.trim_end().split(" / ");
    let items: u64 = parts.next()?.split(' ').nth(1)?.parse().ok()?;
    let left: Option<u64> = parts.find_map(|part| part.strip_suffix(" deselected")?.parse().ok());
    // More than any machine has tests is no count, and would overflow.
    items.checked_sub(left.unwrap_or(0)).filter(|total| *total < 1 << 40)
}
