//! What every part of the mock stands on: keyed chance, time that can be simulated, and text in a
//! URL.

pub mod chance;
pub mod clock;
pub(crate) mod percent;
