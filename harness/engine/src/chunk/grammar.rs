//! What a tree's nodes mean for cutting, in every language at once: no two grammars use one name
//! for different things here.

use tree_sitter::Node;

use crate::source::language::Language;

/// The grammar of a language.
pub fn of(language: Language) -> tree_sitter::Language {
    match language {
        Language::Python => tree_sitter_python::LANGUAGE,
        Language::JavaScript => tree_sitter_javascript::LANGUAGE,
        Language::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
        Language::Tsx => tree_sitter_typescript::LANGUAGE_TSX,
        Language::Java => tree_sitter_java::LANGUAGE,
        Language::Go => tree_sitter_go::LANGUAGE,
        Language::Rust => tree_sitter_rust::LANGUAGE,
    }
    .into()
}

/// How good the place before a node is for a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A function, class, method or type begins.
    Definition,
    /// A statement begins.
    Statement,
    /// A comment or an attribute: it belongs to what follows it.
    Attached,
    /// Anything else, such as an element of a list.
    Other,
}

/// What a node is.
pub fn kind(node: Node<'_>) -> Kind {
    match node.kind() {
        "comment" | "line_comment" | "block_comment" | "attribute_item" | "decorator" => {
            Kind::Attached
        }
        // Python
        "function_definition" | "class_definition" | "decorated_definition"
        // JavaScript and TypeScript
        | "function_declaration" | "generator_function_declaration" | "class_declaration"
        | "abstract_class_declaration" | "method_definition" | "interface_declaration"
        | "type_alias_declaration" | "enum_declaration" | "internal_module"
        | "ambient_declaration" | "function_signature" | "abstract_method_signature"
        // Java
        | "annotation_type_declaration" | "record_declaration" | "method_declaration"
        | "constructor_declaration" | "compact_constructor_declaration"
        // Go
        | "type_declaration"
        // Rust
        | "function_item" | "function_signature_item" | "struct_item" | "enum_item"
        | "union_item" | "trait_item" | "impl_item" | "mod_item" | "macro_definition" => {
            Kind::Definition
        }
        "export_statement" if node.child_by_field_name("declaration").is_some() => {
            Kind::Definition
        }
        other => {
            let ends = ["_statement", "_declaration", "_definition", "_item"];
            let statement = ends.iter().any(|end| other.ends_with(end));
            if statement { Kind::Statement } else { Kind::Other }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grammar_fits_the_library_and_knows_a_definition() {
        let samples = [
            (Language::Python, "def a(): pass\n"),
            (Language::JavaScript, "export function a() {}\n"),
            (Language::TypeScript, "interface A {}\n"),
            (Language::Tsx, "export default class A {}\n"),
            (Language::Java, "record A(int b) {}\n"),
            (Language::Go, "func (a A) b() {}\n"),
            (Language::Rust, "impl A {}\n"),
        ];
        for (language, text) in samples {
            let mut parser = tree_sitter::Parser::new();
            parser.set_language(&of(language)).unwrap();
            let tree = parser.parse(text, None).unwrap();
            assert!(!tree.root_node().has_error(), "{language:?}");
            let first = tree.root_node().named_child(0).unwrap();
            assert_eq!(kind(first), Kind::Definition, "{language:?}: {}", first.kind());
        }
    }
}
