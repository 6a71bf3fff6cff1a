//! The chunk stage: cuts a large file into parts.
//!
//! Each policy is a file: [`documented`] cuts as phase 3 does, lost lines included; [`stable`] is
//! what it takes to lose none and to cut an edited file where it was cut before. Both read trees
//! by [`grammar`], and both fall back to [`lines`]. [`Cuts`] parses a text that comes again once.

mod cuts;
pub mod documented;
pub mod grammar;
pub mod lines;
pub mod outline;
mod part;
pub mod stable;

use std::num::NonZeroUsize;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use self::part::{Size, line_count};
use crate::source::{Facts, Language};

pub use self::cuts::Cuts;
pub use self::lines::Lines;
pub use self::part::Chunk;

/// The `[chunk]` section.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChunkPolicy {
    /// A file is sent whole, however large.
    Off,
    /// As phase 3 does it: a file of more than `max_lines` is cut before a top-level `def` or
    /// `class`; decorators and module code at a cut and after the last definition are lost, and a
    /// definition that is too long is a part that is too long.
    Documented {
        /// The most lines of a part.
        max_lines: NonZeroUsize,
        /// Lines of the window before that are sent again where a file is cut by lines.
        overlap_lines: usize,
    },
    /// A file of more than `max_lines` is cut between definitions, where their text says so: no
    /// line is lost, and an edit moves no cut but those beside it.
    Stable {
        /// The fewest lines of a part, but for the last and the one before an oversized definition;
        /// at most half of `max_lines`. Most parts have about twice as many.
        min_lines: NonZeroUsize,
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
            Self::Documented { max_lines, overlap_lines } if *overlap_lines >= max_lines.get() => {
                vec![Problem::new("overlap_lines", "must be less than `max_lines`")]
            }
            Self::Stable { min_lines, max_lines, .. } if min_lines.get() > max_lines.get() / 2 => {
                vec![Problem::new("min_lines", "must not be more than half of `max_lines`")]
            }
            Self::Stable { min_lines, overlap_lines, .. } if *overlap_lines > min_lines.get() => {
                vec![Problem::new("overlap_lines", "must not be more than `min_lines`")]
            }
            _ => Vec::new(),
        }
    }

    /// Whether a file is too large to be sent whole.
    fn cuts(&self, facts: &Facts, text: &str) -> bool {
        match self {
            Self::Off => false,
            // The original counts what `split("\n")` gives: a last line end is one more.
            Self::Documented { max_lines, .. } => {
                let ended = usize::from(text.ends_with('\n'));
                line_count(facts) + ended > max_lines.get()
            }
            Self::Stable { max_lines, .. } => line_count(facts) > max_lines.get(),
        }
    }
}

/// The parts of a file; a single one where it is sent whole.
pub fn chunks(policy: &ChunkPolicy, language: Language, text: &str, facts: &Facts) -> Vec<Chunk> {
    if !policy.cuts(facts, text) {
        return vec![Chunk::new(0..line_count(facts), 0)];
    }
    match policy {
        ChunkPolicy::Off => vec![Chunk::new(0..line_count(facts), 0)],
        ChunkPolicy::Documented { max_lines, overlap_lines } => {
            documented::cut(language, text, facts, max_lines.get(), *overlap_lines)
        }
        ChunkPolicy::Stable { min_lines, max_lines, overlap_lines } => {
            let size = Size { min: min_lines.get(), max: max_lines.get() };
            stable::cut(language, text, size, *overlap_lines)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_leave_no_choice_are_refused() {
        let size = |lines| NonZeroUsize::new(lines).unwrap();
        let keys = |policy: ChunkPolicy| -> Vec<String> {
            policy.problems().into_iter().map(|problem| problem.key).collect()
        };
        let stable = |min, max, overlap_lines| ChunkPolicy::Stable {
            min_lines: size(min),
            max_lines: size(max),
            overlap_lines,
        };
        assert_eq!(keys(stable(500, 999, 0)), ["min_lines"]);
        assert_eq!(keys(stable(100, 500, 101)), ["overlap_lines"]);
        assert_eq!(keys(stable(100, 500, 100)), [""; 0]);
        let documented = ChunkPolicy::Documented { max_lines: size(100), overlap_lines: 100 };
        assert_eq!(keys(documented), ["overlap_lines"]);
    }
}
