//! `chaos claims`: what the seed documents claim, each quantity measured by running.

use std::collections::{BTreeMap, BTreeSet};

use reports::Judged;
use reports::claim::{Claim, ClaimVerdict, Quantity, Trial};

use super::deliver::Delivery;
use super::run::records;
use crate::args::ClaimsArgs;
use crate::claims::{self, Arm, ClaimConfig, Reading, TrialConfig};
use crate::plan::run_plan::RunPlan;
use crate::process::interrupt::Interrupt;
use crate::process::meter::Meter;
use crate::run::shared::{self, Shared};
use crate::{Exit, Failure};

/// Measures every claim that was asked for, and prints the list.
pub fn execute(args: &ClaimsArgs) -> Result<Exit, Failure> {
    let book = claims::book()?;
    let asked = |row: u64| args.row.is_empty() || args.row.contains(&row);
    if let Some(unknown) = args.row.iter().find(|row| !book.claim.iter().any(|c| c.row == **row)) {
        let last = book.claim.last().map_or(0, |claim| claim.row);
        return Err(Failure::usage(format!(
            "there is no claim in row {unknown}\nhint: rows go from 1 to {last}"
        )));
    }
    let chosen: Vec<_> = book.claim.iter().filter(|claim| asked(claim.row)).collect();
    let runs = Runs::of(&chosen, args)?;
    let found: Vec<Claim> = chosen.into_iter().map(|claim| runs.claim(claim)).collect();
    Delivery::new(&[args.format], None, false)?.send(&found)?;
    let quantities = found.iter().flat_map(|claim| &claim.quantities);
    let open =
        quantities.filter(|quantity| quantity.verdict() == ClaimVerdict::Inconclusive).count();
    Ok(if open == 0 { Exit::Pass } else { Exit::Inconclusive })
}

/// The runs that claims are about, each made once.
struct Runs {
    kept: BTreeMap<String, Judged>,
}

impl Runs {
    /// Makes the runs, several at a time.
    fn of(claims: &[&ClaimConfig], args: &ClaimsArgs) -> Result<Self, Failure> {
        let interrupt = Interrupt::on_signals()?;
        let arms = arms(claims);
        let shared = Shared::new(shared::threads(args.threads.threads), arms.len());
        let meter = Meter::new(args.quiet, "claims", arms.len() as u64);
        let plans: Vec<RunPlan> =
            arms.iter().map(|(_, _, arm)| arm.plan()).collect::<Result<_, _>>()?;
        let found = records::each(&plans, &interrupt, &shared, |index, plan| {
            meter.note(|| format!("row {}", arms[index].1));
            let judged = records::observe(plan, &interrupt, &shared)?;
            meter.step(1);
            Ok(judged)
        });
        meter.finish();
        let keys = arms.into_iter().map(|(key, ..)| key);
        Ok(Self { kept: keys.zip(found?).collect() })
    }

    fn claim(&self, claim: &ClaimConfig) -> Claim {
        let mut quantities = Vec::new();
        for quantity in &claim.quantity {
            quantities.push(Quantity {
                what: quantity.what.clone(),
                unit: quantity.unit,
                claimed: quantity.claimed(),
                trials: quantity.trial.iter().map(|trial| self.trial(trial)).collect(),
            });
        }
        let ClaimConfig { row, source, says, .. } = claim.clone();
        Claim { number: row, source, says, quantities }
    }

    fn trial(&self, trial: &TrialConfig) -> Trial {
        let head = self.measure(trial, &trial.run);
        let measured = match &trial.against {
            None => head,
            Some(against) => {
                let base = self.measure(trial, &against.run);
                head.zip(base).and_then(|(head, base)| {
                    let value = against.relation.of(head.value, base.value)?;
                    Some(Reading { value, samples: head.samples })
                })
            }
        };
        Trial {
            with: trial.with.clone(),
            measured: measured.map(|measured| measured.value),
            samples: measured.and_then(|measured| measured.samples),
        }
    }

    fn measure(&self, trial: &TrialConfig, arm: &Arm) -> Option<Reading> {
        trial.measure.of(&self.kept[&arm.key()])
    }
}

/// What is to be run, with its key and the row that asks for it first: claims about the same run
/// share it.
fn arms<'a>(claims: &[&'a ClaimConfig]) -> Vec<(String, u64, &'a Arm)> {
    let (mut seen, mut arms) = (BTreeSet::new(), Vec::new());
    for claim in claims {
        for trial in claim.quantity.iter().flat_map(|quantity| &quantity.trial) {
            let other = trial.against.iter().map(|against| &against.run);
            for arm in std::iter::once(&trial.run).chain(other) {
                let key = arm.key();
                if seen.insert(key.clone()) {
                    arms.push((key, claim.row, arm));
                }
            }
        }
    }
    arms
}
