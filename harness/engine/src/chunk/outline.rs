//! Finds the best place to cut in a window of lines, from the tree of the text around it.
//!
//! Of the tree only the nodes that begin in the window are looked at, from the root down until one
//! of them is good enough. A file is parsed a segment at a time, so that the tree of a million
//! lines is never in memory as a whole; work is bounded by the parser's own steps, not by a clock,
//! so that the same file is always cut in the same places. What cannot be parsed within that, and
//! what no node divides, is cut by the hash of its lines.

use std::ops::ControlFlow;

use sha2::{Digest, Sha256};
use tree_sitter::{Node, ParseOptions, ParseState, Parser, Point, Tree, TreeCursor};

use super::grammar::{self, Kind};
use super::lines::Lines;
use super::part::Size;
use crate::source::language::Language;

/// The most bytes that are parsed at once: some fifty megabytes of tree.
const SEGMENT_BYTES: usize = 1 << 20;

/// A parser reports each hundred of its operations. Real sources of all six languages were seen to
/// take one such step for 60 to 2,000 bytes; what takes three times as many as the worst of them
/// is given up.
const BYTES_PER_STEP: usize = 20;

/// Levels of a tree that are gone down: more than a person nests, less than a machine may.
const MOST_LEVELS: usize = 1_000;

/// Lines from which a place gets its hash.
const HASHED_LINES: usize = 3;

/// The places where a text can be cut.
pub(super) struct Outline<'a> {
    lines: &'a Lines<'a>,
    parser: Parser,
    segment: Segment,
}

/// Lines that have been parsed.
struct Segment {
    start: usize,
    end: usize,
    /// None where they could not be parsed.
    tree: Option<Tree>,
}

/// The lines, counted from 0, before which a cut may be made.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// The line that the part begins with.
    start: usize,
    /// The first that leaves the part long enough.
    first: usize,
    /// The last that does not make it too long.
    last: usize,
    /// The last that has a say in which of the others is taken.
    seen: usize,
    /// Two places that are nearer to each other than this are not both cut, if there is a choice.
    reach: usize,
}

impl Window {
    fn new(start: usize, size: Size) -> Self {
        let Size { min, max } = size;
        let last = start + max;
        Self { start, first: start + min, last, seen: last + 2 * min, reach: min }
    }

    fn allows(&self, cut: usize) -> bool {
        (self.first..=self.last).contains(&cut)
    }
}

impl<'a> Outline<'a> {
    pub(super) fn new(language: Language, lines: &'a Lines<'a>) -> Self {
        let mut parser = Parser::new();
        let grammar = grammar::of(language);
        parser.set_language(&grammar).expect("grammar and library are of one version");
        Self { lines, parser, segment: Segment { start: 0, end: 0, tree: None } }
    }

    /// Where a part that begins with line `start` ends: the line after it.
    pub(super) fn cut(&mut self, start: usize, size: Size) -> usize {
        let window = Window::new(start, size);
        // What the end of a segment cuts off may be misread; the last lines of one are not used.
        if self.segment.end < self.lines.count().min(window.seen + size.max) {
            self.parse(start);
        }
        self.by_tree(window).unwrap_or_else(|| {
            let rows = window.start + 1..self.lines.count().min(window.seen + 1);
            let lines: Vec<Place> = rows.map(|row| Place { cut: row, row }).collect();
            self.choose(&lines, window).unwrap_or(window.last)
        })
    }

    fn parse(&mut self, start: usize) {
        let end = self.lines.within(start, SEGMENT_BYTES);
        let text = self.lines.text(&(start..end)).as_bytes();
        let most = text.len() / BYTES_PER_STEP + 1_000;
        let mut steps = 0;
        let mut enough = |_: &ParseState| {
            steps += 1;
            if steps > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut enough);
        let mut read = |at: usize, _: Point| text.get(at..).unwrap_or_default();
        // Freed first: two trees at once would double what is held.
        self.segment.tree = None;
        let tree = self.parser.parse_with_options(&mut read, None, Some(options));
        if tree.is_none() {
            // Otherwise the next segment would go on where this one was given up.
            self.parser.reset();
        }
        self.segment = Segment { start, end, tree };
    }

    fn by_tree(&self, window: Window) -> Option<usize> {
        let tree = self.segment.tree.as_ref()?;
        let last = window.last.min(self.segment.end);
        let window = Window { last, seen: window.seen.min(self.segment.end), ..window };
        let mut cursor = tree.walk();
        let mut fallback = None;
        for _ in 0..MOST_LEVELS {
            let level = self.level(&mut cursor, window);
            let found = self
                .choose(&level.definitions, window)
                .or_else(|| level.early(window))
                .or_else(|| self.choose(&level.statements, window));
            if found.is_some() {
                return found;
            }
            fallback = fallback.or_else(|| self.choose(&level.others, window));
            let Some((_, across)) = level.across else { break };
            cursor.reset(across);
        }
        fallback
    }

    /// The place to cut among some in the order of their lines; none where none is allowed.
    ///
    /// It is the first one whose hash is the least of all within reach. Whether a place is that
    /// depends on the text around it alone and not on where the part begins, so that parts that
    /// begin differently end alike. Where there is none, the least of all is taken that leaves the
    /// next such place to the next part.
    fn choose(&self, places: &[Place], window: Window) -> Option<usize> {
        if !places.iter().any(|place| window.allows(place.cut)) {
            return None;
        }
        let ranked: Vec<(u64, usize)> =
            places.iter().map(|place| (self.hash(place.row), place.cut)).collect();
        let least = |at: usize| {
            let near = |other: &&(u64, usize)| ranked[at].1.abs_diff(other.1) < window.reach;
            let mut before = ranked[..at].iter().rev().take_while(near);
            let mut after = ranked[at..].iter().take_while(near);
            before.all(|other| *other > ranked[at]) && after.all(|other| *other >= ranked[at])
        };
        let next = (0..ranked.len()).find(|at| ranked[*at].1 >= window.first && least(*at));
        let next = next.map(|at| ranked[at].1);
        if let Some(cut) = next.filter(|cut| window.allows(*cut)) {
            return Some(cut);
        }
        let allowed = || ranked.iter().filter(|(_, cut)| window.allows(*cut));
        let leaves_next = |cut: usize| next.is_none_or(|next| cut + window.reach <= next);
        let least = allowed().filter(|(_, cut)| leaves_next(*cut)).min();
        least.or_else(|| allowed().min()).map(|(_, cut)| *cut)
    }

    /// The places between the children of the node at the cursor.
    fn level<'tree>(&self, cursor: &mut TreeCursor<'tree>, window: Window) -> Level<'tree> {
        let mut level = Level::default();
        let base = self.segment.start;
        let from = Point { row: window.start + 1 - base, column: 0 };
        if cursor.goto_first_child_for_point(from).is_none() {
            return level;
        }
        // The child before ends before the first line that may be cut.
        let mut before = window.start;
        let mut attached = None;
        loop {
            let node = cursor.node();
            let rows = rows(node, base);
            if rows.0 > window.seen {
                return level;
            }
            level.goes_across(node, rows, window);
            let clean = rows.0 > before;
            before = before.max(rows.1);
            let above: Option<(usize, usize)> =
                attached.take().filter(|above: &(usize, usize)| clean && above.1 + 1 == rows.0);
            let first = above.map_or(rows.0, |above| above.0);
            match grammar::kind(node) {
                Kind::Attached if clean => attached = Some((first, rows.1)),
                kind if clean && node.is_named() => {
                    level.offer(kind, Place { cut: first, row: rows.0 }, window);
                }
                _ => {}
            }
            if !cursor.goto_next_sibling() {
                return level;
            }
        }
    }

    /// What the first lines from a line on say about cutting before it.
    fn hash(&self, line: usize) -> u64 {
        let end = (line + HASHED_LINES).min(self.lines.count());
        let digest = Sha256::digest(self.lines.text(&(line..end)));
        digest.iter().take(8).fold(0, |hash, byte| (hash << 8) | u64::from(*byte))
    }
}

/// The first and the last line on which a node has text.
fn rows(node: Node<'_>, base: usize) -> (usize, usize) {
    let (start, end) = (node.start_position().row, node.end_position());
    // Some nodes end with the line end after them.
    let last = if end.column == 0 && end.row > start { end.row - 1 } else { end.row };
    (base + start, base + last)
}

/// A place to cut.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The line before which is cut.
    cut: usize,
    /// The line on which what follows begins, comments and attributes left out.
    row: usize,
}

/// The places between the children of one node, in the order of their lines.
#[derive(Default)]
struct Level<'tree> {
    definitions: Vec<Place>,
    statements: Vec<Place>,
    others: Vec<Place>,
    /// The child that has the most lines of the window, and how many.
    across: Option<(usize, Node<'tree>)>,
}

impl<'tree> Level<'tree> {
    fn offer(&mut self, kind: Kind, place: Place, window: Window) {
        if place.cut > window.start {
            match kind {
                Kind::Definition => self.definitions.push(place),
                Kind::Statement => self.statements.push(place),
                Kind::Other | Kind::Attached => self.others.push(place),
            }
        }
    }

    /// The last definition that begins too early, where none begins in time: it is too long
    /// itself, and is better cut from its beginning on.
    fn early(&self, window: Window) -> Option<usize> {
        self.definitions.iter().rev().map(|place| place.cut).find(|cut| *cut < window.first)
    }

    fn goes_across(&mut self, node: Node<'tree>, rows: (usize, usize), window: Window) {
        let from = rows.0.max(window.first);
        let lines = (rows.1.min(window.last) + 1).saturating_sub(from);
        // A node of a single line has nothing inside that could be cut.
        let found = lines > 0 && rows.1 > rows.0;
        if found && self.across.is_none_or(|(most, _)| lines > most) {
            self.across = Some((lines, node));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a part that begins with the first line of `text` ends.
    fn check(language: Language, text: &str, min: usize, max: usize) -> usize {
        let lines = Lines::new(text);
        Outline::new(language, &lines).cut(0, Size { min, max })
    }

    #[test]
    fn a_decorator_and_the_comment_above_stay_with_their_definition() {
        let text =
            "import x\n\ndef a():\n    pass\n\n# About b.\n# More.\n@cache\ndef b():\n    pass\n";
        assert_eq!(check(Language::Python, text, 4, 9), 5);
        let rust = "fn a() {\n}\n\n/// About b.\n#[inline]\nfn b() {\n}\n";
        assert_eq!(check(Language::Rust, rust, 2, 6), 3);
    }

    #[test]
    fn a_comment_at_the_end_of_a_line_belongs_to_that_line() {
        let text = "def a():\n    pass\nx = 1  # about x\ndef b():\n    pass\n";
        assert_eq!(check(Language::Python, text, 2, 4), 3);
    }

    #[test]
    fn a_definition_that_is_too_long_begins_a_part() {
        let long = format!("class Long:\n{}", "    x = 1\n".repeat(30));
        let text = format!("def a():\n    pass\n{long}");
        assert_eq!(check(Language::Python, &text, 5, 10), 2);
    }

    #[test]
    fn a_definition_that_is_too_long_is_cut_between_its_methods() {
        let methods = "  a() {\n    return 1;\n  }\n\n".repeat(10);
        let text = format!("export class Long {{\n{methods}}}\n");
        let cut = check(Language::TypeScript, &text, 6, 12);
        assert!([9].contains(&cut), "{cut} is the only line on which a method begins");
    }

    #[test]
    fn a_function_that_is_too_long_is_cut_between_its_statements() {
        let text = format!("fn a() {{\n{}}}\n", "    b(\n        1,\n    );\n".repeat(10));
        let cut = check(Language::Rust, &text, 4, 6);
        assert_eq!(cut, 4, "lines 5 and 6 are inside of a call");
    }

    #[test]
    fn what_has_no_statements_is_cut_between_its_elements() {
        let text = format!("a = [\n{}]\n", "    [\n        1,\n    ],\n".repeat(10));
        assert_eq!(check(Language::Python, &text, 4, 6), 4);
    }

    #[test]
    fn two_statements_on_a_line_are_not_torn_apart() {
        let text = "function a() {\n  b;\n} function c() {\n}\nfunction d() {\n}\n";
        assert_eq!(check(Language::JavaScript, text, 1, 4), 4);
    }

    #[test]
    fn lines_are_cut_by_their_hash_where_no_node_divides_them() {
        let prose = (0..100).map(|n| format!("word {n}\n")).collect::<Vec<_>>().concat();
        let text = format!("'''\n{prose}'''\n");
        let cut = check(Language::Python, &text, 10, 50);
        let shifted = format!("'''\nnew\n{prose}'''\n");
        assert_eq!(check(Language::Python, &shifted, 10, 50), cut + 1);
    }
}
