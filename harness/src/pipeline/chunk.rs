//! The chunk stage: cuts a large file where a top-level definition begins.
//!
//! The parts are a partition by construction: each begins where the one before ends, so no line can
//! be lost. What is sent with a part beyond its own lines is the end of the part before, for
//! context. A file without definitions, or nested beyond what any interpreter takes, is cut by
//! lines.

use std::num::NonZeroUsize;
use std::ops::Range;

use mock_claude::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tree_sitter::{Node, Parser};

use crate::source::python::Facts;

/// The `[chunk]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChunkPolicy {
    /// A file is sent whole, however large.
    Off,
    /// A file of more lines than `max_lines` is cut where top-level definitions end.
    Definitions {
        /// The most lines of a part, its overlap not counted.
        max_lines: NonZeroUsize,
        /// Lines of the part before that are sent again for context.
        overlap_lines: usize,
    },
}

impl ChunkPolicy {
    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Definitions { max_lines, overlap_lines } if *overlap_lines >= max_lines.get() => {
                vec![Problem::new("overlap_lines", "must be less than `max_lines`")]
            }
            _ => Vec::new(),
        }
    }
}

/// A part of a file, in lines counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The lines that this part is responsible for.
    pub own: Range<usize>,
    /// The lines that are sent: its own, and the overlap before them.
    pub sent: Range<usize>,
}

/// Terms in one expression above which a file is not parsed: the tree would take hundreds of
/// megabytes, for a file that no interpreter runs.
const HOPELESS_TERMS: u64 = 20_000;

/// Nesting above which a file is not parsed, for the same reason.
const HOPELESS_DEPTH: u32 = 20_000;

/// The parts of a file; a single one where it is sent whole.
pub fn chunks(policy: &ChunkPolicy, text: &str, facts: &Facts) -> Vec<Chunk> {
    let lines = usize::try_from(facts.lines).unwrap_or(usize::MAX);
    let ChunkPolicy::Definitions { max_lines, overlap_lines } = policy else {
        return vec![Chunk { own: 0..lines, sent: 0..lines }];
    };
    if lines <= max_lines.get() {
        return vec![Chunk { own: 0..lines, sent: 0..lines }];
    }
    let cuts = if facts.terms > HOPELESS_TERMS
        || facts.brackets > HOPELESS_DEPTH
        || facts.indents > HOPELESS_DEPTH
    {
        Vec::new()
    } else {
        definition_starts(text)
    };
    if cuts.is_empty() {
        by_lines(lines, max_lines.get(), *overlap_lines)
    } else {
        by_definitions(&cuts, lines, max_lines.get(), *overlap_lines)
    }
}

/// A text that can be cut by lines without being read again each time.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// The lines of `text`.
    pub fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { text, starts: starts.collect() }
    }

    /// The text of some lines, their ends included.
    pub fn text(&self, lines: &Range<usize>) -> &'a str {
        let offset = |line: usize| self.starts.get(line).copied().unwrap_or(self.text.len());
        &self.text[offset(lines.start)..offset(lines.end)]
    }
}

/// Greedy: a part ends before the definition that would make it too long.
fn by_definitions(cuts: &[usize], lines: usize, max_lines: usize, overlap: usize) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut start = 0;
    let ends = cuts.iter().copied().skip(1).chain([lines]);
    for (cut, end) in cuts.iter().copied().zip(ends) {
        if end - start > max_lines && cut > start {
            chunks.push(part(start, cut, overlap));
            start = cut;
        }
    }
    chunks.push(part(start, lines, overlap));
    chunks
}

/// Windows of `max_lines` of which each repeats the end of the one before.
fn by_lines(lines: usize, max_lines: usize, overlap: usize) -> Vec<Chunk> {
    // A window that is all overlap would never get on.
    let overlap = overlap.min(max_lines - 1);
    let mut chunks = Vec::new();
    let mut start = 0;
    while start < lines {
        let sent_from = start - overlap.min(start);
        let end = (sent_from + max_lines).min(lines);
        chunks.push(Chunk { own: start..end, sent: sent_from..end });
        start = end;
    }
    chunks
}

fn part(start: usize, end: usize, overlap: usize) -> Chunk {
    Chunk { own: start..end, sent: start.saturating_sub(overlap)..end }
}

/// The lines on which a top-level definition begins, its decorators and the comment right above it
/// included.
fn definition_starts(text: &str) -> Vec<usize> {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .expect("grammar and library are of one version");
    let Some(tree) = parser.parse(text, None) else { return Vec::new() };
    let mut cursor = tree.walk();
    let mut starts = Vec::new();
    let mut comment: Option<Range<usize>> = None;
    for node in tree.root_node().children(&mut cursor) {
        let rows = node.start_position().row..node.end_position().row;
        if node.kind() == "comment" {
            let joined = comment.take().filter(|above| above.end + 1 == rows.start);
            comment = Some(joined.map_or(rows.start, |above| above.start)..rows.end);
            continue;
        }
        if defines(node) {
            let above = comment.take().filter(|above| above.end + 1 == rows.start);
            starts.push(above.map_or(rows.start, |above| above.start));
        }
        comment = None;
    }
    // Two definitions on one line, after a syntax error, are one place to cut.
    starts.dedup();
    starts
}

fn defines(node: Node<'_>) -> bool {
    matches!(node.kind(), "function_definition" | "class_definition" | "decorated_definition")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::python;
    use proptest::prelude::*;

    fn cut(text: &str, max_lines: usize, overlap_lines: usize) -> Vec<Chunk> {
        let max_lines = NonZeroUsize::new(max_lines).unwrap();
        let policy = ChunkPolicy::Definitions { max_lines, overlap_lines };
        chunks(&policy, text, &python::read(text))
    }

    fn owns(chunks: &[Chunk]) -> Vec<Range<usize>> {
        chunks.iter().map(|chunk| chunk.own.clone()).collect()
    }

    #[test]
    fn a_decorator_and_the_comment_above_stay_with_their_definition() {
        let text = "import x\n\ndef a():\n    pass\n\n# About b.\n@cache\ndef b():\n    pass\n";
        assert_eq!(owns(&cut(text, 5, 0)), [0..5, 5..9]);
    }

    #[test]
    fn overlap_is_sent_with_a_part_and_not_owned_by_it() {
        let text = "def f():\n    pass\n".repeat(10);
        let chunks = cut(&text, 8, 3);
        assert_eq!(owns(&chunks), [0..8, 8..16, 16..20]);
        assert_eq!(chunks[1].sent, 5..16);
    }

    #[test]
    fn a_definition_that_is_too_long_is_a_part_of_its_own() {
        let long = format!("class Long:\n{}", "    x = 1\n".repeat(30));
        let text = format!("def a():\n    pass\n{long}def b():\n    pass\n");
        assert_eq!(owns(&cut(&text, 10, 0)), [0..2, 2..33, 33..35]);
    }

    #[test]
    fn lines_are_cut_in_windows_where_there_is_no_definition() {
        let text = "x = 1\n".repeat(5002);
        let sent: Vec<_> = cut(&text, 2000, 50).into_iter().map(|chunk| chunk.sent).collect();
        assert_eq!(sent, [0..2000, 1950..3950, 3900..5002], "as measured on the original");
    }

    #[test]
    fn a_file_that_no_interpreter_takes_is_cut_by_lines_without_being_parsed() {
        let text = format!("def f():\n    return (\n{}0)\n", "a +\n".repeat(30_000));
        assert_eq!(cut(&text, 2000, 0).len(), 16);
    }

    proptest! {
        #[test]
        fn the_parts_are_the_file_whatever_it_holds(
            lines in proptest::collection::vec(
                prop_oneof![
                    Just("def f():"), Just("    pass"), Just(""), Just("@x"), Just("# c"),
                    Just("class C:"), Just("x = ("), Just(")"), Just("'''"),
                ],
                0..120,
            ),
            max_lines in 1_usize..40,
            overlap in 0_usize..60,
        ) {
            let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
            let chunks = cut(&text, max_lines, overlap);
            let lines = Lines::new(&text);
            let own: String = chunks.iter().map(|chunk| lines.text(&chunk.own)).collect();
            prop_assert_eq!(&own, &text);
            for chunk in &chunks {
                prop_assert!(chunk.sent.start <= chunk.own.start);
                prop_assert_eq!(chunk.sent.end, chunk.own.end);
            }
        }
    }
}
