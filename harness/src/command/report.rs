//! `chaos report`: the reports of runs again, from their records alone, in any format.

use reports::Judged;

use super::deliver::Delivery;
use super::run::records;
use crate::args::ReportArgs;
use crate::{Exit, Failure};

/// Reports runs; exits with their worst verdict.
pub fn execute(args: &ReportArgs) -> Result<Exit, Failure> {
    let delivery = Delivery::new(&args.format, args.out.as_deref(), args.verbose)?;
    let mut runs: Vec<Judged> = Vec::new();
    for path in &args.runs {
        // A folder of runs stands for all of them.
        let several = records::below(path);
        let paths = if several.is_empty() { vec![path.clone()] } else { several };
        for path in paths {
            runs.push(records::named_in(&path, args.currency)?);
        }
    }
    delivery.send(&runs)?;
    let verdicts = runs.iter().map(|judged| judged.verdict().into());
    Ok(verdicts.fold(Exit::Pass, Exit::worst))
}
