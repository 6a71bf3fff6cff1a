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

/// About the most bytes that are parsed at once: some fifty megabytes of tree.
const SEGMENT_BYTES: usize = 1 << 20;

/// How a segment begins, after an empty line: no decorator stands there, and seldom a text.
const BEGINNINGS: [&str; 3] = ["\n\ndef ", "\n\nclass ", "\n\nasync def "];

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
    let segments = segments(text, SEGMENT_BYTES);
    let found = in_segments(&mut parser, &segments);
    // Where a segment is wrong, it may be so because it was cut where it must not be.
    let whole = || (segments.len() > 1).then(|| in_segments(&mut parser, &[text])).flatten();
    found.or_else(whole).unwrap_or_default()
}

/// The text in pieces of more than so many bytes, each but the first of which begins with a
/// definition. Pieces that are right for themselves are right together, and define the same.
fn segments(text: &str, bytes: usize) -> Vec<&str> {
    let mut segments = Vec::new();
    let mut rest = text;
    while let Some(end) = segment_end(rest, bytes) {
        let (segment, after) = rest.split_at(end);
        segments.push(segment);
        rest = after;
    }
    segments.push(rest);
    segments
}

fn segment_end(text: &str, bytes: usize) -> Option<usize> {
    let from = text.ceil_char_boundary(bytes);
    let found = BEGINNINGS.iter().filter_map(|beginning| text[from..].find(beginning));
    let end = from + found.min()? + 2;
    // A line that goes on in the next one is no end.
    let goes_on = text[..end].trim_end_matches(['\n', '\r']).ends_with('\\');
    (end < text.len() && !goes_on).then_some(end)
}

/// The definitions in all segments, by their lines in the text; none where one of them is wrong.
fn in_segments(parser: &mut Parser, segments: &[&str]) -> Option<Vec<std::ops::Range<usize>>> {
    let (mut definitions, mut before) = (Vec::new(), 0);
    for segment in segments {
        let tree = parser.parse(segment, None).filter(|tree| !tree.root_node().has_error())?;
        let mut cursor = tree.walk();
        let nodes = tree.root_node().children(&mut cursor);
        definitions.extend(nodes.filter(|node| grammar::kind(*node) == Kind::Definition).map(
            |node| {
                // Without its decorators.
                let definition = node.child_by_field_name("definition").unwrap_or(node);
                before + definition.start_position().row..before + end_of(definition)
            },
        ));
        before += segment.bytes().filter(|byte| *byte == b'\n').count();
    }
    Some(definitions)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    fn parser() -> Parser {
        let mut parser = Parser::new();
        parser.set_language(&grammar::of(Language::Python)).unwrap();
        parser
    }

    /// Lines that make it matter where a text is cut.
    const LINES: [&str; 16] = [
        "def f():",
        "class A:",
        "async def g(a,",
        "    return 1",
        "    x = (",
        "  # a comment",
        "# a comment",
        ")",
        "    def m(self): pass",
        "@decorated",
        "@decorated(",
        "s = \"\"\"",
        "x = 1 + \\",
        "if x:",
        "else:",
        "",
    ];

    proptest! {
        #[test]
        fn pieces_that_are_right_define_what_the_whole_does(
            lines in vec(select(&LINES), 0..30), bytes in 1_usize..60,
        ) {
            let text = lines.join("\n");
            let segments = segments(&text, bytes);
            prop_assert_eq!(segments.concat(), text.clone());
            if let Some(found) = in_segments(&mut parser(), &segments) {
                prop_assert_eq!(Some(found), in_segments(&mut parser(), &[&text]));
            }
        }
    }

    #[test]
    fn a_generated_file_is_cut_alike_in_pieces_and_as_a_whole() {
        let text = generators::Input::File { lines: 3_000 }.files(7, 0).next().unwrap().text();
        let whole = in_segments(&mut parser(), &[&text]).unwrap();
        for bytes in [1, 500, 5_000] {
            let segments = segments(&text, bytes);
            assert!(segments.len() > 1, "{bytes}");
            assert_eq!(in_segments(&mut parser(), &segments).as_ref(), Some(&whole), "{bytes}");
        }
    }
}
