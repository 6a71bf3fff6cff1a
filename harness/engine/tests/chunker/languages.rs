//! The definitions that a file is judged by, against a parser's.

#![expect(clippy::disallowed_methods, reason = "the tests read files of real trees")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use engine::chunk::grammar;
use engine::source::{self, Language};
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
        | "class_definition"
        | "function_signature"
        // Of JavaScript, where they have a name.
        | "function_expression"
        | "generator_function"
        | "class" => true,
        "method_definition" | "method_signature" => {
            let name = node.child_by_field_name("name")?;
            let plain = ["property_identifier", "private_property_identifier"];
            // Those that share a line with the object they are in are part of it.
            let line = text.lines().nth(node.start_position().row).unwrap_or_default();
            let first = line.len() - line.trim_start().len() == node.start_position().column;
            let body = ["class_body", "interface_body", "object_type"];
            let member = body.contains(&node.parent()?.kind()) || first;
            member && plain.contains(&name.kind())
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

/// This workspace, the sources of what it is built with, and what `CHAOS_CORPUS` names.
fn corpus() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let crates = ["harness", "harness/engine", "generators", "mock-claude", "reports"];
    let mut folders: Vec<PathBuf> = crates.iter().map(|name| root.join(name).join("src")).collect();
    assert!(folders.iter().all(|folder| folder.is_dir()), "{folders:?}");
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let home = variable("CARGO_HOME").or_else(|| Some(variable("HOME")?.join(".cargo")));
    folders.extend(home.map(|home| home.join("registry/src")));
    folders.extend(variable("CHAOS_CORPUS"));
    folders.iter().flat_map(|folder| files_below(folder)).collect()
}

/// What was found in the files of one language.
#[derive(Debug, Default)]
struct Count {
    files: usize,
    parsed: usize,
    read: usize,
    agreed: usize,
    /// Examples of definitions that only the parser finds, and only the reader.
    missed: Vec<String>,
    invented: Vec<String>,
}

impl Count {
    fn add(&mut self, language: Language, path: &Path) {
        let Ok(text) = std::fs::read_to_string(path) else { return };
        assert_partition(&text, &cut(&stable(20, 80, 10), language, &text));
        let Some(truth) = parsed(language, &text) else { return };
        let facts = source::read(language, &text);
        let read: BTreeSet<usize> = facts.definitions.iter().map(|line| *line as usize).collect();
        let examples = |only: Vec<&usize>| -> Vec<String> {
            only.iter().take(2).map(|line| format!("{}:{line}", path.display())).collect()
        };
        self.files += 1;
        self.parsed += truth.len();
        self.read += read.len();
        self.agreed += truth.intersection(&read).count();
        self.missed.extend(examples(truth.difference(&read).collect()));
        self.invented.extend(examples(read.difference(&truth).collect()));
    }

    /// Whether of `all` at least this many in a thousand are agreed on.
    fn agreed_on(&self, all: usize, per_mille: usize) -> bool {
        self.agreed * 1000 >= all * per_mille
    }
}

#[test]
fn the_definitions_of_real_sources_are_those_that_a_parser_finds() {
    let corpus = corpus();
    let mut rust = 0;
    for language in Language::ALL {
        let mut count = Count::default();
        corpus
            .iter()
            .filter(|path| Language::known(&path.to_string_lossy()) == Some(language))
            .take(MOST_FILES)
            .for_each(|path| count.add(language, path));
        // What is invented is judged where there is enough to judge by: a few files may be of a
        // kind of their own, as the grammars of parsers are.
        let enough = count.parsed >= 200;
        let good =
            count.agreed_on(count.parsed, 995) && (!enough || count.agreed_on(count.read, 950));
        assert!(good, "{language:?}: {count:#?}");
        if language == Language::Rust {
            rust = count.parsed;
        }
    }
    assert!(rust > 500, "this workspace alone has more than {rust}");
}
