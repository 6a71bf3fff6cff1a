//! Faults on request: which requests are hit, and by what.
//!
//! Each kind of fault is one file and one line of [`FaultConfig`]; which requests it hits is the
//! same question for all kinds and is answered by [`When`]. The first fault of the plan that hits
//! a request is the one that it meets, and a client can ask for one by name or for none with the
//! header [`FAULT_HEADER`].
//!
//! Every kind works on every route, as far as the route's answers have what it spoils: a delay and
//! a wire fault hit any answer, a stream fault hits streams of events and, line by line, the
//! results of a batch. What a semantic fault says wrongly is said by messages.
//!
//! What is charged: a status fault and a refused connection stand in front of the model, so they
//! cost neither money nor quota. Every other fault spoils the answer of a model that has worked:
//! the request is charged, whatever of its answer arrives.

mod burst;
mod connection;
mod injector;
mod latency;
mod lines;
mod load;
mod none;
mod pace;
mod plan;
mod selection;
mod semantic;
mod sequence;
mod shorten;
mod spoil;
mod status;
mod stream;
mod when;
mod wire;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::burst::Burst;
pub use self::connection::RefusedConnectionFault;
pub(crate) use self::injector::{InFlight, Injector};
pub(crate) use self::latency::Delay;
pub use self::latency::{Extra, LatencyFault, Stall};
pub use self::load::Load;
pub use self::none::NoFault;
pub use self::plan::{FAULT_HEADER, Injection, Plan};
pub use self::selection::{HeaderIs, KeyHash, Pattern};
pub use self::semantic::{SemanticFault, SemanticTrouble};
pub use self::sequence::{SequenceFault, Then};
pub(crate) use self::spoil::{Spoiled, spoil, spoil_made};
pub use self::status::{ErrorType, StatusFault};
pub use self::stream::{StreamFault, StreamTrouble};
pub use self::when::{Arrival, Asked, Attempts, When};
pub use self::wire::{WireFault, WireTrouble};
use crate::chance::Chance;
use crate::error::ApiError;
use strict_toml::Problem;

/// One `[[fault]]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultConfig {
    /// Answers with an HTTP error in place of the reply.
    Status(StatusFault),
    /// Goes through a list of outcomes, one an attempt.
    Sequence(SequenceFault),
    /// Makes the reply late, slow or stuck.
    Latency(LatencyFault),
    /// Spoils the bytes on the connection.
    Wire(WireFault),
    /// Refuses the connection before there is a request.
    RefusedConnection(RefusedConnectionFault),
    /// Spoils the events of a streamed reply.
    Stream(StreamFault),
    /// Answers in good form, with something wrong in it.
    Semantic(SemanticFault),
    /// Leaves the request alone, whatever faults come after this one.
    None(NoFault),
}

impl FaultConfig {
    fn fault(&self) -> &dyn Fault {
        match self {
            Self::Status(fault) => fault,
            Self::Sequence(fault) => fault,
            Self::Latency(fault) => fault,
            Self::Wire(fault) => fault,
            Self::RefusedConnection(fault) => fault,
            Self::Stream(fault) => fault,
            Self::Semantic(fault) => fault,
            Self::None(fault) => fault,
        }
    }

    /// The name in the records: the one that was given, or one made of the kind.
    pub fn name(&self) -> String {
        self.fault().name()
    }

    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.fault().when().problems();
        problems.extend(self.fault().problems());
        if self.name() == plan::NO_FAULT && !matches!(self, Self::None(_)) {
            let message = "must not be `none`, by which a client asks for no fault";
            problems.push(Problem::new("name", message));
        }
        problems
    }
}

/// What every kind of fault can say of itself.
trait Fault {
    /// The name in the records.
    fn name(&self) -> String;

    /// Which requests it hits.
    fn when(&self) -> &When;

    /// What is wrong with its own keys; those of `when` are looked at elsewhere.
    fn problems(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// What it does to this request, where it can do anything to it.
    fn effect(&self, drawn: Drawn<'_>, asked: &Asked<'_>) -> Option<Effect>;
}

/// The chance of one fault of a plan: its name keeps faults of one kind independent.
#[derive(Debug, Clone, Copy)]
struct Drawn<'a> {
    decision: &'a str,
    chance: Chance,
}

/// What a fault does to one request.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one for each request that meets a fault")]
pub(crate) enum Effect {
    /// An error in place of the reply, not charged.
    Refuse { error: ApiError, touch: status::Touch },
    /// The reply comes later or more slowly.
    Delay(Delay),
    /// The reply's bytes are spoiled.
    Wire(WireTrouble),
    /// The reply's events are spoiled.
    Stream(StreamTrouble),
    /// The reply says something wrong.
    Semantic(SemanticTrouble),
    /// No connection; never the effect on a request.
    RefuseConnection,
    /// None at all, and no other fault's either.
    Nothing,
}

impl Effect {
    /// Whether it changes what is answered, and not only how the answer arrives.
    pub(crate) fn is_about_content(&self) -> bool {
        let empties = matches!(self, Self::Stream(StreamTrouble::EmptyContent));
        empties || matches!(self, Self::Refuse { .. } | Self::Semantic(_))
    }

    /// Changes a message that is no response of its own.
    pub(crate) fn edit(&self, message: &mut serde_json::Value) {
        match self {
            Self::Semantic(trouble) => trouble.edit(message),
            Self::Stream(StreamTrouble::EmptyContent) => {
                message["content"] = serde_json::json!([]);
            }
            _ => {}
        }
    }
}
