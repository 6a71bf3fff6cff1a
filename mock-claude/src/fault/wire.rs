//! Wire faults: the reply is made and charged, and its bytes do not arrive as they should.
//!
//! What is done to the bytes happens in the connection, below HTTP, so that a client sees a real
//! reset or a real lie about the length. Where the router runs behind somebody else's server,
//! which cannot be ordered about, the response breaks off in its place.

use std::num::{NonZeroI64, NonZeroU64};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Asked, Drawn, Effect, Fault, When};
use strict_toml::Problem;

/// A `[[fault]]` of kind `wire`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WireFault {
    /// The fault's name in the records.
    #[serde(default)]
    pub name: Option<String>,
    /// What happens to the bytes.
    pub what: WireTrouble,
    /// Which requests it hits.
    #[serde(default)]
    pub when: When,
}

/// What happens to the bytes of a response. Counts of body bytes include the framing of chunks; a
/// body that is shorter arrives whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WireTrouble {
    /// The connection is reset.
    Reset {
        /// After so many bytes of the body; without it, before the head.
        #[serde(default)]
        after_body_bytes: Option<u64>,
    },
    /// The connection is closed in order, although the response is not over.
    Close {
        /// After so many bytes of the body; without it, before the head.
        #[serde(default)]
        after_body_bytes: Option<u64>,
    },
    /// Nothing comes any more, and the connection stays open.
    Hang {
        /// After so many bytes of the body; without it, before the head.
        #[serde(default)]
        after_body_bytes: Option<u64>,
    },
    /// The body ends early, although its framing is right: half a JSON document.
    Truncate {
        /// After so many bytes of what HTTP carries.
        after_body_bytes: u64,
    },
    /// The `content-length` header is wrong; a streamed reply is sent whole, at its end.
    ContentLength {
        /// How many bytes it promises too many, or, below nought, too few.
        off_by: NonZeroI64,
    },
    /// The `content-type` header is wrong.
    ContentType {
        /// What it says.
        value: String,
    },
    /// Bytes that are no HTTP come in place of the response, as from a port that speaks TLS.
    Garbage,
    /// The response comes a few bytes at a time.
    SlowLoris {
        /// The pace.
        bytes_per_second: NonZeroU64,
    },
}

impl WireTrouble {
    const fn name(&self) -> &'static str {
        match self {
            Self::Reset { .. } => "wire_reset",
            Self::Close { .. } => "wire_close",
            Self::Hang { .. } => "wire_hang",
            Self::Truncate { .. } => "wire_truncate",
            Self::ContentLength { .. } => "wire_content_length",
            Self::ContentType { .. } => "wire_content_type",
            Self::Garbage => "wire_garbage",
            Self::SlowLoris { .. } => "wire_slow_loris",
        }
    }
}

impl Fault for WireFault {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.what.name().to_owned())
    }

    fn when(&self) -> &When {
        &self.when
    }

    fn problems(&self) -> Vec<Problem> {
        match &self.what {
            WireTrouble::ContentType { value } if http::HeaderValue::try_from(value).is_err() => {
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
        let what = WireTrouble::ContentType { value };
        let fault = WireFault { name: None, what, when: When::default() };
        assert_eq!(fault.problems()[0].key, "what.content_type.value");
    }
}
