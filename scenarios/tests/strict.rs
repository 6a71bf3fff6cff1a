//! Goal: the checker of shapes and the types agree on what a scenario is, and no text makes the
//! reader panic.
//! Method: corrupt shipped scenarios, and one with every kind of fault, at random: keys lost,
//! renamed, given other types and numbers. What the checker lets through, the types must read, or
//! a user sees a message without a key; what the types would read and the checker refuses may only
//! be out of a range, or a bare list.

use proptest::prelude::*;
use proptest::sample::Index;
use scenarios::{Document, Problem, Scenario, library};
use toml::{Table, Value};

/// One thing that is done to one value of a document.
#[derive(Debug, Clone)]
enum Change {
    Lose,
    Rename,
    Replace(Value),
}

fn other_value() -> impl Strategy<Value = Value> {
    let integers = [i64::MIN, -1, 0, 1, 5, 65_536, 1 << 31, 1 << 32, 1 << 33, i64::MAX];
    let floats = [-0.5, 0.0, 0.5, 1.0, 1.5, 1e12, 1e300, f64::NAN, f64::INFINITY];
    let table = Table::from_iter([("kind".to_owned(), Value::String("file".to_owned()))]);
    let rest = [
        Value::Boolean(true),
        Value::String("token_bucket".to_owned()),
        Value::String("batch".to_owned()),
        Value::Datetime("1979-05-27".parse().expect("a date")),
        Value::Array(Vec::new()),
        Value::Array(vec![Value::Integer(1), Value::String("phase1".to_owned())]),
        Value::Table(Table::new()),
        Value::Table(table),
    ];
    let all = integers.map(Value::Integer).into_iter().chain(floats.map(Value::Float)).chain(rest);
    proptest::sample::select(all.collect::<Vec<_>>())
}

fn change() -> impl Strategy<Value = (Index, Change)> {
    let change = prop_oneof![
        1 => Just(Change::Lose),
        1 => Just(Change::Rename),
        6 => other_value().prop_map(Change::Replace),
    ];
    (any::<Index>(), change)
}

/// The paths of all keys in a document, tables and lists included.
fn paths(value: &Value, at: &[String], found: &mut Vec<Vec<String>>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, v)| (n.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in inner {
        let path = [at, &[key]].concat();
        paths(value, &path, found);
        found.push(path);
    }
}

/// Does something to the value at a path.
fn corrupt(document: &mut Value, path: &[String], change: Change) {
    let (last, before) = path.split_last().expect("a path is never empty");
    let mut value = document;
    for part in before {
        value = match value {
            Value::Array(items) => &mut items[part.parse::<usize>().expect("a number")],
            other => &mut other[part.as_str()],
        };
    }
    match (value, change) {
        (Value::Table(table), Change::Lose) => {
            table.remove(last);
        }
        (Value::Table(table), Change::Rename) => {
            let inner = table.remove(last).expect("the path leads to a value");
            table.insert(format!("{last}s"), inner);
        }
        (Value::Table(table), Change::Replace(other)) => {
            table.insert(last.clone(), other);
        }
        (Value::Array(items), change) => {
            let index: usize = last.parse().expect("a number");
            match change {
                Change::Replace(other) => items[index] = other,
                Change::Lose | Change::Rename => {
                    items.remove(index);
                }
            }
        }
        _ => unreachable!("a path leads through tables and lists"),
    }
}

/// A shipped scenario, or one with every fault of the commented example.
fn scenario(name: Index) -> String {
    if let Some(shipped) = library::ALL.get(name.index(library::ALL.len() + 1)) {
        return shipped.text.to_owned();
    }
    let quiet = library::find("sequential-100").expect("it is shipped").text;
    let faults = include_str!("../../mock-claude/faults.example.toml");
    let (_, faults) = faults.split_once("[[fault]]").expect("it begins with faults");
    format!("{quiet}\n[[fault]]{faults}")
}

fn corrupted(name: Index, changes: Vec<(Index, Change)>) -> String {
    let text = scenario(name);
    let mut document = Value::Table(text.parse::<Table>().expect("a shipped scenario is TOML"));
    for (place, change) in changes {
        let mut all = Vec::new();
        paths(&document, &[], &mut all);
        if !all.is_empty() {
            corrupt(&mut document, &all[place.index(all.len())], change);
        }
    }
    toml::to_string(&document).expect("a document is TOML")
}

/// Whether a finding may be stricter than the types: a value out of its range, or a list of values
/// without their keys, which serde would take for a table.
fn may_be_stricter(finding: &Problem) -> bool {
    let Problem { message, .. } = finding;
    let ranges = ["must be at", "must be a finite", "needs at least"];
    ranges.iter().any(|words| message.starts_with(words))
        || message == "expected a table, found a list"
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let document = Document::parse("x.toml", text).expect("the document is TOML");
    let found = document.misfits::<Scenario>();
    match toml::from_str::<Scenario>(text) {
        Ok(_) => prop_assert!(found.iter().all(may_be_stricter), "too strict: {found:?}\n{text}"),
        Err(error) => prop_assert!(!found.is_empty(), "too lax: {error}\n{text}"),
    }
    // Whatever the outcome, every problem has a place inside the file.
    if let Err(invalid) = Scenario::parse("x.toml", text) {
        let lines = text.lines().count().max(1);
        prop_assert!(!invalid.problems.is_empty());
        for problem in &invalid.problems {
            let place = problem.place.expect("a problem of a file has a place");
            prop_assert!((1..=lines).contains(&place.line) && place.column > 0, "{invalid}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_checker_and_the_types_agree(
        name in any::<Index>(),
        changes in proptest::collection::vec(change(), 1..4),
    ) {
        check(&corrupted(name, changes))?;
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = Scenario::parse("x.toml", &text);
    }

    #[test]
    fn no_cut_and_no_stray_character_in_a_scenario_makes_the_reader_panic(
        name in any::<Index>(),
        at in any::<Index>(),
        stray in any::<char>(),
        cut in any::<bool>(),
    ) {
        let text = library::ALL[name.index(library::ALL.len())].text;
        let at = text.floor_char_boundary(at.index(text.len()));
        let rest = if cut { "" } else { &text[at..] };
        let _ = Scenario::parse("x.toml", &format!("{}{stray}{rest}", &text[..at]));
    }
}
