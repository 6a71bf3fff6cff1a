//! Wire faults: the reply is made and charged, and its bytes do not arrive as they should.
//!
//! What is done to the bytes happens in the connection, below HTTP, so that a client sees a real
//! reset or a real lie about the length. Where the router runs behind somebody else's server,
//! which cannot be ordered about, the response breaks off in its place.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use crate::fault::effect::Effect;
use crate::fault::effect::wire::WireEffect;
use crate::fault::kind::{Drawn, Kind};
use crate::fault::when::{Asked, When};

/// A `[[fault]]` of kind `wire`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WireFault {
    /// The fault's name in the records.
    #[serde(default)]
    pub name: Option<String>,
    /// What happens to the bytes.
    pub what: WireEffect,
    /// Which requests it hits.
    #[serde(default)]
    pub when: When,
}

impl Kind for WireFault {
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
        match &self.what {
            WireEffect::ContentType { value } if http::HeaderValue::try_from(value).is_err() => {
                let message = "must be what a header can hold: visible ASCII";
                vec![Problem::new("what.content_type.value", message)]
            }
            _ => Vec::new(),
        }
    }

    fn effect(&self, _: Drawn<'_>, _: &Asked<'_>) -> Option<Effect> {
        Some(Effect::Wire(self.what.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_named_after_what_it_does() {
        let fault: WireFault =
            toml::from_str("what = { reset = { after_body_bytes = 9 } }").unwrap();
        assert_eq!(fault.name(), "wire_reset");
        let fault: WireFault = toml::from_str("what = \"garbage\"").unwrap();
        assert_eq!(fault.name(), "wire_garbage");
    }

    #[test]
    fn a_header_that_http_cannot_carry_is_a_problem() {
        let value = "a\nb".to_owned();
        let what = WireEffect::ContentType { value };
        let fault = WireFault { name: None, what, when: When::default() };
        assert_eq!(fault.problems()[0].key, "what.content_type.value");
    }
}
