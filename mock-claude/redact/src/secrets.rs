//! Credentials that are known, and texts and bodies without them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::look::Look;
use crate::{MIN_KEY, cuts, forms};

/// Credentials and how they are looked for.
pub(crate) struct Known {
    /// All forms of all of them.
    pub(crate) forms: AhoCorasick,
    /// Whether a form is base64, by its place in `forms`.
    pub(crate) is_base64: Vec<bool>,
    /// The forms themselves.
    pub(crate) texts: Vec<Vec<u8>>,
}

/// Credentials that are known, such as those of one request. Clones share them.
///
/// What looks like a credential is masked with any of them, also where none is known.
#[derive(Clone, Default)]
pub struct Secrets(Option<Arc<Known>>);

/// How a body is to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Body {
    /// Whether it is a stream of events, whose texts go on from one event to the next.
    pub is_events: bool,
    /// Whether it is cut, so that it may end inside a credential.
    pub is_cut: bool,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secrets(..)")
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Known(..)")
    }
}

impl Secrets {
    /// These credentials; those shorter than [`MIN_KEY`] are words and are not looked for.
    pub(crate) fn of(values: BTreeSet<Vec<u8>>) -> Self {
        let values = values.into_iter().filter(|value| value.len() >= MIN_KEY);
        let forms: Vec<forms::Form> = values.flat_map(|value| forms::of(&value)).collect();
        if forms.is_empty() {
            return Self::default();
        }
        let is_base64 = forms.iter().map(|form| form.is_base64).collect();
        let texts: Vec<Vec<u8>> = forms.into_iter().map(|form| form.bytes).collect();
        // Made for every request whose bodies are kept: it has to be made quickly, too.
        let kind = Some(AhoCorasickKind::ContiguousNFA);
        let Ok(forms) = AhoCorasick::builder().kind(kind).build(&texts) else {
            // Only patterns beyond any size that a header may have make too large an automaton.
            return Self::default();
        };
        Self(Some(Arc::new(Known { forms, is_base64, texts })))
    }

    /// A text without credentials.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.pieces(&[text.as_bytes()], Body::default()) {
            None => Cow::Borrowed(text),
            Some(pieces) => Cow::Owned(String::from_utf8_lossy(&pieces.concat()).into_owned()),
        }
    }

    /// The pieces of a body without credentials, as many as before; nothing where there is none in
    /// it. A mask stands in the piece in which its credential begins.
    pub fn pieces(&self, pieces: &[&[u8]], body: Body) -> Option<Vec<Vec<u8>>> {
        let joined = match pieces {
            [one] => Cow::Borrowed(*one),
            several => Cow::Owned(several.concat()),
        };
        let look = Look { known: self.0.as_deref(), shapes: true, is_cut: body.is_cut };
        let cuts = cuts::of(look.at_all(&joined, body.is_events));
        (!cuts.is_empty()).then(|| cuts::apply(&cuts, pieces))
    }

    /// Bytes without the credentials that are known; nothing where they hold none. What only looks
    /// like one stays: for bytes that are looked at again before they are shown.
    pub fn known_in(&self, text: &[u8], body: Body) -> Option<Vec<u8>> {
        let known = self.0.as_deref()?;
        let look = Look { known: Some(known), shapes: false, is_cut: body.is_cut };
        let cuts = cuts::of(look.at_all(text, body.is_events));
        (!cuts.is_empty()).then(|| cuts::apply(&cuts, &[text]).concat())
    }
}

#[cfg(test)]
mod tests;
