//! Pages of what was compared: a gate, two runs, and a pipeline without each of its stages.

pub mod ablation;
mod amount;
pub(super) mod gate;
pub(super) mod runs;
