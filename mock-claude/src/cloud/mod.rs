//! The Claude API as clouds offer it: Amazon Bedrock and Google Vertex AI.
//!
//! A cloud's request is made into a request for a message, decided as every message is, and its
//! answer is made into the cloud's. So faults, limits, journal and conduct hold for all of them,
//! and nothing of a cloud is known where they are decided.

pub(crate) mod account;
pub(crate) mod bedrock;
mod common;
mod credentials;
mod messages;
mod model;
mod sigv4;
mod stream;
mod verify;
mod vertex;

use axum::response::Response;
use tokio::time::Instant;

use self::common::Came;
pub(crate) use self::common::{AsSent, EVENT_STREAM_OF_AWS, Received, Translated};
pub(crate) use self::messages::{of_signed, without_prefix};
use crate::api::error::ApiError;
use crate::basis::clock::Clock;
use crate::journal::trace::Handle;

/// What a path of a cloud asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    /// The model as the path names it, decoded.
    model: String,
}

/// What a cloud can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Something of Bedrock's runtime.
    Bedrock(bedrock::Operation),
    /// Something of Vertex AI.
    Vertex(vertex::Operation),
    /// The API itself, of Mantle or of Foundry.
    Messages { counts: bool },
}

/// How an answer has to sound.
#[derive(Debug)]
pub(crate) struct Voice {
    operation: Operation,
    came: Came,
}

impl Call {
    /// What a path asks for, where it is one of a cloud's.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let bedrock = bedrock::call(path).map(|(of, model)| (Operation::Bedrock(of), model));
        let vertex = || vertex::call(path).map(|(of, model)| (Operation::Vertex(of), model));
        let messages = || {
            let counts = messages::call(path)?;
            Some((Operation::Messages { counts }, String::new()))
        };
        let (operation, model) = bedrock.or_else(vertex).or_else(messages)?;
        Some(Self { operation, model })
    }

    /// Whether an answer is a count of tokens.
    pub(crate) const fn counts(&self) -> bool {
        match self.operation {
            Operation::Bedrock(operation) => operation.counts(),
            Operation::Vertex(operation) => operation.counts(),
            Operation::Messages { counts } => counts,
        }
    }

    /// Whether Bedrock's quotas hold for it.
    pub(crate) const fn is_of_bedrock(&self) -> bool {
        matches!(self.operation, Operation::Bedrock(_))
    }

    /// The request for a message that this request stands for.
    pub(crate) fn translated(&self, received: &Received<'_>) -> Result<Translated, ApiError> {
        let (headers, body) = (&received.head.headers, received.body);
        match self.operation {
            Operation::Bedrock(operation) => bedrock::translated(operation, &self.model, received),
            Operation::Vertex(operation) => {
                vertex::translated(operation, &self.model, headers, body)
            }
            Operation::Messages { .. } => Ok(messages::translated(headers, body)),
        }
    }

    /// How the answer has to sound to a request that came at `started`.
    pub(crate) fn voice(self, started: Instant, clock: Clock, trace: Handle) -> Voice {
        let came = Came { model: self.model, started, clock, trace };
        Voice { operation: self.operation, came }
    }
}

impl Voice {
    /// The answer to a message as the cloud gives it.
    pub(crate) async fn dressed(self, response: Response) -> Response {
        match self.operation {
            Operation::Bedrock(operation) => bedrock::dressed(operation, self.came, response).await,
            Operation::Vertex(operation) => vertex::dressed(operation, self.came, response).await,
            Operation::Messages { .. } => response,
        }
    }
}

/// The path under which requests are counted, without the names of models and projects in it.
pub(crate) fn template(path: &str) -> Option<&'static str> {
    Some(match Call::of(path)?.operation {
        Operation::Bedrock(operation) => operation.template(),
        Operation::Vertex(operation) => operation.template(),
        Operation::Messages { counts: false } => "/anthropic/v1/messages",
        Operation::Messages { counts: true } => "/anthropic/v1/messages/count_tokens",
    })
}

#[cfg(test)]
mod tests;
