//! `chaos compare`: two runs of one scenario, side by side.

use std::path::Path;

use reports::compare;
use reports::render;

use super::read_run;
use crate::process::terminal;
use crate::{Exit, Failure};

/// Prints the comparison. Differences are no failure here; that is the gate's business.
pub fn execute(base: &Path, head: &Path) -> Result<Exit, Failure> {
    let comparison = compare(&read_run(base)?, &read_run(head)?);
    terminal::print(&render::compare::render(&comparison, terminal::style()))?;
    let comparable = comparison.incomparable.is_empty();
    Ok(if comparable { Exit::Pass } else { Exit::Inconclusive })
}
