//! Reads a configuration file and reports everything that is wrong with it at once, each problem
//! with its line and column, its key and, where one is near, the name that was meant.
//!
//! A section that does not fit is read again key by key (or item by item), so that one wrong key
//! does not hide the next.

use std::fmt::Write as _;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Failure, INVALID_CONFIG, nearest};
use crate::config::Config;
use crate::fault::FaultConfig;

/// One thing that is wrong, at a byte of the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    at: usize,
    key: String,
    message: String,
}

/// The sections of a valid file, as a table.
pub fn config(name: &str, text: &str) -> Result<toml::Table, Failure> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let findings = errors.iter().map(|error| finding(error, 0, "")).collect();
        return Err(failure(name, text, findings));
    }
    let mut findings = Vec::new();
    for (key, value) in table.get_ref() {
        section(key, value, &mut findings);
    }
    if findings.is_empty() {
        let config: Config = toml::from_str(text).map_err(|error| {
            let found = finding(&error, 0, "");
            failure(name, text, vec![found])
        })?;
        findings.extend(config.problems().into_iter().map(|problem| Finding {
            at: offset(&table, &problem.key),
            key: problem.key,
            message: problem.message,
        }));
    }
    if findings.is_empty() {
        let read = toml::from_str(text);
        return read.map_err(|error| failure(name, text, vec![finding(&error, 0, "")]));
    }
    Err(failure(name, text, findings))
}

/// The faults of a file that has nothing else.
pub fn faults(name: &str, text: &str) -> Result<Vec<FaultConfig>, Failure> {
    let table = config(name, text)?;
    if let Some(other) = table.keys().find(|key| *key != "fault") {
        let at = text.find(other.as_str()).unwrap_or(0);
        let message = "does not belong into a file of faults; give the file to `--config`".into();
        return Err(failure(name, text, vec![Finding { at, key: other.clone(), message }]));
    }
    Ok(merged(vec![table])?.fault)
}

/// One configuration of several tables, of which the later ones replace the sections of the
/// earlier ones.
pub fn merged(layers: Vec<toml::Table>) -> Result<Config, Failure> {
    let mut all = toml::Table::new();
    for layer in layers {
        all.extend(layer);
    }
    // Each layer has been checked, and sections do not depend on each other.
    Config::deserialize(all).map_err(|error| Failure::internal("the settings do not fit", &error))
}

/// What is wrong with one section: with its keys or items one by one, or with it as a whole.
fn section(
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
    out: &mut Vec<Finding>,
) {
    let Err(error) = fits(key, value.clone()) else { return };
    let at = key.span().start;
    let before = out.len();
    let rewrap = |inner| Spanned::new(value.span(), inner);
    match value.get_ref() {
        DeValue::Table(table) => {
            for (name, inner) in table {
                let mut one = DeTable::new();
                one.insert(name.clone(), inner.clone());
                let path = format!("{}.{}", key.get_ref(), name.get_ref());
                let alone = fits(key, rewrap(DeValue::Table(one)));
                // A key alone lacks whatever stands beside it.
                out.extend(
                    alone
                        .err()
                        .filter(|error| !is_missing(error))
                        .map(|error| finding(&error, name.span().start, &path)),
                );
            }
        }
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let mut one = toml::de::DeArray::new();
                one.push(item.clone());
                let path = format!("{}.{index}", key.get_ref());
                let alone = fits(key, rewrap(DeValue::Array(one)));
                out.extend(alone.err().map(|error| finding(&error, item.span().start, &path)));
            }
        }
        _ => {}
    }
    if out.len() == before {
        out.push(finding(&error, at, key.get_ref()));
    }
}

fn is_missing(error: &toml::de::Error) -> bool {
    error.message().starts_with("missing field")
}

/// Whether a file of this section alone would be a configuration.
fn fits(
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: Spanned<DeValue<'_>>,
) -> Result<(), toml::de::Error> {
    let mut table = DeTable::new();
    let span = value.span();
    table.insert(key.clone(), value);
    Config::deserialize(toml::de::Deserializer::from(Spanned::new(span, table))).map(|_| ())
}

fn finding(error: &toml::de::Error, at: usize, key: &str) -> Finding {
    let mut message = error.message().to_owned();
    // `unknown field `x`, expected one of `a`, `b``: the names stand between backticks.
    let mut names = error.message().split('`').skip(1).step_by(2);
    if message.starts_with("unknown ")
        && let Some(written) = names.next()
        && let Some(near) = nearest(written, names)
    {
        let what = message.split(',').next().unwrap_or_default();
        message = format!("{what}\n    hint: did you mean `{near}`?");
    }
    let at = error.span().filter(|span| !span.is_empty()).map_or(at, |span| span.start);
    Finding { at, key: key.to_owned(), message }
}

fn failure(name: &str, text: &str, mut findings: Vec<Finding>) -> Failure {
    findings.sort();
    findings.dedup();
    let plural = if findings.len() == 1 { "problem" } else { "problems" };
    let mut message = format!("`{name}` has {} {plural}", findings.len());
    for Finding { at, key, message: what } in &findings {
        let (line, column) = position(text, *at);
        let _ = write!(message, "\n  {name}:{line}:{column}: ");
        if !key.is_empty() {
            let _ = write!(message, "`{key}`: ");
        }
        message.push_str(what);
    }
    Failure { message, code: INVALID_CONFIG }
}

/// Where the key of a dotted path stands, as far as the path leads.
fn offset(table: &Spanned<DeTable<'_>>, path: &str) -> usize {
    let mut at = table.span().start;
    let mut value: Option<&Spanned<DeValue<'_>>> = None;
    for part in path.split('.') {
        let table = match value.map(Spanned::get_ref) {
            None => table.get_ref(),
            Some(DeValue::Table(table)) => table,
            Some(DeValue::Array(items)) => {
                value = part.parse::<usize>().ok().and_then(|index| items.get(index));
                let Some(item) = value else { return at };
                at = item.span().start;
                continue;
            }
            Some(_) => return at,
        };
        let Some((key, inner)) = table.get_key_value(part) else { return at };
        at = key.span().start;
        value = Some(inner);
    }
    at
}

/// Line and column of a byte offset, both counted from 1, columns in characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at)];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_problem_is_reported_at_once_with_its_place_and_its_remedy() {
        let text = "sed = 7\n[latency]\njitter = 2.0\nfirst_token = 3\n[limits]\n\
                    requests_burst = 4\n[[fault]]\nkind = \"status\"\n[[fault]]\n\
                    kind = \"statis\"\n";
        let failure = config("mock.toml", text).unwrap_err();
        assert_eq!(failure.code, 104);
        insta::assert_snapshot!(failure.message, @"
        `mock.toml` has 5 problems
          mock.toml:1:1: `sed`: unknown field `sed`
            hint: did you mean `seed`?
          mock.toml:3:10: `latency.jitter`: a share is a number from 0 to 1
          mock.toml:4:1: `latency.first_token`: unknown field `first_token`
            hint: did you mean `first_token_ms`?
          mock.toml:7:1: `fault.0`: missing field `status`
          mock.toml:10:8: `fault.1`: unknown variant `statis`
            hint: did you mean `status`?
        ");
    }

    #[test]
    fn what_no_single_key_can_say_has_a_place_too() {
        let failure = config("m.toml", "[limits]\nwindow_s = 4\nrequests_burst = 1\n").unwrap_err();
        insta::assert_snapshot!(failure.message, @r#"
        `m.toml` has 2 problems
          m.toml:2:1: `limits.window_s`: has no meaning without `algorithm = "fixed_window"`
          m.toml:3:1: `limits.requests_burst`: needs `requests_per_minute` beside it
        "#);
    }

    #[test]
    fn a_file_of_faults_has_nothing_else() {
        let failure = faults("f.toml", "[latency]\njitter = 0.1\n").unwrap_err();
        assert!(failure.message.contains("f.toml:1:2: `latency`: does not belong"), "{failure:?}");
    }

    proptest! {
        #[test]
        fn no_text_at_all_makes_it_panic(text in "(\\PC|[\\[\\]=\"\n.a-f0-9]){0,80}") {
            let _ = config("x.toml", &text);
        }
    }
}
