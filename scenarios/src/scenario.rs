//! One scenario: a question, the files, the load, what the API does meanwhile, and what is
//! expected of each pipeline.
//!
//! A file that cannot say what it asks is not a scenario, so `title` and `question` are required.
//! `format` comes first: a new optional key keeps it, a changed meaning raises it.

use std::collections::BTreeMap;

use generators::{Edit, Input, Load};
use mock_claude::config::{BatchConfig, ConnectionConfig, Counting, LatencyConfig, ReplyConfig};
use mock_claude::fault::FaultConfig;
use mock_claude::limits::LimitsConfig;
use reports::Expectation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::{Document, Invalid, Problem};

use crate::cache_fault::CacheFault;
use crate::platform::{self, PlatformConfig};

/// The version of the scenario format that this crate reads.
pub const FORMAT: i64 = 1;

/// A scenario file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The version of the format: 1.
    pub format: u32,
    /// The scenario in a few words.
    pub title: String,
    /// What a run of it finds out.
    pub question: String,
    /// The seed of every decision left to chance; `--seed` overrides it.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// The pipelines to run, in this order; `--pipeline` overrides it.
    #[serde(default = "default_pipelines")]
    #[schemars(length(min = 1))]
    pub pipelines: Vec<String>,
    /// The files; `--input` replaces them by a source tree.
    #[schemars(length(min = 1))]
    pub input: Vec<Input>,
    /// When the jobs arrive.
    pub load: Load,
    /// What is changed before each round after the first; nothing without the section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<Edit>,
    /// Where the pipelines run; nothing but their own files limits them without the section.
    #[serde(default)]
    pub platform: Option<PlatformConfig>,
    /// The API's rate limits; none without the section.
    #[serde(default)]
    pub limits: Option<LimitsConfig>,
    /// How long the API takes.
    #[serde(default)]
    pub latency: LatencyConfig,
    /// How the API counts tokens: by `classes` of letters, or by `length`, 3.5 bytes each.
    #[serde(default)]
    pub tokens: Counting,
    /// How much the API writes.
    #[serde(default)]
    pub reply: ReplyConfig,
    /// How long the API takes for message batches, and how often it may be asked about them.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub batch: BatchConfig,
    /// What becomes of connections that idle, in real time: a built-in pipeline keeps none.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub connection: ConnectionConfig,
    /// What goes wrong in the API, in order of precedence.
    #[serde(default)]
    pub fault: Vec<FaultConfig>,
    /// What goes wrong with the pipelines' caches.
    #[serde(default)]
    pub cache_fault: Vec<CacheFault>,
    /// The currency that costs are shown in besides the dollar.
    #[serde(default)]
    pub currency: Currency,
    /// What is expected, by pipeline.
    #[serde(default)]
    pub expect: BTreeMap<String, Expectation>,
}

/// A second currency for costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Currency {
    /// ISO 4217 code.
    pub code: String,
    /// The symbol put before an amount.
    pub symbol: String,
    /// Units of the currency for one dollar, to three decimals.
    #[schemars(range(min = 0.001, max = 1_000_000_000.0))]
    pub per_usd: f64,
}

impl Default for Currency {
    /// The dollar: no second amount.
    fn default() -> Self {
        Self { code: "USD".into(), symbol: "$".into(), per_usd: 1.0 }
    }
}

impl Currency {
    /// Indian rupees at the constant rate of the seed documents.
    pub fn rupees() -> Self {
        Self { code: "INR".into(), symbol: "₹".into(), per_usd: 83.0 }
    }
}

fn is_usual<T: Default + PartialEq>(section: &T) -> bool {
    *section == T::default()
}

fn default_seed() -> u64 {
    7
}

fn default_pipelines() -> Vec<String> {
    vec!["phase1".into(), "phase3".into()]
}

impl Scenario {
    /// Reads a scenario; `file` is its name in messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, Invalid> {
        let document = Document::parse(file, text)?;
        document.check_format(FORMAT)?;
        let scenario: Self = document.read().map_err(platform::named_by_kind)?;
        document.check(scenario.problems())?;
        Ok(scenario)
    }

    /// The mock's part of the scenario.
    pub fn mock(&self, seed: u64) -> mock_claude::Config {
        mock_claude::Config {
            seed,
            limits: self.limits.clone(),
            latency: self.latency.clone(),
            tokens: self.tokens,
            reply: self.reply.clone(),
            batch: self.batch.clone(),
            connection: self.connection.clone(),
            fault: self.fault.clone(),
            ..mock_claude::Config::default()
        }
    }

    /// What no single key's range can say, within sections and across them.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.mock(self.seed).problems();
        let mut report = |section: &str, found: Vec<Problem>| {
            problems.extend(found.into_iter().map(|problem| problem.inside(section)));
        };
        for (index, input) in self.input.iter().enumerate() {
            report(&format!("input.{index}"), input.problems());
        }
        report("load", self.load.problems());
        if let Some(edit) = &self.edit {
            report("edit", edit.problems());
            if self.load.repeat() < 2 {
                let message = match self.load.arriving() {
                    None => "needs a second round: `load.repeat` is 1",
                    Some(_) => "needs rounds, and a load of this shape has none",
                };
                report("edit", vec![Problem::new("", message)]);
            }
        }
        for (index, fault) in self.cache_fault.iter().enumerate() {
            report(&format!("cache_fault.{index}"), fault.problems());
        }
        if let Some(platform) = &self.platform {
            report("platform", platform.problems());
        }
        for (pipeline, expectation) in &self.expect {
            let section = format!("expect.{pipeline}");
            if !self.pipelines.contains(pipeline) {
                let message = "is not one of the scenario's `pipelines`";
                report(&section, vec![Problem::new("", message)]);
            }
            report(&section, expectation.problems());
        }
        for (index, pipeline) in self.pipelines.iter().enumerate() {
            if self.pipelines[..index].contains(pipeline) {
                report(&format!("pipelines.{index}"), vec![Problem::new("", "is listed twice")]);
            }
        }
        problems
    }
}
