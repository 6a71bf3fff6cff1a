//! `chaos report`: the reports of runs again, from their records alone, in any format.

use reports::Judged;

use super::deliver::Delivery;
use super::run::records;
use crate::args::ReportArgs;
use crate::{Exit, Failure};

/// Reports runs; exits with their worst verdict.
pub fn execute(args: &ReportArgs) -> Result<Exit, Failure> {
    let delivery = Delivery::new(&args.format, args.out.as_deref(), args.verbose)?;
    let runs: Vec<Judged> = args
        .runs
        .iter()
        .map(|path| records::named_in(path, args.currency))
        .collect::<Result<_, _>>()?;
    delivery.send(&runs)?;
    let verdicts = runs.iter().map(|judged| judged.verdict().into());
    Ok(verdicts.fold(Exit::Pass, Exit::worst))
}
