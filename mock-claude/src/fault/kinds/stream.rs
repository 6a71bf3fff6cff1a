//! Stream faults: a streamed reply whose events are not as they should be.
//!
//! A delta is an event `content_block_delta`, or a line of the results of a batch. Replies that are
//! not streamed are left alone, except by `empty_content`, which empties both kinds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use crate::fault::effect::Effect;
use crate::fault::effect::stream::StreamEffect;
use crate::fault::kind::{Drawn, Kind};
use crate::fault::when::{Asked, When};

/// A `[[fault]]` of kind `stream`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamFault {
    /// The fault's name in the records.
    #[serde(default)]
    pub name: Option<String>,
    /// What happens to the events.
    pub what: StreamEffect,
    /// Which requests it hits.
    #[serde(default)]
    pub when: When,
}

impl Kind for StreamFault {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.what.name().to_owned())
    }

    fn when(&self) -> &When {
        &self.when
    }

    fn parts_mut(&mut self) -> (&mut Option<String>, &mut When) {
        (&mut self.name, &mut self.when)
    }

    fn problems(&self) -> Vec<Problem> {
        match self.what {
            StreamEffect::ErrorEvent { status, .. } if !(400..=599).contains(&status) => {
                vec![Problem::new("what.error_event.status", "must be from 400 to 599")]
            }
            _ => Vec::new(),
        }
    }

    fn effect(&self, _: Drawn<'_>, asked: &Asked<'_>) -> Option<Effect> {
        let can_hit = asked.stream || self.what == StreamEffect::EmptyContent;
        can_hit.then(|| Effect::Stream(self.what.clone()))
    }
}
