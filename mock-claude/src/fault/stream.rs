//! Stream faults: a streamed reply whose events are not as they should be.
//!
//! A delta is an event `content_block_delta`, or a line of the results of a batch. Replies that are
//! not streamed are left alone, except by `empty_content`, which empties both kinds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spoil::{Frame, Passed};
use super::{Asked, Drawn, Effect, Fault, When};
use crate::error;
use strict_toml::Problem;

/// A `[[fault]]` of kind `stream`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamFault {
    /// The fault's name in the records.
    #[serde(default)]
    pub name: Option<String>,
    /// What happens to the events.
    pub what: StreamTrouble,
    /// Which requests it hits.
    #[serde(default)]
    pub when: When,
}

/// What happens to the events of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StreamTrouble {
    /// An error event, after which the stream ends.
    ErrorEvent {
        /// After so many deltas.
        after_deltas: u64,
        /// The status whose error it is.
        #[serde(default = "overloaded")]
        #[schemars(range(min = 400, max = 599))]
        status: u16,
    },
    /// The stream ends in order, in the middle.
    EarlyEnd {
        /// After so many deltas.
        after_deltas: u64,
    },
    /// Everything comes, except `message_stop`.
    NoMessageStop,
    /// A delta comes twice.
    DuplicatedDelta {
        /// Which, counted from 1.
        delta: std::num::NonZeroU64,
    },
    /// A delta changes places with the event after it.
    ReorderedDelta {
        /// Which, counted from 1.
        delta: std::num::NonZeroU64,
    },
    /// An event whose data is broken JSON, after which the stream goes on.
    MalformedEvent {
        /// After so many deltas.
        after_deltas: u64,
    },
    /// An event that no documentation knows, after which the stream goes on.
    UnknownEvent {
        /// After so many deltas.
        after_deltas: u64,
    },
    /// A reply without any content.
    EmptyContent,
}

const fn overloaded() -> u16 {
    529
}

impl StreamTrouble {
    const fn name(&self) -> &'static str {
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

impl Fault for StreamFault {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.what.name().to_owned())
    }

    fn when(&self) -> &When {
        &self.when
    }

    fn problems(&self) -> Vec<Problem> {
        match self.what {
            StreamTrouble::ErrorEvent { status, .. } if !(400..=599).contains(&status) => {
                vec![Problem::new("what.error_event.status", "must be from 400 to 599")]
            }
            _ => Vec::new(),
        }
    }

    fn effect(&self, _: Drawn<'_>, asked: &Asked<'_>) -> Option<Effect> {
        let can_hit = asked.stream || self.what == StreamTrouble::EmptyContent;
        can_hit.then(|| Effect::Stream(self.what.clone()))
    }
}

/// A stream under a fault: how far it has come.
#[derive(Debug)]
pub(super) struct Stream {
    trouble: StreamTrouble,
    deltas: u64,
    done: bool,
    held: Option<String>,
}

impl Stream {
    pub(super) const fn new(trouble: StreamTrouble) -> Self {
        Self { trouble, deltas: 0, done: false, held: None }
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
        match &self.trouble {
            StreamTrouble::NoMessageStop if kind == "message_stop" => Passed::End(Vec::new()),
            StreamTrouble::DuplicatedDelta { delta } if is_delta && delta.get() == self.deltas => {
                Passed::Many(vec![frame.text.clone(), frame.text.clone()])
            }
            StreamTrouble::ReorderedDelta { delta } if is_delta && delta.get() == self.deltas => {
                self.held = Some(frame.text.clone());
                Passed::Many(Vec::new())
            }
            StreamTrouble::EmptyContent if kind.starts_with("content_block_") => {
                Passed::Many(Vec::new())
            }
            _ => Passed::Many(vec![frame.text.clone()]),
        }
    }

    /// What comes before this event, once, where the fault's place is reached: after the deltas
    /// that were asked for, or before the end of a block with fewer.
    fn insert_before(&mut self, kind: &str) -> Option<Passed> {
        let (after, ends, text) = match &self.trouble {
            StreamTrouble::ErrorEvent { after_deltas, status } => {
                let error = error::injected(*status);
                let data = serde_json::json!({
                    "type": "error", "error": {"type": error.kind, "message": error.message},
                });
                (*after_deltas, true, format!("event: error\ndata: {data}\n\n"))
            }
            StreamTrouble::EarlyEnd { after_deltas } => (*after_deltas, true, String::new()),
            StreamTrouble::MalformedEvent { after_deltas } => {
                let broken = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\
                              \"index\":0,\"delta\":{\"type\":\"text_del\n\n";
                (*after_deltas, false, broken.to_owned())
            }
            StreamTrouble::UnknownEvent { after_deltas } => {
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
