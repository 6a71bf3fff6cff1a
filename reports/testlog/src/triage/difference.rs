//! How the two values differ that a test compared, where the difference itself shows the cause.
//!
//! Invariant: an answer needs both values, whole, as the runner printed them; a value that was cut
//! short shows nothing.

use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::candidates::Candidates;
use super::expression::Expression;

/// How two values differ that are not equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// They hold the same parts in another order.
    Order,
    /// Only the ends of their lines differ.
    LineEndings,
    /// Their numbers differ by less than a millionth, and nothing else does.
    Rounding,
    /// Only dates or times of day differ.
    Time,
    /// Only the separators of paths or decimals differ.
    Separators,
    /// One is plain English, the other has letters of another language.
    Language,
}

impl Difference {
    /// What it is called as evidence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Order => "the same parts in another order",
            Self::LineEndings => "only line endings differ",
            Self::Rounding => "numbers differ by less than a millionth",
            Self::Time => "only dates or times differ",
            Self::Separators => "only separators differ",
            Self::Language => "words of another language",
        }
    }
}

/// How runners and libraries of assertions print two values.
const SIDES: [&str; 13] = [
    // Rust, new and old.
    r"(?m)left: (.+)\n\s*right: (.+)$",
    r"left: `(.+)`,\s+right: `(.+)`",
    // JUnit and AssertJ.
    r"(?s)expected:\s*<(.+)> but was:\s*<(.+)>",
    // jest and testify.
    r"(?im)^\W*expected\b[^:\n]*:\s+(.+)\n(?:.*\n)??\W*(?:received|actual)\b[^:\n]*:\s+(.+)$",
    // testify, old; Go in its own words; others.
    r"Not equal: (.+) \(expected\)\s+!= (.+) \(actual\)",
    r"(?m)\bgot[ =:]+(.+?)[,;]? \(?want(?:ed)?[ =:]+(.+)$",
    r"(?m) = (.+), want (.+)$",
    r"(?m) is (.+), want(?:ed)? (.+)$",
    r"(?m)expect(?:ed)?=(.+),\s+actual=(.+)$",
    r"'(.+)' was not equal [^']*'(.+)'",
    // A unified difference of one line.
    r"(?m)^-\s+([^\n]*[[:alnum:]][^\n]*)\n\+\s+([^\n]+)$",
    // numpy.
    r"(?s)(?:ACTUAL|x): (.+?)\s(?:DESIRED|y): ([^\n]+(?:\n[^\n]*[\])])?)",
    // pytest and unittest.
    r"(?m)^(?:.* = )?(?:AssertionError: )?(?:\w+ differ: |assert )?(.+) [!=]= (.+)$",
];

/// The longest message, in bytes, whose values are compared.
const LONGEST: usize = 20_000;

/// The pairs of values of one message that are compared.
const PAIRS: usize = 8;

/// Finds differences.
#[derive(Debug)]
pub(super) struct Comparer {
    sides: Vec<Expression>,
    /// Which of them a message is for, once one asks.
    candidates: OnceLock<Candidates>,
}

impl Comparer {
    pub(super) fn new() -> Self {
        Self { sides: SIDES.map(Expression::tested).into(), candidates: OnceLock::new() }
    }

    /// How the values of a message differ, where it shows two and that means anything.
    pub(super) fn difference(&self, message: &str) -> Option<Difference> {
        if message.len() > LONGEST {
            return None;
        }
        let expressions = || self.sides.iter().map(|sides| Some(sides.text()));
        let may_match = self.candidates.get_or_init(|| Candidates::among(expressions()));
        let sides = self.sides.iter().zip(may_match.of(message));
        let sides = sides.filter_map(|(sides, may_match)| may_match.then_some(sides));
        let mut printed = sides.map(|sides| pairs(sides, message));
        let pairs = printed.find(|pairs| !pairs.is_empty())?;
        if is_permuted(&pairs) {
            return Some(Difference::Order);
        }
        let mut found = pairs.iter().take(PAIRS).map(|(one, other)| of_pair(one, other));
        let first = found.next()??;
        found.all(|next| next == Some(first)).then_some(first)
    }
}

fn of_pair(one: &str, other: &str) -> Option<Difference> {
    if one == other {
        // Two floats that differ may print the same digits.
        let is_float = |part: &&str| part.contains('.') && part.parse::<f64>().is_ok();
        return parts(one).iter().any(is_float).then_some(Difference::Rounding);
    }
    if unix_lines(one) == unix_lines(other) {
        return Some(Difference::LineEndings);
    }
    if common_separators(one) == common_separators(other) {
        return Some(Difference::Separators);
    }
    let is_cut = |side: &str| side.contains("...") || side.contains('…');
    if is_cut(one) || is_cut(other) {
        return None;
    }
    if is_of_another_language(one, other) {
        return Some(Difference::Language);
    }
    if timeless(one).is_some_and(|one| timeless(other) == Some(one)) {
        return Some(Difference::Time);
    }
    let (mut one, mut other) = (parts(one), parts(other));
    if one.len() != other.len() {
        return None;
    }
    if is_rounding(&one, &other) {
        return Some(Difference::Rounding);
    }
    // Two equal parts in another order are no order: one value is not the other.
    let differ = one != other && one.len() > 1;
    one.sort_unstable();
    other.sort_unstable();
    (differ && one == other).then_some(Difference::Order)
}

/// The pairs of values that one way of printing them finds.
fn pairs<'a>(sides: &Expression, message: &'a str) -> Vec<(&'a str, &'a str)> {
    let found = sides.groups(message).into_iter().filter_map(|found| {
        let [one, other] = found[..] else { return None };
        Some((one.trim(), other.trim()))
    });
    // The head of a difference names its two sides.
    let is_head =
        |side: &str| ["Expected", "Snapshot", "Received"].iter().any(|name| side.starts_with(name));
    found.filter(|(one, other)| !is_head(one) && !is_head(other)).collect()
}

/// Whether several comparisons failed because each met the value of another.
fn is_permuted(pairs: &[(&str, &str)]) -> bool {
    let mut ones: Vec<&str> = pairs.iter().map(|(one, _)| *one).collect();
    let mut others: Vec<&str> = pairs.iter().map(|(_, other)| *other).collect();
    ones.sort_unstable();
    others.sort_unstable();
    ones.len() > 1 && ones == others && pairs.iter().all(|(one, other)| one != other)
}

/// A text without the numbers and names in its dates and times; none where it has neither.
fn timeless(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let text = text.to_lowercase();
    let mut bare = String::new();
    let mut numbers = 0;
    let mut named = text.contains(" ago");
    for piece in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
        let after = &piece[word.len()..];
        let is_name = |names: &[&str]| {
            word.get(..3).is_some_and(|start| names.contains(&start)) && word.len() <= 9
        };
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            numbers += 1;
            bare.push('#');
        } else if is_name(&MONTHS) || is_name(&DAYS) {
            named = true;
            bare.push('#');
        } else if !matches!(word, "am" | "pm" | "utc" | "gmt" | "z") {
            bare.push_str(word);
        }
        bare.push_str(after);
    }
    let has_clock = text.split(|c: char| !(c.is_ascii_digit() || c == ':')).any(is_clock);
    let has_date = text.split(|c: char| !(c.is_ascii_digit() || c == '-' || c == '/')).any(is_date);
    (has_clock || has_date || named && numbers > 0).then_some(bare)
}

/// Whether a text is a time of day: `14:30`, `14:30:05`.
fn is_clock(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    (2..=3).contains(&parts.len()) && parts.iter().all(|part| part.len() == 2)
}

/// Whether a text is a date: `2024-02-29`, `29/2/2024`.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    let years = parts.iter().filter(|part| part.len() == 4).count();
    parts.len() == 3 && years == 1 && parts.iter().all(|part| !part.is_empty() && part.len() != 3)
}

/// Lines that end as on Unix, whether the ends are there or written as escapes.
fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace(r"\r\n", r"\n")
}

/// Paths and decimals with the separators of one system; brackets mark what differs in `JUnit`.
fn common_separators(text: &str) -> String {
    text.replace(r"\\", "/").replace('\\', "/").replace(',', ".").replace(['[', ']'], "")
}

/// Whether two sentences differ as a translation does.
fn is_of_another_language(one: &str, other: &str) -> bool {
    let is_sentence = |text: &str| text.split_whitespace().count() > 2;
    let is_foreign = |text: &str| text.chars().any(|c| !c.is_ascii() && c.is_alphabetic());
    is_sentence(one) && is_sentence(other) && is_foreign(one) != is_foreign(other)
}

/// Words and numbers.
fn parts(text: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '+');
    let parts = text.split(|c| !is_part(c)).map(|part| part.trim_matches('.'));
    parts.filter(|part| !part.is_empty()).collect()
}

fn is_rounding(one: &[&str], other: &[&str]) -> bool {
    one.iter().zip(other).all(|(one, other)| one == other || is_nearly(one, other)) && one != other
}

fn is_nearly(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (one.parse::<f64>(), other.parse::<f64>()) else { return false };
    let scale = one.abs().max(other.abs());
    scale.is_finite() && (one - other).abs() < scale * 1e-6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &str, expected: Option<Difference>) {
        assert_eq!(Comparer::new().difference(message), expected, "{message}");
    }

    #[test]
    fn the_same_parts_in_another_order_are_seen_in_what_every_runner_prints() {
        for message in [
            "assert ['b', 'a'] == ['a', 'b']",
            "AssertionError: Lists differ: ['b', 'a'] != ['a', 'b']",
            "assertion `left == right` failed\n  left: [\"b\", \"a\"]\n right: [\"a\", \"b\"]",
            "assertion failed: `(left == right)` (left: `[1, 2]`, right: `[2, 1]`)",
            "assertion failed: `(left == right)`\n  left: `[1, 2]`,\n right: `[2, 1]`",
            "expected:<{a=1, b=2}> but was:<{b=2, a=1}>",
            "Expected: [\"a\", \"b\"]\nReceived: [\"b\", \"a\"]",
            "Not equal:\n  expected: []int{1, 2}\n  actual  : []int{2, 1}",
            " ACTUAL: array([0, 3, 2, 1])\n DESIRED: array([3, 2, 1, 0])",
        ] {
            check(message, Some(Difference::Order));
        }
    }

    #[test]
    fn numbers_that_are_nearly_equal_and_ends_of_lines_are_seen() {
        check("assert 0.30000000000000004 == 0.3", Some(Difference::Rounding));
        check("assert [1.0, 2.0000001] == [1.0, 2.0]", Some(Difference::Rounding));
        check(r"assert 'a\r\nb' == 'a\nb'", Some(Difference::LineEndings));
    }

    #[test]
    fn several_values_that_changed_places_and_times_alone_are_seen() {
        let swapped = "Not equal: P{\"a\"} (expected)\n != P{\"b\"} (actual)\n\n\
                       Not equal: P{\"b\"} (expected)\n != P{\"a\"} (actual)";
        check(swapped, Some(Difference::Order));
        for message in [
            "- Snapshot  - 1\n+ Received  + 1\n\n  Published\n-   Sep 1, 2016\n+   Aug 31, 2016",
            "assert 'at 14:30, 8 years ago' == 'at 14:30, 9 years ago'",
            "assert '2024-02-29T00:30Z' == '2024-02-28T23:30Z'",
            "expected:<1/2/2024> but was:<2/1/2024>",
        ] {
            check(message, Some(Difference::Time));
        }
        check(
            "got=2.828016979999999933e-11 want=2.828016969999999927e-11",
            Some(Difference::Rounding),
        );
        check("assert 'mon 1' == 'mon 2 x'", None);
        check("f(1) = 1, want 0\nf(2.5) = 2.5000000001, want 2.5", None);
        check("assert array([1.5, 2. ]) == array([1.5, 2. ])", Some(Difference::Rounding));
        check(
            "e.Value() is 4734.500946466117, wanted 4734.500946466118",
            Some(Difference::Rounding),
        );
        for message in [
            "Expected: \"0.53\"\n  Received: \"0,53\"",
            r"expected:<sounds[/]beep.wav> but was:<sounds[\]beep.wav>",
        ] {
            check(message, Some(Difference::Separators));
        }
        let german = "expected: <must be at least 8> but was: <muss größer als 7 sein>";
        check(german, Some(Difference::Language));
    }

    #[test]
    fn other_values_and_cut_ones_are_left_open() {
        for message in [
            "assert 6 == 7",
            "assert [1, 2] == [1, 2, 3]",
            "assert 1.1 == 1.2",
            "assert ['a', 'b', ...] == ['b', 'a', ...]",
            "assert 'ab' == 'ba'",
            "ConnectionError: refused",
            "",
        ] {
            check(message, None);
        }
    }
}
