//! The card for a terminal: the worst first, each with its evidence, its fix and its price.

use std::fmt::Write as _;

use super::words::{cost, effort, gaps, gate, letter, tally};
use crate::card::{Card, Grade, Row};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::text::{escape, wrap};

/// Probes of a row that are shown unless everything is wanted.
const SHOWN: usize = 4;

/// `chaos diagnose --format text`.
#[derive(Debug)]
pub(crate) struct CardText;

impl Exporter<Card> for CardText {
    fn format(&self) -> ReportFormat {
        ReportFormat { word: "text", about: "For a terminal", file: "card.txt", kept: true }
    }

    fn text(&self, card: &Card, style: Style) -> String {
        let mut page = format!("REPORT CARD  {}: {}\n", escape(&card.target), tally(card));
        let _ = writeln!(page, "{}", effort(card));
        for gap in gaps(card) {
            let _ = writeln!(page, "{}", wrap("? ", &gap, style.width, 2));
        }
        for row in &card.rows {
            page.push('\n');
            page.push_str(&one(row, card, style));
        }
        if let Some(command) = &card.run_one {
            // A command is what is copied: it stays whole, in a line of its own.
            let _ = writeln!(page, "\nto see one probe in full:\n  {}", escape(command));
        }
        let verdict = card.gate.verdict;
        let prefix = format!("{} {}: ", verdict.symbol(), verdict.word());
        let line = wrap(&prefix, &gate(card), style.width, 2);
        let _ = writeln!(page, "\n{}", style.paint(verdict, &line));
        page
    }
}

fn one(row: &Row, card: &Card, style: Style) -> String {
    let letter = letter(row.grade);
    let painted =
        row.grade.map_or_else(|| letter.to_owned(), |grade| style.paint(grade.verdict(), letter));
    let name = row.criterion.name();
    let says = wrap(&format!("{letter}  {name}: "), &escape(&row.says), style.width, 3);
    // The letter is painted when the lines are broken: a colour has no width.
    let mut text = says.replacen(letter, &painted, 1) + "\n";
    let good = matches!(row.grade, Some(Grade::A) | None);
    let shown = match (style.verbose, good) {
        (true, _) => usize::MAX,
        (false, true) => 0,
        (false, false) => SHOWN,
    };
    for evidence in row.evidence.iter().take(shown) {
        let prefix = format!("   · {}: ", escape(&evidence.probe));
        let _ = writeln!(text, "{}", wrap(&prefix, &escape(&evidence.saw), style.width, 5));
    }
    let left = row.evidence.len().saturating_sub(shown);
    if left > 0 && !good {
        let _ = writeln!(text, "   · and {left} more with --verbose");
    }
    if let Some(fix) = &row.fix {
        let _ = writeln!(text, "{}", wrap("   fix: ", &escape(fix), style.width, 8));
    }
    if let Some(monthly) = row.cost {
        let words = cost(monthly, card.volume);
        let _ = writeln!(text, "{}", wrap("   cost: ", &words, style.width, 9));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::tests::example;

    #[test]
    fn the_page_begins_with_the_worst_and_ends_with_the_verdict() {
        let card = example().held_against_grade(Grade::D);
        insta::assert_snapshot!(CardText.text(&card, Style { width: 80, ..Style::PLAIN }), @r"
        REPORT CARD  naive.py: 1 F, 1 D, 1 A, 1 not shown
        1 probe, 1 request, $0.0120 had it been the real API, waits 60 times as fast

        F  broken answers: 1 of 2 broken answers was kept as whole
           · cut: kept: exited with 0 after 1 attempt <b>
           fix: Read until `message_stop`, and ask again where it does not come.
           cost: $1.20 a month for nothing, if 1.0 % of 10,000 files meet it ($0.0120
                 each)

        D  jitter: every first wait took 1 s (n=9)

        A  retries: 10 of 10 passing troubles were outlasted

        –  resume: each file is a run of its own

        to see one probe in full:
          chaos run PROBE --speed 60 -- python naive.py {file}

        ✗ FAIL: grades have to be D or better: broken answers F (D wanted)
        ");
    }
}
