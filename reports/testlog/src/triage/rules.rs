//! Rules that say why a test failed: data, in order, and the first that matches decides.
//!
//! Invariants: a rule matches only when everything that it names does; words are whole words, so
//! that `graceful` is no race; a match takes time that grows with the text and no faster. Reading
//! the file is the caller's: this crate takes the parsed form and says what is wrong with it.

use std::cell::OnceCell;
use std::sync::OnceLock;

use reports::text::shortened;

use super::candidates::Candidates;
use super::difference::{Comparer, Difference};
use super::expression::Expression;
use super::rule_file::{Rule, RuleFile};
use super::words;
use crate::Case;

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleProblem {
    /// The rule, from 0.
    pub rule: usize,
    /// The key in it.
    pub key: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
}

#[derive(Debug)]
struct Compiled {
    rule: Rule,
    exception: Option<Expression>,
    message: Option<Expression>,
}

/// Rules that are ready to be tried; by default, none.
#[derive(Debug)]
pub struct Rules {
    compiled: Vec<Compiled>,
    status: Expression,
    comparer: Comparer,
    /// Which rules a message and an exception are for, once a failure asks.
    messages: OnceLock<Candidates>,
    exceptions: OnceLock<Candidates>,
}

impl Default for Rules {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

/// The characters of a message that evidence quotes.
const QUOTED: usize = 80;

/// How a message speaks of an HTTP status.
const STATUS: &str = concat!(
    r"(?im)\b(?:HTTP(?:/\d(?:\.\d)?)?|status(?:[ _]?code)?|error|response|answer)",
    r"\W{1,4}([1-5]\d\d)\b",
    r"|\b([45]\d\d) (?:client|server) error",
    r"|\b([45]\d\d) (?:bad|service|too many|unauthori|forbidden|gateway|internal|not found)",
);

impl Rules {
    /// Rules of one or more files, one file after the other; every problem of each, by file.
    pub fn compile(files: Vec<RuleFile>) -> Result<Self, Vec<(usize, RuleProblem)>> {
        let mut rules = Vec::new();
        let mut problems = Vec::new();
        for (file, parsed) in files.into_iter().enumerate() {
            let mut names = Vec::new();
            for (index, rule) in parsed.rule.into_iter().enumerate() {
                let mut wrong = |key, message, hint| {
                    problems.push((file, RuleProblem { rule: index, key, message, hint }));
                };
                if names.contains(&rule.name) {
                    let message = format!("`{}` is the name of another rule", rule.name);
                    wrong("name", message, "give each rule a name of its own");
                }
                names.push(rule.name.clone());
                if !rule.matches_something() {
                    let message = "the rule matches everything or nothing".to_owned();
                    let hint = "give it an `exception`, `message`, `status`, `difference`, \
                                `phase` or `words`";
                    wrong("name", message, hint);
                }
                if rule.name.trim().is_empty() {
                    wrong("name", "the name is empty".to_owned(), "give each rule a name");
                }
                if rule.message.as_deref() == Some("") {
                    let hint = "write the words that it is about, or leave `message` out";
                    wrong("message", "matches every message".to_owned(), hint);
                }
                let hint = "look-around and back references are not known here";
                let exception =
                    rule.exception.as_deref().map(|text| Expression::checked(whole(text)));
                let exception = exception.transpose();
                let exception =
                    exception.map_err(|message| wrong("exception", message, hint)).ok().flatten();
                let message =
                    rule.message.as_deref().map(|text| Expression::checked(any_case(text)));
                let message = message.transpose();
                let message =
                    message.map_err(|message| wrong("message", message, hint)).ok().flatten();
                rules.push(Compiled { rule, exception, message });
            }
        }
        if problems.is_empty() { Ok(Self::of(rules)) } else { Err(problems) }
    }

    /// The same rules, then those that ship, which tests have checked.
    #[must_use]
    pub fn then(self, shipped: RuleFile) -> Self {
        let mut compiled = self.compiled;
        compiled.extend(shipped.rule.into_iter().map(|rule| {
            let exception = rule.exception.as_deref().map(whole).map(Expression::tested);
            let message = rule.message.as_deref().map(any_case).map(Expression::tested);
            Compiled { rule, exception, message }
        }));
        Self::of(compiled)
    }

    fn of(compiled: Vec<Compiled>) -> Self {
        let (messages, exceptions) = (OnceLock::new(), OnceLock::new());
        let status = Expression::tested(STATUS);
        Self { compiled, status, comparer: Comparer::new(), messages, exceptions }
    }

    /// The rule that decides, and what in the failure made it.
    pub fn decide(&self, case: &Case) -> Option<(&Rule, String)> {
        let seen = Clues {
            statuses: self.statuses(&case.message),
            comparer: &self.comparer,
            difference: OnceCell::new(),
        };
        let by_message = self.candidates(&self.messages, &case.message, |rule| &rule.message);
        let exception = case.exception.as_deref().unwrap_or_default();
        let by_exception = self.candidates(&self.exceptions, exception, |rule| &rule.exception);
        let rules = self.compiled.iter().zip(by_message).zip(by_exception);
        rules
            .filter(|((rule, by_message), by_exception)| {
                (*by_message || rule.message.is_none())
                    && (*by_exception || rule.exception.is_none())
            })
            .find_map(|((rule, _), _)| Some((&rule.rule, rule.evidence(case, &seen)?)))
    }

    /// Which rules have an expression that may match a text.
    fn candidates(
        &self,
        known: &OnceLock<Candidates>,
        text: &str,
        of: impl Fn(&Compiled) -> &Option<Expression>,
    ) -> Vec<bool> {
        let expressions =
            || self.compiled.iter().map(|rule| of(rule).as_ref().map(Expression::text));
        known.get_or_init(|| Candidates::among(expressions())).of(text)
    }

    fn statuses(&self, message: &str) -> Vec<u16> {
        let found = self.status.groups(message);
        found.iter().filter_map(|groups| groups.first()?.parse().ok()).collect()
    }
}

/// What is read once from a failure's message, for all rules.
struct Clues<'a> {
    statuses: Vec<u16>,
    comparer: &'a Comparer,
    /// Looked for when the first rule asks: most failures are decided before one does.
    difference: OnceCell<Option<Difference>>,
}

impl Clues<'_> {
    fn difference(&self, message: &str) -> Option<Difference> {
        *self.difference.get_or_init(|| self.comparer.difference(message))
    }
}

impl Compiled {
    /// What in the failure the rule is about; none where it does not match.
    fn evidence(&self, case: &Case, seen: &Clues<'_>) -> Option<String> {
        let mut evidence = Vec::new();
        if let Some(expression) = &self.exception {
            let exception = case.exception.as_deref()?;
            if !expression.is_match(exception) {
                return None;
            }
            evidence.push(format!("type `{exception}`"));
        }
        if let Some(expression) = &self.message {
            let found = expression.find(&case.message)?;
            evidence.push(format!("text `{}`", shortened(found, QUOTED)));
        }
        if !self.rule.status.is_empty() {
            let status = seen.statuses.iter().find(|status| self.rule.status.contains(status))?;
            evidence.push(format!("HTTP status {status}"));
        }
        if let Some(difference) = self.rule.difference {
            if seen.difference(&case.message) != Some(difference) {
                return None;
            }
            evidence.push(difference.words().to_owned());
        }
        if let Some(phase) = self.rule.phase {
            if phase != case.phase {
                return None;
            }
            evidence.push("the phase".to_owned());
        }
        if !self.rule.words.is_empty() {
            let names = words::of(&format!("{} {} {}", case.id.file, case.id.class, case.id.name));
            let words = &self.rule.words;
            let word = words.iter().find(|word| words::contain(&names, word))?;
            evidence.push(format!("name `{word}`"));
        }
        Some(evidence.join(", "))
    }
}

/// An exception's whole type, with or without its module.
fn whole(exception: &str) -> String {
    any_case(&format!(r"^(?:.*[.:])?(?:{exception})$"))
}

/// An expression that is found in any line, in upper and lower case.
fn any_case(text: &str) -> String {
    format!("(?im){text}")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::triage::SHIPPED;
    use crate::{NodeId, Phase, Status};
    use std::sync::LazyLock;

    /// The rules that ship.
    pub(crate) fn shipped() -> &'static Rules {
        static RULES: LazyLock<Rules> =
            LazyLock::new(|| Rules::default().then(toml::from_str(SHIPPED).unwrap()));
        &RULES
    }

    #[test]
    fn the_rules_that_ship_have_no_problem() {
        Rules::compile(vec![toml::from_str(SHIPPED).unwrap()]).unwrap();
    }

    fn decided(id: &str, exception: Option<&str>, message: &str) -> String {
        let mut case = Case::new(NodeId::pytest(id), Status::Failed, Phase::Call);
        case.exception = exception.map(str::to_owned);
        case.message = message.to_owned();
        let rules = shipped();
        let decided = rules.decide(&case);
        decided.map_or_else(String::new, |(rule, evidence)| format!("{}: {evidence}", rule.name))
    }

    #[test]
    fn the_error_decides_before_the_name() {
        let message = "ConnectionRefusedError: [Errno 111] Connection refused";
        let decided = decided("a.py::test_race", Some("ConnectionRefusedError"), message);
        assert_eq!(decided, "connection: text `Connection refused`");
    }

    #[test]
    fn a_name_is_read_in_whole_words() {
        let name = |name: &str| decided(&format!("tests/a.py::{name}"), None, "");
        assert_eq!(name("test_race"), "name-consistency: name `race`");
        assert_eq!(name("testDeadlockFree"), "name-consistency: name `deadlock`");
        assert_eq!(name("test_trace_upload_authors"), "");
        assert_eq!(name("test_cache_memory_pressure"), "name-limit: name `memory_pressure`");
    }

    #[test]
    fn the_name_of_an_injected_fault_is_no_reason_to_guess() {
        let guess = decided("tests/chaos/test_auth.py::test_jwt_expiration", None, "");
        assert_eq!(guess, "name-fault-injection: name `chaos`");
        let message = "AssertionError: assert [] == [1]";
        let by_error = decided("tests/chaos/test_auth.py::test_a", Some("AssertionError"), message);
        assert!(by_error.starts_with("wrong-value"), "{by_error}");
    }

    #[test]
    fn a_status_is_one_only_where_the_message_speaks_of_it() {
        let server = "HTTPError: 503 Server Error: x for url: http://a/";
        assert!(decided("a", None, server).starts_with("service-unavailable"));
        assert!(decided("a", None, "got status code 429").starts_with("rate-limited"));
        assert_eq!(decided("a", None, "page 503 of 700 pages"), "");
    }

    #[test]
    fn what_nobody_knows_is_left_open() {
        assert_eq!(decided("a.py::test_a", None, "zork"), "");
    }

    #[test]
    fn every_problem_of_a_file_is_reported() {
        let rule = |name: &str, matcher: &str| {
            format!(
                "[[rule]]\nname = \"{name}\"\n{matcher}\ncategory = \"BUG\"\npriority = \"HIGH\"\n\
                 confidence = \"guess\"\ntier = \"ambiguous\"\nreason = \"x\"\nremedy = \"x\"\n"
            )
        };
        let text = format!(
            "format = 1\n{}{}{}",
            rule("a", "message = \"(\""),
            rule("a", "exception = \"(?=x)\""),
            rule("b", "")
        );
        let problems = Rules::compile(vec![toml::from_str(&text).unwrap()]).unwrap_err();
        let keys: Vec<_> = problems.iter().map(|(_, p)| (p.rule, p.key)).collect();
        assert_eq!(keys, [(0, "message"), (1, "name"), (1, "exception"), (2, "name")]);
    }
}
