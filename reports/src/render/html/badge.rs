//! A verdict as a badge: its symbol, its word and its colour.

use maud::{Markup, html};

use crate::judge::Verdict;

/// A verdict; the words of a run that is not judged are no verdict's, and neither is its look.
pub(in crate::render) fn verdict(verdict: Verdict, words: &str) -> Markup {
    let judged = words == verdict.word();
    let (class, symbol) =
        if judged { (verdict.class(), verdict.symbol()) } else { ("unjudged", "–") };
    html! { span class={ "verdict " (class) } { (symbol) " " (words) } }
}
