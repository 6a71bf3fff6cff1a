//! Reads a TOML file into a type, strictly: every unknown key, wrong type and value out of range is
//! found in one pass, with its place.
//!
//! The JSON schema that is published for editors is the one that files are checked against, so the
//! two cannot disagree. Deserialisation follows only where the check found nothing.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Invalid, Place, Problem};
use super::shape;

/// The most problems of one kind of check that are listed.
const LISTED: usize = 100;

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
        let problems = errors.iter().map(|error| {
            document.placed(error.span().map_or(0, |span| span.start), error.message())
        });
        Err(document.invalid(problems.collect()))
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
                Err(self.invalid(vec![Problem::new("format", message).hint(Some(hint))]))
            }
        }
    }

    /// Checks the file against the schema of `T` and turns it into one.
    pub fn read<T: DeserializeOwned + JsonSchema>(&self) -> Result<T, Invalid> {
        self.check(self.misfits::<T>())?;
        self.deserialised()
    }

    /// What in the file does not fit the schema of `T`: everything, or the first hundred problems
    /// and how many more there are.
    pub fn misfits<T: JsonSchema>(&self) -> Vec<Problem> {
        let schema = schemars::schema_for!(T);
        let mut found = shape::check(schema.as_value(), &self.table);
        found.sort();
        // To find a place takes as long as the file is.
        let rest = found.split_off(found.len().min(LISTED));
        let more = rest.first().map(|(at, _)| (*at, format!("and {} more problems", rest.len())));
        let listed = found.into_iter().map(|(at, problem)| self.at(at, problem));
        listed.chain(more.map(|(at, words)| self.placed(at, &words))).collect()
    }

    /// Refuses the file where something is wrong with it.
    pub fn check(&self, problems: Vec<Problem>) -> Result<(), Invalid> {
        if problems.is_empty() { Ok(()) } else { Err(self.invalid(problems)) }
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
            self.invalid(vec![self.placed(at, error.message())])
        })
    }

    /// The file's problems as an error, in the order of the file. A problem that has no place yet
    /// gets that of its key, or of the innermost table around the key that exists.
    pub fn invalid(&self, problems: Vec<Problem>) -> Invalid {
        let place = |problem: Problem| match problem.place {
            Some(_) => problem,
            None => self.at(self.offset(&problem.key), problem),
        };
        let mut problems: Vec<Problem> = problems.into_iter().map(place).collect();
        problems.sort();
        problems.dedup();
        Invalid { file: self.file.to_owned(), problems }
    }

    /// A problem without a key.
    fn placed(&self, at: usize, message: &str) -> Problem {
        self.at(at, Problem::new("", message))
    }

    /// The problem at a byte offset of the file.
    fn at(&self, at: usize, problem: Problem) -> Problem {
        Problem { place: Some(place(self.text, at)), ..problem }
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

/// The place of a byte offset, its column in characters.
fn place(text: &str, at: usize) -> Place {
    let before = &text[..text.floor_char_boundary(at)];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.matches('\n').count() + 1;
    Place { line, column: before[line_start..].chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_has_a_line_and_a_column() {
        let invalid = Document::parse("x.toml", "a = 1\nb = = 2\n").unwrap_err();
        assert_eq!(invalid.problems[0].place, Some(Place { line: 2, column: 5 }));
    }

    #[derive(Debug, serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    #[test]
    fn of_very_many_problems_the_first_are_listed_and_the_rest_counted() {
        let lines: Vec<String> = (0..50_000).map(|number| format!("k{number} = 1\n")).collect();
        let text = lines.concat();
        let document = Document::parse("x.toml", &text).unwrap();
        let invalid = document.read::<Nothing>().unwrap_err();
        assert_eq!(invalid.problems.len(), LISTED + 1);
        assert_eq!(invalid.problems[0].place, Some(Place { line: 1, column: 1 }));
        let last = &invalid.problems[LISTED];
        assert_eq!((&*last.message, last.place.unwrap().line), ("and 49900 more problems", 101));
    }

    #[test]
    fn a_path_leads_to_its_key_and_a_missing_key_to_the_table_around_it() {
        let text = "[a]\nb = 1\n[[c]]\nd = { e = 2 }\n[[c]]\nd = { e = 3 }\n";
        let document = Document::parse("x.toml", text).unwrap();
        let line = |path| place(text, document.offset(path)).line;
        assert_eq!([line("a.b"), line("c.1.d.e"), line("c.1.x"), line("a.x")], [2, 6, 5, 1]);
    }
}
