//! The cases that did not fail: a status and an id each, packed, and bounded.
//!
//! Neighbouring ids share most of their bytes, so each is kept as the length of what it shares
//! with the one before, and the rest. A log of ten million passing tests must fit as well: past
//! the budget, cases are counted but their ids are gone, and `dropped` says how many.

use crate::run::case::Status;

/// Packed ids, in the order of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    packed: Vec<u8>,
    last: Vec<u8>,
    budget: usize,
    kept: u64,
    dropped: u64,
}

/// The bytes of packed ids that are kept unless the caller says otherwise.
pub(crate) const BUDGET: usize = 8 << 20;
/// The longest part of an id that two ids can share: what one byte can say.
const SHARED: usize = 255;

impl Default for Quiet {
    fn default() -> Self {
        Self::with_budget(BUDGET)
    }
}

impl Quiet {
    /// An empty list that keeps at most `budget` bytes of packed ids.
    pub const fn with_budget(budget: usize) -> Self {
        Self { packed: Vec::new(), last: Vec::new(), budget, kept: 0, dropped: 0 }
    }

    /// One case more.
    pub fn push(&mut self, status: Status, id: &[u8]) {
        let shared = shared(&self.last, id);
        let rest = &id[shared..];
        // Once one case was dropped, all later ones are: a gap in the middle would look whole.
        if self.dropped > 0 || self.packed.len() + rest.len() + 6 > self.budget {
            self.dropped += 1;
            return;
        }
        self.kept += 1;
        self.packed.push(code(status));
        self.packed.push(u8::try_from(shared).unwrap_or(u8::MAX));
        let mut length = rest.len();
        // Seven bits a byte, the lowest first, the high bit for "more follows".
        loop {
            let [low, ..] = length.to_le_bytes();
            length >>= 7;
            if length == 0 {
                self.packed.push(low & 0x7f);
                break;
            }
            self.packed.push(low | 0x80);
        }
        self.packed.extend_from_slice(rest);
        self.last.truncate(shared);
        self.last.extend_from_slice(rest);
    }

    /// The bytes that are kept.
    pub(crate) const fn size(&self) -> usize {
        self.packed.len()
    }

    /// The same out of a room that several lists share.
    pub(crate) fn push_within(&mut self, status: Status, id: &[u8], room: &mut usize) {
        let before = self.packed.len();
        self.budget = before + *room;
        self.push(status, id);
        *room -= self.packed.len() - before;
    }

    /// Forgets the cases of which the id does not hold.
    pub(crate) fn retain(&mut self, holds: impl Fn(&str) -> bool) {
        let mut kept = Self { dropped: 0, ..Self::with_budget(usize::MAX) };
        for (status, id) in self.iter().filter(|(_, id)| holds(id)) {
            kept.push(status, id.as_bytes());
        }
        *self = Self { budget: self.budget, dropped: self.dropped, ..kept };
    }

    /// Counts cases that did not fit elsewhere.
    pub(crate) const fn drop_more(&mut self, count: u64) {
        self.dropped += count;
    }

    /// Forgets everything, but not the room that it took: another list follows.
    pub(crate) fn clear(&mut self) {
        self.packed.clear();
        self.last.clear();
        (self.kept, self.dropped) = (0, 0);
    }

    /// How many cases have their id here.
    pub const fn kept(&self) -> u64 {
        self.kept
    }

    /// How many cases no longer fitted: counted, without an id.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Every case that is kept.
    pub fn iter(&self) -> impl Iterator<Item = (Status, String)> + '_ {
        let mut cases = self.unpack();
        std::iter::from_fn(move || {
            let (status, id) = cases.next()?;
            Some((status, String::from_utf8_lossy(id).into_owned()))
        })
    }

    /// The same without a copy of each id.
    pub(crate) const fn unpack(&self) -> Unpacked<'_> {
        Unpacked { rest: self.packed.as_slice(), id: Vec::new() }
    }
}

/// Cases that are unpacked one after the other, into one buffer.
#[derive(Debug)]
pub(crate) struct Unpacked<'a> {
    rest: &'a [u8],
    id: Vec<u8>,
}

impl Unpacked<'_> {
    /// The next case, as it was pushed.
    pub(crate) fn next(&mut self) -> Option<(Status, &[u8])> {
        let (&code, after) = self.rest.split_first()?;
        let (&shared, mut after) = after.split_first()?;
        let (mut length, mut shift) = (0_usize, 0);
        while let Some((&byte, tail)) = after.split_first() {
            after = tail;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (own, after) = after.split_at_checked(length)?;
        self.rest = after;
        self.id.truncate(usize::from(shared));
        self.id.extend_from_slice(own);
        Some((status(code), &self.id))
    }
}

/// How many bytes two ids begin with in common, as far as one byte can say; eight at a time.
fn shared(one: &[u8], other: &[u8]) -> usize {
    let most = one.len().min(other.len()).min(SHARED);
    let ((ones, _), (others, _)) = (one[..most].as_chunks::<8>(), other[..most].as_chunks::<8>());
    let equal = 8 * ones.iter().zip(others).take_while(|(a, b)| a == b).count();
    let rest = one[equal..most].iter().zip(&other[equal..most]);
    equal + rest.take_while(|(a, b)| a == b).count()
}

const QUIET: [Status; 7] = [
    Status::Passed,
    Status::Skipped,
    Status::Xfailed,
    Status::Xpassed,
    Status::Flaky,
    Status::SubtestPassed,
    Status::SubtestSkipped,
];

fn code(status: Status) -> u8 {
    let place = QUIET.iter().position(|known| *known == status);
    assert!(place.is_some(), "a failure is never quiet: {status:?}");
    place.and_then(|place| u8::try_from(place).ok()).unwrap_or_default()
}

fn status(code: u8) -> Status {
    QUIET[usize::from(code)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_pushed_comes_back_in_order(ids in prop::collection::vec(".{0,300}", 0..20)) {
            let mut quiet = Quiet::default();
            for (index, id) in ids.iter().enumerate() {
                quiet.push(QUIET[index % QUIET.len()], id.as_bytes());
            }
            let back: Vec<(Status, String)> = quiet.iter().collect();
            let expected: Vec<(Status, String)> = ids
                .into_iter()
                .enumerate()
                .map(|(index, id)| (QUIET[index % QUIET.len()], id))
                .collect();
            prop_assert_eq!(back, expected);
        }
    }

    #[test]
    fn what_no_longer_fits_is_counted() {
        let mut quiet = Quiet::with_budget(20);
        quiet.push(Status::Passed, b"a.py::test_a");
        quiet.push(Status::Passed, b"something quite different");
        quiet.push(Status::Passed, b"a");
        assert_eq!((quiet.kept(), quiet.dropped()), (1, 2));
        assert_eq!(quiet.iter().count(), 1);
    }
}
