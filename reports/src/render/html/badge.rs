//! A verdict, or what became of a pipeline, as a badge: its symbol, its word and its colour.

use maud::{Markup, html};

use crate::judge::{Standing, Verdict};

/// A verdict; the words of a run that is not judged are no verdict's, and neither is its look.
pub(in crate::render) fn verdict(verdict: Verdict, words: &str) -> Markup {
    let judged = words == verdict.word();
    let (class, symbol) =
        if judged { (verdict.class(), verdict.symbol()) } else { ("unjudged", "–") };
    html! { span class={ "verdict " (class) } { (symbol) " " (words) } }
}

/// What became of a pipeline; the words of one that broke as expected are not those of a good one.
pub(in crate::render) fn standing(standing: Standing) -> Markup {
    let words = format!("{} {}", standing.symbol(), standing.words());
    html! { span class={ "verdict " (standing.class()) } { (words) } }
}
