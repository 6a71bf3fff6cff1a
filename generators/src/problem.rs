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
    /// What is wrong with this section beyond the range of a single key.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Self::Spike { at_s, for_s, duration_s, .. } = *self
            && at_s.saturating_add(for_s) > duration_s
        {
            let message = format!(
                "the spike ends after the load, which takes `{duration_s}` seconds: \
                 `at_s` and `for_s` are `{}` together",
                at_s.saturating_add(for_s)
            );
            problems.push(Problem::new("for_s", message));
        }
        let Some(length_s) = self.length_s() else { return problems };
        let warm_up_s = self.warm_up().as_secs();
        if self.arriving() == Some(0) {
            let message = "no job ever arrives: every rate is 0, or no time passes at another one";
            problems.push(Problem::new("", message));
        } else if warm_up_s >= length_s {
            let message = format!(
                "`{warm_up_s}` seconds are the whole load, which takes `{length_s}`: \
                 no job would be left in the figures"
            );
            problems.push(Problem::new("warm_up_s", message));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Spread, Stage};

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

    fn of_load(load: &Load) -> String {
        let problems = load.problems();
        let line = |problem: &Problem| format!("{}: {}", problem.key, problem.message);
        problems.iter().map(line).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_spike_ends_within_its_load() {
        let spike = |at_s, for_s| Load::Spike {
            rate_per_minute: 60,
            spike_per_minute: 600,
            at_s,
            for_s,
            duration_s: 30,
            warm_up_s: 0,
        };
        assert_eq!(of_load(&spike(20, 10)), "");
        let expected = "for_s: the spike ends after the load, which takes `30` seconds: \
                        `at_s` and `for_s` are `31` together";
        assert_eq!(of_load(&spike(20, 11)), expected);
    }

    #[test]
    fn somebody_arrives_and_not_only_in_the_warm_up() {
        let stages = |rate_per_minute, warm_up_s| Load::Stages {
            start_rate_per_minute: 0,
            stages: vec![Stage { duration_s: 10, rate_per_minute }],
            warm_up_s,
        };
        assert_eq!(of_load(&stages(60, 9)), "");
        assert!(of_load(&stages(0, 0)).starts_with(": no job ever arrives"));
        assert!(of_load(&stages(60, 10)).starts_with("warm_up_s: `10` seconds are the whole"));
    }
}
