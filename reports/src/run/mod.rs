//! A recorded run read back: lines in, records by pipeline out.
//!
//! [`Run`] is what was recorded and what is missing; [`RunReader`] makes one, and refuses numbers
//! that no run can have measured. Nothing here counts or judges.

mod contents;
mod plausible;
mod reader;

pub use contents::{Gap, PipelineRun, Run};
pub use reader::{ReadError, RunReader};

#[cfg(test)]
mod tests;
