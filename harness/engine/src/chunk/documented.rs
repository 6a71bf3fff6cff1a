//! Cuts as phase 3 is known to, flaws included.
//!
//! Known behaviour of the original, by running it: only top-level `def`, `async def` and `class`
//! count. A part is closed before the definition that would make it longer than `max_lines`, and
//! ends where the definition before ends; the next one begins on the line of the `def`. What
//! stands between the two, decorators included, and everything after the last definition is in no
//! part. A definition that is too long is a part that is too long. Overlap is used only where the
//! file is cut by lines: after a syntax error, or without any definition.

use tree_sitter::{Node, Parser};

use super::grammar::{self, Kind};
use super::lines;
use super::part::{Chunk, line_count};
use crate::source::facts::Facts;
use crate::source::language::Language;

/// Indents inside indents on which CPython gives up with an `IndentationError`.
const MOST_INDENTS: u32 = 99;

/// Brackets inside brackets on which CPython gives up with a `SyntaxError`.
const MOST_BRACKETS: u32 = 200;

/// Terms in one expression above which a file is not parsed: the tree would take hundreds of
/// megabytes, for a file that no interpreter runs.
const HOPELESS_TERMS: u64 = 20_000;

/// The parts of a file of more than `max_lines`.
pub(super) fn cut(
    language: Language,
    text: &str,
    facts: &Facts,
    max_lines: usize,
    overlap: usize,
) -> Vec<Chunk> {
    let definitions = definitions(language, text, facts);
    let Some(last) = definitions.last() else {
        return lines::windows(line_count(facts), max_lines, overlap);
    };
    let mut chunks = Vec::new();
    let (mut start, mut end) = (0, 0);
    for definition in &definitions {
        if definition.end - start > max_lines && end > start {
            chunks.push(Chunk::new(start..end, 0));
            start = definition.start;
        }
        end = definition.end;
    }
    chunks.push(Chunk::new(start..last.end, 0));
    chunks
}

/// The top-level definitions as `ast` gives them; none where it raises a `SyntaxError`, as it does
/// on every other language.
fn definitions(language: Language, text: &str, facts: &Facts) -> Vec<std::ops::Range<usize>> {
    let refused = facts.indents > MOST_INDENTS
        || facts.brackets > MOST_BRACKETS
        || facts.terms > HOPELESS_TERMS;
    if language != Language::Python || refused {
        return Vec::new();
    }
    let mut parser = Parser::new();
    parser.set_language(&grammar::of(language)).expect("grammar and library are of one version");
    let Some(tree) = parser.parse(text, None) else { return Vec::new() };
    if tree.root_node().has_error() {
        return Vec::new();
    }
    let mut cursor = tree.walk();
    let nodes = tree.root_node().children(&mut cursor);
    nodes
        .filter(|node| grammar::kind(*node) == Kind::Definition)
        .map(|node| {
            // Without its decorators.
            let definition = node.child_by_field_name("definition").unwrap_or(node);
            definition.start_position().row..end_of(definition)
        })
        .collect()
}

/// The line after the last statement of a definition; a comment after it is not part of it.
fn end_of(definition: Node<'_>) -> usize {
    let mut node = definition;
    loop {
        let mut at = node.named_child_count();
        let last = loop {
            let Some(before) = at.checked_sub(1) else { break None };
            at = before;
            let child = u32::try_from(at).ok().and_then(|at| node.named_child(at));
            if let Some(child) = child.filter(|child| child.kind() != "comment") {
                break Some(child);
            }
        };
        match last {
            // What follows the last child is a closing bracket of this node.
            Some(child) if ends_alike(node, child) || holds_statements(child, node) => node = child,
            _ => return node.end_position().row + 1,
        }
    }
}

fn holds_statements(child: Node<'_>, parent: Node<'_>) -> bool {
    child.kind() == "block" || parent.kind() == "block"
}

fn ends_alike(node: Node<'_>, child: Node<'_>) -> bool {
    node.end_byte() == child.end_byte()
}
