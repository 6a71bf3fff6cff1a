//! `chaos claims`: what the seed documents claim, each quantity measured by running.

use std::collections::BTreeMap;

use reports::Run;
use reports::claim::{Claim, Quantity, Trial, Verdict};
use reports::render::claims as page;

use super::observe;
use crate::args::{ClaimsArgs, ClaimsFormat};
use crate::claims::{self, Arm, Measured, TrialConfig};
use crate::process::interrupt::Interrupt;
use crate::process::terminal;
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
    let bar = terminal::progress(args.quiet, "claims", book.claim.len() as u64);
    let mut found = Vec::new();
    for claim in book.claim.iter().filter(|claim| asked(claim.row)) {
        found.push(runs.claim(claim)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let text = match args.format {
        ClaimsFormat::Text => page::text(&found, terminal::style()),
        ClaimsFormat::Csv => page::csv(&found),
        ClaimsFormat::Markdown => page::markdown(&found),
    };
    terminal::print(&text)?;
    let quantities = found.iter().flat_map(|claim| &claim.quantities);
    let open = quantities.filter(|quantity| quantity.verdict() == Verdict::Inconclusive).count();
    Ok(if open == 0 { Exit::Pass } else { Exit::Inconclusive })
}

/// Runs that were made, so that claims about the same run share it.
struct Runs {
    kept: BTreeMap<String, Run>,
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
                    Some(Measured { value, samples: head.samples })
                })
            }
        };
        Ok(Trial {
            with: trial.with.clone(),
            measured: measured.map(|measured| measured.value),
            samples: measured.and_then(|measured| measured.samples),
        })
    }

    fn measure(&mut self, trial: &TrialConfig, arm: &Arm) -> Result<Option<Measured>, Failure> {
        let key = arm.key();
        if !self.kept.contains_key(&key) {
            self.kept.insert(key.clone(), observe(&arm.plan()?, &self.interrupt)?);
        }
        let run = &self.kept[&key];
        Ok(run
            .pipelines
            .first()
            .and_then(|pipeline| trial.measure.of(pipeline, &run.header.currency)))
    }
}
