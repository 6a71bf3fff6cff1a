//! Names with a wildcard, as conditions on models and paths are written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A name, or the beginning of names when it ends in `*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// What is written.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether `text` is what is meant.
    pub fn matches(&self, text: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => text.starts_with(start),
            None => text == self.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_whole_name_or_the_beginning_of_names() {
        let pattern = |text: &str| Pattern(text.to_owned());
        assert!(pattern("/v1/*").matches("/v1/messages") && pattern("*").matches(""));
        assert!(!pattern("/v1").matches("/v1/messages"));
    }
}
