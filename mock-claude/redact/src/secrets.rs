//! Credentials that are known, and texts and bodies without them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::cuts;
use crate::known::Known;
use crate::look::Look;

/// Credentials that are known, such as those of one request. Clones share them.
///
/// What looks like a credential is masked with any of them, also where none is known.
#[derive(Clone, Default)]
pub struct Secrets(Option<Arc<Known>>);

/// A text without what looks like a credential.
pub fn text(text: &str) -> Cow<'_, str> {
    Secrets::default().text(text)
}

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

impl Secrets {
    /// These credentials; those shorter than [`MIN_KEY`](crate::MIN_KEY) are words and are not
    /// looked for.
    pub(crate) fn of(values: BTreeSet<Vec<u8>>) -> Self {
        Self(Known::of(values).map(Arc::new))
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
