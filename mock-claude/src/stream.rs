//! The reply as server-sent events, in the API's order and with its names.
//!
//! `message_start`, then the content block (`content_block_start`, `ping`, deltas,
//! `content_block_stop`), then `message_delta` with the final usage and `message_stop`. Each event
//! has its moment counted from the request, so that delays never add up.

use serde::Serialize;
use serde_json::{Value, json};

use crate::latency::Schedule;
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
    /// Always null: no stop sequence is ever met.
    pub stop_sequence: Option<String>,
    /// What it cost.
    pub usage: Usage,
}

/// The tokens of a message.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written to the prompt cache: none.
    pub cache_creation_input_tokens: u64,
    /// Tokens read from the prompt cache: none.
    pub cache_read_input_tokens: u64,
    /// The same by lifetime.
    pub cache_creation: CacheCreation,
    /// Tokens written.
    pub output_tokens: u64,
    /// Always `standard`.
    pub service_tier: &'static str,
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
            service_tier: "standard",
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
            content: vec![json!({"type": "text", "text": reply.text})],
            stop_reason: Some(reply.stop_reason),
            stop_sequence: None,
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
        usage: Usage { output_tokens: 1, ..message.usage },
        ..message.clone()
    };
    let mut events = vec![
        event(first, "message_start", &json!({"type": "message_start", "message": opening})),
        event(
            first,
            "content_block_start",
            &json!({
                "type": "content_block_start", "index": 0,
                "content_block": {"type": "text", "text": ""},
            }),
        ),
        event(first, "ping", &json!({"type": "ping"})),
    ];
    let mut written = 0;
    for piece in pieces(&reply.text) {
        written += piece.len() as u64;
        events.push(event(
            schedule.at_ms(tokens::of_bytes(written).min(reply.tokens_out)),
            "content_block_delta",
            &json!({
                "type": "content_block_delta", "index": 0,
                "delta": {"type": "text_delta", "text": piece},
            }),
        ));
    }
    events.push(event(
        last,
        "content_block_stop",
        &json!({
            "type": "content_block_stop", "index": 0,
        }),
    ));
    events.push(event(
        last,
        "message_delta",
        &json!({
            "type": "message_delta",
            "delta": {"stop_reason": message.stop_reason, "stop_sequence": null},
            "usage": message.usage,
        }),
    ));
    events.push(event(last, "message_stop", &json!({"type": "message_stop"})));
    events
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
        let reply = Reply {
            text: "All of it, in two deltas: more than eight tokens".into(),
            tokens_out: 14,
            stop_reason: StopReason::EndTurn,
        };
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
