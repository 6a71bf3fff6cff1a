//! The definitions that a file is judged by, against a parser's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use harness::pipeline::chunk::grammar;
use harness::source::facts;
use harness::source::language::Language;
use tree_sitter::{Node, Parser};

use super::{assert_partition, cut, files_below, stable};

/// Most files of one language that are read.
const MOST_FILES: usize = 300;

/// The line of the name of what a node defines, if it defines something that counts.
fn defined(node: Node<'_>, text: &str) -> Option<usize> {
    let counts = match node.kind() {
        "function_item"
        | "function_signature_item"
        | "struct_item"
        | "enum_item"
        | "union_item"
        | "trait_item"
        | "type_item"
        | "macro_definition"
        | "function_declaration"
        | "generator_function_declaration"
        | "class_declaration"
        | "abstract_class_declaration"
        | "interface_declaration"
        | "enum_declaration"
        | "type_alias_declaration"
        | "abstract_method_signature"
        | "record_declaration"
        | "annotation_type_declaration"
        | "method_declaration"
        | "constructor_declaration"
        | "function_definition"
        | "class_definition" => true,
        "method_definition" => {
            let name = node.child_by_field_name("name")?;
            let plain = ["property_identifier", "private_property_identifier"];
            node.parent()?.kind() == "class_body" && plain.contains(&name.kind())
        }
        "type_spec" | "type_alias" => {
            let line = text.lines().nth(node.start_position().row).unwrap_or_default();
            line.trim_start().starts_with("type")
        }
        "variable_declarator" => {
            let (name, value) =
                (node.child_by_field_name("name")?, node.child_by_field_name("value")?);
            matches!(value.kind(), "arrow_function" | "function_expression")
                && name.kind() == "identifier"
                && name.start_position().row == value.start_position().row
        }
        _ => false,
    };
    let name = node.child_by_field_name("name").filter(|_| counts)?;
    Some(name.start_position().row + 1)
}

/// The lines on which a parser finds definitions; none where the file has a syntax error.
fn parsed(language: Language, text: &str) -> Option<BTreeSet<usize>> {
    let mut parser = Parser::new();
    parser.set_language(&grammar::of(language)).expect("a grammar");
    let tree = parser.parse(text, None).expect("a tree");
    if tree.root_node().has_error() {
        return None;
    }
    let mut cursor = tree.walk();
    let mut lines = BTreeSet::new();
    loop {
        lines.extend(defined(cursor.node(), text));
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return Some(lines);
            }
        }
    }
}

/// This workspace, and the sources of what it is built with.
fn corpus() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found: Vec<PathBuf> = ["harness", "generators", "mock-claude", "reports", "scenarios"]
        .iter()
        .flat_map(|name| files_below(&root.join(name).join("src")))
        .collect();
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cargo")));
    let registry = home.map(|home| files_below(&home.join("registry/src")));
    found.extend(registry.into_iter().flatten());
    if let Some(more) = std::env::var_os("CHAOS_CORPUS") {
        found.extend(files_below(Path::new(&more)));
    }
    found
}

#[test]
fn the_definitions_of_real_sources_are_those_that_a_parser_finds() {
    let mut report = Vec::new();
    let corpus = corpus();
    for language in Language::ALL {
        let of_language =
            |path: &&PathBuf| Language::known(&path.to_string_lossy()) == Some(language);
        let (mut known, mut found, mut agreed, mut missed) = (0, 0, 0, Vec::new());
        for path in corpus.iter().filter(of_language).take(MOST_FILES) {
            let Ok(text) = std::fs::read_to_string(path) else { continue };
            assert_partition(&text, &cut(&stable(20, 80, 10), language, &text));
            let Some(truth) = parsed(language, &text) else { continue };
            let read: BTreeSet<usize> = facts::read(language, &text)
                .definitions
                .iter()
                .map(|line| *line as usize)
                .collect();
            known += truth.len();
            found += read.len();
            agreed += truth.intersection(&read).count();
            let lines = truth.difference(&read);
            missed.extend(lines.map(|line| format!("{}:{line}", path.display())));
        }
        report.push((language, known, found, agreed));
        let share = |of: usize| if of == 0 { 1.0 } else { agreed as f64 / of as f64 };
        assert!(share(known) >= 0.99, "{language:?}: {missed:#?}");
        assert!(share(found) >= 0.9, "{report:?}");
    }
    let rust = report.iter().find(|(language, ..)| *language == Language::Rust);
    assert!(rust.is_some_and(|(_, known, ..)| *known > 500), "{report:?}");
    if std::env::var_os("CHAOS_CORPUS").is_some() {
        panic!("language, parsed, read, agreed: {report:#?}");
    }
}
