//! What every part of the mock stands on: keyed chance, time that can be simulated, and one way to
//! write bytes as digits.

pub mod chance;
pub mod clock;
pub(crate) mod hex;
