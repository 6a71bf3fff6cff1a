//! Faults on request: which requests are hit, and by what.
//!
//! Each kind of fault is one file and one line of [`FaultConfig`]; which requests it hits is the
//! same question for all kinds and is answered by [`When`]. The first fault of the plan that hits
//! a request is the one that it meets.

mod status;
mod when;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::status::StatusFault;
pub use self::when::{Arrival, When};
use crate::chance::Chance;
use crate::config::Problem;
use crate::error::ApiError;

/// One `[[fault]]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultConfig {
    /// Answers with an HTTP error in place of the reply.
    Status(StatusFault),
}

impl FaultConfig {
    /// The name in the records: the one that was given, or one made of the kind.
    pub fn name(&self) -> String {
        match self {
            Self::Status(fault) => fault.name(),
        }
    }

    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Status(fault) => fault.when.problems(),
        }
    }

    const fn when(&self) -> &When {
        match self {
            Self::Status(fault) => &fault.when,
        }
    }

    fn effect(&self) -> ApiError {
        match self {
            Self::Status(fault) => fault.error(),
        }
    }
}

/// A fault that hits a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injection {
    /// The fault's name.
    pub name: String,
    /// What is answered in place of the reply.
    pub error: ApiError,
}

/// All faults of one mock, in the order of the file.
#[derive(Debug)]
pub struct Plan {
    faults: Vec<FaultConfig>,
    chance: Chance,
}

impl Plan {
    /// A plan whose chances follow from `chance`.
    pub const fn new(faults: Vec<FaultConfig>, chance: Chance) -> Self {
        Self { faults, chance }
    }

    /// The faults in the order of the file.
    pub fn faults(&self) -> &[FaultConfig] {
        &self.faults
    }

    /// The fault that hits this request, if one does.
    pub fn decide(&self, arrival: &Arrival) -> Option<Injection> {
        self.faults.iter().enumerate().find_map(|(position, fault)| {
            // The position keeps two faults of one kind independent of each other.
            let decision = format!("fault {position}");
            fault
                .when()
                .hits(&decision, self.chance, arrival)
                .then(|| Injection { name: fault.name(), error: fault.effect() })
        })
    }
}
