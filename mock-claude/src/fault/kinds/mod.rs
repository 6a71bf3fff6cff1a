//! The kinds of faults, one file each: the keys of its section, what is wrong with them, and the
//! effect that they ask for.

pub(super) mod connection;
pub(super) mod latency;
pub(super) mod none;
pub(super) mod prompt_cache;
pub(super) mod semantic;
pub(super) mod sequence;
pub(super) mod status;
pub(super) mod stream;
pub(super) mod wire;
