//! The reply as server-sent events, in the API's order and with its names.
//!
//! `message_start`, then each content block (`content_block_start`, deltas, `content_block_stop`,
//! with a `ping` in the first), then `message_delta` with the final usage and `message_stop`. Each
//! event has its moment counted from the request, so that delays never add up.

use serde::Serialize;
use serde_json::{Value, json};

use crate::latency::Schedule;
use crate::prices::InputTokens;
use crate::reply::{Reply, StopReason};
use crate::tokens;

/// Tokens in one delta.
const TOKENS_PER_DELTA: u64 = 8;

/// One event and the moment when it is sent, in milliseconds after the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it is sent.
    pub at_ms: u64,
    /// Its name and data, as they go over the wire.
    pub text: String,
}

/// The message that both forms of a reply share.
#[derive(Debug, Clone, Serialize)]
pub struct Message<'a> {
    /// `msg_` and the request's own letters.
    pub id: String,
    /// Always `message`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Always `assistant`.
    pub role: &'static str,
    /// The model as the client named it.
    pub model: &'a str,
    /// The content blocks.
    pub content: Vec<Value>,
    /// Why it stopped; null in `message_start`.
    pub stop_reason: Option<StopReason>,
    /// The stop sequence that ended it.
    pub stop_sequence: Option<String>,
    /// Always null: only a refusal has more to say.
    pub stop_details: Option<Value>,
    /// Whether the response names a container, diagnostics or context management: only where the
    /// request did.
    #[serde(flatten)]
    pub echoed: serde_json::Map<String, Value>,
    /// What it cost.
    pub usage: Usage,
}

/// The tokens of a message.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written to the prompt cache.
    pub cache_creation_input_tokens: u64,
    /// Tokens read from the prompt cache.
    pub cache_read_input_tokens: u64,
    /// The same by lifetime.
    pub cache_creation: CacheCreation,
    /// Tokens written.
    pub output_tokens: u64,
    /// How many of them were thought, where the model thought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens_details: Option<OutputTokensDetails>,
    /// `standard` or `batch`.
    pub service_tier: &'static str,
    /// Where it was computed, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference_geo: Option<&'static str>,
    /// `standard` or `fast`, where the request named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<&'static str>,
}

/// Output tokens by kind.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct OutputTokensDetails {
    /// Tokens of thought.
    pub thinking_tokens: u64,
}

/// Prompt-cache tokens by lifetime.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct CacheCreation {
    /// For five minutes.
    pub ephemeral_5m_input_tokens: u64,
    /// For an hour.
    pub ephemeral_1h_input_tokens: u64,
}

impl Usage {
    /// The usage of a reply without prompt caching.
    pub fn plain(input_tokens: u64, output_tokens: u64) -> Self {
        Self {
            input_tokens,
            cache_creation_input_tokens: 0,
            cache_read_input_tokens: 0,
            cache_creation: CacheCreation::default(),
            output_tokens,
            output_tokens_details: None,
            service_tier: "standard",
            inference_geo: None,
            speed: None,
        }
    }

    /// The usage of a reply whose input was partly cached.
    pub fn cached(input: &InputTokens, reply: &Reply) -> Self {
        let thinking_tokens = reply.thought.as_ref().map(|thought| thought.tokens);
        Self {
            cache_creation_input_tokens: input.written_5m + input.written_1h,
            cache_read_input_tokens: input.read,
            cache_creation: CacheCreation {
                ephemeral_5m_input_tokens: input.written_5m,
                ephemeral_1h_input_tokens: input.written_1h,
            },
            output_tokens_details: thinking_tokens
                .map(|thinking_tokens| OutputTokensDetails { thinking_tokens }),
            ..Self::plain(input.uncached, reply.tokens_out)
        }
    }
}

impl<'a> Message<'a> {
    /// The whole message of a reply.
    pub fn new(id: String, model: &'a str, reply: &Reply, usage: Usage) -> Self {
        Self {
            id,
            kind: "message",
            role: "assistant",
            model,
            content: content(reply),
            stop_reason: Some(reply.stop_reason),
            stop_sequence: reply.stop_sequence.clone(),
            stop_details: None,
            echoed: serde_json::Map::new(),
            usage,
        }
    }
}

/// The events of a reply.
pub fn events(message: &Message<'_>, reply: &Reply, schedule: Schedule) -> Vec<Event> {
    let first = schedule.at_ms(0);
    let last = schedule.at_ms(reply.tokens_out);
    let opening = Message {
        content: Vec::new(),
        stop_reason: None,
        stop_sequence: None,
        usage: Usage { output_tokens: 1, output_tokens_details: None, ..message.usage },
        ..message.clone()
    };
    let mut events =
        vec![event(first, "message_start", &json!({"type": "message_start", "message": opening}))];
    let mut blocks = Blocks { events: &mut events, schedule, index: 0, written: 0 };
    blocks.all(reply);
    events.push(event(
        last,
        "message_delta",
        &json!({
            "type": "message_delta",
            "delta": {"stop_reason": message.stop_reason, "stop_sequence": message.stop_sequence},
            "usage": message.usage,
        }),
    ));
    events.push(event(last, "message_stop", &json!({"type": "message_stop"})));
    events
}

/// The content blocks of a reply: thought, text, calls.
fn content(reply: &Reply) -> Vec<Value> {
    let thought = reply.thought.iter().map(|thought| {
        json!({
            "type": "thinking", "thinking": thought.text, "signature": thought.signature,
        })
    });
    let text = (!reply.text.is_empty()).then(|| json!({"type": "text", "text": reply.text}));
    let calls = reply.calls.iter().map(
        |call| json!({"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}),
    );
    thought.chain(text).chain(calls).collect()
}

/// The events of the blocks, one block after another.
struct Blocks<'a> {
    events: &'a mut Vec<Event>,
    schedule: Schedule,
    index: u64,
    written: u64,
}

impl Blocks<'_> {
    fn all(&mut self, reply: &Reply) {
        if let Some(thought) = &reply.thought {
            self.start(&json!({"type": "thinking", "thinking": "", "signature": ""}));
            self.deltas(
                &thought.text,
                thought.tokens,
                |piece| json!({"type": "thinking_delta", "thinking": piece}),
            );
            self.delta(&json!({"type": "signature_delta", "signature": thought.signature}));
            self.stop();
        }
        if !reply.text.is_empty() {
            self.start(&json!({"type": "text", "text": ""}));
            self.deltas(
                &reply.text,
                tokens::count(&reply.text),
                |piece| json!({"type": "text_delta", "text": piece}),
            );
            self.stop();
        }
        for call in &reply.calls {
            self.start(&json!({
                "type": "tool_use", "id": call.id, "name": call.name, "input": {},
            }));
            self.delta(&json!({"type": "input_json_delta", "partial_json": ""}));
            self.deltas(
                &call.input.to_string(),
                call.tokens(),
                |piece| json!({"type": "input_json_delta", "partial_json": piece}),
            );
            self.stop();
        }
    }

    fn start(&mut self, block: &Value) {
        let data =
            json!({"type": "content_block_start", "index": self.index, "content_block": block});
        self.push("content_block_start", &data);
        if self.index == 0 {
            self.push("ping", &json!({"type": "ping"}));
        }
    }

    /// The pieces of a text, each at the moment when its last token is written.
    fn deltas(&mut self, text: &str, tokens: u64, shape: impl Fn(&str) -> Value) {
        let before = self.written;
        let mut bytes = 0;
        for piece in pieces(text) {
            bytes += piece.len() as u64;
            self.written = before + tokens::of_bytes(bytes).min(tokens);
            self.delta(&shape(piece));
        }
        self.written = before + tokens;
    }

    fn delta(&mut self, delta: &Value) {
        let data = json!({"type": "content_block_delta", "index": self.index, "delta": delta});
        self.push("content_block_delta", &data);
    }

    fn stop(&mut self) {
        let data = json!({"type": "content_block_stop", "index": self.index});
        self.push("content_block_stop", &data);
        self.index += 1;
    }

    fn push(&mut self, name: &str, data: &Value) {
        self.events.push(event(self.schedule.at_ms(self.written), name, data));
    }
}

fn event(at_ms: u64, name: &str, data: &Value) -> Event {
    Event { at_ms, text: format!("event: {name}\ndata: {data}\n\n") }
}

/// The text in pieces of a few tokens, cut at characters.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    let size = usize::try_from(tokens::to_bytes(TOKENS_PER_DELTA)).unwrap_or(usize::MAX);
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let (piece, rest) = text.split_at(text.ceil_char_boundary(size.min(text.len())));
        text = rest;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::{Chance, RequestKey};
    use crate::latency::LatencyConfig;
    use proptest::prelude::*;

    #[test]
    fn events_come_in_the_order_of_the_api_and_at_their_moments() {
        let text = "All of it, in two deltas: more than eight tokens";
        let reply = Reply::of_text(text, 14, StopReason::EndTurn);
        let message = Message::new("msg_1".into(), "claude-x", &reply, Usage::plain(10, 14));
        let key = RequestKey { subject: 1, attempt: 0 };
        let schedule = LatencyConfig::default().plan(10, Chance::new(1), key);
        let lines: Vec<String> = events(&message, &reply, schedule)
            .iter()
            .map(|event| format!("{} ms {}", event.at_ms, event.text.lines().next().unwrap()))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        1001 ms event: message_start
        1001 ms event: content_block_start
        1001 ms event: ping
        1167 ms event: content_block_delta
        1292 ms event: content_block_delta
        1292 ms event: content_block_stop
        1292 ms event: message_delta
        1292 ms event: message_stop
        ");
    }

    proptest! {
        #[test]
        fn the_pieces_put_together_are_the_text(text in "\\PC{0,200}") {
            prop_assert_eq!(pieces(&text).collect::<String>(), text);
        }
    }
}
