//! JavaScript and TypeScript: functions, classes, methods of classes, interfaces, enums, type
//! aliases, and functions that are bound to a name on the line of that name.

use super::words::{
    Closed, closed, is_comment, is_word, leading, name_after, skip_annotations, words,
};

/// Words that may stand before what is declared.
const MODIFIERS: [&str; 15] = [
    "export",
    "default",
    "declare",
    "static",
    "async",
    "get",
    "set",
    "public",
    "private",
    "protected",
    "readonly",
    "override",
    "abstract",
    "accessor",
    "await",
];

/// Words that a bracket follows and that name nothing.
const NO_NAMES: [&str; 14] = [
    "if", "for", "while", "switch", "catch", "with", "function", "return", "typeof", "await",
    "super", "new", "import", "throw",
];

/// The name that a line defines, if it defines one.
pub(super) fn name<'a>(text: &'a str, rest: &'a str) -> Option<&'a str> {
    let trimmed = text.trim_start();
    if is_comment(trimmed) {
        return None;
    }
    keyword(text).or_else(|| {
        let line = trimmed.trim_start_matches(['}', ';', '{', ',', ' ']);
        let line = skip_annotations(line);
        // The text from here on, beyond the end of the line.
        let from = line.as_ptr() as usize - rest.as_ptr() as usize;
        member(line, rest.get(from..)?)
    })
}

/// What `function` or `class` names, anywhere on the line.
fn keyword(text: &str) -> Option<&str> {
    words(text, &['"', '\'', '`']).find_map(|(at, word)| {
        let after = &text[at + word.len()..];
        match word {
            "function" => {
                let star = after.trim_start();
                let generator = star.strip_prefix('*').map(|name| leading(name.trim_start()));
                generator.filter(|name| !name.is_empty()).or_else(|| name_after(after))
            }
            "class" => name_after(after).filter(|name| *name != "extends" && *name != "implements"),
            _ => None,
        }
    })
}

/// What a line declares by how it begins: a type, a bound function or a method.
fn member<'a>(line: &'a str, rest: &'a str) -> Option<&'a str> {
    let mut at = 0;
    let mut is_abstract = false;
    // A modifier that a bracket follows is the name of a method.
    while let word = leading(&line[at..])
        && MODIFIERS.contains(&word)
        && let after = line[at + word.len()..].trim_start()
        && after.starts_with(|c| is_word(c) || c == '*' || c == '#')
    {
        is_abstract |= word == "abstract";
        at = line.len() - after.len();
    }
    let word = leading(&line[at..]);
    let after = &line[at + word.len()..];
    match word {
        "interface" | "enum" => name_after(after).or_else(|| method(line, rest, at, is_abstract)),
        "type" => alias(after).or_else(|| method(line, rest, at, is_abstract)),
        "const" if leading(after.trim_start()) == "enum" => {
            name_after(&after.trim_start()["enum".len()..])
        }
        "const" | "let" | "var" => bound(line, rest, at + word.len()),
        _ => method(line, rest, at, is_abstract),
    }
}

fn alias(after: &str) -> Option<&str> {
    let name = name_after(after)?;
    let next = after.trim_start()[name.len()..].trim_start();
    (next.is_empty() || next.starts_with(['=', '<'])).then_some(name)
}

/// `const name = (x) => ...` and the like.
fn bound<'a>(line: &'a str, rest: &'a str, keyword_end: usize) -> Option<&'a str> {
    let name = name_after(&line[keyword_end..])?;
    let bytes = line.as_bytes();
    let from = keyword_end + line[keyword_end..].find(name)? + name.len();
    // The first `=` that is neither an arrow in a type nor a comparison.
    let equals = (from..bytes.len())
        .find(|at| bytes[*at] == b'=' && !matches!(bytes.get(at + 1), Some(b'>' | b'=')))?;
    let mut value = rest[equals + 1..].trim_start_matches([' ', '\t']);
    if leading(value) == "async" {
        value = value["async".len()..].trim_start();
    }
    let is_function = match value.chars().next()? {
        '<' => true,
        '(' => match closed(value) {
            Closed::Followed(after) => after.starts_with("=>") || after.starts_with(':'),
            Closed::Unfinished => true,
            Closed::TooFar => false,
        },
        _ if leading(value) == "function" => true,
        first => is_word(first) && value[leading(value).len()..].trim_start().starts_with("=>"),
    };
    is_function.then_some(name)
}

/// A method has a body, or a type and then a body, after its parameters; a call has neither.
fn method<'a>(line: &'a str, rest: &'a str, at: usize, is_abstract: bool) -> Option<&'a str> {
    let from = line[at..].trim_start_matches(['*', '#', ' ']);
    let name = leading(from);
    if name.is_empty() || NO_NAMES.contains(&name) {
        return None;
    }
    let mut open = line.len() - from.len() + name.len();
    if line[open..].starts_with(['?', '!']) {
        open += 1;
    }
    let after = rest.get(open..)?;
    let parameters = if after.starts_with('<') { generics(after)? } else { after.trim_start() };
    if !parameters.starts_with('(') {
        return None;
    }
    let is_method = match closed(parameters) {
        // A constructor has no type, and in a declaration no body; it is never called by that name.
        Closed::Followed(after) => {
            is_abstract || name == "constructor" || after.starts_with(['{', ':'])
        }
        Closed::Unfinished => true,
        Closed::TooFar => false,
    };
    is_method.then_some(name)
}

/// The text after `<...>` at the start of `text`, which may go over lines.
fn generics(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in text.char_indices().take(1000) {
        match c {
            '<' => depth += 1,
            '>' if before != '=' => depth -= 1,
            ';' => return None,
            _ => {}
        }
        if depth == 0 {
            return Some(text[at + 1..].trim_start());
        }
        before = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::model::definitions::{Language, find};

    fn names(code: &str) -> Vec<(&str, u64)> {
        find(Language::JavaScript, code).map(|found| (found.name, found.line)).collect()
    }

    #[test]
    fn functions_classes_and_methods_are_found_and_calls_are_not() {
        let code = "export default async function* a(x) {\nclass B extends C {\n\
            \x20 constructor(x, y = ')') {\n  static async *d(\n    x,\n  ) {\n  get(x) {\n\
            \x20 get e() {\n  #f() {\n  g(x);\n  if (x) {\n  h(x, () => {\n  })\n\
            \x20 return class extends I {}\n  * j(x) { in prose\n  'a function of'\n\
            \x20 k('l', function m() {\n";
        let expected = [
            ("a", 1),
            ("B", 2),
            ("constructor", 3),
            ("d", 4),
            ("get", 7),
            ("e", 8),
            ("f", 9),
            ("m", 17),
        ];
        assert_eq!(names(code), expected);
    }

    #[test]
    fn a_function_bound_to_a_name_is_found() {
        let code = "export const a = async (x) => {\nconst b = x => x\nlet c: T<U> = (x) =>\n\
            const d = (x) + 1\nconst e = f(x)\nvar g = function () {\nconst h = <T,>(x: T) => x\n";
        assert_eq!(names(code), [("a", 1), ("b", 2), ("c", 3), ("g", 6), ("h", 7)]);
    }

    #[test]
    fn what_only_typescript_has_is_found() {
        let code = "export interface A<T> {\ntype B =\ntype.c = 1\ndeclare const enum D {\n\
            export abstract class E {\n  protected abstract f(): void\n  g<T>(x: T): T {\n\
            \x20 @Input() h(x: A): void {\n";
        let expected = [("A", 1), ("B", 2), ("D", 4), ("E", 5), ("f", 6), ("g", 7), ("h", 8)];
        assert_eq!(names(code), expected);
    }
}
