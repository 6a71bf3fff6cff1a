//! The merge stage: one documentation out of the answers to the parts, in source order.
//!
//! Each answer counts lines from the first line that was sent with its part; the merge counts from
//! the first line of the file, and a definition that two parts saw is there once.

use std::collections::BTreeSet;

use mock_claude::reply;

/// The answer to one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The text.
    pub text: String,
    /// Whether it was cut at `max_tokens`.
    pub truncated: bool,
}

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

    proptest! {
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
