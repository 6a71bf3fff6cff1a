//! `chaos compare`: two runs of one scenario, side by side.

use reports::compare;

use super::deliver::Delivery;
use super::run::records;
use crate::args::CompareArgs;
use crate::{Exit, Failure};

/// Reports the comparison. Differences are no failure here; that is the gate's business.
pub fn execute(args: &CompareArgs) -> Result<Exit, Failure> {
    let delivery = Delivery::new(&args.format, args.out.as_deref(), false)?;
    let comparison = compare(&records::named(&args.base)?, &records::named(&args.head)?);
    delivery.send(&comparison)?;
    Ok(comparison.verdict().into())
}
