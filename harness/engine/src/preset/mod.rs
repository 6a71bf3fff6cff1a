//! A pipeline as data: which stages are on, and with which policy.
//!
//! `phase1` and `phase3` are two files over one engine, and a user's own pipeline is a third. Each
//! section's type stands in the file of its stage; a policy is an enum with its own keys, so that a
//! setting without its stage cannot be written.

pub mod request;
pub mod schedule;
mod silent;
pub mod store;

use mock_claude::internals::prices;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strict_toml::{Document, Invalid, Problem, nearest};

use self::request::{Mode, RequestConfig};
use self::schedule::ScheduleConfig;
use self::silent::is_default;
use self::store::StorePolicy;
use crate::admission::breaker::BreakerPolicy;
use crate::admission::budget::BudgetPolicy;
use crate::admission::spend::SpendPolicy;
use crate::analyse::AnalysePolicy;
use crate::cache::policy::CachePolicy;
use crate::call::deadline::DeadlineConfig;
use crate::call::prompt::too_short_to_cache;
use crate::call::retry::RetryPolicy;
use crate::chunk::ChunkPolicy;

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
    /// What it is, in a sentence for reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
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
    /// How many retries all jobs may make together.
    #[serde(default, skip_serializing_if = "is_default")]
    pub budget: BudgetPolicy,
    /// Whether calls stop while the API is down.
    #[serde(default, skip_serializing_if = "is_default")]
    pub breaker: BreakerPolicy,
    /// What it may cost.
    #[serde(default, skip_serializing_if = "is_default")]
    pub spend: SpendPolicy,
    /// How long anything may take.
    pub deadline: DeadlineConfig,
    /// Whether what was paid for survives a crash.
    #[serde(default, skip_serializing_if = "StorePolicy::is_off")]
    pub store: StorePolicy,
}

/// The pipelines that ship with the binary.
pub const SHIPPED: [(&str, &str); 6] = [
    ("phase1", include_str!("../../presets/phase1.toml")),
    ("phase1-sdk", include_str!("../../presets/phase1-sdk.toml")),
    ("phase3", include_str!("../../presets/phase3.toml")),
    ("hardened", include_str!("../../presets/hardened.toml")),
    ("bedrock-4096", include_str!("../../presets/bedrock-4096.toml")),
    ("bedrock-64000", include_str!("../../presets/bedrock-64000.toml")),
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
        let mut problems = preset.unworkable();
        for placeholder in ["{path}", "{code}"] {
            if preset.request.prompt.matches(placeholder).count() != 1 {
                let message = format!("needs `{placeholder}` exactly once");
                problems.push(Problem::new("request.prompt", message));
            }
        }
        document.check(problems)?;
        Ok(preset)
    }

    /// What no single key's range can say, and what the API is known to refuse.
    fn unworkable(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut report = |key: &str, message: String| problems.push(Problem::new(key, message));
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
            Some(known) if self.request.prompt_caching => {
                if let Some(message) = too_short_to_cache(&self.request.prompt, known) {
                    report("request.prompt_caching", message);
                }
            }
            Some(_) => {}
        }
        problems.extend(self.unworkable_as_batch());
        let sections = [
            ("chunk", self.chunk.problems()),
            ("schedule.adaptive", self.schedule.adaptive.problems()),
            ("retry", self.retry.problems()),
        ];
        for (section, found) in sections {
            problems.extend(found.into_iter().map(|problem| problem.inside(section)));
        }
        problems
    }

    /// What a batch cannot do, and what only a batch can, each with what makes the file work.
    fn unworkable_as_batch(&self) -> Vec<Problem> {
        let RequestConfig { mode, stream, poll_ms, .. } = &self.request;
        let DeadlineConfig { call_ms, part_ms, job_ms } = &self.deadline;
        let is_batch = *mode == Mode::Batch;
        let streamed = (is_batch && *stream).then(|| {
            Problem::new("request.stream", "a batch cannot be streamed")
                .hint(Some("delete `stream = true`".to_owned()))
        });
        let polled = (!is_batch && poll_ms.is_some()).then(|| {
            Problem::new("request.poll_ms", "only batches are asked after")
                .hint(Some("delete `poll_ms`, or set `mode = \"batch\"`".to_owned()))
        });
        let limits = [("call_ms", call_ms), ("part_ms", part_ms), ("job_ms", job_ms)];
        let limited = limits.into_iter().filter(|(_, limit)| is_batch && limit.is_some());
        let limited = limited.map(|(key, _)| {
            let message = "a batch is not stopped by a deadline, and is charged";
            Problem::new(format!("deadline.{key}"), message)
                .hint(Some(format!("delete `{key}`; an empty `[deadline]` may stay")))
        });
        streamed.into_iter().chain(polled).chain(limited).collect()
    }

    /// SHA-256 of everything that decides what the pipeline does.
    pub fn sha256(&self) -> String {
        let nameless = Self { title: String::new(), description: None, ..self.clone() };
        let text = serde_json::to_string(&nameless).expect("a preset serialises");
        const_hex::encode(Sha256::digest(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_pipelines_are_valid_and_differ() {
        let hashes: std::collections::BTreeSet<String> = SHIPPED
            .iter()
            .map(|(name, text)| {
                Preset::parse(name, text).unwrap_or_else(|invalid| panic!("{invalid}")).sha256()
            })
            .collect();
        assert_eq!(hashes.len(), SHIPPED.len());
    }

    #[test]
    fn the_sdk_adds_its_retries_to_phase_1_and_nothing_else() {
        let read = |name| Preset::parse(name, shipped(name).unwrap()).unwrap();
        let (bare, with_sdk) = (read("phase1"), read("phase1-sdk"));
        assert_ne!(bare.retry, with_sdk.retry);
        let Preset { title, description, retry, .. } = with_sdk.clone();
        let bare = Preset { title, description, retry, ..bare };
        assert_eq!(bare, with_sdk);
    }

    #[test]
    fn everything_wrong_with_a_pipeline_is_said_at_once() {
        let text = shipped("phase3")
            .unwrap()
            .replace("workers = 5", "workers = 0")
            .replace("ttl_s = 86_400", "tll_s = 86_400")
            .replace("attempts = 5", "attempts = \"five\"");
        let invalid = Preset::parse("mine.toml", &text).unwrap_err();
        insta::assert_snapshot!(invalid, @r"
        `mine.toml` has 4 problems
          mine.toml:29:1: `cache`: missing key `ttl_s`
          mine.toml:31:1: `cache.tll_s`: unknown key
            hint: did you mean `ttl_s`?
          mine.toml:39:11: `schedule.workers`: must be at least 1
          mine.toml:43:12: `retry.attempts`: expected an integer, found a string
        ");
    }

    #[test]
    fn a_batch_has_no_stream_and_no_deadline() {
        let text = shipped("hardened").unwrap();
        let batch = text.replace("stream = true", "stream = true\nmode = \"batch\"");
        let invalid = Preset::parse("mine.toml", &batch).unwrap_err();
        insta::assert_snapshot!(invalid, @r"
        `mine.toml` has 2 problems
          mine.toml:17:1: `request.stream`: a batch cannot be streamed
            hint: delete `stream = true`
          mine.toml:109:1: `deadline.call_ms`: a batch is not stopped by a deadline, and is charged
            hint: delete `call_ms`; an empty `[deadline]` may stay
        ");
        let heeded = batch.replace("stream = true\n", "").replace("call_ms = 180_000\n", "");
        Preset::parse("mine.toml", &heeded).unwrap();
        let polled = text.replace("stream = true", "stream = true\npoll_ms = 1_000");
        let invalid = Preset::parse("mine.toml", &polled).unwrap_err();
        assert!(invalid.to_string().contains("or set `mode = \"batch\"`"), "{invalid}");
    }

    #[test]
    fn every_policy_of_hardened_can_be_switched_off_as_its_comment_says() {
        let text = shipped("hardened").unwrap();
        let mut switched = 0;
        for section in text.split("\n[").skip(1) {
            let Some((before, after)) = section.split_once("\npolicy = ") else { continue };
            let rest = after.split_once("\n\n").map_or("", |(_, rest)| rest);
            let off = format!("{before}\npolicy = \"off\"\n\n{rest}");
            let switched_off = text.replace(section, &off);
            Preset::parse("mine.toml", &switched_off).unwrap_or_else(|error| panic!("{error}"));
            switched += 1;
        }
        assert_eq!(switched, 10);
        let left = text.replace("policy = \"full_jitter\"", "policy = \"off\"");
        let invalid = Preset::parse("mine.toml", &left).unwrap_err();
        insta::assert_snapshot!(invalid, @r#"
        `mine.toml` has 3 problems
          mine.toml:73:1: `retry.attempts`: unknown key
            hint: delete it: `policy = "off"` has no other keys
          mine.toml:74:1: `retry.base_ms`: unknown key
            hint: delete it: `policy = "off"` has no other keys
          mine.toml:75:1: `retry.max_ms`: unknown key
            hint: delete it: `policy = "off"` has no other keys
        "#);
    }

    #[test]
    fn a_prefix_that_the_model_does_not_cache_is_refused() {
        let text = shipped("phase3")
            .unwrap()
            .replace("max_tokens = 4096", "max_tokens = 4096\nprompt_caching = true");
        let invalid = Preset::parse("mine.toml", &text).unwrap_err();
        let message = &invalid.problems[0].message;
        assert!(message.starts_with("has no effect: the prompt has 12 tokens"), "{message}");
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
            .replace("claude-sonnet-4-6", "claude-sonet-4-6")
            .replace("overlap_lines = 50", "overlap_lines = 2000")
            .replace("statuses = [429,", "statuses = [429, 200,");
        let invalid = Preset::parse("mine.toml", &text).unwrap_err();
        let found: Vec<&str> =
            invalid.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            found,
            [
                "the API has no model `claude-sonet-4-6`; did you mean `claude-sonnet-4-6`?",
                "must be less than `max_lines`",
                "200 is not the status of an error",
            ]
        );
        let text = shipped("phase1").unwrap().replace("4096", "128_001");
        let invalid = Preset::parse("mine.toml", &text).unwrap_err();
        let message = &invalid.problems[0].message;
        assert_eq!(message, "`claude-sonnet-4-6` writes at most 128000 tokens");
    }
}
