//! Everything that can be asked of a mock, as one value: the sections that a scenario file and the
//! binary's own `--config` file share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

pub use crate::api::tokens::Counting;
pub use crate::cloud::account::{BedrockAccount, SecretKey};
use crate::fault::{FaultConfig, Plan};
use crate::limits::LimitsConfig;
pub use crate::model::latency::LatencyConfig;
pub use crate::model::reply::{Canned, Expression, ReplyConfig, Say};
pub use crate::routes::batches::BatchConfig;
pub use crate::server::idle::{ConnectionConfig, IdleEnd};

/// What a mock does. The default has no limits and no faults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The seed of every decision left to chance.
    pub seed: u64,
    /// Whether made-up ids and odd bodies are accepted, as the official SDK's own tests send them.
    pub contract: bool,
    /// Rate limits; none without the section.
    pub limits: Option<LimitsConfig>,
    /// How long the model takes.
    pub latency: LatencyConfig,
    /// How tokens are counted: by `classes` of letters, or by `length`, 3.5 bytes each.
    pub tokens: Counting,
    /// What the model writes, and how much.
    pub reply: ReplyConfig,
    /// How long message batches take.
    pub batch: BatchConfig,
    /// What requests to Amazon Bedrock name of an account: access keys and inference profiles.
    pub bedrock: BedrockAccount,
    /// What becomes of connections that idle.
    pub connection: ConnectionConfig,
    /// Whether the journal keeps the beginning of each prompt. Off, it keeps none.
    pub journal_prompts: bool,
    /// What goes wrong, in order of precedence.
    pub fault: Vec<FaultConfig>,
}

impl Config {
    /// What no single key's range can say, with keys as they stand in the file.
    pub fn problems(&self) -> Vec<Problem> {
        let limits = self.limits.iter().flat_map(LimitsConfig::problems);
        let faults = Plan::problems(self.fault.iter()).into_iter();
        let reply = self.reply.problems().into_iter();
        let batch = self.batch.problems().into_iter();
        let bedrock = self.bedrock.problems().into_iter();
        limits
            .map(|problem| problem.inside("limits"))
            .chain(batch.map(|problem| problem.inside("batch")))
            .chain(bedrock.map(|problem| problem.inside("bedrock")))
            .chain(reply.map(|problem| problem.inside("reply")))
            .chain(faults)
            .collect()
    }
}
