//! The `[reply]` section: how much the model writes, and what it says where that was settled
//! beforehand.
//!
//! A canned reply is chosen by the model, by the words of the last user turn, or by both; the first
//! that fits is said. Files are read by whoever reads the section: nothing here touches the disk.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strict_toml::Problem;

use super::demands;
use crate::basis::pattern::Pattern;

/// The `[reply]` section: what the model writes, and how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReplyConfig {
    /// Tokens that the reply spends on each definition, about.
    #[schemars(range(min = 8, max = 10_000))]
    pub tokens_per_definition: u64,
    /// Replies that were settled beforehand; the first that fits a request is said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub canned: Vec<Canned>,
}

impl Default for ReplyConfig {
    fn default() -> Self {
        Self { tokens_per_definition: 24, canned: Vec::new() }
    }
}

/// A reply that was settled beforehand, and the requests that get it: all without a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Canned {
    /// The model as the client names it, or the beginning of names when it ends in `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Pattern>,
    /// A regular expression that matches somewhere in the words of the last user turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Expression>,
    /// What is said.
    pub say: Say,
}

/// What a canned reply says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Say {
    /// The words of the last user turn.
    Echo,
    /// JSON: of the request's own schema where it has one, and else an object with the words of
    /// the ordinary reply under `answer`.
    Json,
    /// These words.
    Text(String),
    /// The text of this file; from a configuration file, relative to its folder.
    File(PathBuf),
    /// JSON that satisfies this JSON schema.
    Schema(Map<String, Value>),
    /// JSON that satisfies the JSON schema in this file.
    SchemaFile(PathBuf),
    /// A call of this tool, where the request offers it and the turn has not just answered it.
    Call(String),
}

/// A regular expression. One that cannot be compiled is kept, to be reported in its place.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Expression {
    text: String,
    compiled: Result<regex::Regex, String>,
}

impl Expression {
    /// Whether it matches somewhere in the text.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.compiled.as_ref().is_ok_and(|compiled| compiled.is_match(text))
    }
}

impl From<String> for Expression {
    fn from(text: String) -> Self {
        // The words stand in the last line, below a drawing of where in the expression.
        let compiled = regex::Regex::new(&text).map_err(|error| {
            let words = error.to_string();
            let words = words.lines().last().unwrap_or_default();
            words.trim_start_matches("error: ").to_owned()
        });
        Self { text, compiled }
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.text
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

impl From<Say> for Canned {
    fn from(say: Say) -> Self {
        Self { model: None, prompt: None, say }
    }
}

impl Say {
    /// This, for models of this name only, or whose names begin so where it ends in `*`.
    pub fn to_model(self, model: &str) -> Canned {
        Canned { model: Some(Pattern::new(model)), ..self.into() }
    }

    /// This, only where the regular expression matches in the words of the last user turn.
    pub fn to_prompt(self, expression: &str) -> Canned {
        Canned { prompt: Some(expression.to_owned().into()), ..self.into() }
    }
}

impl Canned {
    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if let Some(Expression { compiled: Err(error), .. }) = &self.prompt {
            let hint = "a literal `(`, `[`, `{`, `.`, `*`, `+`, `?` or `|` has a `\\` before it";
            let problem = Problem::new("prompt", format!("is no regular expression: {error}"));
            found.push(problem.hint(Some(hint.to_owned())));
        }
        let unread = |key: &str, instead: &str| {
            let problem = Problem::new(key, "only the mock's own command line reads files");
            problem.hint(Some(format!("write `{instead}`")))
        };
        match &self.say {
            Say::Schema(schema) => {
                let wrong = demands::problems(schema).into_iter();
                found.extend(wrong.map(|problem| problem.inside("say.schema")));
            }
            Say::File(_) => found.push(unread("say.file", "text = \"…\"")),
            Say::SchemaFile(_) => found.push(unread("say.schema_file", "schema = { … }")),
            Say::Call(name) if name.is_empty() => {
                found.push(Problem::new("say.call", "is the name of a tool"));
            }
            Say::Echo | Say::Json | Say::Text(_) | Say::Call(_) => {}
        }
        found
    }
}

impl ReplyConfig {
    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        let canned = self.canned.iter().enumerate();
        let found = canned.flat_map(|(index, canned)| {
            let inside = format!("canned.{index}");
            canned.problems().into_iter().map(move |problem| problem.inside(&inside))
        });
        found.collect()
    }
}
