//! How the two values differ that a test compared, where the difference itself tells the cause.
//!
//! Invariant: an answer needs both values, whole, as the runner printed them; a value that was cut
//! short tells nothing.

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
}

impl Difference {
    /// What it is called as evidence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Order => "the same parts in another order",
            Self::LineEndings => "only line endings differ",
            Self::Rounding => "numbers differ by less than a millionth",
        }
    }
}

/// How runners and libraries of assertions print two values.
const SIDES: [&str; 6] = [
    // Rust, new and old.
    r"(?m)left: (.+)\n\s*right: (.+)$",
    r"left: `(.+)`,\s+right: `(.+)`",
    // JUnit and AssertJ.
    r"(?s)expected:\s*<(.+)> but was:\s*<(.+)>",
    // jest and testify.
    r"(?im)^\W*expected\b[^:\n]*:\s+(.+)\n(?:.*\n)??\W*(?:received|actual)\b[^:\n]*:\s+(.+)$",
    // numpy.
    r"(?s)(?:ACTUAL|x): (.+?)\s(?:DESIRED|y): ([^\n]+(?:\n[^\n]*[\])])?)",
    // pytest and unittest.
    r"(?m)^(?:AssertionError: )?(?:\w+ differ: |assert )?(.+) [!=]= (.+)$",
];

/// The longest message, in bytes, whose values are compared.
const LONGEST: usize = 20_000;

/// Finds differences.
#[derive(Debug)]
pub(super) struct Comparer {
    sides: Vec<Regex>,
}

impl Comparer {
    pub(super) fn new() -> Self {
        let sides = SIDES.map(|text| Regex::new(text).expect("the expressions are tested"));
        Self { sides: sides.into() }
    }

    /// How the values of a message differ, where it shows two and that tells anything.
    pub(super) fn difference(&self, message: &str) -> Option<Difference> {
        if message.len() > LONGEST {
            return None;
        }
        let sides = self.sides.iter().find_map(|sides| sides.captures(message))?;
        let (one, other) = (sides[1].trim(), sides[2].trim());
        let is_cut = |side: &str| side.contains("...") || side.contains('…');
        if one == other || is_cut(one) || is_cut(other) {
            return None;
        }
        if unix_lines(one) == unix_lines(other) {
            return Some(Difference::LineEndings);
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
}

/// Lines that end as on Unix, whether the ends are there or written as escapes.
fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace(r"\r\n", r"\n")
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
