//! Java: classes, interfaces, enums, records, annotations, methods and constructors.

use super::words::{
    Closed, closed, is_comment, is_word, leading, name_after, skip_annotations, trailing, words,
};

/// Words that stand before a call and never before the name of a method.
const NO_TYPES: [&str; 11] = [
    "new",
    "return",
    "throw",
    "else",
    "case",
    "assert",
    "yield",
    "do",
    "instanceof",
    "import",
    "package",
];

/// Words that a bracket follows and that name nothing.
const NO_NAMES: [&str; 12] = [
    "if",
    "for",
    "while",
    "switch",
    "catch",
    "synchronized",
    "try",
    "return",
    "super",
    "this",
    "new",
    "assert",
];

/// The name that a line defines, if it defines one.
pub(super) fn name<'a>(text: &'a str, rest: &'a str) -> Option<&'a str> {
    if is_comment(text.trim_start()) {
        return None;
    }
    declared_type(text).or_else(|| method(text, rest))
}

fn declared_type(text: &str) -> Option<&str> {
    words(text, &['"']).find_map(|(at, word)| {
        let after = &text[at + word.len()..];
        let name = match word {
            "class" | "interface" | "enum" | "record" => name_after(after)?,
            _ => return None,
        };
        let next = after.trim_start()[name.len()..].trim_start();
        (word != "record" || next.starts_with(['(', '<'])).then_some(name)
    })
}

/// A method has its type before its name; a constructor, or a method whose type stands on the
/// line before, is distinguished from a call by the body that follows.
fn method<'a>(text: &'a str, rest: &'a str) -> Option<&'a str> {
    let line = skip_annotations(text.trim_start().trim_start_matches(['}', ' ']));
    let open = line.find('(')?;
    let before = line[..open].trim_end();
    let name = trailing(before);
    let head = &before[..before.len() - name.len()];
    if name.is_empty() || NO_NAMES.contains(&name) {
        return None;
    }
    let shaped = |c: char| is_word(c) || c.is_whitespace() || "<>,.[]?&@".contains(c);
    if !head.is_empty() {
        let last = trailing(head.trim_end());
        let is_type = head.ends_with(char::is_whitespace)
            && head.chars().all(shaped)
            && !NO_TYPES.contains(&leading(head))
            && !NO_TYPES.contains(&last);
        return (is_type && !head.trim_end().ends_with([',', '.', '&', '?'])).then_some(name);
    }
    // The annotations may have ended on a later line than they began.
    let from = line.as_ptr() as usize - rest.as_ptr() as usize;
    match closed(rest.get(from + open..)?) {
        Closed::Followed(after) => after.starts_with('{') || leading(after) == "throws",
        Closed::Unfinished => true,
        Closed::TooFar => false,
    }
    .then_some(name)
}

#[cfg(test)]
mod tests {
    use crate::model::definitions::{Language, find};

    #[test]
    fn types_methods_and_constructors_are_found_and_calls_are_not() {
        let code = "public final class A<T> extends B {\n    A(int x) {\n\
            \x20   @Override @Deprecated(since = \"(\") public Map<K, V[]> c(int x,\n\
            \x20       int y) throws E {\n        return d(x);\n        E e = f(x);\n\
            \x20       g(x);\n        if (x) {\n        new H(x) {\n        else i(x);\n\
            \x20   abstract void j();\n    public @interface K {\n    record L(int x) {}\n\
            \x20   default <T> T m(T x) {\n    // void n()\n    this.<T>o(x);\n\
            \x20   K.class.p(x);\n";
        let found: Vec<_> =
            find(Language::Java, code).map(|found| (found.name, found.line)).collect();
        assert_eq!(
            found,
            [("A", 1), ("A", 2), ("c", 3), ("j", 11), ("K", 12), ("L", 13), ("m", 14)]
        );
    }
}
