//! Failures that a reader would call the same, in groups.
//!
//! Invariant: every failure is in exactly one group; by meaning, the order does not depend
//! on the order in which they happened, except for the example that stands first in its group.

use std::collections::BTreeMap;

use crate::judge::Failure;

/// Groups by what a failure means, in the order of expectedness, priority, category and size.
pub(crate) fn by_meaning<'a>(failures: &'a [Failure<'a>]) -> Vec<Vec<&'a Failure<'a>>> {
    let mut groups: BTreeMap<_, Vec<&Failure<'_>>> = BTreeMap::new();
    for failure in failures {
        let key = (
            failure.expected,
            failure.priority(),
            failure.category(),
            &*failure.job.pipeline,
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

/// Groups of failures that are the same but for their file, in the order of their first.
pub(super) fn identical<'a>(failures: &'a [Failure<'a>]) -> Vec<Vec<&'a Failure<'a>>> {
    let mut places = BTreeMap::new();
    let mut groups: Vec<Vec<&Failure<'_>>> = Vec::new();
    for failure in failures {
        let job = failure.job;
        let key = (&job.pipeline, job.cause, failure.status(), failure.fault, &job.detail);
        let place = *places.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(failure);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::record::Cause;

    #[test]
    fn urgent_and_unexpected_groups_come_first_and_nothing_is_lost() {
        let judged = fixture::judged(|run| {
            run.header.expect.clear();
            run.pipelines[0].jobs[2].cause = Some(Cause::Truncated);
        });
        let failures = judged.failures();
        let groups = by_meaning(&failures);
        let found: Vec<_> = groups.iter().map(|g| (g[0].cause_name(), g.len())).collect();
        assert_eq!(found, [("truncated", 1), ("rate_limited", 5)]);
    }
}
