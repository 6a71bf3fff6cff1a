//! What is wrong with a file: place, key, cause and remedy, all of them at once.

use std::fmt;

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    /// The key with the tables around it, for example `load.rate_per_minute`.
    pub key: String,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

/// A file that cannot be used, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The file as the user named it.
    pub file: String,
    /// At least one problem, in the order of the file.
    pub problems: Vec<Problem>,
}

impl std::error::Error for Invalid {}

impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let plural = if count == 1 { "problem" } else { "problems" };
        write!(formatter, "`{}` has {count} {plural}", self.file)?;
        for problem in &self.problems {
            let Problem { line, column, key, message, hint } = problem;
            write!(formatter, "\n  {}:{line}:{column}: ", self.file)?;
            if !key.is_empty() {
                write!(formatter, "`{key}`: ")?;
            }
            write!(formatter, "{message}")?;
            if let Some(hint) = hint {
                write!(formatter, "\n    hint: {hint}")?;
            }
        }
        Ok(())
    }
}

/// The candidate that is nearest to what was written, if any is near.
pub fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(written, candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}

/// A hint that names the nearest candidate, or else all of them.
pub fn suggest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    if let Some(nearest) = nearest(written, candidates.clone()) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    let all: Vec<String> = candidates.into_iter().map(|one| format!("`{one}`")).collect();
    (!all.is_empty()).then(|| format!("one of {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_nonsense_is_answered_with_the_list() {
        let names = ["concurrent", "repeated", "nested"];
        assert_eq!(suggest("concurent", names).as_deref(), Some("did you mean `concurrent`?"));
        assert_eq!(
            suggest("zzz", names).as_deref(),
            Some("one of `concurrent`, `repeated`, `nested`")
        );
    }
}
