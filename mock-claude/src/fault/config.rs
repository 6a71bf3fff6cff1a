//! The `[[fault]]` section: one variant for each kind of fault.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use super::kind::Kind;
use super::kinds::connection::RefusedConnectionFault;
use super::kinds::latency::LatencyFault;
use super::kinds::none::{NO_FAULT, NoFault};
use super::kinds::prompt_cache::PromptCacheFault;
use super::kinds::semantic::SemanticFault;
use super::kinds::sequence::SequenceFault;
use super::kinds::status::StatusFault;
use super::kinds::stream::StreamFault;
use super::kinds::wire::WireFault;
use super::when::When;

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
    /// Finds nothing in the prompt cache, or empties it.
    PromptCache(PromptCacheFault),
    /// Leaves the request alone, whatever faults come after this one.
    None(NoFault),
}

impl FaultConfig {
    /// Whether it decides what is answered and when, and leaves the bytes and the connection that
    /// they come over alone.
    pub fn spares_connections(&self) -> bool {
        match self {
            Self::Status(_) | Self::Latency(_) | Self::PromptCache(_) | Self::None(_) => true,
            Self::Sequence(fault) => fault.outcomes.iter().all(Self::spares_connections),
            Self::Wire(_) | Self::RefusedConnection(_) | Self::Stream(_) | Self::Semantic(_) => {
                false
            }
        }
    }

    pub(super) fn kind(&self) -> &dyn Kind {
        match self {
            Self::Status(fault) => fault,
            Self::Sequence(fault) => fault,
            Self::Latency(fault) => fault,
            Self::Wire(fault) => fault,
            Self::RefusedConnection(fault) => fault,
            Self::Stream(fault) => fault,
            Self::Semantic(fault) => fault,
            Self::PromptCache(fault) => fault,
            Self::None(fault) => fault,
        }
    }

    fn kind_mut(&mut self) -> &mut dyn Kind {
        match self {
            Self::Status(fault) => fault,
            Self::Sequence(fault) => fault,
            Self::Latency(fault) => fault,
            Self::Wire(fault) => fault,
            Self::RefusedConnection(fault) => fault,
            Self::Stream(fault) => fault,
            Self::Semantic(fault) => fault,
            Self::PromptCache(fault) => fault,
            Self::None(fault) => fault,
        }
    }

    /// The name that was given, to be changed.
    pub(super) fn name_mut(&mut self) -> &mut Option<String> {
        self.kind_mut().parts_mut().0
    }

    /// Which requests it hits, to be changed.
    pub(super) fn when_mut(&mut self) -> &mut When {
        self.kind_mut().parts_mut().1
    }

    /// The name in the records: the one that was given, or one made of the kind.
    pub fn name(&self) -> String {
        self.kind().name()
    }

    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.kind().when().problems();
        problems.extend(self.kind().problems());
        if self.name() == NO_FAULT && !matches!(self, Self::None(_)) {
            let message = "must not be `none`, by which a client asks for no fault";
            problems.push(Problem::new("name", message));
        }
        problems
    }
}
