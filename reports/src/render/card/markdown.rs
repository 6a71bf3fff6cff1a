//! The card as Markdown, for a pull request or a step's summary.

use std::fmt::Write as _;

use super::words::{cost, effort, gaps, gate, letter, tally};
use crate::card::{Card, Row};
use crate::render::ci::markdown::code;
use crate::render::ci::plain;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;

/// `chaos diagnose --format markdown`.
#[derive(Debug)]
pub(crate) struct CardMarkdown;

impl Exporter<Card> for CardMarkdown {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "markdown",
            about: "For a pull request or a step's summary",
            file: "card.md",
            kept: true,
        }
    }

    fn text(&self, card: &Card, _style: Style) -> String {
        let target = plain(&card.target);
        let mut page = format!("## Report card of {target}: {}\n\n", tally(card));
        let verdict = card.gate.verdict;
        let (symbol, word) = (verdict.symbol(), verdict.word());
        let _ = writeln!(page, "**{symbol} {word}** {}\n", plain(&gate(card)));
        for gap in gaps(card) {
            let _ = writeln!(page, "- ? {}", plain(&gap));
        }
        page.push_str("| grade | | what was seen | fix | cost |\n|---|---|---|---|---|\n");
        for row in &card.rows {
            page.push_str(&line(row, card));
        }
        let _ = writeln!(page, "\n{}", effort(card));
        if let Some(command) = &card.run_one {
            let _ = writeln!(page, "\nTo see one probe in full: {}", code(command));
        }
        page
    }
}

fn line(row: &Row, card: &Card) -> String {
    let mut evidence = String::new();
    for one in &row.evidence {
        let _ = write!(evidence, "<br>{}: {}", plain(&one.probe), plain(&one.saw));
    }
    let fix = row.fix.as_deref().map(plain).unwrap_or_default();
    let cost = row.cost.map(|monthly| plain(&cost(monthly, card.volume)));
    format!(
        "| **{}** | {} | {}{evidence} | {fix} | {} |\n",
        letter(row.grade),
        row.criterion.name(),
        plain(&row.says),
        cost.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Grade;
    use crate::card::tests::example;

    #[test]
    fn a_row_is_a_line_of_the_table() {
        let card = example().held_against_grade(Grade::D);
        let page = CardMarkdown.text(&card, Style::PLAIN);
        let lines: Vec<&str> = page.lines().collect();
        assert_eq!(lines[0], "## Report card of naive.py: 1 F, 1 D, 1 A, 1 not shown");
        assert_eq!(
            lines[2],
            "**✗ FAIL** grades have to be D or better: broken answers F (D wanted)"
        );
        assert_eq!(lines[7], "| **D** | jitter | every first wait took 1 s (n=9) |  |  |");
        let worst = "| **F** | broken answers | 1 of 2 broken answers was kept as whole<br>cut: ";
        assert!(lines[6].starts_with(worst) && lines[6].contains("&lt;b&gt;"), "{}", lines[6]);
        assert!(lines[4..10].iter().all(|line| line.matches(" | ").count() <= 5), "{page}");
    }
}
