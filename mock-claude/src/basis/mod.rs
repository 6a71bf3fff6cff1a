//! What every part of the mock stands on: keyed chance, and time that can be simulated.

pub mod chance;
pub mod clock;
