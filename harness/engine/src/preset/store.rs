//! The store stage: what a pipeline has paid for survives its death.
//!
//! With `checkpoint`, the answer to each part is on the disk before the next one is asked for, and
//! a resumed run finds it there. Only a run in real time can die with money spent, so only such a
//! run has a store; a simulated one repeats itself for nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `[store]` section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum StorePolicy {
    /// A file that was not finished begins anew.
    #[default]
    Off,
    /// The answer to each part is kept at once, and a resumed run asks only for what is missing.
    Checkpoint,
}

impl StorePolicy {
    /// Whether the stage is off. A preset says nothing of a stage that it does not have, so that
    /// its hash is the one it had before there was such a stage.
    pub const fn is_off(&self) -> bool {
        matches!(self, Self::Off)
    }
}
