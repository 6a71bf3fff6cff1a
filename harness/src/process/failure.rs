//! How the program ends: exit codes, and failures in words that help.

use std::fmt;
use std::io;
use std::path::Path;

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was expected happened.
    Pass,
    /// An internal error: a bug, or a system that refuses something it should not.
    Internal,
    /// The command line, or a path on it, cannot be used.
    Usage,
    /// Nothing can be said: no samples, an incomplete run, or nothing to compare with.
    Inconclusive,
    /// An expectation or a comparison failed.
    Failed,
    /// A scenario or another file that was read is invalid.
    Invalid,
    /// The run was stopped before it had ended.
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Inconclusive => 4,
            Self::Failed => 99,
            Self::Invalid => 104,
            Self::Interrupted => 105,
        }
    }

    /// What an exit code of this program means; one that is not documented is a bug.
    pub fn of_code(code: u8) -> Self {
        let all = [
            Self::Pass,
            Self::Usage,
            Self::Inconclusive,
            Self::Failed,
            Self::Invalid,
            Self::Interrupted,
        ];
        all.into_iter().find(|exit| exit.code() == code).unwrap_or(Self::Internal)
    }

    /// The worse of two: what several runs exit with.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        let rank = |exit: Self| match exit {
            Self::Pass => 0,
            Self::Inconclusive => 1,
            Self::Failed => 2,
            Self::Usage => 3,
            Self::Invalid => 4,
            Self::Internal => 5,
            Self::Interrupted => 6,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<reports::Verdict> for Exit {
    fn from(verdict: reports::Verdict) -> Self {
        match verdict {
            reports::Verdict::Pass => Self::Pass,
            reports::Verdict::Fail => Self::Failed,
            reports::Verdict::Inconclusive => Self::Inconclusive,
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened, as a lower-case fragment; a `hint:` may stand on a line of its own.
    pub message: String,
}

impl Failure {
    /// A failure with its exit code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// Something typed that cannot be used.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Something that went wrong although nobody did anything wrong.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Exit::Internal, message)
    }

    /// A file that cannot be read.
    pub fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::usage(format!("cannot read `{}`: {error}", path.display()))
    }

    /// A file that cannot be written: a path that leads nowhere, or a system that refuses.
    pub fn unwritable(path: &Path, error: &io::Error) -> Self {
        let path = path.display();
        // In words of its own: the system's end with a temporary name.
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no such folder",
            io::ErrorKind::NotADirectory => "a part of the path is a file",
            io::ErrorKind::IsADirectory => "it is a folder",
            io::ErrorKind::PermissionDenied => "permission denied",
            io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
            _ => return Self::internal(format!("cannot write `{path}`: {error}")),
        };
        let hint = "name a file in a folder that is there and can be written";
        Self::usage(format!("cannot write `{path}`: {why}\nhint: {hint}"))
    }
}

impl fmt::Display for Failure {
    /// The message without what looks like a credential: it may quote URLs and what a server said.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&redact::text(&self.message))
    }
}

impl From<scenarios::Invalid> for Failure {
    fn from(invalid: scenarios::Invalid) -> Self {
        Self::new(Exit::Invalid, invalid.to_string())
    }
}
