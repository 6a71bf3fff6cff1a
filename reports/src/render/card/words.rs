//! The sentences that the pages of a card share.

use std::fmt::Write as _;

use crate::card::{Basis, Card, Change, Grade, MonthlyCost, Volume};
use crate::text::counted;
use crate::text::{escape, percent, usd};

/// How many criteria have which grade: `2 F, 1 D, 9 A, 3 not shown`.
pub(super) fn tally(card: &Card) -> String {
    let mut parts: Vec<String> = Grade::ALL
        .iter()
        .rev()
        .map(|grade| (card.count(Some(*grade)), grade.letter()))
        .chain([(card.count(None), "not shown")])
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    if parts.is_empty() {
        parts.push("nothing was looked at".to_owned());
    }
    parts.join(", ")
}

/// What the card took: `45 probes, 101 requests, $1.20, time 60 times as fast`.
pub(super) fn effort(card: &Card) -> String {
    let calls: u64 = card.probes.iter().map(|probe| probe.calls).sum();
    let cost: u64 = card.probes.iter().map(|probe| probe.cost_microusd).sum();
    let calls = counted(calls, "request");
    let probes = counted(card.probes.len(), "probe");
    let mut words = format!("{probes}, {calls}, {} had it been the real API", usd(cost));
    if let Some(speed) = card.speed {
        let _ = write!(words, ", waits {speed} times as fast");
    }
    words
}

/// A grade as a letter, or a dash.
pub(super) fn letter(grade: Option<Grade>) -> &'static str {
    grade.map_or("–", Grade::letter)
}

/// What something costs in a month, and for which month that is.
pub(super) fn cost(cost: MonthlyCost, volume: Volume) -> String {
    let (month, files) = (usd(cost.microusd(volume)), counted(volume.files, "file"));
    let per_file = usd(cost.per_file_microusd);
    match cost.basis {
        Basis::TroubledFiles => format!(
            "{month} a month for nothing, if {} of {files} meet it ({per_file} each)",
            percent(volume.troubled_ppm)
        ),
        Basis::RepeatedFiles => format!(
            "{month} a month for nothing, if {files} are sent once more, unchanged \
             ({per_file} each)"
        ),
    }
}

/// What the grades were held against, and what broke it.
pub(super) fn gate(card: &Card) -> String {
    let gate = &card.gate;
    let broken: Vec<String> = gate.broken.iter().copied().map(change).collect();
    let broken = if broken.is_empty() { String::new() } else { format!(": {}", broken.join(", ")) };
    format!("{}{broken}", gate.rule)
}

fn change(change: Change) -> String {
    let name = change.criterion.name();
    match (change.wanted, change.grade) {
        (_, None) => format!("{name} is not shown any more"),
        (Some(wanted), Some(grade)) => {
            format!("{name} {} ({} wanted)", grade.letter(), wanted.letter())
        }
        (None, Some(grade)) => format!("{name} {}", grade.letter()),
    }
}

/// What makes the card incomplete, a line each.
pub(super) fn gaps(card: &Card) -> impl Iterator<Item = String> {
    card.gaps.iter().map(|gap| escape(gap))
}
