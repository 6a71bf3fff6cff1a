//! Screens of several runs, one after another.

use crate::judge::Judged;
use crate::text::escape;

/// A page for each run, one after another; where there are several, each under its name.
pub(super) fn each(runs: &[Judged], page: impl Fn(&Judged) -> String) -> String {
    let pages = runs.iter().map(|judged| match runs.len() {
        1 => page(judged),
        _ => format!("{}\n{}", escape(judged.name()), page(judged)),
    });
    pages.collect::<Vec<_>>().join("\n")
}
