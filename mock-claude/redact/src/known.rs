//! Known credentials, looked for in all of their forms at once.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::forms::{self, Around, Form};

/// The shortest credential that is looked for in texts: `key`, as tests send it, is a word.
pub const MIN_KEY: usize = 8;

/// The shortest beginning of a credential that is masked at the end of what is cut.
const MIN_BEGINNING: usize = 4;

/// Credentials and how they are looked for.
pub(crate) struct Known {
    /// All forms of all of them.
    forms: AhoCorasick,
    /// What stands around a form, by its place in `forms`.
    around: Vec<Around>,
    /// The forms themselves.
    texts: Vec<Vec<u8>>,
}

impl fmt::Debug for Known {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Known(..)")
    }
}

impl Known {
    /// These credentials; nothing where all of them are words.
    pub(crate) fn of(values: BTreeSet<Vec<u8>>) -> Option<Self> {
        let values = values.into_iter().filter(|value| value.len() >= MIN_KEY);
        let forms: Vec<Form> = values.flat_map(|value| forms::of(&value)).collect();
        if forms.is_empty() {
            return None;
        }
        let around = forms.iter().map(|form| form.around).collect();
        let texts: Vec<Vec<u8>> = forms.into_iter().map(|form| form.bytes).collect();
        // Made for every request whose bodies are kept: it has to be made quickly, too.
        let kind = Some(AhoCorasickKind::ContiguousNFA);
        // Only patterns beyond any size that a header may have make too large an automaton.
        let forms = AhoCorasick::builder().kind(kind).build(&texts).ok()?;
        Some(Self { forms, around, texts })
    }

    /// Adds every place that repeats a known credential.
    pub(crate) fn find(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        for hit in self.forms.find_overlapping_iter(text) {
            let (mut start, mut end) = (hit.start(), hit.end());
            let Around { before, after, padding } = self.around[hit.pattern().as_usize()];
            let digit = |at: usize| text.get(at).copied().is_some_and(forms::is_digit);
            start -= usize::from(before && start > 0 && digit(start - 1));
            end += usize::from(after && digit(end));
            if padding {
                end += text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
            }
            found.push(start..end);
        }
    }

    /// The beginning of a known credential that a text ends with, in any of its forms.
    pub(crate) fn beginning(&self, text: &[u8]) -> Option<Range<usize>> {
        let longest = |form: &Vec<u8>| {
            let most = text.len().min(form.len().saturating_sub(1));
            (MIN_BEGINNING..=most).rev().find(|length| text.ends_with(&form[..*length]))
        };
        let length = self.texts.iter().filter_map(longest).max()?;
        Some(text.len() - length..text.len())
    }
}
