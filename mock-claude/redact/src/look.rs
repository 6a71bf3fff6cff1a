//! Looks for credentials in bytes as they are, and as they read once escapes are undone.

use std::ops::Range;

use crate::events;
use crate::forms;
use crate::secrets::Known;
use crate::shapes;
use crate::view::View;

/// Escapes in escapes that are undone: JSON in JSON in a query is three.
const DEPTH: usize = 3;

/// The shortest beginning of a credential that is masked at the end of what is cut.
const MIN_BEGINNING: usize = 4;

/// What is looked for, and in what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    pub(crate) known: Option<&'a Known>,
    /// Whether what only looks like a credential is looked for.
    pub(crate) shapes: bool,
    /// Whether what is looked at may end inside a credential.
    pub(crate) is_cut: bool,
}

/// One credential: the places that hold it, in order. Several where it is in pieces.
pub(crate) type Hit = Vec<Range<usize>>;

impl Look<'_> {
    /// Every credential in `text`, and in the texts that it puts together where it is a stream of
    /// events.
    pub(crate) fn at_all(self, text: &[u8], is_events: bool) -> Vec<Hit> {
        let mut hits = self.below(text, DEPTH);
        if is_events {
            let texts = events::texts(text);
            hits.extend(texts.iter().flat_map(|text| self.through(text, 1)));
        }
        hits
    }

    fn below(self, text: &[u8], depth: usize) -> Vec<Hit> {
        let mut found = Vec::new();
        if self.shapes {
            shapes::find(text, &mut found);
        }
        if let Some(known) = self.known {
            known.find(text, &mut found);
        }
        if self.is_cut {
            found.extend(self.shapes.then(|| shapes::beginning(text)).flatten());
            found.extend(self.known.and_then(|known| known.beginning(text)));
        }
        let mut hits: Vec<Hit> = found.into_iter().map(|place| vec![place]).collect();
        if depth > 0 {
            for view in [View::unescaped(text), View::percent_decoded(text)].into_iter().flatten() {
                hits.extend(self.through(&view, depth - 1));
            }
        }
        hits
    }

    /// Every credential that a view shows, at its places in the source.
    fn through(self, view: &View, depth: usize) -> Vec<Hit> {
        let hits = self.below(&view.bytes, depth);
        let places = |hit: Hit| hit.iter().flat_map(|range| view.places(range)).collect();
        hits.into_iter().map(places).collect()
    }
}

impl Known {
    /// Adds every place that repeats a known credential.
    fn find(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        for hit in self.forms.find_overlapping_iter(text) {
            let (mut start, mut end) = (hit.start(), hit.end());
            if self.is_base64[hit.pattern().as_usize()] {
                let digit = |at: usize| text.get(at).copied().is_some_and(forms::is_digit);
                start -= usize::from(start > 0 && digit(start - 1));
                end += usize::from(digit(end));
                end += text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
            }
            found.push(start..end);
        }
    }

    /// The beginning of a known credential that a text ends with, in any of its forms.
    fn beginning(&self, text: &[u8]) -> Option<Range<usize>> {
        let longest = |form: &Vec<u8>| {
            let most = text.len().min(form.len().saturating_sub(1));
            (MIN_BEGINNING..=most).rev().find(|length| text.ends_with(&form[..*length]))
        };
        let length = self.texts.iter().filter_map(longest).max()?;
        Some(text.len() - length..text.len())
    }
}
