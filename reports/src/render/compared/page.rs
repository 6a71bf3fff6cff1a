//! What every format of a gate and of a comparison is made of: a verdict, and what moved.
//!
//! Invariant: the words and the verdict are decided here, once, so that no format can say of the
//! same gate what another one does not.

use super::amount::{delta, exact_or_dash};
use super::sentence::sentence;
use crate::compare::{
    ACCEPT, Change, ComparedNumber, Comparison, Difference, GateReport, GateRow, GateScenario,
    Repeats,
};
use crate::judge::Verdict;
use crate::text::counted;

/// What is compared with something, ready to be laid out. Nothing in it is escaped.
pub(crate) struct Page {
    /// What it is about: the gate, or the scenario of two runs.
    pub(super) title: String,
    pub(super) verdict: Verdict,
    /// The verdict in one word.
    pub(super) word: &'static str,
    /// What was compared and how much of it moved.
    pub(super) headline: String,
    /// What a person would say of it.
    pub(super) sentences: Vec<String>,
    /// Why the whole cannot be compared.
    pub(super) reasons: Vec<String>,
    /// Its scenarios, the worst first.
    pub(super) sections: Vec<Section>,
    /// What to do, where something is to be done.
    pub(super) hint: Option<&'static str>,
}

/// One scenario.
pub(super) struct Section {
    pub(super) scenario: String,
    pub(super) verdict: Verdict,
    /// The verdict and what was compared, in words.
    pub(super) words: String,
    /// Why it cannot be compared.
    pub(super) reasons: Vec<String>,
    /// What to know about the numbers.
    pub(super) notes: Vec<String>,
    /// Its numbers, those that moved first.
    pub(super) rows: Vec<GateRow>,
    /// Whether they are judged, and not only described.
    pub(super) is_judged: bool,
}

/// The names of the files of one subject, by format.
pub(crate) struct Files {
    pub(super) screen: &'static str,
    pub(super) markdown: &'static str,
    pub(super) json: &'static str,
    pub(super) html: &'static str,
    pub(super) junit: &'static str,
    pub(super) github: &'static str,
}

/// What can be laid out as a [`Page`].
pub(crate) trait Compared {
    /// The names of its files.
    const FILES: Files;

    /// What is to be laid out.
    fn page(&self) -> Page;
}

impl Section {
    /// Whether it is all that the page is about.
    pub(super) fn is_whole(&self, page: &Page) -> bool {
        self.scenario == page.title
    }

    /// Whether its numbers were measured several times.
    pub(super) fn is_of_repeats(&self) -> bool {
        self.rows.iter().any(|row| row.repeats.is_some())
    }

    /// The columns of its table: how many of them are words, of which the last is the verdict, and
    /// all their names.
    pub(super) fn columns(&self) -> (usize, &'static [&'static str]) {
        if self.is_of_repeats() {
            // Both sides have a name in the notes.
            (2, &["metric", "verdict", "base", "head", "change", "chance", "seen from"])
        } else {
            (3, &["pipeline", "metric", "verdict", "base", "head", "delta"])
        }
    }

    /// The cells of a row of that table. Nothing in them is escaped.
    pub(super) fn cells(&self, row: &GateRow) -> Vec<String> {
        let verdict = if self.is_judged {
            format!("{} {}", row.verdict.symbol(), row.change())
        } else {
            row.change()
        };
        if self.is_of_repeats() {
            [row.metric.clone(), verdict].into_iter().chain(row.repeated()).collect()
        } else {
            let words = [row.pipeline.clone(), row.metric.clone(), verdict];
            words.into_iter().chain(row.amounts()).collect()
        }
    }

    /// What is worth a line.
    pub(super) fn moved(&self) -> impl Iterator<Item = &GateRow> {
        self.rows.iter().filter(|row| !row.is_same())
    }
}

/// How a number is shown.
impl GateRow {
    /// Whether it did not move at all.
    pub(super) fn is_same(&self) -> bool {
        self.change == Some(Change::Same) && self.repeats.as_ref().is_none_or(Repeats::is_exact)
    }

    /// How it moved, or why that is not known.
    pub(super) fn change(&self) -> String {
        if self.repeats.is_some() {
            return Repeats::word(self.verdict).to_owned();
        }
        match (self.change, &self.reason) {
            // What was borne says why.
            (Some(change), Some(reason)) if self.verdict == Verdict::Pass => {
                format!("{}, {reason}", change.word())
            }
            (Some(change), _) => change.word().to_owned(),
            (None, Some(reason)) => reason.clone(),
            (None, None) => "missing".to_owned(),
        }
    }

    /// Base, head and difference, with every digit.
    fn amounts(&self) -> [String; 3] {
        [
            exact_or_dash(self.unit, self.base),
            exact_or_dash(self.unit, self.head),
            delta(self.unit, self.base, self.head),
        ]
    }

    /// All of it in words.
    pub(super) fn words(&self) -> String {
        let [base, head, delta] = self.amounts();
        let repeats = self.repeats.iter().map(|repeats| format!("; {}", repeats.words()));
        let repeats: String = repeats.collect();
        format!("{}: base {base}, head {head}, delta {delta}{repeats}", self.change())
    }
}

impl Compared for GateReport {
    const FILES: Files = Files {
        screen: "gate.txt",
        markdown: "gate.md",
        json: "gate.json",
        html: "gate.html",
        junit: "gate.junit.xml",
        github: "gate.annotations.txt",
    };

    fn page(&self) -> Page {
        let rows = || self.scenarios.iter().flat_map(|scenario| &scenario.rows);
        let of_repeats = rows().any(|row| row.repeats.is_some());
        let moved = rows().filter(|row| row.verdict == Verdict::Fail).count();
        let mut scenarios: Vec<&GateScenario> = self.scenarios.iter().collect();
        // The sort is stable: scenarios with one verdict stay in the order of their names.
        scenarios.sort_by_key(|scenario| std::cmp::Reverse(scenario.verdict));
        Page {
            title: "gate".to_owned(),
            verdict: self.verdict,
            word: self.verdict.word(),
            headline: format!(
                "{} compared in {}, {moved} {}",
                counted(rows().count(), "number"),
                counted(self.scenarios.len(), "scenario"),
                if of_repeats { "got worse" } else { "moved" },
            ),
            sentences: Vec::new(),
            reasons: self.reasons.clone(),
            sections: scenarios.into_iter().map(section).collect(),
            hint: (moved > 0 && !of_repeats).then_some(ACCEPT),
        }
    }
}

fn section(scenario: &GateScenario) -> Section {
    let of_repeats = scenario.rows.iter().any(|row| row.repeats.is_some());
    let held = |row: &&GateRow| {
        row.verdict == Verdict::Pass && (of_repeats || row.change == Some(Change::Same))
    };
    let held = counted(scenario.rows.iter().filter(held).count(), "number");
    let held = match scenario.rows.len() {
        0 => "nothing compared".to_owned(),
        _ if of_repeats => format!("{held} not worse"),
        _ => format!("{held} unchanged"),
    };
    let mut rows: Vec<&GateRow> = scenario.rows.iter().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.verdict), row.change != Some(Change::Worse)));
    Section {
        scenario: scenario.scenario.clone(),
        verdict: scenario.verdict,
        words: format!("{}, {held}", scenario.verdict.class()),
        reasons: scenario.reasons.clone(),
        notes: scenario.notes.clone(),
        rows: rows.into_iter().cloned().collect(),
        is_judged: true,
    }
}

/// Two baselines: nothing in it is a fault.
impl Compared for Difference {
    const FILES: Files = <GateReport as Compared>::FILES;

    fn page(&self) -> Page {
        let mut page = self.0.page();
        let (verdict, hint) = (Verdict::Pass, None);
        page.sections.retain(|section| section.verdict != Verdict::Pass);
        for section in &mut page.sections {
            section.verdict = verdict;
            section.is_judged = false;
            section.words = match section.reasons.pop() {
                Some(reason) => reason,
                None => format!("{} moved", counted(section.moved().count(), "number")),
            };
            section.rows.iter_mut().for_each(|row| row.verdict = verdict);
        }
        let word = if page.sections.is_empty() { "SAME" } else { "DIFFERENT" };
        Page { title: "baselines".to_owned(), verdict, word, hint, ..page }
    }
}

impl Compared for Comparison {
    const FILES: Files = Files {
        screen: "comparison.txt",
        markdown: "comparison.md",
        json: "comparison.json",
        html: "comparison.html",
        junit: "comparison.junit.xml",
        github: "comparison.annotations.txt",
    };

    fn page(&self) -> Page {
        let verdict = self.verdict();
        let numbers = self.pipelines.iter().flat_map(|of| {
            let pipeline = of.pipeline.as_str();
            of.numbers.iter().map(move |number| (pipeline, number))
        });
        let mut numbers: Vec<_> = numbers.collect();
        // The sort is stable: within one kind of change the order is that of the pipelines.
        numbers.sort_by_key(|(_, number)| rank(number.change));
        let moved = numbers.iter().filter(|(_, n)| n.change != Some(Change::Same)).count();
        let worse = numbers.iter().filter(|(_, n)| n.change == Some(Change::Worse)).count();
        let rows = numbers.into_iter().map(|(pipeline, number)| {
            let ComparedNumber { metric, unit, base, head, change } = number.clone();
            let (pipeline, verdict) = (pipeline.to_owned(), Verdict::Pass);
            let (reason, repeats) = (None, None);
            GateRow { pipeline, metric, unit, base, head, change, verdict, reason, repeats }
        });
        let (word, headline) = match verdict {
            Verdict::Pass => (
                "COMPARED",
                format!("{} moved, {worse} of them for the worse", counted(moved, "number")),
            ),
            _ => ("INCOMPARABLE", "the runs cannot be compared".to_owned()),
        };
        let section = Section {
            scenario: self.scenario.clone(),
            verdict,
            words: headline.clone(),
            reasons: self.incomparable.clone(),
            notes: self.notes.clone(),
            rows: rows.collect(),
            is_judged: false,
        };
        let (reasons, sections) = (Vec::new(), vec![section]);
        let sentences = self.pipelines.iter().filter_map(sentence).collect();
        let title = self.scenario.clone();
        Page { title, verdict, word, headline, sentences, reasons, sections, hint: None }
    }
}

/// What got worse comes first.
const fn rank(change: Option<Change>) -> u8 {
    match change {
        Some(Change::Worse) => 0,
        None => 1,
        Some(Change::Changed) => 2,
        Some(Change::Improved) => 3,
        Some(Change::Same) => 4,
    }
}
