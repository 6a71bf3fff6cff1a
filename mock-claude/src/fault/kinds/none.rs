//! No fault: exempts the requests that it selects from the faults after it, and is the outcome
//! `ok` of a sequence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fault::effect::Effect;
use crate::fault::kind::{Drawn, Kind};
use crate::fault::when::{Asked, When};

/// The value of [`FAULT_HEADER`](crate::fault::FAULT_HEADER) that switches faults off for a
/// request.
pub(crate) const NO_FAULT: &str = "none";

/// A `[[fault]]` of kind `none`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NoFault {
    /// Its name; it never stands in the records.
    pub name: Option<String>,
    /// Which requests it exempts.
    pub when: When,
}

impl Kind for NoFault {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| NO_FAULT.to_owned())
    }

    fn when(&self) -> &When {
        &self.when
    }

    fn parts_mut(&mut self) -> (&mut Option<String>, &mut When) {
        (&mut self.name, &mut self.when)
    }

    fn effect(&self, _: Drawn<'_>, _: &Asked<'_>) -> Option<Effect> {
        Some(Effect::Nothing)
    }
}
