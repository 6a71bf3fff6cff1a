//! `chaos claims`: what the seed documents claim, each quantity measured by running.

use std::collections::BTreeMap;

use reports::Judged;
use reports::claim::{Claim, ClaimVerdict, Quantity, Trial};

use super::deliver::Delivery;
use super::run::records;
use crate::args::ClaimsArgs;
use crate::claims::{self, Arm, Reading, TrialConfig};
use crate::process::interrupt::Interrupt;
use crate::process::meter::Meter;
use crate::{Exit, Failure};

/// Measures every claim that was asked for, and prints the list.
pub fn execute(args: &ClaimsArgs) -> Result<Exit, Failure> {
    let interrupt = Interrupt::on_signals()?;
    let mut runs = Runs { kept: BTreeMap::new(), interrupt };
    let book = claims::book()?;
    let asked = |row: u64| args.row.is_empty() || args.row.contains(&row);
    if let Some(unknown) = args.row.iter().find(|row| !book.claim.iter().any(|c| c.row == **row)) {
        let last = book.claim.last().map_or(0, |claim| claim.row);
        return Err(Failure::usage(format!(
            "there is no claim in row {unknown}\nhint: rows go from 1 to {last}"
        )));
    }
    let chosen: Vec<_> = book.claim.iter().filter(|claim| asked(claim.row)).collect();
    let meter = Meter::new(args.quiet, "claims", chosen.len() as u64);
    let mut found = Vec::new();
    for claim in chosen {
        meter.note(|| format!("row {}", claim.row));
        found.push(runs.claim(claim)?);
        meter.step(1);
    }
    meter.finish();
    Delivery::new(&[args.format], None, false)?.send(&found)?;
    let quantities = found.iter().flat_map(|claim| &claim.quantities);
    let open =
        quantities.filter(|quantity| quantity.verdict() == ClaimVerdict::Inconclusive).count();
    Ok(if open == 0 { Exit::Pass } else { Exit::Inconclusive })
}

/// Runs that were made, so that claims about the same run share it.
struct Runs {
    kept: BTreeMap<String, Judged>,
    interrupt: Interrupt,
}

impl Runs {
    fn claim(&mut self, claim: &claims::ClaimConfig) -> Result<Claim, Failure> {
        let mut quantities = Vec::new();
        for quantity in &claim.quantity {
            let trials = quantity.trial.iter().map(|trial| self.trial(trial));
            quantities.push(Quantity {
                what: quantity.what.clone(),
                unit: quantity.unit,
                claimed: quantity.claimed(),
                trials: trials.collect::<Result<_, _>>()?,
            });
        }
        let claims::ClaimConfig { row, source, says, .. } = claim.clone();
        Ok(Claim { number: row, source, says, quantities })
    }

    fn trial(&mut self, trial: &TrialConfig) -> Result<Trial, Failure> {
        let head = self.measure(trial, &trial.run)?;
        let measured = match &trial.against {
            None => head,
            Some(against) => {
                let base = self.measure(trial, &against.run)?;
                head.zip(base).and_then(|(head, base)| {
                    let value = against.relation.of(head.value, base.value)?;
                    Some(Reading { value, samples: head.samples })
                })
            }
        };
        Ok(Trial {
            with: trial.with.clone(),
            measured: measured.map(|measured| measured.value),
            samples: measured.and_then(|measured| measured.samples),
        })
    }

    fn measure(&mut self, trial: &TrialConfig, arm: &Arm) -> Result<Option<Reading>, Failure> {
        let key = arm.key();
        if !self.kept.contains_key(&key) {
            self.kept.insert(key.clone(), records::observe(&arm.plan()?, &self.interrupt)?);
        }
        Ok(trial.measure.of(&self.kept[&key]))
    }
}
