//! Faults on request: which requests are hit, and by what.
//!
//! A fault is a section of the configuration (`config`, one file in `kinds` for each kind):
//! which requests it hits is the same question for all kinds and is answered by `when`, and what
//! it does to a response is an `effect`. The first fault of the `plan` that hits a request is
//! the one that it meets, and a client can ask for one by name or for none with the header
//! [`FAULT_HEADER`]. The `injector` holds the plan in force.
//!
//! Every kind works on every route, as far as the route's answers have what it changes: a delay and
//! a wire fault hit any answer, a stream fault hits streams of events and, line by line, the
//! results of a batch. What a semantic fault says wrongly is said by messages.
//!
//! What is charged: a status fault and a refused connection stand in front of the model, so they
//! cost neither money nor quota. Every other fault changes the answer of a model that has worked:
//! the request is charged, whatever of its answer arrives.

mod build;
mod config;
pub(crate) mod effect;
pub(crate) mod injector;
mod kind;
mod kinds;
pub(crate) mod plan;
pub(crate) mod when;

pub use self::build::{
    Always, Fault, RefusedConnection, Sometimes, delay, early_end, empty_content, error_body,
    error_event, garbage, hang, none, rate_limited, refusal, refused_connection, reset, sequence,
    stall, status, truncated_body, truncated_reply,
};
pub use self::config::FaultConfig;
pub use self::effect::semantic::SemanticEffect;
pub use self::effect::stream::StreamEffect;
pub use self::effect::wire::WireEffect;
pub use self::kinds::connection::RefusedConnectionFault;
pub use self::kinds::latency::{Extra, LatencyFault};
pub use self::kinds::none::NoFault;
pub use self::kinds::prompt_cache::{CacheLoss, PromptCacheFault};
pub use self::kinds::semantic::SemanticFault;
pub use self::kinds::sequence::{SequenceFault, Then};
pub use self::kinds::status::{ErrorType, StatusFault};
pub use self::kinds::stream::StreamFault;
pub use self::kinds::wire::WireFault;
pub(crate) use self::plan::Plan;
pub use self::when::burst::Burst;
pub use self::when::load::Load;
pub use self::when::selection::{HeaderIs, KeyHash};
pub use self::when::{Attempts, When};
pub use crate::api::headers::FAULT_HEADER;
pub use crate::basis::chance::Share;
pub use crate::basis::pattern::Pattern;
pub use crate::model::latency::Stall;
