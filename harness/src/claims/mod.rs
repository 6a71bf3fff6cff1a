//! The claims of the seed documents, each with the runs that decide about it.
//!
//! `claims.toml` says what is claimed and which runs would show it; every figure next to a claim
//! comes out of those runs' records. [`arm`] is what is run, [`measure`] what is read from it.

pub mod arm;
pub mod measure;

use reports::claim::{ClaimedRange, QuantityUnit};
use reports::record::millionths;
use serde::Deserialize;

pub use arm::Arm;
pub use measure::{Measure, Reading};

use crate::Failure;

/// The claims as a file.
const CLAIMS: &str = include_str!("../../claims.toml");

/// All claims, in the order of their rows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimList {
    /// The claims.
    pub claim: Vec<ClaimConfig>,
}

/// One claim.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimConfig {
    /// Its row.
    pub row: u64,
    /// The document and its section.
    pub source: String,
    /// The claim in short.
    pub says: String,
    /// The quantities that it names.
    pub quantity: Vec<QuantityConfig>,
}

/// One quantity of a claim.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantityConfig {
    /// What is counted.
    pub what: String,
    /// Its unit.
    pub unit: QuantityUnit,
    /// The least value that bears the claim out.
    pub min: Option<f64>,
    /// The greatest value that bears the claim out.
    pub max: Option<f64>,
    /// What is run: first as the document states it, then with other parameters.
    pub trial: Vec<TrialConfig>,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialConfig {
    /// The parameters in words.
    pub with: String,
    /// What is read from the run.
    pub measure: Measure,
    /// What is run.
    pub run: Arm,
    /// What it is compared with.
    pub against: Option<Against>,
}

/// The other side of a measurement that compares.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Against {
    /// How the two values become one.
    pub relation: Relation,
    /// What is run.
    pub run: Arm,
}

/// How two values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The part of the other side's value that this side saves.
    Saved,
    /// How many times this side's value the other side's is.
    Times,
}

/// The claims that ship with the binary.
pub fn book() -> Result<ClaimList, Failure> {
    toml::from_str(CLAIMS).map_err(|error| Failure::internal(format!("claims.toml: {error}")))
}

impl Relation {
    /// The value of both sides, in millionths; nothing where there is no such value.
    pub fn of(self, head: u64, base: u64) -> Option<u64> {
        const ONE: u128 = 1_000_000;
        let (head, base) = (u128::from(head), u128::from(base));
        let value = match self {
            Self::Saved => base.saturating_sub(head).saturating_mul(ONE).checked_div(base),
            Self::Times => base.saturating_mul(ONE).checked_div(head),
        };
        value.and_then(|value| u64::try_from(value).ok())
    }
}

impl QuantityConfig {
    /// The values that bear the claim out.
    pub fn claimed(&self) -> ClaimedRange {
        ClaimedRange { min: self.min.map(figure), max: self.max.map(figure) }
    }
}

/// A claimed figure as measurements have it.
fn figure(value: f64) -> u64 {
    let millionths = millionths(value).and_then(|figure| u64::try_from(figure).ok());
    millionths.expect("the figures of claims are small and not negative")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_documents_is_there_and_every_run_can_be_planned() {
        let book = book().unwrap_or_else(|failure| panic!("{failure}"));
        let rows: Vec<u64> = book.claim.iter().map(|claim| claim.row).collect();
        assert_eq!(rows, (1..=24).collect::<Vec<_>>());
        for claim in &book.claim {
            assert!(!claim.quantity.is_empty(), "row {} names no quantity", claim.row);
            for trial in claim.quantity.iter().flat_map(|quantity| &quantity.trial) {
                let other = trial.against.iter().map(|against| &against.run);
                for arm in std::iter::once(&trial.run).chain(other) {
                    arm.plan().unwrap_or_else(|failure| panic!("row {}: {failure}", claim.row));
                }
            }
        }
    }

    #[test]
    fn what_is_saved_is_a_part_of_the_other_side() {
        assert_eq!(Relation::Saved.of(1, 10), Some(900_000));
        assert_eq!(Relation::Saved.of(11, 10), Some(0), "nothing is saved");
        assert_eq!(Relation::Times.of(3, 30), Some(10_000_000));
        assert_eq!(Relation::Times.of(0, 30), None, "no number of times nothing is 30");
    }
}
