//! A mock put together step by step. Every step takes a type without a wrong value, so the mock
//! that comes out of it is one.

use std::io;

use super::MockClaude;
use super::config::{Canned, Config, LatencyConfig};
use super::serving::MockServer;
use crate::fault::{Fault, Sometimes};
use crate::limits::Allowance;

/// A mock to be. Unless it is asked for something else, it answers at once, without limits and
/// without faults, and keeps no prompts.
#[derive(Debug, Clone)]
#[must_use = "a mock is made by `start` or `build`"]
pub struct Builder {
    config: Config,
}

impl Default for Builder {
    fn default() -> Self {
        Self { config: Config { latency: LatencyConfig::none(), ..Config::default() } }
    }
}

impl Builder {
    /// The seed of every decision left to chance; 0 without it.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// Limits: a [`Tier`](crate::limits::Tier), or an [`Allowance`].
    pub fn limits(mut self, limits: impl Into<Allowance>) -> Self {
        self.config.limits = Some(limits.into().into());
        self
    }

    /// One more fault, after those that are there: the first that hits a request is the one that
    /// it meets.
    pub fn fault(mut self, fault: impl Into<Fault<Sometimes>>) -> Self {
        self.config.fault.push(fault.into().into());
        self
    }

    /// How long the model takes: [`LatencyConfig::default`] is a mid-size model on a quiet day.
    pub const fn latency(mut self, latency: LatencyConfig) -> Self {
        self.config.latency = latency;
        self
    }

    /// One more reply that is settled beforehand, after those that are there: the first that fits a
    /// request is said.
    ///
    /// ```
    /// # use mock_claude::{MockClaude, config::Say};
    /// let weather = Say::Text(r#"{"sunny": true}"#.to_owned());
    /// MockClaude::builder().reply(weather.to_prompt("(?i)weather")).reply(Say::Echo);
    /// ```
    #[track_caller]
    pub fn reply(mut self, canned: impl Into<Canned>) -> Self {
        let canned = canned.into();
        assert_eq!(canned.problems(), [], "the reply can be given");
        self.config.reply.canned.push(canned);
        self
    }

    /// An access key of AWS and its secret key. With any, every signature of a request to Bedrock
    /// is verified: another access key is refused, and so is another secret.
    #[track_caller]
    pub fn bedrock_key(mut self, access_key: &str, secret_key: &str) -> Self {
        self.config.bedrock.keys.insert(access_key.to_owned(), secret_key.into());
        assert_eq!(self.config.bedrock.problems(), [], "the key can be one");
        self
    }

    /// An application inference profile: the id at the end of its ARN, and the model behind it.
    #[track_caller]
    pub fn bedrock_profile(mut self, id: &str, model: &str) -> Self {
        self.config.bedrock.profiles.insert(id.to_owned(), model.to_owned());
        assert_eq!(self.config.bedrock.problems(), [], "the profile can be one");
        self
    }

    /// Keeps the beginning of each prompt in the journal, to be asserted on.
    pub const fn keep_prompts(mut self) -> Self {
        self.config.journal_prompts = true;
        self
    }

    /// The mock on a free port of this machine, until what is returned is dropped.
    pub async fn start(self) -> io::Result<MockServer> {
        self.build().start().await
    }

    /// The mock without a port: for [`connect`](MockClaude::connect), for a listener of your own,
    /// and for simulated time.
    pub fn build(self) -> MockClaude {
        MockClaude::new(self.config)
    }
}
