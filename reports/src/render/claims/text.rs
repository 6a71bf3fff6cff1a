//! The claims for a terminal: every measurement up to the one that decides.

use std::fmt::Write as _;

use super::cells::{headline, measured, range};
use crate::claim::{Claim, ClaimVerdict, Quantity};
use crate::judge::Verdict;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::text::{escape, wrap};

/// `chaos claims --format text`.
#[derive(Debug)]
pub(crate) struct ClaimsText;

impl Exporter<[Claim]> for ClaimsText {
    fn format(&self) -> ReportFormat {
        ReportFormat { word: "text", about: "For a terminal", file: "claims.txt", kept: false }
    }

    fn text(&self, claims: &[Claim], style: Style) -> String {
        let mut page = wrap("CLAIMS  ", &headline(claims), style.width, 2) + "\n";
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
                let prefix =
                    format!("     {} {}: ", sign(quantity.verdict()), escape(&quantity.what));
                let _ = writeln!(page, "{}", wrap(&prefix, &line, style.width, 9));
            }
        }
        page
    }
}

const fn sign(verdict: ClaimVerdict) -> &'static str {
    match verdict {
        ClaimVerdict::Reproduced => "✓",
        ClaimVerdict::WithParameters(_) => "~",
        ClaimVerdict::Refuted => "✗",
        ClaimVerdict::Inconclusive => "?",
    }
}

fn painted(verdict: ClaimVerdict, style: Style) -> String {
    let as_run = match verdict {
        ClaimVerdict::Reproduced => Verdict::Pass,
        ClaimVerdict::WithParameters(_) | ClaimVerdict::Inconclusive => Verdict::Inconclusive,
        ClaimVerdict::Refuted => Verdict::Fail,
    };
    style.paint(as_run, verdict.words())
}

/// Every measurement up to the decisive one, each with its parameters.
fn all_measured(quantity: &Quantity) -> String {
    let shown = match quantity.verdict() {
        ClaimVerdict::Reproduced => 1,
        ClaimVerdict::WithParameters(trial) => trial + 1,
        ClaimVerdict::Refuted | ClaimVerdict::Inconclusive => quantity.trials.len(),
    };
    let trials = quantity.trials.iter().take(shown);
    let words =
        trials.map(|trial| format!("{} ({})", measured(quantity.unit, trial), escape(&trial.with)));
    words.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::cells::example;
    use super::*;

    #[test]
    fn a_page_says_what_was_tried_until_the_claim_held() {
        let style = Style { width: 90, ..Style::PLAIN };
        insta::assert_snapshot!(ClaimsText.text(&example(), style), @r"
        CLAIMS  2 quantities in 1 claim: 0 reproduced, 1 with other parameters, 1 refuted

          4  ten at once: | four succeed (a document, test 4)
             ~ success rate: claimed 40.0 % · measured 100.0 % (50 a minute); 40.0 % (a burst of
                 4) · reproduced with these parameters
             ✗ cost: claimed at least ₹100.00 · measured ₹17.45 (n=10) (=as stated) · refuted
        ");
    }
}
