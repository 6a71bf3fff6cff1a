//! Looks for credentials in bytes as they are, and as they read once escapes are undone.

use crate::cuts::Hit;
use crate::events;
use crate::known::Known;
use crate::shapes;
use crate::view::View;

/// Escapes in escapes that are undone: JSON in JSON in a query is three.
const DEPTH: usize = 3;

/// What is looked for, and in what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    pub(crate) known: Option<&'a Known>,
    /// Whether what only looks like a credential is looked for.
    pub(crate) shapes: bool,
    /// Whether what is looked at may end inside a credential.
    pub(crate) is_cut: bool,
}

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
