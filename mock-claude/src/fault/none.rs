//! No fault: exempts the requests that it selects from the faults after it, and is the outcome
//! `ok` of a sequence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Asked, Drawn, Effect, Fault, When};

/// A `[[fault]]` of kind `none`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NoFault {
    /// Its name; it never stands in the records.
    pub name: Option<String>,
    /// Which requests it exempts.
    pub when: When,
}

impl Fault for NoFault {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| super::plan::NO_FAULT.to_owned())
    }

    fn when(&self) -> &When {
        &self.when
    }

    fn effect(&self, _: Drawn<'_>, _: &Asked<'_>) -> Option<Effect> {
        Some(Effect::Nothing)
    }
}
