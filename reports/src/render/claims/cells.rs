//! The cells that the text, the CSV and the table of claims share.

use std::fmt::Write as _;

use crate::claim::{Claim, ClaimedRange, Quantity, QuantityUnit, Trial, tally};
use crate::text::counted;
use crate::text::{decimal, money, percent, ratio, thousands};

/// The columns of the CSV and of the table.
pub(super) const COLUMNS: [&str; 8] =
    ["row", "source", "claim", "quantity", "claimed", "parameters", "measured", "verdict"];

/// Every quantity with its claim.
pub(super) fn rows(claims: &[Claim]) -> impl Iterator<Item = (&Claim, &Quantity)> {
    claims.iter().flat_map(|claim| claim.quantities.iter().map(move |quantity| (claim, quantity)))
}

/// The cells of one quantity, in the order of [`COLUMNS`]; not yet escaped.
pub(super) fn cells(claim: &Claim, quantity: &Quantity) -> [String; 8] {
    let decisive = quantity.decisive();
    [
        claim.number.to_string(),
        claim.source.clone(),
        claim.says.clone(),
        quantity.what.clone(),
        range(quantity),
        decisive.map(|trial| trial.with.clone()).unwrap_or_default(),
        decisive.map_or_else(|| "—".to_owned(), |trial| measured(quantity.unit, trial)),
        quantity.verdict().words().to_owned(),
    ]
}

/// How many claims there are, and how many quantities have each verdict.
pub(super) fn headline(claims: &[Claim]) -> String {
    let [reproduced, with_parameters, refuted, inconclusive] = tally(claims);
    let all = reproduced + with_parameters + refuted + inconclusive;
    let mut line = format!(
        "{} in {}: {reproduced} reproduced, {with_parameters} with other parameters, \
         {refuted} refuted",
        counted(all, "quantity"),
        counted(claims.len(), "claim"),
    );
    if inconclusive > 0 {
        let _ = write!(line, ", {inconclusive} inconclusive");
    }
    line
}

/// What was measured, with its unit and the number of samples.
pub(super) fn measured(unit: QuantityUnit, trial: &Trial) -> String {
    let value = trial.measured.map_or_else(|| "nothing".to_owned(), |value| amount(unit, value));
    match trial.samples {
        Some(samples) => format!("{value} (n={})", thousands(samples)),
        None => value,
    }
}

/// What is claimed, in words.
pub(super) fn range(quantity: &Quantity) -> String {
    let amount = |value| amount(quantity.unit, value);
    match quantity.claimed {
        ClaimedRange { min: Some(min), max: Some(max) } if min == max => amount(min),
        ClaimedRange { min: Some(min), max: Some(max) } => {
            format!("{} to {}", amount(min), amount(max))
        }
        ClaimedRange { min: Some(min), max: None } => format!("at least {}", amount(min)),
        ClaimedRange { min: None, max: Some(max) } => format!("at most {}", amount(max)),
        ClaimedRange { min: None, max: None } => "anything".to_owned(),
    }
}

fn amount(unit: QuantityUnit, value: u64) -> String {
    match unit {
        QuantityUnit::Count => whole_or_decimal(value),
        QuantityUnit::Share => percent(value),
        QuantityUnit::Factor => ratio(Some(value), Some(1_000_000)),
        QuantityUnit::Usd => money("$", value),
        QuantityUnit::Inr => money("₹", value),
        QuantityUnit::Seconds => format!("{} s", tenths(value)),
        QuantityUnit::Megabytes => format!("{} MB", whole_or_decimal(value)),
    }
}

fn whole_or_decimal(value: u64) -> String {
    if value.is_multiple_of(1_000_000) { thousands(value / 1_000_000) } else { tenths(value) }
}

/// A value with one decimal place, rounded, and two where one would say nothing.
fn tenths(value: u64) -> String {
    let step = if value < 1_000_000 { 10_000 } else { 100_000 };
    let rounded = value.saturating_add(step / 2) / step * step;
    let fraction = decimal(u128::from(rounded % 1_000_000), 1);
    format!("{}{}", thousands(rounded / 1_000_000), fraction.trim_start_matches('0'))
}

/// Two quantities: one that needs other parameters, and one that is refuted.
#[cfg(test)]
pub(super) fn example() -> Vec<Claim> {
    let trial = |with: &str, measured, samples| Trial { with: with.into(), measured, samples };
    vec![Claim {
        number: 4,
        source: "a document, test 4".into(),
        says: "ten at once: | four succeed".into(),
        quantities: vec![
            Quantity {
                what: "success rate".into(),
                unit: QuantityUnit::Share,
                claimed: ClaimedRange { min: Some(400_000), max: Some(400_000) },
                trials: vec![
                    trial("50 a minute", Some(1_000_000), None),
                    trial("a burst of 4", Some(400_000), None),
                ],
            },
            Quantity {
                what: "cost".into(),
                unit: QuantityUnit::Inr,
                claimed: ClaimedRange { min: Some(100_000_000), max: None },
                trials: vec![trial("=as stated", Some(17_450_000), Some(10))],
            },
        ],
    }]
}
