//! `chaos compare`: two runs of one scenario, side by side.

use std::path::Path;

use reports::compare;
use reports::render::COMPARISON;

use super::deliver::Delivery;
use super::run::records;
use crate::{Exit, Failure};

/// Prints the comparison. Differences are no failure here; that is the gate's business.
pub fn execute(base: &Path, head: &Path) -> Result<Exit, Failure> {
    let comparison = compare(&records::named(base)?, &records::named(head)?);
    Delivery::new(&COMPARISON, None, false)?.send(&comparison)?;
    let comparable = comparison.incomparable.is_empty();
    Ok(if comparable { Exit::Pass } else { Exit::Inconclusive })
}
