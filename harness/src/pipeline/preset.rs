//! A pipeline as data: which stages are on, and with which policy.
//!
//! `phase1` and `phase3` are two files over one engine, and a user's own pipeline is a third. Each
//! section's type stands in the file of its stage; a policy is an enum with its own keys, so that a
//! setting without its stage cannot be written.

use std::fmt::Write;
use std::num::NonZeroU32;

use mock_claude::{Problem, prices};
use scenarios::Invalid;
use scenarios::document::Document;
use scenarios::problem::nearest;
use scenarios::shape::Finding;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::analyse::AnalysePolicy;
use super::cache::CachePolicy;
use super::call::DeadlineConfig;
use super::chunk::ChunkPolicy;
use super::retry::RetryPolicy;
use super::schedule::ScheduleConfig;

/// The version of the preset format.
pub const FORMAT: i64 = 1;

/// A pipeline file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// The version of the format: 1.
    pub format: u32,
    /// The pipeline in a few words.
    pub title: String,
    /// What is sent.
    pub request: RequestConfig,
    /// What the pipeline does with a file before it sends anything.
    pub analyse: AnalysePolicy,
    /// Whether an answer is kept for the next time.
    pub cache: CachePolicy,
    /// Whether a large file is sent in parts.
    pub chunk: ChunkPolicy,
    /// How much happens at once.
    pub schedule: ScheduleConfig,
    /// What follows a failed call.
    pub retry: RetryPolicy,
    /// How long anything may take.
    pub deadline: DeadlineConfig,
}

/// The `[request]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestConfig {
    /// The model's id.
    pub model: String,
    /// The most tokens that the answer may have.
    pub max_tokens: NonZeroU32,
    /// Whether the answer is read as server-sent events.
    #[serde(default)]
    pub stream: bool,
    /// The prompt; `{path}` and `{code}` stand for the file and its text, `{language}` for the name
    /// of its language.
    pub prompt: String,
}

/// The pipelines that ship with the binary.
pub const SHIPPED: [(&str, &str); 2] = [
    ("phase1", include_str!("../../presets/phase1.toml")),
    ("phase3", include_str!("../../presets/phase3.toml")),
];

/// The file of a shipped pipeline.
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text)
}

impl Preset {
    /// Reads a pipeline; `file` is its name in messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, Invalid> {
        let document = Document::parse(file, text)?;
        document.check_format(FORMAT)?;
        let preset: Self = document.read()?;
        let mut findings = Vec::new();
        for placeholder in ["{path}", "{code}"] {
            if preset.request.prompt.matches(placeholder).count() != 1 {
                let message = format!("needs `{placeholder}` exactly once");
                findings.push(document.finding("request.prompt", message));
            }
        }
        findings.extend(preset.unworkable(&document));
        if findings.is_empty() { Ok(preset) } else { Err(document.invalid(findings)) }
    }

    /// What no single key's range can say, and what the API is known to refuse.
    fn unworkable(&self, document: &Document<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut report = |key: &str, message: String| findings.push(document.finding(key, message));
        let RequestConfig { model, max_tokens, .. } = &self.request;
        match prices::model(model) {
            None => {
                let known = prices::all().iter().map(|model| model.id.as_str());
                let near = nearest(model, known).map(|near| format!("; did you mean `{near}`?"));
                let near = near.unwrap_or_default();
                report("request.model", format!("the API has no model `{model}`{near}"));
            }
            Some(known) if u64::from(max_tokens.get()) > known.max_output_tokens => {
                let most = known.max_output_tokens;
                report("request.max_tokens", format!("`{model}` writes at most {most} tokens"));
            }
            Some(_) => {}
        }
        let sections = [("chunk", self.chunk.problems()), ("retry", self.retry.problems())];
        for (section, problems) in sections {
            for Problem { key, message } in problems {
                report(&format!("{section}.{key}"), message);
            }
        }
        findings
    }

    /// SHA-256 of everything that decides what the pipeline does.
    pub fn sha256(&self) -> String {
        let nameless = Self { title: String::new(), ..self.clone() };
        let text = serde_json::to_string(&nameless).expect("a preset serialises");
        hex(&Sha256::digest(text))
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_pipelines_are_valid_and_differ() {
        let hashes: Vec<String> = SHIPPED
            .iter()
            .map(|(name, text)| {
                Preset::parse(name, text).unwrap_or_else(|invalid| panic!("{invalid}")).sha256()
            })
            .collect();
        assert_ne!(hashes[0], hashes[1]);
    }

    #[test]
    fn everything_wrong_with_a_pipeline_is_said_at_once() {
        let text = shipped("phase3")
            .unwrap()
            .replace("workers = 5", "workers = 0")
            .replace("ttl_s = 86_400", "tll_s = 86_400")
            .replace("attempts = 5", "attempts = \"five\"");
        let invalid = Preset::parse("mine.toml", &text).unwrap_err();
        insta::assert_snapshot!(invalid, @r#"
        `mine.toml` has 4 problems
          mine.toml:28:1: `cache`: missing key `ttl_s`
          mine.toml:30:1: `cache.tll_s`: unknown key
            hint: did you mean `ttl_s`?
          mine.toml:38:11: `schedule.workers`: must be at least 1
          mine.toml:42:12: `retry.attempts`: expected an integer, found a string
        "#);
    }

    #[test]
    fn a_prompt_without_the_code_is_refused() {
        let text = shipped("phase1").unwrap().replace("{code}", "");
        let invalid = Preset::parse("mine.toml", &text).unwrap_err();
        assert_eq!(invalid.problems[0].message, "needs `{code}` exactly once");
    }

    #[test]
    fn what_the_api_is_known_to_refuse_is_refused_before_anything_runs() {
        let text = shipped("phase3")
            .unwrap()
            .replace("claude-sonnet-4-5", "claude-sonet-4-5")
            .replace("overlap_lines = 50", "overlap_lines = 2000")
            .replace("statuses = [429,", "statuses = [429, 200,");
        let invalid = Preset::parse("mine.toml", &text).unwrap_err();
        let found: Vec<&str> =
            invalid.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            found,
            [
                "the API has no model `claude-sonet-4-5`; did you mean `claude-sonnet-4-5`?",
                "must be less than `max_lines`",
                "200 is not the status of an error",
            ]
        );
        let text = shipped("phase1").unwrap().replace("4096", "64_001");
        let invalid = Preset::parse("mine.toml", &text).unwrap_err();
        let message = &invalid.problems[0].message;
        assert_eq!(message, "`claude-sonnet-4-5` writes at most 64000 tokens");
    }
}
