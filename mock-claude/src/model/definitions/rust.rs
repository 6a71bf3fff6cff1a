//! Rust: functions, methods, types, traits and macros, wherever on a line they begin.

use super::words::{is_comment, name_after, words};

/// The name that a line defines, if it defines one.
pub(super) fn name<'a>(text: &'a str, _rest: &'a str) -> Option<&'a str> {
    if is_comment(text.trim_start()) {
        return None;
    }
    words(text, &['"']).find_map(|(at, word)| {
        let after = &text[at + word.len()..];
        match word {
            "fn" | "struct" | "enum" | "union" | "trait" | "type" => {
                let raw = after.trim_start();
                let raw = raw.strip_prefix("r#").filter(|_| raw.len() < after.len());
                raw.map(super::words::leading).or_else(|| name_after(after))
            }
            "macro_rules" => name_after(after.strip_prefix('!')?),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::model::definitions::{Language, find};

    #[test]
    fn functions_and_types_are_found_wherever_a_line_holds_them() {
        let code = "#[inline] pub(crate) unsafe extern \"C\" fn a<'b>() {}\nimpl X {\n\
            \x20   type Y = fn(u8);\n    async fn r#type(&self);\n}\nlet union = 1;\n\
            mod m { pub struct S; }\nmacro_rules! vec_of {\n/// fn not()\nfor<'a> fn(&'a u8)\n";
        let found: Vec<_> =
            find(Language::Rust, code).map(|found| (found.name, found.line)).collect();
        assert_eq!(found, [("a", 1), ("Y", 3), ("type", 4), ("S", 7), ("vec_of", 8)]);
    }
}
