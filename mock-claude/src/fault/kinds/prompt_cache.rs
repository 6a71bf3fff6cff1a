//! Faults of the prompt cache: what was cached is not found, or is gone.
//!
//! The answer is in order. The request pays for reading its whole prompt, and for writing again
//! what it marks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fault::effect::Effect;
use crate::fault::kind::{Drawn, Kind};
use crate::fault::when::{Asked, When};

/// A `[[fault]]` of kind `prompt_cache`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromptCacheFault {
    /// The fault's name in the records.
    #[serde(default)]
    pub name: Option<String>,
    /// What the cache does wrong.
    pub what: CacheLoss,
    /// Which requests it hits.
    #[serde(default)]
    pub when: When,
}

/// What is not found in the prompt cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CacheLoss {
    /// This request finds nothing; the next one finds what was there.
    Miss,
    /// Everything that the request's workspace has cached is gone.
    Evict,
}

impl Kind for PromptCacheFault {
    fn name(&self) -> String {
        let name = match self.what {
            CacheLoss::Miss => "prompt_cache_miss",
            CacheLoss::Evict => "prompt_cache_evict",
        };
        self.name.clone().unwrap_or_else(|| name.to_owned())
    }

    fn when(&self) -> &When {
        &self.when
    }

    fn parts_mut(&mut self) -> (&mut Option<String>, &mut When) {
        (&mut self.name, &mut self.when)
    }

    fn effect(&self, _: Drawn<'_>, _: &Asked<'_>) -> Option<Effect> {
        Some(Effect::LoseCache(self.what))
    }
}
