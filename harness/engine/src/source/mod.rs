//! Source code, as far as a pipeline is judged by it: lines, definitions, and how deep it nests.
//!
//! One reader a family of languages; none of them is a parser, and none can crash on what it reads.

pub mod braced;
pub mod facts;
pub mod language;
pub mod python;

pub use facts::Facts;
pub use language::Language;

/// Reads the facts of a file.
pub fn read(language: Language, text: &str) -> Facts {
    match language {
        Language::Python => python::read(text),
        _ => braced::read(language, text),
    }
}
