//! Nesting that would end a reader that calls itself.

use engine::source::Language;

use super::{assert_partition, cut, stable};

const DEPTH: usize = 100_000;

/// `DEPTH` brackets inside brackets, a line each, in something that each language reads.
fn nested(language: Language, open: &str, close: &str) -> String {
    let (before, after) = match language {
        Language::Python => ("a = (\n", ")\n"),
        Language::JavaScript | Language::TypeScript | Language::Tsx => ("let a = (\n", ");\n"),
        Language::Java => ("class A {\nObject a = (\n", ");\n}\n"),
        Language::Go => ("package a\nvar a = (\n", ")\n"),
        Language::Rust => ("const A: u8 = (\n", ");\n"),
    };
    let (open, close) = (format!("{open}\n").repeat(DEPTH), format!("{close}\n").repeat(DEPTH));
    [before, &open, "1\n", &close, after].concat()
}

#[test]
fn a_hundred_thousand_levels_are_cut_in_every_language() {
    for language in Language::ALL {
        for (open, close) in [("(", ")"), ("[", "]")] {
            let text = nested(language, open, close);
            let chunks = cut(&stable(500, 1500, 50), language, &text);
            assert_partition(&text, &chunks);
            assert!(chunks.len() > 130, "{language:?}: {} parts", chunks.len());
        }
    }
}

#[test]
fn what_never_ends_is_cut_too() {
    for language in Language::ALL {
        for open in ["{\n", "if (a) {\n", "f(`\n", "<a>\n"] {
            let text = open.repeat(DEPTH / 10);
            let chunks = cut(&stable(500, 1500, 0), language, &text);
            assert_partition(&text, &chunks);
        }
    }
}
