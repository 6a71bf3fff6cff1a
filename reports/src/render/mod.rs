//! Text made from runs and verdicts, one file for each kind of page.
//!
//! Invariants: a page depends on its arguments alone, colours included; every sign that a colour
//! gives is also a word or a symbol; text from outside is escaped on its way in.

pub mod ablation;
pub mod claims;
mod command;
pub mod compare;
pub mod comparison;
pub mod estimate;
pub mod failures_csv;
pub mod failures_txt;
pub mod gate;
pub mod github;
mod groups;
pub mod hgrm;
pub mod html;
pub mod jobs;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod matrix;
pub mod sheet;
pub mod summary_csv;
pub mod table;

use crate::metric::Unit;
use crate::run::Run;
use crate::text::{decimal, escape, thousands, usd_exact};
use crate::verdict::{Judgement, Verdict};

/// A run under the name by which the reader knows it: a path, or its scenario.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Named<'a> {
    /// The name, as it was typed.
    pub name: &'a str,
    /// The run.
    pub run: &'a Run,
}

/// How a page is to look; the caller knows the terminal, this crate does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether verdicts are coloured with ANSI escapes.
    pub colour: bool,
    /// The columns that there are.
    pub width: usize,
}

impl Style {
    /// Without colours, 100 columns wide: for files and pipes.
    pub const PLAIN: Self = Self { colour: false, width: 100 };

    fn paint(self, verdict: Verdict, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match verdict {
            Verdict::Pass => "32",
            Verdict::Inconclusive => "33",
            Verdict::Fail => "31",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

impl Default for Style {
    fn default() -> Self {
        Self::PLAIN
    }
}

/// A value with every digit that it has: the smallest move of a number must be visible.
fn exact(unit: Unit, value: u64) -> String {
    match unit {
        Unit::Count => thousands(value),
        Unit::Microusd => format!("${}", usd_exact(value)),
        Unit::Microseconds => format!("{} s", decimal(u128::from(value), 1)),
    }
}

fn exact_or_dash(unit: Unit, value: Option<u64>) -> String {
    value.map_or_else(|| "—".to_owned(), |value| exact(unit, value))
}

/// A difference with its sign; `—` where one side is missing, `0` where there is none.
fn delta(unit: Unit, base: Option<u64>, head: Option<u64>) -> String {
    match base.zip(head) {
        None => "—".to_owned(),
        Some((base, head)) if base == head => "0".to_owned(),
        Some((base, head)) if head > base => format!("+{}", exact(unit, head - base)),
        Some((base, head)) => format!("−{}", exact(unit, base - head)),
    }
}

/// The pipelines of a run: `phase1 vs phase3`.
fn pipelines_words(run: &Run) -> String {
    let names: Vec<String> = run.pipelines.iter().map(|p| escape(&p.header.name)).collect();
    names.join(" vs ")
}

/// A run's verdict in words. A run of which nothing was expected has not passed anything.
fn verdict_words(run: &Run, judgement: &Judgement) -> &'static str {
    if judgement.verdict == Verdict::Pass && run.header.expect.is_empty() {
        return "NOT JUDGED";
    }
    judgement.verdict.word()
}

/// A noun with its number: `1 number`, `2 numbers`.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(count as u64))
}
