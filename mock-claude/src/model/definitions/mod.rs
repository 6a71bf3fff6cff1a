//! Finds the functions, methods, classes and types of the code in a prompt, so that the reply can
//! name them.
//!
//! A line scan, not a parse: the mock may see half a file. Whether a line defines something is
//! decided by that line and, where a signature goes on, by what follows it; never by what stands
//! before, so that a part of a file names what the whole would. It may name a definition that
//! stands inside a comment or a string, as a model may.

mod go;
mod java;
mod javascript;
mod python;
mod rust;
mod words;

/// A function, method, class or type found in a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its line, counted from 1 at the first line of the code.
    pub line: u64,
}

/// A language whose definitions are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Python.
    Python,
    /// JavaScript and TypeScript.
    JavaScript,
    /// Java.
    Java,
    /// Go.
    Go,
    /// Rust.
    Rust,
}

impl Language {
    /// The language of a fence by its info string; Python where it says nothing known.
    pub fn of_fence(info: &str) -> Self {
        match info.trim().split([' ', ',', '{']).next().unwrap_or_default() {
            "javascript" | "typescript" | "js" | "jsx" | "mjs" | "ts" | "tsx" => Self::JavaScript,
            "java" => Self::Java,
            "go" | "golang" => Self::Go,
            "rust" | "rs" => Self::Rust,
            _ => Self::Python,
        }
    }

    /// The name that a line defines; the second text is all the code from that line on.
    fn rule(self) -> for<'a> fn(&'a str, &'a str) -> Option<&'a str> {
        match self {
            Self::Python => python::name,
            Self::JavaScript => javascript::name,
            Self::Java => java::name,
            Self::Go => go::name,
            Self::Rust => rust::name,
        }
    }
}

/// The code of a prompt: what stands inside its outermost fence, or all of it without one.
pub fn code(prompt: &str) -> &str {
    let Some((_, opening)) = fence(prompt) else { return prompt };
    match opening.rfind("\n```") {
        Some(end) => &opening[..=end],
        None if opening.starts_with("```") => "",
        None => opening,
    }
}

/// The language of a prompt's code, as its outermost fence names it.
pub fn language(prompt: &str) -> Language {
    Language::of_fence(fence(prompt).map_or("", |(info, _)| info))
}

/// The info string of the opening fence, and the text after its line.
fn fence(prompt: &str) -> Option<(&str, &str)> {
    // Most prompts of a load test are short and have no fence; looking for one byte is quickest.
    memchr::memchr(b'`', prompt.as_bytes())?;
    let at = if prompt.starts_with("```") { 0 } else { prompt.find("\n```")? + 1 };
    prompt[at + 3..].split_once('\n')
}

/// The definitions of `code` in source order, one for each line that defines something.
pub fn find(language: Language, code: &str) -> impl Iterator<Item = Definition<'_>> {
    let rule = language.rule();
    let ends = memchr::memchr_iter(b'\n', code.as_bytes()).chain([code.len()]);
    let mut start = 0;
    ends.zip(1_u64..).filter_map(move |(end, line)| {
        let (text, from_here) = (&code[start..end], &code[start..]);
        start = end + 1;
        let name = rule(text, from_here)?;
        Some(Definition { name, line })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_prompt_is_what_its_outermost_fence_holds() {
        let prompt =
            "Document this.\n```python\ndef a():\n    '''\n    ```\n    '''\n```\nBe brief.";
        assert_eq!(code(prompt), "def a():\n    '''\n    ```\n    '''\n");
        assert_eq!(code("no fence"), "no fence");
        assert_eq!(code("```\nopen"), "open");
        assert_eq!(code("x\n```python\n```\nNothing inside."), "");
    }

    #[test]
    fn the_language_is_what_the_outermost_fence_says() {
        assert_eq!(language("Go.\n```rust\nfn a() {}\n```\n"), Language::Rust);
        assert_eq!(language("```tsx\n```"), Language::JavaScript);
        assert_eq!(language("```\nx\n```rust\n"), Language::Python);
        assert_eq!(language("no fence"), Language::Python);
    }

    #[test]
    fn a_part_of_a_file_names_what_the_whole_would() {
        let code = "class A {\n  b(x) {\n    c(x);\n  }\n  async d(\n    y,\n  ) {\n  }\n}\n";
        let whole: Vec<_> = find(Language::JavaScript, code).collect();
        let from = code.find("  async").unwrap();
        let part: Vec<_> = find(Language::JavaScript, &code[from..]).collect();
        assert_eq!(whole.iter().map(|found| found.name).collect::<Vec<_>>(), ["A", "b", "d"]);
        assert_eq!(
            part.iter().map(|found| (found.name, found.line)).collect::<Vec<_>>(),
            [("d", 1)]
        );
    }
}
