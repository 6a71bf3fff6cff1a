//! Semantic faults: everything about the reply is in order, except what it says.
//!
//! A status of 200 and good framing prove nothing; these are the replies that a pipeline has to
//! read before it believes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use crate::fault::effect::Effect;
use crate::fault::effect::semantic::SemanticEffect;
use crate::fault::kind::{Drawn, Kind};
use crate::fault::when::{Asked, When};

/// A `[[fault]]` of kind `semantic`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SemanticFault {
    /// The fault's name in the records.
    #[serde(default)]
    pub name: Option<String>,
    /// What the reply says wrongly.
    pub what: SemanticEffect,
    /// Which requests it hits.
    #[serde(default)]
    pub when: When,
}

impl Kind for SemanticFault {
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
            SemanticEffect::ErrorBody { status } if !(400..=599).contains(&status) => {
                let message = "must be from 400 to 599";
                vec![Problem::new("what.error_body.status", message)]
            }
            _ => Vec::new(),
        }
    }

    fn effect(&self, _: Drawn<'_>, _: &Asked<'_>) -> Option<Effect> {
        Some(Effect::Semantic(self.what.clone()))
    }
}
