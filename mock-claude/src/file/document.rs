//! Reads a TOML file into a type, strictly: every unknown key, wrong type and value out of range is
//! found in one pass, with its place.
//!
//! The JSON schema that is published for editors is the one that files are checked against, so the
//! two cannot disagree. Deserialisation follows only where the check found nothing.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Invalid, Problem};
use super::shape;

/// A file that has been parsed, with the places of its keys.
#[derive(Debug)]
pub struct Document<'a> {
    file: &'a str,
    text: &'a str,
    table: Spanned<DeTable<'a>>,
}

impl<'a> Document<'a> {
    /// Parses `text` as TOML; `file` is its name in messages.
    pub fn parse(file: &'a str, text: &'a str) -> Result<Self, Invalid> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let document = Self { file, text, table };
        if errors.is_empty() {
            return Ok(document);
        }
        let findings = errors.iter().map(|error| {
            let at = error.span().map_or(0, |span| span.start);
            shape::Finding::at(at, "", error.message())
        });
        Err(document.invalid(findings.collect()))
    }

    /// The integer of a key at the top of the file.
    fn integer(&self, key: &str) -> Option<i64> {
        match self.table.get_ref().get(key)?.get_ref() {
            DeValue::Integer(integer) => {
                i64::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            _ => None,
        }
    }

    /// Refuses a file of another format before anything else is said about it.
    pub fn check_format(&self, known: i64) -> Result<(), Invalid> {
        match self.integer("format").filter(|format| *format != known) {
            None => Ok(()),
            Some(format) => {
                let message = format!("format {format} is not known to this version");
                let hint = format!("this version reads format {known}");
                Err(self.invalid(vec![self.finding("format", message).hint(Some(hint))]))
            }
        }
    }

    /// Checks the file against the schema of `T` and turns it into one.
    pub fn read<T: DeserializeOwned + JsonSchema>(&self) -> Result<T, Invalid> {
        let schema = schemars::schema_for!(T);
        let found = shape::check(schema.as_value(), &self.table);
        if !found.is_empty() {
            return Err(self.invalid(found));
        }
        self.deserialised()
    }

    /// The file as a table, whatever its keys are.
    pub fn table(&self) -> Result<toml::Table, Invalid> {
        self.deserialised()
    }

    /// The keys at the top of the file.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.table.get_ref().keys().map(|key| key.get_ref().as_ref())
    }

    fn deserialised<T: DeserializeOwned>(&self) -> Result<T, Invalid> {
        toml::from_str(self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            self.invalid(vec![shape::Finding::at(at, "", error.message())])
        })
    }

    /// The file's problems as an error, in the order of the file.
    pub fn invalid(&self, findings: Vec<shape::Finding>) -> Invalid {
        let mut problems: Vec<Problem> = findings
            .into_iter()
            .map(|finding| {
                let (line, column) = position(self.text, finding.at);
                let shape::Finding { key, message, hint, .. } = finding;
                Problem { line, column, key, message, hint }
            })
            .collect();
        problems.sort();
        problems.dedup();
        Invalid { file: self.file.to_owned(), problems }
    }

    /// A problem with a key that exists, or with the innermost table around it that does.
    pub fn finding(&self, key: &str, message: impl Into<String>) -> shape::Finding {
        shape::Finding::at(self.offset(key), key, message)
    }

    /// Where the key of a dotted path stands, as far as the path leads.
    fn offset(&self, path: &str) -> usize {
        let mut at = self.table.span().start;
        let mut value: Option<&Spanned<DeValue<'_>>> = None;
        for part in path.split('.') {
            let table = match value.map(Spanned::get_ref) {
                None => Some(self.table.get_ref()),
                Some(DeValue::Table(table)) => Some(table),
                Some(DeValue::Array(items)) => {
                    value = part.parse::<usize>().ok().and_then(|index| items.get(index));
                    let Some(item) = value else { return at };
                    at = item.span().start;
                    continue;
                }
                Some(_) => None,
            };
            let Some((key, inner)) = table.and_then(|table| table.get_key_value(part)) else {
                return at;
            };
            at = key.span().start;
            value = Some(inner);
        }
        at
    }
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

    #[test]
    fn a_syntax_error_has_a_line_and_a_column() {
        let invalid = Document::parse("x.toml", "a = 1\nb = = 2\n").unwrap_err();
        assert_eq!((invalid.problems[0].line, invalid.problems[0].column), (2, 5));
    }

    #[test]
    fn a_path_leads_to_its_key_and_a_missing_key_to_the_table_around_it() {
        let text = "[a]\nb = 1\n[[c]]\nd = { e = 2 }\n[[c]]\nd = { e = 3 }\n";
        let document = Document::parse("x.toml", text).unwrap();
        let line = |path| position(text, document.offset(path)).0;
        assert_eq!([line("a.b"), line("c.1.d.e"), line("c.1.x"), line("a.x")], [2, 6, 5, 1]);
    }
}
