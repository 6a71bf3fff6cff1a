//! Checks a TOML document against a JSON schema and reports everything that does not fit.
//!
//! Only the part of JSON schema that `schemars` derives for our types is understood: objects with
//! known keys, maps, lists, ranges, enumerations, optional values, and unions told apart by a tag
//! or by the name of their only key. A general validator would report a union as "matches none of
//! five"; this one knows which of them was meant.

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::suggest;

/// Something that does not fit, at a byte offset of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Byte offset in the file.
    pub at: usize,
    /// The key with the tables around it.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Finding {
    /// A finding without a hint.
    pub fn at(at: usize, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { at, key: key.into(), message: message.into(), hint: None }
    }

    /// The finding with a hint, if there is one.
    #[must_use]
    pub fn hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }
}

/// Everything in `table` that does not fit `schema`.
pub fn check(schema: &Value, table: &Spanned<DeTable<'_>>) -> Vec<Finding> {
    let mut checker = Checker { root: schema, findings: Vec::new() };
    checker.table(schema, table.get_ref(), table.span().start, "");
    checker.findings
}

struct Checker<'s> {
    root: &'s Value,
    findings: Vec<Finding>,
}

impl<'s> Checker<'s> {
    fn report(&mut self, at: usize, key: &str, message: impl Into<String>) {
        self.findings.push(Finding::at(at, key, message));
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
            let finding = Finding::at(at, key, format!("`{text}` needs a table of its own"));
            self.findings.push(finding.hint(Some(format!("write `{{ {text} = {{ .. }} }}`"))));
            return;
        }
        let finding = Finding::at(at, key, format!("unknown value `{text}`"));
        let names: Vec<&str> = choices.into_iter().chain(with_table).collect();
        self.findings.push(finding.hint(suggest(text, names)));
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
                None => {
                    let names = known.into_iter().flatten().map(|(name, _)| name.as_str());
                    let names: Vec<&str> = names.collect();
                    let hint = suggest(name, names);
                    self.findings.push(Finding::at(name_at, path, "unknown key").hint(hint));
                }
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !table.contains_key(name) {
                self.report(at, key, format!("missing key `{name}`"));
            }
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
            let finding = Finding::at(at, key, format!("missing key `{tag}`"));
            self.findings.push(finding.hint(suggest("", names)));
            return None;
        };
        let found = written.get_ref().as_str().and_then(|written| {
            variants.iter().find(|variant| tag_of(variant).is_some_and(|(_, name)| name == written))
        });
        if found.is_none() {
            let shown = written.get_ref().as_str().unwrap_or("not a string");
            let path = format!("{key}.{tag}");
            let finding =
                Finding::at(written.span().start, path, format!("unknown value `{shown}`"));
            self.findings.push(finding.hint(suggest(shown, names)));
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
                let finding = Finding::at(name.span().start, path, "unknown key");
                self.findings.push(finding.hint(suggest(written, names)));
                return None;
            }
        }
        let mut written = table.keys();
        let (Some(name), None) = (written.next(), written.next()) else {
            let finding = Finding::at(at, key, "needs exactly one key");
            self.findings.push(finding.hint(suggest("", names)));
            return None;
        };
        variants(schema).find(|variant| name_of(variant) == Some(name.get_ref()))
    }
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
    use crate::Config;

    fn check(text: &str) -> String {
        let schema = schemars::schema_for!(Config);
        let table = DeTable::parse(text).unwrap();
        let found = super::check(schema.as_value(), &table);
        let line = |Finding { key, message, hint, .. }: Finding| {
            format!("{key}: {message}{}", hint.map(|hint| format!(" ({hint})")).unwrap_or_default())
        };
        found.into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn fault(keys: &str) -> String {
        check(&format!("[[fault]]\n{keys}\n"))
    }

    #[test]
    fn a_union_is_told_apart_by_its_tag_or_by_its_only_key() {
        assert_eq!(fault("kind = \"wire\"\nwhat = { reset = {} }"), "");
        assert_eq!(fault("kind = \"wire\"\nwhat = \"garbage\""), "");
        assert_eq!(fault("kind = \"latency\"\nextra = { fixed_ms = 4 }"), "");
        let wrong = [
            "kind = \"wire\"\nwhat = { rest = {} }",
            "kind = \"wire\"\nwhat = { reset = { after = 1 } }",
            "kind = \"latency\"\nextra = { fixed_ms = 1, heavy_tail = {} }",
            "kind = \"wire\"\nwhat = \"reset\"",
            "kind = \"wire\"\nwhat = \"garbag\"",
            "kind = \"latency\"\nextra = { fixed_ms = \"4\" }",
            "kind = \"latency\"\nextra = {}",
            "kind = \"latency\"\nextra = 7",
        ];
        insta::assert_snapshot!(wrong.map(fault).join("\n"), @"
        fault.0.what.rest: unknown key (did you mean `reset`?)
        fault.0.what.reset.after: unknown key (did you mean `after_body_bytes`?)
        fault.0.extra: needs exactly one key (one of `fixed_ms`, `log_normal`, `heavy_tail`)
        fault.0.what: `reset` needs a table of its own (write `{ reset = { .. } }`)
        fault.0.what: unknown value `garbag` (did you mean `garbage`?)
        fault.0.extra.fixed_ms: expected an integer, found a string
        fault.0.extra: needs exactly one key (one of `fixed_ms`, `log_normal`, `heavy_tail`)
        fault.0.extra: expected a table, found an integer
        ");
    }

    #[test]
    fn the_commented_examples_and_every_preset_fit() {
        assert_eq!(check(include_str!("../../faults.example.toml")), "");
        for preset in crate::cli::presets::PRESETS {
            assert_eq!(check(preset.text), "", "{}", preset.name);
        }
    }
}
