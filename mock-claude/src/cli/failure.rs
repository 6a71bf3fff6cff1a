//! Why the command ends early, and the exit code that says so.

use std::fmt;

use strict_toml::Invalid;

/// A wrong flag, a file that cannot be read, a port that is taken.
pub const USAGE: u8 = 2;
/// A file whose content is wrong.
pub const INVALID_CONFIG: u8 = 104;
/// What no user can cause.
pub const INTERNAL: u8 = 1;

/// Why the command ends early, and the exit code that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened and what helps, without the word `error`.
    pub message: String,
    /// The exit code.
    pub code: u8,
}

impl Failure {
    /// A failure that the command line caused.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: USAGE }
    }

    pub(super) fn internal(what: &str, error: &dyn fmt::Display) -> Self {
        Self { message: format!("{what}: {error}"), code: INTERNAL }
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self { message: invalid.to_string(), code: INVALID_CONFIG }
    }
}
