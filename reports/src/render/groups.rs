//! Failures that a reader would call the same, the most urgent first.
//!
//! Invariant: every failure is in exactly one group; the order does not depend on the order in
//! which they happened, except for the example that stands first in its group.

use std::collections::BTreeMap;

use crate::failure::Failure;

/// Groups by what a failure means, in the order of expectedness, priority, category and size.
pub(super) fn groups<'a>(failures: &'a [Failure<'a>]) -> Vec<Vec<&'a Failure<'a>>> {
    let mut groups: BTreeMap<_, Vec<&Failure<'_>>> = BTreeMap::new();
    for failure in failures {
        let key = (
            failure.expected,
            failure.priority(),
            failure.category(),
            failure.job.pipeline.as_str(),
            failure.job.cause,
            failure.rule(),
            failure.confidence(),
            failure.stage(),
        );
        groups.entry(key).or_default().push(failure);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    // The sort is stable: groups of one size stay in the order of their keys.
    groups.sort_by_key(|((expected, priority, ..), group)| {
        (*expected, *priority, std::cmp::Reverse(group.len()))
    });
    groups.into_iter().map(|(_, group)| group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cause;
    use crate::failure::failures;
    use crate::fixture;

    #[test]
    fn urgent_and_unexpected_groups_come_first_and_nothing_is_lost() {
        let mut run = fixture::concurrent();
        run.header.expect.clear();
        run.pipelines[0].jobs[2].cause = Some(Cause::Truncated);
        let failures = failures(&run);
        let groups = groups(&failures);
        let found: Vec<_> = groups.iter().map(|g| (g[0].cause_name(), g.len())).collect();
        assert_eq!(found, [("truncated", 1), ("rate_limited", 5)]);
    }
}
