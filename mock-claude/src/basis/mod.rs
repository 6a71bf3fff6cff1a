//! What every part of the mock stands on: keyed chance, time that can be simulated, text in a URL,
//! and names with a wildcard.

pub mod chance;
pub mod clock;
pub(crate) mod pattern;
pub(crate) mod percent;
