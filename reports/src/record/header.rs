//! The first record of a run: what was run, so that a report needs nothing but the records.
//!
//! Invariant: nothing in it depends on the machine, on the folder or on the time of day.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::expect::Expectation;

/// What was run, so that a report needs nothing but the records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`](super::line::FORMAT).
    pub format: u32,
    /// The version of `chaos` that wrote the run.
    pub tool: String,
    /// The scenario's name: a shipped name, or the path of the user's own file as it was typed,
    /// from which the gate runs it again.
    pub scenario: String,
    /// SHA-256 of everything in the scenario that decides the outcome, in hexadecimal.
    pub scenario_sha256: String,
    /// The scenario's title.
    pub title: String,
    /// The question that the scenario answers.
    pub question: String,
    /// The seed of every decision left to chance.
    pub seed: u64,
    /// Whether time was simulated.
    pub clock: Clock,
    /// How many times as fast time passed while all processes waited; absent where it was not
    /// warped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<u32>,
    /// The pipelines in the order in which they ran, with a hash of each one's configuration.
    pub pipelines: Vec<PipelineHeader>,
    /// Where the source files came from: `generated`, or `directory` for `--input`.
    pub input: String,
    /// The currency in addition to the dollar.
    pub currency: Currency,
    /// What the scenario expects, by pipeline.
    pub expect: BTreeMap<String, Expectation>,
    /// Jobs that arrived before this are left out of the figures; absent where none are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub warm_up_us: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it skips by reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One pipeline of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineHeader {
    /// The pipeline's name, as every other record gives it.
    pub name: String,
    /// What it is, in a sentence; absent where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// SHA-256 of the pipeline's configuration, in hexadecimal.
    pub config_sha256: String,
    /// The number of jobs that the pipeline is given.
    pub jobs: u64,
    /// How its work is judged apart from what the mock saw, where that is the user's to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_by: Option<String>,
    /// What was typed for it, credentials masked; empty where a name brings it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub typed: Vec<String>,
}

/// Which clock a run followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Waiting costs nothing; the same seed gives the same bytes.
    Simulated,
    /// Real time over a real port.
    Wall,
}

/// A second currency for costs; the rate is data of the scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Currency {
    /// ISO 4217 code, for example `INR`.
    pub code: String,
    /// The symbol put before an amount.
    pub symbol: String,
    /// Thousandths of the currency's unit for one dollar: 83.0 is 83,000.
    pub milli_per_usd: u64,
}

impl Currency {
    /// Millionths of the currency's unit for an amount of micro-dollars, rounded down.
    pub fn micros(&self, microusd: u64) -> u64 {
        let micros = u128::from(microusd) * u128::from(self.milli_per_usd) / 1000;
        u64::try_from(micros).unwrap_or(u64::MAX)
    }

    /// Whether this is the dollar again, so that a second amount would say nothing new.
    pub fn is_dollar(&self) -> bool {
        self.code == "USD"
    }
}
