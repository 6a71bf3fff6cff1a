//! What is wrong with a file or with one of its sections: key, cause and remedy, and the place once
//! it is known.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where it stands in the file, once a file has been looked at.
    pub place: Option<Place>,
    /// The key with the tables around it, for example `load.rate_per_minute`, relative to what was
    /// checked; empty where it is the whole of that.
    pub key: String,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
}

impl Problem {
    /// A problem with one key.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: None, key: key.into(), message: message.into(), hint: None }
    }

    /// The problem with a hint, if there is one.
    #[must_use]
    pub fn hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// The same problem, seen from the section that holds the key.
    #[must_use]
    pub fn inside(self, section: &str) -> Self {
        let key = match self.key.as_str() {
            "" => section.to_owned(),
            key => format!("{section}.{key}"),
        };
        Self { key, ..self }
    }
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
            let Problem { place, key, message, hint } = problem;
            write!(formatter, "\n  {}:", self.file)?;
            if let Some(Place { line, column }) = place {
                write!(formatter, "{line}:{column}:")?;
            }
            if !key.is_empty() {
                write!(formatter, " `{key}`:")?;
            }
            write!(formatter, " {message}")?;
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
    fn a_problem_is_named_by_the_sections_around_it() {
        let inner = Problem::new("to", "must not be less than `from`").inside("when");
        assert_eq!(inner.inside("fault.0").key, "fault.0.when.to");
        assert_eq!(Problem::new("", "needs a bound").inside("expect").key, "expect");
    }

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
