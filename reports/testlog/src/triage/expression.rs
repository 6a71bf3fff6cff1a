//! A regular expression that is compiled when it is first tried: a log of ten lines must not wait
//! for those of a hundred rules.
//!
//! Invariant: what is found is what the expression finds over Unicode. A text of ASCII is searched
//! by the same expression without the tables of Unicode, which cost most of the compiling and
//! change nothing there.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::bytes::{NoExpand, Regex as Ascii, RegexBuilder as AsciiBuilder};
use regex::{Regex, RegexBuilder};

/// An expression, and what it was compiled to so far.
#[derive(Debug)]
pub(super) struct Expression {
    text: Cow<'static, str>,
    ascii: OnceLock<Option<Ascii>>,
    unicode: OnceLock<Regex>,
}

impl Expression {
    /// An expression that a test has compiled: it panics when it is first tried and is none.
    pub(super) fn tested(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), ascii: OnceLock::new(), unicode: OnceLock::new() }
    }

    /// An expression of a user's, or what is wrong with it.
    pub(super) fn checked(text: String) -> Result<Self, String> {
        let compiled = RegexBuilder::new(&text).build().map_err(|error| {
            let error = error.to_string();
            error.lines().last().unwrap_or_default().to_owned()
        })?;
        let expression = Self::tested(text);
        let _ = expression.unicode.set(compiled);
        Ok(expression)
    }

    /// The expression as it is written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The first match.
    pub(super) fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        let found = match self.ascii(text) {
            Some(ascii) => ascii.find(text.as_bytes())?.range(),
            None => self.unicode().find(text)?.range(),
        };
        Some(&text[found])
    }

    /// Whether there is a match.
    pub(super) fn is_match(&self, text: &str) -> bool {
        match self.ascii(text) {
            Some(ascii) => ascii.is_match(text.as_bytes()),
            None => self.unicode().is_match(text),
        }
    }

    /// Of each match, the groups that took part in it.
    pub(super) fn groups<'t>(&self, text: &'t str) -> Vec<Vec<&'t str>> {
        let some = |range: std::ops::Range<usize>| &text[range];
        match self.ascii(text) {
            Some(ascii) => ascii
                .captures_iter(text.as_bytes())
                .map(|found| {
                    found.iter().skip(1).flatten().map(|group| some(group.range())).collect()
                })
                .collect(),
            None => self
                .unicode()
                .captures_iter(text)
                .map(|found| {
                    found.iter().skip(1).flatten().map(|group| some(group.range())).collect()
                })
                .collect(),
        }
    }

    /// A text with a word in place of each match.
    pub(super) fn replaced(&self, text: String, word: &str) -> String {
        let replaced = match self.ascii(&text) {
            Some(ascii) => match ascii.replace_all(text.as_bytes(), NoExpand(word.as_bytes())) {
                Cow::Borrowed(_) => None,
                Cow::Owned(bytes) => Some(String::from_utf8(bytes).expect("ASCII and a word")),
            },
            None => match self.unicode().replace_all(&text, regex::NoExpand(word)) {
                Cow::Borrowed(_) => None,
                Cow::Owned(text) => Some(text),
            },
        };
        replaced.unwrap_or(text)
    }

    /// What searches a text of ASCII; none for another text, and where the expression itself needs
    /// more than ASCII.
    fn ascii(&self, text: &str) -> Option<&Ascii> {
        let compile = || AsciiBuilder::new(&self.text).unicode(false).build().ok();
        if text.is_ascii() { self.ascii.get_or_init(compile).as_ref() } else { None }
    }

    fn unicode(&self) -> &Regex {
        self.unicode.get_or_init(|| Regex::new(&self.text).expect("the expression is tested"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_what_is_found_over_unicode() {
        for text in [r"(?i)\w+ (k)", r"a.(b)?", r"[^x]\b", r"(±)|\d+", r"\p{Greek}|z"] {
            let (expression, unicode) = (Expression::tested(text), Regex::new(text).unwrap());
            for haystack in ["tick K", "tick \u{212a}", "é k", "a\u{e9}b axb", "± 1", "\u{3b1}z"]
            {
                let found = unicode.find(haystack).map(|found| found.as_str());
                assert_eq!(expression.find(haystack), found, "{text} in {haystack}");
                assert_eq!(expression.is_match(haystack), found.is_some());
                let replaced = unicode.replace_all(haystack, "<n>");
                assert_eq!(expression.replaced(haystack.to_owned(), "<n>"), replaced);
                let groups = unicode.captures_iter(haystack).map(|found| {
                    found.iter().skip(1).flatten().map(|group| group.as_str()).collect()
                });
                assert_eq!(expression.groups(haystack), groups.collect::<Vec<Vec<_>>>());
            }
        }
    }

    #[test]
    fn what_is_no_expression_is_said_in_a_line() {
        assert_eq!(Expression::checked("(".to_owned()).unwrap_err(), "error: unclosed group");
    }
}
