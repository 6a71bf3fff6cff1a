//! Screens of several runs, one after another.

use crate::judge::Judged;
use crate::text::escape;

/// A page for each run, one after another; where there are several, each under its name.
pub(super) fn each(runs: &[Judged], page: impl Fn(&Judged) -> String) -> String {
    (0..).zip(runs).map(|(index, judged)| heading(runs, index) + &page(judged)).collect()
}

/// What stands before the page of a run: nothing where it is the only one.
pub(super) fn heading(runs: &[Judged], index: usize) -> String {
    let between = if index > 0 { "\n" } else { "" };
    match runs.get(index) {
        Some(judged) if runs.len() > 1 => format!("{between}{}\n", escape(judged.name())),
        _ => between.to_owned(),
    }
}
