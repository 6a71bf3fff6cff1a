//! What a stream fault does: a streamed reply whose events are not as they should be.
//!
//! A delta is an event `content_block_delta`; what is done to the lines of a batch's results is in
//! `lines`.

use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::events::Passed;
use crate::api::error;
use crate::api::sse::{self, Frame};

/// What happens to the events of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "StreamTrouble")]
pub enum StreamEffect {
    /// An error event, after which the stream ends.
    ErrorEvent {
        /// After this many deltas.
        after_deltas: u64,
        /// The status whose error it is.
        #[serde(default = "overloaded")]
        #[schemars(range(min = 400, max = 599))]
        status: u16,
    },
    /// The stream ends in order, in the middle.
    EarlyEnd {
        /// After this many deltas.
        after_deltas: u64,
    },
    /// Everything comes, except `message_stop`.
    NoMessageStop,
    /// A delta comes twice.
    DuplicatedDelta {
        /// Which, counted from 1.
        delta: NonZeroU64,
    },
    /// A delta changes places with the event after it.
    ReorderedDelta {
        /// Which, counted from 1.
        delta: NonZeroU64,
    },
    /// An event whose data is broken JSON, after which the stream goes on.
    MalformedEvent {
        /// After this many deltas.
        after_deltas: u64,
    },
    /// An event that no documentation knows, after which the stream goes on.
    UnknownEvent {
        /// After this many deltas.
        after_deltas: u64,
    },
    /// A reply without any content.
    EmptyContent,
}

const fn overloaded() -> u16 {
    529
}

impl StreamEffect {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::ErrorEvent { .. } => "stream_error_event",
            Self::EarlyEnd { .. } => "stream_early_end",
            Self::NoMessageStop => "stream_no_message_stop",
            Self::DuplicatedDelta { .. } => "stream_duplicated_delta",
            Self::ReorderedDelta { .. } => "stream_reordered_delta",
            Self::MalformedEvent { .. } => "stream_malformed_event",
            Self::UnknownEvent { .. } => "stream_unknown_event",
            Self::EmptyContent => "stream_empty_content",
        }
    }
}

/// A stream under a fault: how far it has come.
#[derive(Debug)]
pub(super) struct Stream {
    effect: StreamEffect,
    deltas: u64,
    done: bool,
    held: Option<String>,
}

impl Stream {
    pub(super) const fn new(effect: StreamEffect) -> Self {
        Self { effect, deltas: 0, done: false, held: None }
    }

    /// What becomes of one event.
    pub(super) fn pass(&mut self, frame: &Frame) -> Passed {
        if let Some(held) = self.held.take() {
            return Passed::Many(vec![frame.text.clone(), held]);
        }
        let kind = frame.kind();
        if let Some(passed) = self.insert_before(kind) {
            return passed.then(frame);
        }
        let is_delta = kind == "content_block_delta";
        self.deltas += u64::from(is_delta);
        match &self.effect {
            StreamEffect::NoMessageStop if kind == "message_stop" => Passed::End(Vec::new()),
            StreamEffect::DuplicatedDelta { delta } if is_delta && delta.get() == self.deltas => {
                Passed::Many(vec![frame.text.clone(), frame.text.clone()])
            }
            StreamEffect::ReorderedDelta { delta } if is_delta && delta.get() == self.deltas => {
                self.held = Some(frame.text.clone());
                Passed::Many(Vec::new())
            }
            StreamEffect::EmptyContent if kind.starts_with("content_block_") => {
                Passed::Many(Vec::new())
            }
            _ => Passed::Many(vec![frame.text.clone()]),
        }
    }

    /// What comes before this event, once, where the fault's place is reached: after the deltas
    /// that were asked for, or before the end of a block with fewer.
    fn insert_before(&mut self, kind: &str) -> Option<Passed> {
        let (after, ends, text) = match &self.effect {
            StreamEffect::ErrorEvent { after_deltas, status } => {
                let error = error::injected(*status);
                let data = json!({
                    "type": "error", "error": {"type": error.kind, "message": error.message},
                });
                (*after_deltas, true, sse::written("error", &data))
            }
            StreamEffect::EarlyEnd { after_deltas } => (*after_deltas, true, String::new()),
            StreamEffect::MalformedEvent { after_deltas } => {
                let broken = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\
                              \"index\":0,\"delta\":{\"type\":\"text_del\n\n";
                (*after_deltas, false, broken.to_owned())
            }
            StreamEffect::UnknownEvent { after_deltas } => {
                let unknown = "event: content_block_news\ndata: {\"type\":\"content_block_news\"}";
                (*after_deltas, false, format!("{unknown}\n\n"))
            }
            _ => return None,
        };
        let in_block = matches!(kind, "content_block_delta" | "content_block_stop");
        let reached = in_block && (self.deltas == after || kind == "content_block_stop");
        if self.done || !reached {
            return None;
        }
        self.done = true;
        self.deltas += u64::from(kind == "content_block_delta");
        Some(if ends { Passed::End(vec![text]) } else { Passed::Many(vec![text]) })
    }
}
