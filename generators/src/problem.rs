//! What can be wrong with a section although each of its keys is in its range.
//!
//! Only the section itself is looked at: what depends on other sections is checked where they
//! come together.

use strict_toml::Problem;

use crate::config::{Input, Load, Nesting};
use crate::repository::Plan;

/// The deepest nested blocks: their size grows with the square of the depth, 200 MB here.
const DEEPEST_BLOCKS: u64 = 20_000;

impl Input {
    /// What is wrong with this section beyond the range of a single key.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        match *self {
            Self::File { .. } => {}
            Self::Nested { shape, depth } => {
                if shape == Nesting::Blocks && depth > DEEPEST_BLOCKS {
                    let message = format!(
                        "`{depth}` is too deep for `shape = \"blocks\"`, whose size grows with the \
                         square of the depth: at most `{DEEPEST_BLOCKS}`"
                    );
                    problems.push(Problem::new("depth", message));
                }
            }
            Self::Repository { files, lines, duplicates, .. } => {
                if lines < files {
                    let message = format!("`{lines}` lines are too few for `{files}` files");
                    problems.push(Problem::new("lines", message));
                }
                if !duplicates.is_finite() {
                    let message = format!("`{duplicates}` is not a share from `0` to `1`");
                    problems.push(Problem::new("duplicates", message));
                } else if lines >= files && !Plan::can_be_exact(files, lines, duplicates) {
                    let message = format!(
                        "`{lines}` cannot be divided by `{files}` files, and with \
                         `duplicates = {duplicates}` all of them are equal"
                    );
                    problems.push(Problem::new("lines", message));
                }
            }
        }
        problems
    }
}

impl Load {
    /// What is wrong with this section beyond the range of a single key: nothing can be, since no
    /// key of a load limits another one.
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Burst { .. }
            | Self::Sequential { .. }
            | Self::Batch { .. }
            | Self::Constant { .. }
            | Self::Poisson { .. } => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Spread;

    fn repository(files: u64, lines: u64, duplicates: f64) -> String {
        let input = Input::Repository { files, lines, spread: Spread::Even, duplicates };
        let problems = input.problems();
        let line = |problem: &Problem| format!("{}: {}", problem.key, problem.message);
        problems.iter().map(line).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_repository_needs_a_line_for_every_file() {
        assert_eq!(repository(10, 9, 0.0), "lines: `9` lines are too few for `10` files");
        assert_eq!(repository(10, 10, 0.0), "");
    }

    #[test]
    fn a_share_must_be_a_number() {
        let expected = "duplicates: `NaN` is not a share from `0` to `1`";
        assert_eq!(repository(10, 100, f64::NAN), expected);
    }

    #[test]
    fn equal_files_need_a_total_that_can_be_divided() {
        let expected = "lines: `10` cannot be divided by `4` files, and with `duplicates = 1` \
                        all of them are equal";
        assert_eq!(repository(4, 10, 1.0), expected);
        assert_eq!(repository(4, 12, 1.0), "");
        assert_eq!(repository(4, 10, 0.5), "");
    }

    #[test]
    fn blocks_have_a_limit_of_their_own() {
        let problems = |shape, depth| Input::Nested { shape, depth }.problems().len();
        assert_eq!(problems(Nesting::Blocks, 20_000), 0);
        assert_eq!(problems(Nesting::Blocks, 20_001), 1);
        assert_eq!(problems(Nesting::Brackets, 1_000_000), 0);
    }
}
