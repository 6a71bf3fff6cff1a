//! What documents claim, checked against what was measured.
//!
//! A claim has quantities; each was measured with the parameters that the document states and,
//! where those do not give the claimed value, with others that might. The verdict follows from the
//! numbers alone: nothing here knows which claim it is about.

use serde::Deserialize;

/// One claim with everything that was measured for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its row in the list of claims.
    pub number: u64,
    /// The document and its section.
    pub source: String,
    /// The claim in short.
    pub says: String,
    /// The quantities that it names.
    pub quantities: Vec<Quantity>,
}

/// One quantity of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    /// What is counted.
    pub what: String,
    /// Its unit.
    pub unit: QuantityUnit,
    /// The values that would bear the claim out.
    pub claimed: ClaimedRange,
    /// What was measured: first with the stated parameters, then with others.
    pub trials: Vec<Trial>,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The parameters in words.
    pub with: String,
    /// The value in millionths of its unit; nothing where the run gave none.
    pub measured: Option<u64>,
    /// The number of samples, where the value is a percentile.
    pub samples: Option<u64>,
}

/// Values from `min` to `max`, both included, in millionths of their unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimedRange {
    /// The least value.
    pub min: Option<u64>,
    /// The greatest value.
    pub max: Option<u64>,
}

/// What a quantity is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuantityUnit {
    /// Things.
    Count,
    /// Part of a whole.
    Share,
    /// How many times one value is another.
    Factor,
    /// Dollars.
    Usd,
    /// Rupees.
    Inr,
    /// Seconds.
    Seconds,
    /// Megabytes.
    Megabytes,
}

/// What a measurement says of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimVerdict {
    /// Measured as claimed, with the stated parameters.
    Reproduced,
    /// Measured as claimed with other parameters: those of this trial, counted from 0.
    WithParameters(usize),
    /// Not measured as claimed with any parameters that were tried.
    Refuted,
    /// A run gave no value, so nothing follows.
    Inconclusive,
}

impl ClaimedRange {
    /// Whether a value lies inside.
    pub fn holds(&self, value: u64) -> bool {
        self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
    }
}

impl Quantity {
    /// What follows from the measurements.
    pub fn verdict(&self) -> ClaimVerdict {
        let hit = |trial: &Trial| trial.measured.is_some_and(|value| self.claimed.holds(value));
        match self.trials.iter().position(hit) {
            Some(0) => ClaimVerdict::Reproduced,
            Some(trial) => ClaimVerdict::WithParameters(trial),
            None if self.trials.iter().any(|trial| trial.measured.is_none()) => {
                ClaimVerdict::Inconclusive
            }
            None if self.trials.is_empty() => ClaimVerdict::Inconclusive,
            None => ClaimVerdict::Refuted,
        }
    }

    /// The measurement that the verdict rests on: the one that bears the claim out, or else the
    /// one with the stated parameters.
    pub fn decisive(&self) -> Option<&Trial> {
        match self.verdict() {
            ClaimVerdict::WithParameters(trial) => self.trials.get(trial),
            _ => self.trials.first(),
        }
    }
}

impl ClaimVerdict {
    /// The words in reports.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::WithParameters(_) => "reproduced with these parameters",
            Self::Refuted => "refuted",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// How many quantities have each verdict: reproduced, with other parameters, refuted, inconclusive.
pub fn tally(claims: &[Claim]) -> [usize; 4] {
    let mut counts = [0; 4];
    for quantity in claims.iter().flat_map(|claim| &claim.quantities) {
        let place = match quantity.verdict() {
            ClaimVerdict::Reproduced => 0,
            ClaimVerdict::WithParameters(_) => 1,
            ClaimVerdict::Refuted => 2,
            ClaimVerdict::Inconclusive => 3,
        };
        counts[place] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(values: &[Option<u64>]) -> Quantity {
        let trial = |measured: &Option<u64>| Trial {
            with: String::new(),
            measured: *measured,
            samples: None,
        };
        Quantity {
            what: "x".into(),
            unit: QuantityUnit::Count,
            claimed: ClaimedRange { min: Some(4), max: Some(6) },
            trials: values.iter().map(trial).collect(),
        }
    }

    #[test]
    fn the_stated_parameters_come_first_and_both_ends_of_the_range_count() {
        assert_eq!(measured(&[Some(4), Some(5)]).verdict(), ClaimVerdict::Reproduced);
        assert_eq!(measured(&[Some(7), Some(6)]).verdict(), ClaimVerdict::WithParameters(1));
        assert_eq!(measured(&[Some(7), Some(3)]).verdict(), ClaimVerdict::Refuted);
    }

    #[test]
    fn what_could_not_be_measured_refutes_nothing() {
        assert_eq!(measured(&[Some(7), None]).verdict(), ClaimVerdict::Inconclusive);
        assert_eq!(measured(&[]).verdict(), ClaimVerdict::Inconclusive);
        assert_eq!(measured(&[None, Some(5)]).verdict(), ClaimVerdict::WithParameters(1));
    }
}
