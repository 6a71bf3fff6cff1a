//! The claims of the documents as text, CSV and Markdown: the same cells in three shapes.
//!
//! A claim's words come from our own file and are escaped all the same, so that a page can be
//! built from any list.

use std::fmt::Write as _;

use super::sheet::cell;
use super::{Style, counted};
use crate::claim::{Claim, Quantity, Range, Trial, Unit, Verdict, tally};
use crate::text::{decimal, escape, money, percent, ratio, thousands, wrap};

/// The columns of the CSV.
const COLUMNS: [&str; 8] =
    ["row", "source", "claim", "quantity", "claimed", "parameters", "measured", "verdict"];

/// The claims for a terminal.
pub fn text(claims: &[Claim], style: Style) -> String {
    let mut page = format!("{}\n", headline(claims));
    for claim in claims {
        let prefix = format!("\n{:>3}  ", claim.number);
        let says = format!("{} ({})", escape(&claim.says), escape(&claim.source));
        let _ = writeln!(page, "{}", wrap(&prefix, &says, style.width, 5));
        for quantity in &claim.quantities {
            let line = format!(
                "claimed {} · measured {} · {}",
                range(quantity),
                all_measured(quantity),
                painted(quantity.verdict(), style),
            );
            let prefix = format!("     {} {}: ", sign(quantity.verdict()), escape(&quantity.what));
            let _ = writeln!(page, "{}", wrap(&prefix, &line, style.width, 9));
        }
    }
    page
}

/// The claims as CSV, a line for each quantity.
pub fn csv(claims: &[Claim]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let infallible = "writing to memory cannot fail";
    writer.write_record(COLUMNS).expect(infallible);
    for (claim, quantity) in rows(claims) {
        writer.write_record(cells(claim, quantity).map(|text| cell(&text))).expect(infallible);
    }
    let bytes = writer.into_inner().expect(infallible);
    String::from_utf8(bytes).expect("every cell is text")
}

/// The claims as a Markdown table.
pub fn markdown(claims: &[Claim]) -> String {
    let mut page = format!("{}\n\n", headline(claims));
    let _ = writeln!(page, "| {} |\n|{}", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()));
    for (claim, quantity) in rows(claims) {
        let cells = cells(claim, quantity).map(|cell| escape(&cell).replace('|', "\\|"));
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
    page
}

fn rows(claims: &[Claim]) -> impl Iterator<Item = (&Claim, &Quantity)> {
    claims.iter().flat_map(|claim| claim.quantities.iter().map(move |quantity| (claim, quantity)))
}

fn cells(claim: &Claim, quantity: &Quantity) -> [String; 8] {
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

fn headline(claims: &[Claim]) -> String {
    let [reproduced, with_parameters, refuted, inconclusive] = tally(claims);
    let all = reproduced + with_parameters + refuted + inconclusive;
    let mut line = format!(
        "CLAIMS  {} in {}: {reproduced} reproduced, {with_parameters} with other parameters, \
         {refuted} refuted",
        counted(all, "quantity").replace("quantitys", "quantities"),
        counted(claims.len(), "claim"),
    );
    if inconclusive > 0 {
        let _ = write!(line, ", {inconclusive} inconclusive");
    }
    line
}

const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Reproduced => "✓",
        Verdict::WithParameters(_) => "~",
        Verdict::Refuted => "✗",
        Verdict::Inconclusive => "?",
    }
}

fn painted(verdict: Verdict, style: Style) -> String {
    let as_run = match verdict {
        Verdict::Reproduced => crate::Verdict::Pass,
        Verdict::WithParameters(_) | Verdict::Inconclusive => crate::Verdict::Inconclusive,
        Verdict::Refuted => crate::Verdict::Fail,
    };
    style.paint(as_run, verdict.words())
}

/// Every measurement up to the decisive one, each with its parameters.
fn all_measured(quantity: &Quantity) -> String {
    let shown = match quantity.verdict() {
        Verdict::Reproduced => 1,
        Verdict::WithParameters(trial) => trial + 1,
        Verdict::Refuted | Verdict::Inconclusive => quantity.trials.len(),
    };
    let trials = quantity.trials.iter().take(shown);
    let words =
        trials.map(|trial| format!("{} ({})", measured(quantity.unit, trial), escape(&trial.with)));
    words.collect::<Vec<_>>().join("; ")
}

fn measured(unit: Unit, trial: &Trial) -> String {
    let value = trial.measured.map_or_else(|| "nothing".to_owned(), |value| amount(unit, value));
    match trial.samples {
        Some(samples) => format!("{value} (n={})", thousands(samples)),
        None => value,
    }
}

fn range(quantity: &Quantity) -> String {
    let amount = |value| amount(quantity.unit, value);
    match quantity.claimed {
        Range { min: Some(min), max: Some(max) } if min == max => amount(min),
        Range { min: Some(min), max: Some(max) } => format!("{} to {}", amount(min), amount(max)),
        Range { min: Some(min), max: None } => format!("at least {}", amount(min)),
        Range { min: None, max: Some(max) } => format!("at most {}", amount(max)),
        Range { min: None, max: None } => "anything".to_owned(),
    }
}

fn amount(unit: Unit, value: u64) -> String {
    match unit {
        Unit::Count => whole_or_decimal(value),
        Unit::Share => percent(value),
        Unit::Factor => ratio(Some(value), Some(1_000_000)),
        Unit::Usd => money("$", value),
        Unit::Inr => money("₹", value),
        Unit::Seconds => format!("{} s", tenths(value)),
        Unit::Megabytes => format!("{} MB", whole_or_decimal(value)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Vec<Claim> {
        let trial = |with: &str, measured, samples| Trial { with: with.into(), measured, samples };
        vec![Claim {
            number: 4,
            source: "a document, test 4".into(),
            says: "ten at once: | four succeed".into(),
            quantities: vec![
                Quantity {
                    what: "success rate".into(),
                    unit: Unit::Share,
                    claimed: Range { min: Some(400_000), max: Some(400_000) },
                    trials: vec![
                        trial("50 a minute", Some(1_000_000), None),
                        trial("a burst of 4", Some(400_000), None),
                    ],
                },
                Quantity {
                    what: "cost".into(),
                    unit: Unit::Inr,
                    claimed: Range { min: Some(100_000_000), max: None },
                    trials: vec![trial("=as stated", Some(17_450_000), Some(10))],
                },
            ],
        }]
    }

    #[test]
    fn a_page_says_what_was_tried_until_the_claim_held() {
        insta::assert_snapshot!(text(&claims(), Style { width: 90, ..Style::PLAIN }), @r"
        CLAIMS  2 quantities in 1 claim: 0 reproduced, 1 with other parameters, 1 refuted

          4  ten at once: | four succeed (a document, test 4)
             ~ success rate: claimed 40.0 % · measured 100.0 % (50 a minute); 40.0 % (a burst of
                 4) · reproduced with these parameters
             ✗ cost: claimed at least ₹100.00 · measured ₹17.45 (n=10) (=as stated) · refuted
        ");
    }

    #[test]
    fn a_csv_line_is_safe_in_a_spreadsheet_and_a_markdown_cell_in_its_table() {
        let lines = csv(&claims());
        assert!(lines.contains(",'=as stated,"), "{lines}");
        assert!(markdown(&claims()).contains("ten at once: \\| four succeed"));
    }
}
