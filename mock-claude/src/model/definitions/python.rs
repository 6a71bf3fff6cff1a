//! Python: `def`, `async def` and `class`.
//!
//! It never misses one that Python would see.

/// The name that a line defines, if it defines one.
pub(super) fn name<'a>(text: &'a str, _rest: &'a str) -> Option<&'a str> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let rest = match keyword(text, "async") {
        Some(rest) => keyword(rest, "def")?,
        None => keyword(text, "def").or_else(|| keyword(text, "class"))?,
    };
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    let after = after.trim_start();
    let opens = after.is_empty() || after.starts_with(['(', ':', '[', '\\']);
    (!name.is_empty() && opens).then_some(name)
}

/// What follows a keyword and the white space after it.
fn keyword<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(word)?;
    let trimmed = rest.trim_start();
    (trimmed.len() < rest.len()).then_some(trimmed)
}

#[cfg(test)]
mod tests {
    use crate::model::definitions::{Language, find};

    fn names(code: &str) -> Vec<(&str, u64)> {
        find(Language::Python, code).map(|found| (found.name, found.line)).collect()
    }

    #[test]
    fn functions_methods_and_classes_are_found_with_their_lines() {
        let code = "class Café(Base):\n    def serve(self):\n\n    async  def\tpour(self): pass\n";
        assert_eq!(names(code), [("Café", 1), ("serve", 2), ("pour", 4)]);
    }

    #[test]
    fn prose_about_a_class_is_not_a_class() {
        assert_eq!(names("class of its own\ndefine(x)\nclassify = 1\ndef: no\n"), []);
    }
}
