//! Refused connections: the API cannot be reached at all, and says so or not.
//!
//! On a port the connection is accepted and reset at once, because a listener cannot refuse one
//! client and serve another, and one that hangs is accepted and never read. Inside the process the
//! client sees a refusal, or a connection that never comes to be. There is no request
//! yet: conditions can look at the time and at the number of the connection, and `share` is drawn
//! by that number.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use crate::fault::effect::Effect;
use crate::fault::kind::{Drawn, Kind};
use crate::fault::when::{Asked, When};

/// A `[[fault]]` of kind `refused_connection`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RefusedConnectionFault {
    /// The fault's name in the records.
    pub name: Option<String>,
    /// Whether it is not refused but left to hang, as behind a firewall that drops what comes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hangs: bool,
    /// Which connections it hits: `share`, `every`, `nth`, `from_s`, `until_s` and `burst`.
    pub when: When,
}

impl Kind for RefusedConnectionFault {
    fn name(&self) -> String {
        let name = if self.hangs { "hanging_connection" } else { "refused_connection" };
        self.name.clone().unwrap_or_else(|| name.to_owned())
    }

    fn when(&self) -> &When {
        &self.when
    }

    fn parts_mut(&mut self) -> (&mut Option<String>, &mut When) {
        (&mut self.name, &mut self.when)
    }

    fn problems(&self) -> Vec<Problem> {
        let about_requests = self.when.about_requests().into_iter();
        about_requests
            .map(|key| {
                let message = "looks at a request, and a refused connection has none";
                Problem::new(format!("when.{key}"), message)
            })
            .collect()
    }

    fn effect(&self, _: Drawn<'_>, _: &Asked<'_>) -> Option<Effect> {
        Some(Effect::RefuseConnection { hangs: self.hangs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    #[test]
    fn a_condition_on_requests_is_a_problem_and_names_its_key() {
        let when = When { first_attempts: NonZeroU32::new(1), ..When::default() };
        let fault = RefusedConnectionFault { when, ..RefusedConnectionFault::default() };
        assert_eq!(fault.problems()[0].key, "when.first_attempts");
    }
}
