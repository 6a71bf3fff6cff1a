//! The card for programs, and as a baseline of later ones.

use crate::card::Card;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;

/// `chaos diagnose --format json`.
#[derive(Debug)]
pub(crate) struct CardJson;

impl Exporter<Card> for CardJson {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "json",
            about: "Everything, for programs and as a baseline; its schema is \
                    reports/card.schema.json",
            file: "card.json",
            kept: true,
        }
    }

    fn text(&self, card: &Card, _style: Style) -> String {
        serde_json::to_string_pretty(card).expect("a card serialises") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::tests::example;

    #[test]
    fn a_card_reads_back_as_it_was() {
        let card = example().held_against_grade(crate::card::Grade::D);
        let read: Card = serde_json::from_str(&CardJson.text(&card, Style::PLAIN)).unwrap();
        assert_eq!(read, card);
    }
}
