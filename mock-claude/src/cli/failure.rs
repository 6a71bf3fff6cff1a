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

impl fmt::Display for Failure {
    /// The message in lines, without what looks like a credential and with everything made visible
    /// that a terminal would obey: it may quote paths, URLs, keys and what a server said.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        redact::text(&self.message).chars().try_for_each(|letter| match letter {
            '\n' | '"' | '\'' | '\\' => write!(formatter, "{letter}"),
            _ => write!(formatter, "{}", letter.escape_debug()),
        })
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self { message: invalid.to_string(), code: INVALID_CONFIG }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_acts_on_the_terminal() {
        let failure = Failure::usage("cannot read `\u{1b}[31m\u{202e}é\"`\nhint: don't");
        let shown = "cannot read `\\u{1b}[31m\\u{202e}é\"`\nhint: don't";
        assert_eq!(failure.to_string(), shown);
    }

    #[test]
    fn no_message_holds_a_credential() {
        let failure = Failure::usage("cannot ask http://me:pa55@h with sk-ant-abc");
        assert_eq!(failure.to_string(), "cannot ask http://[masked]@h with [masked]");
    }
}
