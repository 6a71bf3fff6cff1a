//! Whether the documentation names what the source defines.

use std::collections::BTreeSet;

use engine::source::Language as Known;
use mock_claude::internals::definitions::{Language, find};
use reports::Cause;

use super::document::text;
use super::work::{Work, Wrong};

/// How many definitions a source has; the check counts the same ones.
pub(super) fn count(path: &str, source: &str) -> u64 {
    find(language(path), source).count() as u64
}

/// Counts the definitions whose names stand in the documentation as words; at least this many of
/// a hundred have to.
pub(super) fn check(least_percent: u64, file: Option<&str>, work: &Work<'_>) -> Result<u64, Wrong> {
    // A whole load has no source of its own to compare with.
    let Some((path, source)) = work.source else { return Ok(0) };
    let text = text(file, work)?;
    let words: BTreeSet<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    let (mut all, mut documented, mut missing) = (0, 0, None);
    for definition in find(language(path), source) {
        all += 1;
        if words.contains(definition.name) {
            documented += 1;
        } else {
            missing.get_or_insert(definition);
        }
    }
    match missing {
        Some(first) if documented * 100 < least_percent * all => Err((
            Cause::Undocumented,
            format!(
                "{documented} of {all} definitions named, at least {least_percent} % wanted; \
                 the first one missing is `{}` in line {}",
                first.name, first.line
            ),
        )),
        _ => Ok(documented),
    }
}

fn language(path: &str) -> Language {
    Language::of_fence(Known::of(path).fence())
}
