//! The merge stage: one documentation out of the answers to the parts, in source order.
//!
//! Each answer counts lines from the first line that was sent with its part; the merge counts from
//! the first line of the file, and a definition that two parts saw is there once. Nothing that an
//! answer says is lost: what is about no definition stands after them, part by part.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use mock_claude::internals::reply;

use crate::client::answer::Answer;

/// The lines of the file, counted from 1, on which something is documented.
///
/// `parts` gives each answer with the line, counted from 0, at which what was sent begins.
pub fn documented<'a>(parts: impl Iterator<Item = (usize, &'a Answer)>) -> BTreeSet<u64> {
    parts
        .flat_map(|(offset, answer)| {
            reply::documented(&answer.text).map(move |found| offset as u64 + found.line)
        })
        .collect()
}

/// The documentation of a file, as Markdown. `parts` is as for [`documented`].
pub fn document<'a>(path: &str, parts: impl Iterator<Item = (usize, &'a Answer)>) -> String {
    let mut parts: Vec<(usize, &Answer)> = parts.collect();
    parts.sort_by_key(|(offset, _)| *offset);
    let mut entries: BTreeMap<u64, String> = BTreeMap::new();
    let mut notes = String::new();
    for (offset, answer) in &parts {
        let (found, prose) = split(*offset as u64, &answer.text);
        for (line, entry) in found {
            // The part before has seen the definition whole; this one sees it for context.
            entries.entry(line).or_insert(entry);
        }
        if !prose.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(notes, "\n## From line {}\n\n{prose}", offset + 1);
        }
    }
    let entries: String = entries.into_values().collect();
    let title = if entries.is_empty() { "" } else { "\n## Functions and classes\n\n" };
    format!("# `{path}`\n{title}{entries}{notes}")
}

/// The entries of an answer with their lines in the file, and everything else that it says.
fn split(offset: u64, text: &str) -> (Vec<(u64, String)>, String) {
    let (mut entries, mut prose) = (Vec::new(), String::new());
    // A heading is kept for what stands below it, and most stand above nothing but entries.
    let mut heading = None;
    let mut fenced = false;
    for line in text.split_inclusive('\n') {
        fenced ^= line.trim_start().starts_with("```");
        if let Some(found) = reply::documented(line).next() {
            let line_in_file = offset + found.line;
            let (before, after) = (format!("(line {}):", found.line), line_in_file);
            entries.push((line_in_file, line.replacen(&before, &format!("(line {after}):"), 1)));
        } else if line.starts_with('#') && !fenced {
            heading = Some(line);
        } else if line.trim().is_empty() {
            if !prose.is_empty() && !prose.ends_with("\n\n") {
                prose.push('\n');
            }
        } else {
            if let Some(heading) = heading.take() {
                prose.push('#');
                prose.push_str(heading);
                prose.push('\n');
            }
            prose.push_str(line);
        }
    }
    if !prose.is_empty() && !prose.ends_with('\n') {
        prose.push('\n');
    }
    (entries, prose)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn answer(lines: &[u64]) -> Answer {
        let entries: Vec<String> =
            lines.iter().map(|line| format!("- `x` (line {line}): is x.\n")).collect();
        Answer { text: entries.concat(), truncated: false }
    }

    #[test]
    fn what_two_parts_saw_is_documented_once_and_at_its_place_in_the_file() {
        let parts = [(0, answer(&[1, 40])), (30, answer(&[10, 20]))];
        let lines = documented(parts.iter().map(|(offset, answer)| (*offset, answer)));
        assert_eq!(lines.into_iter().collect::<Vec<_>>(), [1, 40, 50]);
    }

    #[test]
    fn the_documentation_of_a_file_reads_as_one() {
        let text = |overview: &str, entries: &str| Answer {
            text: format!(
                "# Documentation\n\n## Overview\n{overview}\n\n\
                 ## Functions and classes\n{entries}\n## Quality notes\nGood.\n"
            ),
            truncated: false,
        };
        let first = text("Starts.", "- `a` (line 1): is a.\n- `b` (line 9): is b.\n");
        let second = text("Goes on.", "- `b` (line 2): is b, again.\n- `c` (line 5): is c.\n");
        let merged = document("x.py", [(7, &second), (0, &first)].into_iter());
        insta::assert_snapshot!(merged, @r"
        # `x.py`

        ## Functions and classes

        - `a` (line 1): is a.
        - `b` (line 9): is b.
        - `c` (line 12): is c.

        ## From line 1

        ### Overview

        Starts.

        ### Quality notes

        Good.

        ## From line 8

        ### Overview

        Goes on.

        ### Quality notes

        Good.
        ");
    }

    /// A line of prose that can be told from every other one.
    fn prose(part: usize, number: usize) -> String {
        format!("Sentence {number} of part {part}.\n")
    }

    proptest! {
        #[test]
        fn nothing_is_lost_nothing_is_there_twice_and_all_is_in_source_order(
            parts in vec((0_usize..100, vec(1_u64..50, 0..9), 0_usize..4), 0..6),
        ) {
            let sentences: Vec<usize> = parts.iter().map(|(_, _, sentences)| *sentences).collect();
            let parts: Vec<(usize, Answer)> = parts
                .into_iter()
                .enumerate()
                .map(|(part, (at, lines, sentences))| {
                    let mut text = answer(&lines).text;
                    text.push_str("\n## Notes\n");
                    (0..sentences).for_each(|number| text.push_str(&prose(part, number)));
                    (at, Answer { text, truncated: false })
                })
                .collect();
            let refs = || parts.iter().map(|(at, answer)| (*at, answer));
            let merged = document("x.py", refs());
            let found: Vec<u64> = reply::documented(&merged).map(|found| found.line).collect();
            prop_assert_eq!(&found, &documented(refs()).into_iter().collect::<Vec<_>>());
            let mut order: Vec<usize> = (0..parts.len()).collect();
            order.sort_by_key(|part| parts[*part].0);
            let said: String = order
                .into_iter()
                .flat_map(|part| (0..sentences[part]).map(move |number| prose(part, number)))
                .collect();
            let sentence = |line: &&str| line.starts_with("Sentence");
            let found: String = merged.split_inclusive('\n').filter(sentence).collect();
            prop_assert_eq!(found, said);
        }

        #[test]
        fn the_order_of_the_answers_does_not_matter(
            parts in vec((0_usize..100, vec(1_u64..50, 0..9)), 0..6),
        ) {
            let parts: Vec<_> = parts.into_iter().map(|(at, lines)| (at, answer(&lines))).collect();
            let forward = documented(parts.iter().map(|(at, answer)| (*at, answer)));
            let backward = documented(parts.iter().rev().map(|(at, answer)| (*at, answer)));
            prop_assert_eq!(forward, backward);
        }
    }
}
