//! A value that satisfies a JSON schema: the arguments of a tool, a structured answer.
//!
//! Types, required and optional properties, enums, constants, nesting, references, bounds and the
//! common formats are honoured; `pattern`, `not`, `if` and `uniqueItems` are not. The same schema,
//! request and seed give the same value. Depth and size are bounded, whatever the schema says.

use serde_json::{Map, Value};

use crate::basis::chance::{Chance, RequestKey};

/// From this depth on only required properties are filled in, so that most recursion ends.
const OPTIONAL_DEPTH: u32 = 6;

/// From this depth on everything is null.
const MAX_DEPTH: u32 = 24;

/// Values in one instance, at most.
const MAX_VALUES: u32 = 5_000;

/// Parts of schemas that may be put together anew for one instance, at most.
const MAX_MERGED: usize = 100_000;

/// The longest string and the longest list that a bound can ask for.
const MAX_LENGTH: u64 = 4_096;

/// A value that satisfies `schema`.
pub(super) fn instance(schema: &Value, chance: Chance, key: RequestKey) -> Value {
    let mut shaper = Shaper { root: schema, chance, key, left: MAX_VALUES, mergeable: MAX_MERGED };
    shaper.value(schema, "$", 0)
}

struct Shaper<'a> {
    root: &'a Value,
    chance: Chance,
    key: RequestKey,
    left: u32,
    mergeable: usize,
}

impl Shaper<'_> {
    fn value(&mut self, schema: &Value, path: &str, depth: u32) -> Value {
        if depth > MAX_DEPTH || self.left == 0 {
            return Value::Null;
        }
        self.left -= 1;
        let Value::Object(fields) = schema else {
            // `true`, and whatever the SDK's own tests put in place of a schema.
            return Value::from(name(path));
        };
        if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
            let root = self.root;
            let target = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
            return target.map_or(Value::Null, |found| self.value(found, path, depth + 1));
        }
        if let Some(constant) = fields.get("const") {
            return constant.clone();
        }
        if let Some(members) = fields.get("enum").and_then(Value::as_array) {
            let last = (members.len() as u64).saturating_sub(1);
            let pick = usize::try_from(self.between(path, 0, last)).unwrap_or(0);
            return members.get(pick).cloned().unwrap_or(Value::Null);
        }
        if COMBINERS.iter().any(|name| fields.contains_key(*name)) {
            self.mergeable = fields.values().fold(self.mergeable, less_parts);
            if self.mergeable == 0 {
                return Value::Null;
            }
        }
        if let Some(merged) = merged(fields) {
            return self.value(&Value::Object(merged), path, depth + 1);
        }
        match kind(fields) {
            "object" => self.object(fields, path, depth),
            "array" => self.array(fields, path, depth),
            "integer" => self.number(fields, path, true),
            "number" => self.number(fields, path, false),
            "boolean" => Value::Bool(self.between(path, 0, 1) == 1),
            "null" => Value::Null,
            _ => self.string(fields, path),
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, path: &str, depth: u32) -> Value {
        let required = fields.get("required").and_then(Value::as_array);
        let required: Vec<&str> =
            required.into_iter().flatten().filter_map(Value::as_str).collect();
        let mut object = Map::new();
        for (name, schema) in
            fields.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            if depth < OPTIONAL_DEPTH || required.contains(&name.as_str()) {
                object
                    .insert(name.clone(), self.value(schema, &format!("{path}.{name}"), depth + 1));
            }
        }
        for name in required.into_iter().take(MAX_VALUES as usize) {
            if !object.contains_key(name) {
                object.insert(name.to_owned(), Value::from(name));
            }
        }
        Value::Object(object)
    }

    fn array(&mut self, fields: &Map<String, Value>, path: &str, depth: u32) -> Value {
        let bound = |name: &str| fields.get(name).and_then(Value::as_u64);
        let fixed = fields.get("prefixItems").and_then(Value::as_array);
        let least = bound("minItems").unwrap_or(0).max(fixed.map_or(1, |list| list.len() as u64));
        let length = least.min(bound("maxItems").unwrap_or(u64::MAX)).min(MAX_LENGTH);
        let items = fields.get("items").unwrap_or(&Value::Bool(true));
        let mut list = Vec::new();
        for index in 0..length {
            let own = usize::try_from(index).ok().and_then(|index| fixed?.get(index));
            let path = format!("{path}.{index}");
            list.push(self.value(own.unwrap_or(items), &path, depth + 1));
        }
        Value::Array(list)
    }

    fn number(&mut self, fields: &Map<String, Value>, path: &str, whole: bool) -> Value {
        let bound = |name: &str| fields.get(name).and_then(Value::as_f64);
        let step = bound("multipleOf").filter(|step| *step > 0.0);
        let low = bound("minimum").or_else(|| bound("exclusiveMinimum"));
        let high = bound("maximum").or_else(|| bound("exclusiveMaximum"));
        let swing = f64::from(u32::try_from(self.between(path, 1, 99)).unwrap_or(1));
        let mut number = match (low, high) {
            (Some(low), Some(high)) => low + (high - low) * swing / 100.0,
            (Some(low), None) => low + swing,
            (None, Some(high)) => high - swing,
            (None, None) => swing,
        };
        if whole || step.is_some() {
            let step = step.unwrap_or(1.0);
            number = (number / step).floor() * step;
            let too_low = |number: f64| {
                bound("minimum").is_some_and(|low| number < low)
                    || bound("exclusiveMinimum").is_some_and(|low| number <= low)
            };
            if too_low(number) {
                number += step;
            }
        }
        whole_if_possible(number)
    }

    fn string(&mut self, fields: &Map<String, Value>, path: &str) -> Value {
        let format = fields.get("format").and_then(Value::as_str).unwrap_or_default();
        if let Some(text) = formatted(format) {
            return Value::from(text);
        }
        let bound = |name: &str| fields.get(name).and_then(Value::as_u64);
        let mut text = format!("{}-{}", name(path), self.between(path, 1, 99));
        let least = usize::try_from(bound("minLength").unwrap_or(0).min(MAX_LENGTH)).unwrap_or(0);
        while text.chars().count() < least {
            text.push('x');
        }
        if let Some(most) = bound("maxLength").and_then(|most| usize::try_from(most).ok()) {
            text = text.chars().take(most).collect();
        }
        Value::from(text)
    }

    fn between(&self, path: &str, low: u64, high: u64) -> u64 {
        self.chance.between(&format!("schema {path}"), self.key, low, high)
    }
}

/// What combines several schemas.
const COMBINERS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// A number less the parts of a value; never below nought, and not counted any further there.
fn less_parts(left: usize, value: &Value) -> usize {
    let Some(left) = left.checked_sub(1) else { return 0 };
    match value {
        Value::Array(list) => list.iter().fold(left, less_parts),
        Value::Object(fields) => fields.values().fold(left, less_parts),
        _ => left,
    }
}

/// One schema in place of a combination of several: all of `allOf`, the first of `anyOf` and of
/// `oneOf` that is more than null.
fn merged(fields: &Map<String, Value>) -> Option<Map<String, Value>> {
    let list = |name: &str| fields.get(name).and_then(Value::as_array);
    let all = list("allOf").into_iter().flatten();
    let chosen = ["anyOf", "oneOf"].into_iter().filter_map(|name| {
        let is_null = |schema: &&Value| schema.get("type").is_some_and(|kind| kind == "null");
        list(name)?.iter().find(|schema| !is_null(schema)).or_else(|| list(name)?.first())
    });
    let parts: Vec<&Value> = all.chain(chosen).collect();
    if parts.is_empty() {
        return None;
    }
    let mut merged: Map<String, Value> = fields
        .iter()
        .filter(|(name, _)| !COMBINERS.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for (name, value) in parts.into_iter().filter_map(Value::as_object).flatten() {
        match (merged.get_mut(name), value) {
            (Some(Value::Object(into)), Value::Object(from)) => {
                into.extend(from.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            (Some(Value::Array(into)), Value::Array(from)) if name == "required" => {
                into.extend(from.iter().cloned());
            }
            _ => {
                merged.insert(name.clone(), value.clone());
            }
        }
    }
    Some(merged)
}

fn kind(fields: &Map<String, Value>) -> &str {
    match fields.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if fields.contains_key("properties") => "object",
        _ if fields.contains_key("items") => "array",
        _ => "object",
    }
}

fn formatted(format: &str) -> Option<&'static str> {
    Some(match format {
        "date-time" => "2026-01-01T00:00:00Z",
        "date" => "2026-01-01",
        "time" => "00:00:00Z",
        "duration" => "PT1H",
        "email" => "ada@example.com",
        "hostname" => "example.com",
        "uri" | "url" => "https://example.com/",
        "uuid" => "7d444840-9dc0-41d1-b245-5ffdce74fad2",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        _ => return None,
    })
}

/// The last name in a path, for a value that says where it stands.
fn name(path: &str) -> &str {
    let name = path.rsplit('.').find(|part| part.parse::<u64>().is_err());
    name.filter(|name| *name != "$").unwrap_or("value")
}

#[expect(clippy::cast_possible_truncation, reason = "only numbers that fit exactly are cast")]
fn whole_if_possible(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const KEY: RequestKey = RequestKey { subject: 5, attempt: 0 };

    fn shape(schema: &Value) -> Value {
        instance(schema, Chance::new(7), KEY)
    }

    /// A schema of many parts that refers to itself in every one of many properties.
    fn tangle(combined: bool) -> Value {
        let again = json!({"$ref": "#/$defs/all"});
        let again = if combined { json!({"anyOf": [{"type": "null"}, again]}) } else { again };
        let names: Vec<String> = (0..40).map(|number| format!("p{number}")).collect();
        let properties: Map<String, Value> =
            names.iter().map(|name| (name.clone(), again.clone())).collect();
        let words: Vec<String> = (0..20_000).map(|number| number.to_string()).collect();
        let all = json!({
            "type": "object", "properties": properties, "required": names,
            "allOf": [{"properties": {"word": {"enum": words}}}],
        });
        json!({"$ref": "#/$defs/all", "$defs": {"all": all}})
    }

    #[test]
    fn a_schema_that_refers_to_itself_is_put_together_a_bounded_number_of_times() {
        for combined in [false, true] {
            let made = instance(&tangle(combined), Chance::new(1), KEY);
            // Without a bound, each of five thousand values would have copied 20,000 parts.
            assert!(less_parts(MAX_MERGED, &made) > MAX_MERGED - 10_000, "{combined}");
            assert!(made["p0"].is_object() || made["p0"].is_null());
        }
    }

    #[test]
    fn types_enums_bounds_and_formats_are_honoured() {
        let value = shape(&json!({
            "type": "object", "required": ["city", "extra"], "properties": {
                "city": {"type": "string", "maxLength": 4},
                "unit": {"enum": ["c", "f"]},
                "days": {"type": "integer", "minimum": 3, "maximum": 5},
                "share": {"type": "number", "minimum": 0, "maximum": 1},
                "when": {"type": "string", "format": "date"},
                "tags": {"type": "array", "minItems": 2, "items": {"type": "boolean"}},
                "inner": {"$ref": "#/$defs/inner"},
                "either": {"anyOf": [{"type": "null"}, {"type": "integer"}]},
            },
            "$defs": {"inner": {"type": "object", "properties": {"fixed": {"const": 7}}}},
        }));
        assert!(value["city"].as_str().is_some_and(|city| city.len() == 4), "{value}");
        assert!(["c", "f"].contains(&value["unit"].as_str().unwrap()));
        assert!((3..=5).contains(&value["days"].as_i64().unwrap()));
        assert!((0.0..=1.0).contains(&value["share"].as_f64().unwrap()));
        assert_eq!(value["when"], "2026-01-01");
        assert!(value["tags"].as_array().unwrap().iter().all(Value::is_boolean));
        assert_eq!(value["tags"].as_array().unwrap().len(), 2);
        assert_eq!(value["inner"]["fixed"], 7);
        assert!(value["either"].is_i64());
        assert!(value["extra"].is_string());
    }

    #[test]
    fn a_schema_that_contains_itself_ends() {
        let tree = json!({
            "type": "object", "required": ["left", "right"],
            "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}},
        });
        assert!(shape(&tree).is_object());
        assert_eq!(shape(&json!({"$ref": "#"})), Value::Null);
    }

    #[test]
    fn what_is_no_schema_still_gets_a_value() {
        let value = shape(&json!({"type": "object", "properties": {"unit": "bar"}}));
        assert_eq!(value["unit"], "unit");
    }
}
