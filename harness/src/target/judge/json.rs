//! A place in a JSON document.

use serde_json::Value;
use serde_json_path::JsonPath;

use super::document::text;
use super::work::{Work, Wrong, matches, refused};

/// Checks that a path leads to something, and that this matches.
pub(super) fn check(
    path: &str,
    expression: Option<&str>,
    file: Option<&str>,
    work: &Work<'_>,
) -> Result<(), Wrong> {
    let text = text(file, work)?;
    let document: Value = serde_json::from_str(&text)
        .map_err(|error| refused(format!("its {} is no JSON: {error}", place(file))))?;
    let Ok(parsed) = JsonPath::parse(path) else {
        return Err(refused(format!("`{path}` is no JSON path")));
    };
    let found = parsed.query(&document).all();
    let there = found.iter().filter(|value| !is_nothing(value));
    let mut good = there.filter(|value| match expression {
        Some(expression) => matches(expression, &words(value)),
        None => true,
    });
    if good.next().is_some() {
        return Ok(());
    }
    Err(refused(match expression {
        Some(expression) => {
            format!("its {} has no match for `{expression}` at `{path}`", place(file))
        }
        None => format!("its {} has nothing at `{path}`", place(file)),
    }))
}

fn place(file: Option<&str>) -> String {
    file.map_or_else(|| "output".to_owned(), |file| format!("file `{file}`"))
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A string as it is, anything else as JSON.
fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
