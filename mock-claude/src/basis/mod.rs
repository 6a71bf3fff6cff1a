//! What every part of the mock stands on: keyed chance, time that can be simulated, text in a URL,
//! names with a wildcard, hexadecimal digits, and nouns with their number.

pub mod chance;
pub mod clock;
pub(crate) mod count;
pub mod hex;
pub(crate) mod pattern;
pub(crate) mod percent;
