//! How much of a session is kept: bytes for failures, and for what only adds to them.

use crate::run::Room;

/// The bytes of failures by name, with what the cases made of them take, that one run may hold.
const NAMES: usize = 16 << 20;
/// The bytes of blocks, and of lines that only add to what is known.
const DETAILS: usize = 8 << 20;
/// What a case takes in addition to the text in it, roughly.
pub(super) const CASE: usize = 512;

/// The bytes that are left.
#[derive(Debug)]
pub(super) struct Budget {
    /// For what names a failure.
    pub(super) names: usize,
    /// For what explains one.
    pub(super) details: usize,
}

impl Budget {
    /// As much as one run may hold, and no more than there is room for.
    pub(super) fn new(room: &Room) -> Self {
        Self { names: NAMES.min(room.failures), details: DETAILS.min(room.failures / 2) }
    }
}
