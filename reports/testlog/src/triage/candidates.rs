//! Which of many expressions may match a text, in one pass over it.
//!
//! Most expressions of rules are words that an error says. Whatever such an expression matches has
//! one of a few literals in it, so a text without them need not be searched by it, and the
//! expression need not even be compiled.
//!
//! Invariant: an expression that matches is always a candidate; one that is a candidate may not
//! match. Upper and lower case are the same here.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{Ast, RepetitionKind, RepetitionRange};

/// The bytes of a literal that are looked for: more tell little and take memory.
const LONGEST: usize = 8;

/// Finds the candidates among some expressions.
#[derive(Debug)]
pub(super) struct Candidates {
    literals: AhoCorasick,
    /// The expression that each literal is of.
    owners: Vec<usize>,
    /// The expressions that match without any literal, and those that are candidates always.
    always: Vec<bool>,
}

impl Candidates {
    /// Of these expressions; where there is none, its place is no candidate.
    pub(super) fn among<'e>(expressions: impl Iterator<Item = Option<&'e str>>) -> Self {
        let (mut literals, mut owners, mut always) = (Vec::new(), Vec::new(), Vec::new());
        for (place, expression) in expressions.enumerate() {
            let needed = expression.map(literals_of);
            always.push(needed == Some(None));
            for mut literal in needed.flatten().into_iter().flatten() {
                literal.truncate(LONGEST);
                literals.push(literal);
                owners.push(place);
            }
        }
        let literals = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .prefilter(false)
            .build(literals)
            .expect("literals are few and short");
        Self { literals, owners, always }
    }

    /// Whether each expression may match a text.
    pub(super) fn of(&self, text: &str) -> Vec<bool> {
        let mut found = self.always.clone();
        for literal in self.literals.find_overlapping_iter(folded(text).as_bytes()) {
            found[self.owners[literal.pattern().as_usize()]] = true;
        }
        found
    }
}

/// A text in lower case, as far as it decides whether a literal of ASCII is in it: two characters
/// beyond ASCII are the same as a letter of it.
fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    let fold = |letter: char| match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    text.chars().map(fold).collect::<String>().into()
}

/// Literals in lower case of which one is in whatever an expression matches; none where that cannot
/// be said.
fn literals_of(expression: &str) -> Option<Vec<String>> {
    needed(&Parser::new().parse(expression).ok()?)
}

fn needed(ast: &Ast) -> Option<Vec<String>> {
    match ast {
        Ast::Group(group) => needed(&group.ast),
        Ast::Literal(_) => letter(ast).map(|letter| vec![letter.to_string()]),
        Ast::Repetition(repetition) if is_there(&repetition.op.kind) => needed(&repetition.ast),
        Ast::Alternation(alternation) => {
            let each: Option<Vec<_>> = alternation.asts.iter().map(needed).collect();
            Some(each?.concat())
        }
        Ast::Concat(concat) => {
            let rows =
                concat.asts.chunk_by(|one, next| letter(one).is_some() && letter(next).is_some());
            let each = rows.filter_map(|row| match row {
                [one] => needed(one),
                row => Some(vec![row.iter().filter_map(letter).collect()]),
            });
            // All of them are in a match: those that are the rarest are the longest.
            each.max_by_key(|literals| literals.iter().map(String::len).min())
        }
        _ => None,
    }
}

fn letter(ast: &Ast) -> Option<char> {
    match ast {
        Ast::Literal(literal) if literal.c.is_ascii() => Some(literal.c.to_ascii_lowercase()),
        _ => None,
    }
}

/// Whether what is repeated is there at all.
fn is_there(kind: &RepetitionKind) -> bool {
    match kind {
        RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => false,
        RepetitionKind::OneOrMore => true,
        RepetitionKind::Range(
            RepetitionRange::Exactly(least)
            | RepetitionRange::AtLeast(least)
            | RepetitionRange::Bounded(least, _),
        ) => *least > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::{RuleFile, SHIPPED};
    use proptest::prelude::*;
    use regex::{Regex, RegexBuilder};
    use std::sync::LazyLock;

    #[test]
    fn one_of_the_literals_is_in_every_match() {
        let check = |expression: &str, literals: &[&str]| {
            let expected: Vec<String> = literals.iter().map(|&text| text.to_owned()).collect();
            let expected = (!literals.is_empty()).then_some(expected);
            assert_eq!(literals_of(expression), expected, "{expression}");
        };
        check("Connection (was )?(Refused|reset)", &["connection "]);
        check("a|(?:bcd)+|x{2}", &["a", "bcd", "x"]);
        check(r"^\d+ of \d+ (pages|files)$", &["pages", "files"]);
        check("ab?", &["a"]);
        check("é1", &["1"]);
        for open in ["a|b?", r"\d+", "(ab)*", "(ab){0,3}", "", "[ab]", "é"] {
            check(open, &[]);
        }
    }

    /// What the shipped rules look for in messages.
    static MESSAGES: LazyLock<Vec<(String, Regex)>> = LazyLock::new(|| {
        let file: RuleFile = toml::from_str(SHIPPED).unwrap();
        let messages = file.rule.into_iter().filter_map(|rule| rule.message);
        let built =
            |text: &str| RegexBuilder::new(text).case_insensitive(true).multi_line(true).build();
        messages.map(|text| (text.clone(), built(&text).unwrap())).collect()
    });

    static CANDIDATES: LazyLock<Candidates> =
        LazyLock::new(|| Candidates::among(MESSAGES.iter().map(|(text, _)| Some(text.as_str()))));

    proptest! {
        #[test]
        fn an_expression_that_matches_is_a_candidate(
            places in prop::collection::vec(
                (any::<prop::sample::Index>(), 0_usize..40, 3_usize..60),
                1..4,
            ),
            case in 0_usize..3,
        ) {
            let pieces = places.iter().map(|(at, start, length)| {
                let text = &at.get(&MESSAGES).0;
                let letters = text.chars().filter(|c| !r"\?()+*".contains(*c));
                letters.skip(*start).take(*length).collect()
            });
            let text = pieces.collect::<Vec<String>>().join(" ").replace('|', "\n");
            let text = match case {
                0 => text,
                1 => text.to_uppercase(),
                _ => text.replace('s', "\u{17f}").replace('k', "\u{212a}"),
            };
            let found = CANDIDATES.of(&text);
            for ((expression, compiled), is_candidate) in MESSAGES.iter().zip(found) {
                prop_assert!(is_candidate || !compiled.is_match(&text), "{expression} in {text}");
            }
        }
    }
}
