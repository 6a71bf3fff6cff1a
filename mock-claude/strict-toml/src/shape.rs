//! Checks a TOML document against a JSON schema and reports everything that does not fit.
//!
//! Only the part of JSON schema that `schemars` derives for our types is understood: objects with
//! known keys, maps, lists, ranges, enumerations, optional values, and unions told apart by a tag
//! or by the name of their only key. A general validator would report a union as "matches none of
//! five"; this one knows which of them was meant.

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, suggest};

/// Everything in `table` that does not fit `schema`, each with its byte offset in the file.
pub(crate) fn check(schema: &Value, table: &Spanned<DeTable<'_>>) -> Vec<(usize, Problem)> {
    let mut checker = Checker { root: schema, found: Vec::new() };
    checker.table(schema, table.get_ref(), table.span().start, "");
    checker.found
}

struct Checker<'s> {
    root: &'s Value,
    found: Vec<(usize, Problem)>,
}

impl<'s> Checker<'s> {
    fn report(&mut self, at: usize, key: &str, message: impl Into<String>) {
        self.advise(at, key, message, None);
    }

    fn advise(&mut self, at: usize, key: &str, message: impl Into<String>, hint: Option<String>) {
        self.found.push((at, Problem::new(key, message).hint(hint)));
    }

    /// Follows references, and unwraps "this or null".
    fn resolve(&self, mut schema: &'s Value) -> &'s Value {
        loop {
            if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
                let pointer = reference.trim_start_matches('#');
                schema = self.root.pointer(pointer).expect("schema references lead somewhere");
            } else if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
                let real = choices.iter().find(|choice| choice["type"] != "null");
                schema = real.expect("an optional value has a type");
            } else {
                return schema;
            }
        }
    }

    fn value(&mut self, schema: &'s Value, value: &Spanned<DeValue<'_>>, key: &str) {
        let schema = self.resolve(schema);
        let at = value.span().start;
        match value.get_ref() {
            DeValue::Table(table) if accepts(schema, "object") => {
                self.table(schema, table, at, key);
            }
            DeValue::Array(items) if accepts(schema, "array") => {
                for (index, item) in items.iter().enumerate() {
                    self.value(&schema["items"], item, &format!("{key}.{index}"));
                }
                let least = schema["minItems"].as_u64().unwrap_or(0);
                if (items.len() as u64) < least {
                    self.report(at, key, format!("needs at least {least} entry"));
                }
            }
            DeValue::String(text) if accepts(schema, "string") => {
                self.string(schema, text, at, key);
            }
            DeValue::Boolean(_) if accepts(schema, "boolean") => {}
            DeValue::Integer(integer)
                if accepts(schema, "integer") || accepts(schema, "number") =>
            {
                let digits = integer.as_str().replace('_', "");
                match i64::from_str_radix(&digits, integer.radix()) {
                    #[expect(clippy::cast_precision_loss, reason = "only compared with bounds")]
                    Ok(number) => self.range(schema, number as f64, at, key),
                    Err(_) => self.report(at, key, "is too large for an integer"),
                }
            }
            DeValue::Float(float) if accepts(schema, "number") => {
                match float.as_str().replace('_', "").parse::<f64>() {
                    Ok(number) if number.is_finite() => self.range(schema, number, at, key),
                    _ => self.report(at, key, "must be a finite number"),
                }
            }
            other => {
                let message = format!("expected {}, found {}", wanted(schema), kind(other));
                self.report(at, key, message);
            }
        }
    }

    fn string(&mut self, schema: &'s Value, text: &str, at: usize, key: &str) {
        let choices = choices(schema);
        if choices.is_empty() || choices.contains(&text) {
            return;
        }
        let with_table: Vec<&str> = variants(schema).filter_map(name_of).collect();
        if with_table.contains(&text) {
            let hint = format!("write `{{ {text} = {{ .. }} }}`");
            self.advise(at, key, format!("`{text}` needs a table of its own"), Some(hint));
            return;
        }
        let names: Vec<&str> = choices.into_iter().chain(with_table).collect();
        self.advise(at, key, format!("unknown value `{text}`"), suggest(text, names));
    }

    fn range(&mut self, schema: &Value, number: f64, at: usize, key: &str) {
        if let Some(least) = schema["minimum"].as_f64().filter(|least| number < *least) {
            self.report(at, key, format!("must be at least {least}"));
        }
        // A 32-bit integer has no `maximum` in a derived schema, only the name of its type.
        let width = (schema["format"] == "uint32").then_some(f64::from(u32::MAX));
        let most = schema["maximum"].as_f64().or(width);
        if let Some(most) = most.filter(|most| number > *most) {
            self.report(at, key, format!("must be at most {most}"));
        }
    }

    fn table(&mut self, schema: &'s Value, table: &DeTable<'_>, at: usize, key: &str) {
        let Some(schema) = self.variant(schema, table, at, key) else { return };
        let known = schema["properties"].as_object();
        for (name, value) in table {
            let name_at = name.span().start;
            let name = name.get_ref().as_ref();
            let path = if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
            match known.and_then(|known| known.get(name)) {
                Some(inner) => self.value(inner, value, &path),
                None if schema["additionalProperties"].is_object() => {
                    self.value(&schema["additionalProperties"], value, &path);
                }
                None if schema["additionalProperties"] == true => self.json(value, &path),
                None => {
                    let names = known.into_iter().flatten().map(|(name, _)| name.as_str());
                    let names: Vec<&str> = names.collect();
                    let hint = alone(schema, table).or_else(|| suggest(name, names));
                    self.advise(name_at, &path, "unknown key", hint);
                }
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !table.contains_key(name) {
                self.report(at, key, format!("missing key `{name}`"));
            }
        }
    }

    /// Whatever JSON can say: TOML's dates and its numbers without an end have no form in it.
    fn json(&mut self, value: &Spanned<DeValue<'_>>, key: &str) {
        let at = value.span().start;
        match value.get_ref() {
            DeValue::Datetime(_) => {
                let hint = Some("put it in quotes".to_owned());
                self.advise(at, key, "a date has no form in JSON", hint);
            }
            DeValue::Float(float) if float.as_str().ends_with(['n', 'f']) => {
                self.report(at, key, "must be a finite number");
            }
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.json(item, &format!("{key}.{index}"));
                }
            }
            DeValue::Table(table) => {
                for (name, inner) in table {
                    self.json(inner, &format!("{key}.{}", name.get_ref()));
                }
            }
            _ => {}
        }
    }

    /// The variant of a union that the table's tag or its only key names; other schemas are
    /// themselves.
    fn variant(
        &mut self,
        schema: &'s Value,
        table: &DeTable<'_>,
        at: usize,
        key: &str,
    ) -> Option<&'s Value> {
        let Some(variants) = schema["oneOf"].as_array() else { return Some(schema) };
        let Some((tag, _)) = variants.iter().find_map(tag_of) else {
            return self.keyed(schema, table, at, key);
        };
        let names: Vec<&str> = variants.iter().filter_map(tag_of).map(|(_, name)| name).collect();
        let Some((_, written)) = table.get_key_value(tag) else {
            self.advise(at, key, format!("missing key `{tag}`"), suggest("", names));
            return None;
        };
        let found = written.get_ref().as_str().and_then(|written| {
            variants.iter().find(|variant| tag_of(variant).is_some_and(|(_, name)| name == written))
        });
        if found.is_none() {
            let shown = written.get_ref().as_str().unwrap_or("not a string");
            let path = format!("{key}.{tag}");
            let message = format!("unknown value `{shown}`");
            self.advise(written.span().start, &path, message, suggest(shown, names));
        }
        found
    }
}

impl<'s> Checker<'s> {
    /// The variant of a union that the table's only key names.
    fn keyed(
        &mut self,
        schema: &'s Value,
        table: &DeTable<'_>,
        at: usize,
        key: &str,
    ) -> Option<&'s Value> {
        let names: Vec<&str> = variants(schema).filter_map(name_of).collect();
        for (name, _) in table {
            let written = name.get_ref().as_ref();
            if !names.contains(&written) {
                let path = format!("{key}.{written}");
                self.advise(name.span().start, &path, "unknown key", suggest(written, names));
                return None;
            }
        }
        let mut written = table.keys();
        let (Some(name), None) = (written.next(), written.next()) else {
            self.advise(at, key, "needs exactly one key", suggest("", names));
            return None;
        };
        variants(schema).find(|variant| name_of(variant) == Some(name.get_ref()))
    }
}

/// What to do with a key beside a tag that stands alone, as in `policy = "off"`.
fn alone(schema: &Value, table: &DeTable<'_>) -> Option<String> {
    let (tag, written) = tag_of(schema)?;
    let is_only = schema["properties"].as_object()?.len() == 1 && table.contains_key(tag);
    is_only.then(|| format!("delete it: `{tag} = \"{written}\"` has no other keys"))
}

/// The variants of a union; none of anything else.
fn variants(schema: &Value) -> impl Iterator<Item = &Value> {
    schema["oneOf"].as_array().into_iter().flatten()
}

/// The only key of a variant that is told apart by it.
fn name_of(variant: &Value) -> Option<&str> {
    if tag_of(variant).is_some() {
        return None;
    }
    let mut names = variant["properties"].as_object()?.keys();
    names.next().filter(|_| names.next().is_none()).map(String::as_str)
}

/// The tag of one variant of a union: the property that has a constant.
fn tag_of(variant: &Value) -> Option<(&str, &str)> {
    let properties = variant["properties"].as_object()?;
    properties.iter().find_map(|(name, schema)| Some((name.as_str(), schema["const"].as_str()?)))
}

/// Whether a schema takes values of a type; unions of tables are objects.
fn accepts(schema: &Value, kind: &str) -> bool {
    match &schema["type"] {
        Value::String(one) => one == kind,
        Value::Array(several) => several.iter().any(|one| one == kind),
        _ if schema["oneOf"].is_array() => variants(schema).any(|one| one["type"] == kind),
        _ => kind == "string" && schema["const"].is_string(),
    }
}

/// The strings that a schema allows; empty where it allows any.
fn choices(schema: &Value) -> Vec<&str> {
    let listed = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let documented = variants(schema).filter_map(|variant| variant["const"].as_str());
    listed.chain(documented).chain(schema["const"].as_str()).collect()
}

/// The type that a schema wants, in words.
fn wanted(schema: &Value) -> &'static str {
    let all = [
        ("object", "a table"),
        ("array", "a list"),
        ("string", "a string"),
        ("boolean", "`true` or `false`"),
        ("integer", "an integer"),
        ("number", "a number"),
    ];
    all.iter().find(|(kind, _)| accepts(schema, kind)).map_or("another value", |(_, words)| words)
}

/// The type of a value, in words.
const fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::JsonSchema;

    #[derive(JsonSchema)]
    #[schemars(rename_all = "snake_case", deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Kitchen {
        cooks: u32,
        #[schemars(range(min = 0.5, max = 2.0))]
        salt: Option<f64>,
        dish: Dish,
    }

    #[derive(JsonSchema)]
    #[schemars(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum Dish {
        /// Boiled.
        Soup,
        /// From the oven.
        Roast { minutes: u32 },
    }

    fn check(text: &str) -> String {
        let schema = schemars::schema_for!(Kitchen);
        let table = DeTable::parse(text).unwrap();
        let line = |(at, Problem { key, message, hint, .. }): (usize, Problem)| {
            let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("{at} {key}: {message}{hint}")
        };
        let found = super::check(schema.as_value(), &table);
        found.into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_table_of_any_keys_holds_what_json_can_say() {
        #[derive(JsonSchema)]
        #[expect(dead_code, reason = "only its schema is looked at")]
        struct Shelf {
            free: serde_json::Map<String, Value>,
        }
        let schema = schemars::schema_for!(Shelf);
        let text = "[free]\na = [1, { b = \"c\" }]\nd = [1979-05-27]\ne = { f = inf }\n";
        let table = DeTable::parse(text).unwrap();
        let found = super::check(schema.as_value(), &table);
        let lines: Vec<String> =
            found.iter().map(|(_, found)| format!("{}: {}", found.key, found.message)).collect();
        assert_eq!(
            lines,
            ["free.d.0: a date has no form in JSON", "free.e.f: must be a finite number"]
        );
    }

    #[test]
    fn everything_that_does_not_fit_is_found_at_once_in_its_place() {
        assert_eq!(check("cooks = 1\nsalt = 1.5\ndish = { roast = { minutes = 9 } }"), "");
        assert_eq!(check("cooks = 1\ndish = \"soup\""), "");
        insta::assert_snapshot!(
            check("cook = 1\nsalt = 3\ndish = { roast = { minutes = \"9\" } }"),
            @"
        0 cook: unknown key (did you mean `cooks`?)
        47 dish.roast.minutes: expected an integer, found a string
        16 salt: must be at most 2
        0 : missing key `cooks`
        "
        );
        assert_eq!(
            check("cooks = 1\ndish = \"roast\""),
            "17 dish: `roast` needs a table of its own (write `{ roast = { .. } }`)"
        );
    }
}
