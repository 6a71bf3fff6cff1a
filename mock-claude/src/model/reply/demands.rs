//! What is wrong with a JSON schema that a user wrote for the model's answers.
//!
//! An answer that does not satisfy its schema is worse than none, so whatever `schema` would not
//! honour is refused here, with its place.

use serde_json::{Map, Value};
use strict_toml::{Problem, suggest};

/// The types of JSON.
const TYPES: [&str; 7] = ["object", "array", "string", "integer", "number", "boolean", "null"];

/// What is not honoured, wherever it stands.
const UNMET: [&str; 8] = [
    "pattern",
    "not",
    "if",
    "contains",
    "minProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
];

/// Schemas inside each other, at most: deeper ones are not looked at.
const MAX_DEPTH: usize = 64;

/// Everything in a schema that its answers would not satisfy, with keys relative to it.
pub(super) fn problems(schema: &Map<String, Value>) -> Vec<Problem> {
    let root = Value::Object(schema.clone());
    let mut found = Vec::new();
    look(&root, &root, "", 0, &mut found);
    found
}

fn look(root: &Value, schema: &Value, path: &str, depth: usize, found: &mut Vec<Problem>) {
    let (Some(fields), true) = (schema.as_object(), depth < MAX_DEPTH) else { return };
    let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    check_type(fields.get("type"), &at("type"), found);
    for name in UNMET.into_iter().filter(|name| fields.contains_key(*name)) {
        found.push(unmet(&at(name)));
    }
    let several = fields.get("minItems").and_then(Value::as_u64).is_some_and(|least| least > 1);
    if several && fields.get("uniqueItems") == Some(&Value::Bool(true)) {
        found.push(unmet(&at("uniqueItems")));
    }
    if let Some(target) = fields.get("$ref").and_then(Value::as_str)
        && target.strip_prefix('#').is_none_or(|pointer| root.pointer(pointer).is_none())
    {
        let hint = Some("a reference is `#/$defs/NAME`, and leads to a part of the schema".into());
        found.push(Problem::new(at("$ref"), format!("`{target}` leads nowhere")).hint(hint));
    }
    for name in ["properties", "$defs", "definitions"] {
        for (key, inner) in fields.get(name).and_then(Value::as_object).into_iter().flatten() {
            look(root, inner, &at(&format!("{name}.{key}")), depth + 1, found);
        }
    }
    if let Some(items) = fields.get("items") {
        look(root, items, &at("items"), depth + 1, found);
    }
    for name in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        let list = fields.get(name).and_then(Value::as_array).into_iter().flatten();
        for (index, inner) in list.enumerate() {
            look(root, inner, &at(&format!("{name}.{index}")), depth + 1, found);
        }
    }
}

fn check_type(kind: Option<&Value>, at: &str, found: &mut Vec<Problem>) {
    let names = match kind {
        None => return,
        Some(Value::Array(names)) => names.as_slice(),
        Some(name) => std::slice::from_ref(name),
    };
    for name in names {
        match name.as_str() {
            Some(name) if TYPES.contains(&name) => {}
            Some(name) => {
                let problem = Problem::new(at, format!("`{name}` is no type of JSON"));
                found.push(problem.hint(suggest(name, TYPES)));
            }
            None => {
                let problem = Problem::new(at, "is the name of a type, or a list of names");
                found.push(problem.hint(suggest("", TYPES)));
            }
        }
    }
}

fn unmet(at: &str) -> Problem {
    let hint = "leave it out, or write the answer itself as `text`";
    Problem::new(at, "is not honoured").hint(Some(hint.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whatever_would_not_be_honoured_is_found_with_its_place() {
        let schema = json!({
            "type": "objekt",
            "properties": {
                "pattern": {"type": "string", "pattern": "^a+$"},
                "list": {"items": {"$ref": "#/$defs/none"}, "minItems": 2, "uniqueItems": true},
                "either": {"anyOf": [{"type": ["null", 3]}, {"not": {}}]},
            },
        });
        let found = problems(schema.as_object().unwrap());
        let lines: Vec<String> =
            found.iter().map(|found| format!("{}: {}", found.key, found.message)).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        type: `objekt` is no type of JSON
        properties.either.anyOf.0.type: is the name of a type, or a list of names
        properties.either.anyOf.1.not: is not honoured
        properties.list.uniqueItems: is not honoured
        properties.list.items.$ref: `#/$defs/none` leads nowhere
        properties.pattern.pattern: is not honoured
        ");
    }

    #[test]
    fn a_schema_that_contains_itself_is_looked_at_once() {
        let tree = json!({"type": "object", "properties": {"left": {"$ref": "#"}}});
        assert_eq!(problems(tree.as_object().unwrap()), []);
    }
}
