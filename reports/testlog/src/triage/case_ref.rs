//! A failure of a log where it stands there, or one of a triage's own. Of a hundred thousand
//! findings each would be several times as large with its case in it.

use std::ops::Deref;

use crate::Case;

/// A failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseRef<'a> {
    /// Of the log.
    Borrowed(&'a Case),
    /// What broke a run as a whole, which no log has as a case; or one of which a part is masked.
    Owned(Box<Case>),
}

impl Deref for CaseRef<'_> {
    type Target = Case;

    fn deref(&self) -> &Case {
        match self {
            Self::Borrowed(case) => case,
            Self::Owned(case) => case,
        }
    }
}

impl CaseRef<'_> {
    /// The failure, to be changed here and not in the log.
    pub(super) fn to_mut(&mut self) -> &mut Case {
        if let Self::Borrowed(case) = self {
            *self = Self::Owned(Box::new(case.clone()));
        }
        match self {
            Self::Owned(case) => case,
            Self::Borrowed(_) => unreachable!("it was replaced above"),
        }
    }
}
