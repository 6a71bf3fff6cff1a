//! Finds the functions and classes of the code in a prompt, so that the reply can name them.
//!
//! A line scan, not a parse: the mock may see half a file. It may name a `def` that stands inside
//! a docstring, as a model may; it never misses one that Python would see.

/// A function or class found in a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its line, counted from 1 at the first line of the code.
    pub line: u64,
}

/// The code of a prompt: what stands inside its outermost fence, or all of it without one.
pub fn code(prompt: &str) -> &str {
    // Most prompts of a load test are short and have no fence; looking for one byte is quickest.
    if !prompt.as_bytes().contains(&b'`') {
        return prompt;
    }
    let Some(opening) = fence(prompt, prompt.find("\n```").map(|at| at + 1)) else {
        return prompt;
    };
    match opening.rfind("\n```") {
        Some(end) => &opening[..=end],
        None if opening.starts_with("```") => "",
        None => opening,
    }
}

/// The text after the line of the opening fence.
fn fence(prompt: &str, at: Option<usize>) -> Option<&str> {
    let at = if prompt.starts_with("```") { 0 } else { at? };
    let line_end = prompt[at..].find('\n')?;
    Some(&prompt[at + line_end + 1..])
}

/// The definitions of `code` in source order.
pub fn find(code: &str) -> impl Iterator<Item = Definition<'_>> {
    code.split('\n').zip(1_u64..).filter_map(|(text, line)| {
        let name = definition_name(text)?;
        Some(Definition { name, line })
    })
}

/// The name that a line defines, if it defines one.
fn definition_name(text: &str) -> Option<&str> {
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
    use super::*;

    fn names(code: &str) -> Vec<(&str, u64)> {
        find(code).map(|found| (found.name, found.line)).collect()
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

    #[test]
    fn the_code_of_a_prompt_is_what_its_outermost_fence_holds() {
        let prompt =
            "Document this.\n```python\ndef a():\n    '''\n    ```\n    '''\n```\nBe brief.";
        assert_eq!(code(prompt), "def a():\n    '''\n    ```\n    '''\n");
        assert_eq!(code("no fence"), "no fence");
        assert_eq!(code("```\nopen"), "open");
        assert_eq!(code("x\n```python\n```\nNothing inside."), "");
    }
}
