//! The reply as server-sent events, in the API's order and with its names.
//!
//! `message_start`, then each content block (`content_block_start`, deltas, `content_block_stop`,
//! with a `ping` in the first), then `message_delta` with the final usage and `message_stop`. Each
//! event has its moment counted from the request, so that delays never add up. An event is made
//! when its turn comes: a stream under way holds what is left to say, and nothing twice. What is
//! the same in every event is not serialised again; fields stand in the order of their names.

use std::collections::VecDeque;
use std::vec;

use serde::Serialize;
use serde_json::json;

use crate::api::sse::{CONTENT_BLOCK_DELTA, MESSAGE_STOP, written};
use crate::model::by_name::{MessageByName, UsageByName};
use crate::model::latency::Schedule;
use crate::model::message::Message;
use crate::model::reply::{Reply, StopReason, Thought, ToolCall};

/// Tokens in one delta.
const TOKENS_PER_DELTA: u64 = 8;

const PING: &str = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
const LAST: &str = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

/// One event and the moment when it is sent, in milliseconds after the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// When it is sent.
    pub(crate) at_ms: u64,
    pub(crate) name: &'static str,
    /// Its name and data, as they go over the wire.
    pub(crate) text: Vec<u8>,
}

#[derive(Serialize)]
struct Opening<'a> {
    message: MessageByName<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Closing<'a> {
    delta: Stopped<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
    usage: UsageByName,
}

#[derive(Serialize)]
struct Stopped<'a> {
    stop_reason: Option<StopReason>,
    stop_sequence: Option<&'a str>,
}

/// The events that hold the message itself: the first, and the last but one.
#[derive(Debug)]
pub(crate) struct Bookends {
    opening: Vec<u8>,
    closing: Vec<u8>,
}

impl Bookends {
    /// What begins and what ends the stream of a message.
    pub(crate) fn of(message: &Message<'_>) -> Self {
        let opening = message.opening();
        let opening = Opening { message: MessageByName::of(&opening), kind: "message_start" };
        let Message { stop_reason, stop_sequence, usage, .. } = message;
        let delta = Stopped { stop_reason: *stop_reason, stop_sequence: *stop_sequence };
        let closing = Closing { delta, kind: "message_delta", usage: UsageByName::of(usage) };
        Self {
            opening: written("message_start", &opening).into(),
            closing: written("message_delta", &closing).into(),
        }
    }
}

/// The events of one reply, each made when it is asked for.
#[derive(Debug)]
pub(crate) struct Events {
    schedule: Schedule,
    /// Made already, because it comes together with one that was asked for.
    ready: VecDeque<Event>,
    saying: Option<Saying>,
    blocks: vec::IntoIter<PendingBlock>,
    closing: Option<Vec<u8>>,
    index: u64,
    /// Tokens of the blocks that have ended, and of the whole reply.
    before: u64,
    tokens_out: u64,
    /// When the latest event was sent.
    last_ms: u64,
}

/// A block that has not begun.
#[derive(Debug)]
enum PendingBlock {
    Thought(Thought),
    Text(String, u64),
    Call(ToolCall),
}

/// A block that has begun.
#[derive(Debug)]
struct Saying {
    kind: DeltaKind,
    text: String,
    tokens: u64,
    /// Bytes of the text that were said.
    said: usize,
    signature: Option<String>,
}

/// What the deltas of a block carry.
#[derive(Debug, Clone, Copy)]
enum DeltaKind {
    Thinking,
    Text,
    Json,
}

/// What stands before and after the text of a delta, by its kind.
#[derive(Debug, Clone, Copy)]
struct Around(&'static str, &'static str);

macro_rules! around {
    ($field:literal, $kind:literal) => {
        Around(
            concat!("event: content_block_delta\ndata: {\"delta\":{\"", $field, "\":"),
            concat!(",\"type\":\"", $kind, "\"},\"index\":"),
        )
    };
}

impl Around {
    const SIGNATURE: Self = around!("signature", "signature_delta");

    const fn of(kind: DeltaKind) -> Self {
        match kind {
            DeltaKind::Thinking => around!("thinking", "thinking_delta"),
            DeltaKind::Text => around!("text", "text_delta"),
            DeltaKind::Json => around!("partial_json", "input_json_delta"),
        }
    }

    /// The event that adds `text` to the block with this index.
    fn event(self, text: &str, index: u64) -> Vec<u8> {
        const END: &str = ",\"type\":\"content_block_delta\"}\n\n";
        let Self(before, after) = self;
        let room = before.len() + text.len() + after.len() + END.len() + 8;
        let mut event = Vec::with_capacity(room);
        event.extend_from_slice(before.as_bytes());
        json_to(&mut event, text);
        event.extend_from_slice(after.as_bytes());
        json_to(&mut event, &index);
        event.extend_from_slice(END.as_bytes());
        event
    }
}

fn json_to(event: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(event, value).expect("strings and numbers serialise");
}

impl Saying {
    fn of(block: PendingBlock) -> Self {
        let (kind, text, tokens, signature) = match block {
            PendingBlock::Thought(Thought { text, tokens, signature }) => {
                (DeltaKind::Thinking, text, tokens, Some(signature))
            }
            PendingBlock::Text(text, tokens) => (DeltaKind::Text, text, tokens, None),
            PendingBlock::Call(call) => (DeltaKind::Json, call.json(), call.tokens, None),
        };
        Self { kind, text, tokens, said: 0, signature }
    }
}

impl Saying {
    /// The next few tokens, cut at a character; none where all was said.
    fn piece(&self) -> Option<&str> {
        let all = self.text.len();
        let size = TOKENS_PER_DELTA * all as u64 / self.tokens.max(1);
        let end = self.said.saturating_add(usize::try_from(size).unwrap_or(all).max(1));
        let piece = &self.text[self.said..self.text.ceil_char_boundary(end.min(all))];
        (!piece.is_empty()).then_some(piece)
    }
}

impl Events {
    /// The events of a reply within its frame.
    pub(crate) fn new(frame: Bookends, reply: Reply, schedule: Schedule) -> Self {
        let Reply { text, thought, calls, tokens_out, .. } = reply;
        let thought_tokens = thought.as_ref().map_or(0, |thought| thought.tokens);
        let call_tokens: u64 = calls.iter().map(|call| call.tokens).sum();
        let text_tokens = tokens_out.saturating_sub(thought_tokens + call_tokens);
        let text = (!text.is_empty()).then_some(PendingBlock::Text(text, text_tokens));
        let blocks: Vec<PendingBlock> = thought
            .into_iter()
            .map(PendingBlock::Thought)
            .chain(text)
            .chain(calls.into_iter().map(PendingBlock::Call))
            .collect();
        let last_ms = schedule.at_ms(0);
        let opening = Event { at_ms: last_ms, name: "message_start", text: frame.opening };
        Self {
            schedule,
            ready: VecDeque::from([opening]),
            saying: None,
            blocks: blocks.into_iter(),
            closing: Some(frame.closing),
            index: 0,
            before: 0,
            tokens_out,
            last_ms,
        }
    }

    /// Makes what comes next; nothing where everything was said.
    fn advance(&mut self) {
        if let Some(saying) = self.saying.take() {
            self.go_on(saying);
        } else if let Some(block) = self.blocks.next() {
            self.begin(block);
        } else if let Some(text) = self.closing.take() {
            self.push(self.tokens_out, "message_delta", text);
            self.push(self.tokens_out, MESSAGE_STOP, LAST);
        }
    }

    fn begin(&mut self, block: PendingBlock) {
        let empty = match &block {
            PendingBlock::Thought(_) => {
                r#"{"signature":"","thinking":"","type":"thinking"}"#.to_owned()
            }
            PendingBlock::Text(..) => r#"{"text":"","type":"text"}"#.to_owned(),
            PendingBlock::Call(ToolCall { id, name, .. }) => {
                json!({"type": "tool_use", "id": id, "name": name, "input": {}}).to_string()
            }
        };
        let index = self.index;
        let text = format!(
            "event: content_block_start\ndata: {{\"content_block\":{empty},\"index\":{index},\
             \"type\":\"content_block_start\"}}\n\n"
        );
        self.push(self.before, "content_block_start", text);
        if self.index == 0 {
            self.push(self.before, "ping", PING);
        }
        if let PendingBlock::Call(_) = block {
            self.push_delta(self.before, Around::of(DeltaKind::Json), "");
        }
        self.saying = Some(Saying::of(block));
    }

    /// The next piece of a block, at the moment when its last token is written; then its end.
    fn go_on(&mut self, mut saying: Saying) {
        if let Some(piece) = saying.piece() {
            let said = saying.said + piece.len();
            let tokens = share(saying.tokens, said, saying.text.len());
            self.push_delta(self.before + tokens, Around::of(saying.kind), piece);
            saying.said = said;
            self.saying = Some(saying);
            return;
        }
        self.before += saying.tokens;
        if let Some(signature) = &saying.signature {
            self.push_delta(self.before, Around::SIGNATURE, signature);
        }
        let text = format!(
            "event: content_block_stop\ndata: {{\"index\":{},\"type\":\"content_block_stop\"}}\n\n",
            self.index
        );
        self.push(self.before, "content_block_stop", text);
        self.index += 1;
    }

    fn push_delta(&mut self, tokens: u64, around: Around, text: &str) {
        self.push(tokens, CONTENT_BLOCK_DELTA, around.event(text, self.index));
    }

    /// An event at the moment when this many tokens are written.
    fn push(&mut self, tokens: u64, name: &'static str, text: impl Into<Vec<u8>>) {
        let at_ms = self.schedule.at_ms(tokens);
        self.ready.push_back(Event { at_ms, name, text: text.into() });
    }

    /// When the next event is sent; nothing where everything was said.
    pub(crate) fn next_ms(&mut self) -> Option<u64> {
        if self.ready.is_empty() {
            self.advance();
        }
        let next_ms = self.ready.front()?.at_ms;
        Some(self.ping_before(next_ms).unwrap_or(next_ms))
    }

    /// When a ping is sent before the event of this moment, if one is.
    fn ping_before(&self, next_ms: u64) -> Option<u64> {
        let every_ms = self.schedule.ping_every_ms()?.get();
        (next_ms.saturating_sub(self.last_ms) > every_ms).then_some(self.last_ms + every_ms)
    }
}

impl Iterator for Events {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let at_ms = self.next_ms()?;
        self.last_ms = at_ms;
        if self.ready.front().is_some_and(|event| event.at_ms > at_ms) {
            return Some(Event { at_ms, name: "ping", text: PING.into() });
        }
        self.ready.pop_front()
    }
}

/// The tokens of the first `part` of `all` bytes, rounded up.
fn share(tokens: u64, part: usize, all: usize) -> u64 {
    let share = (u128::from(tokens) * part as u128).div_ceil(all.max(1) as u128);
    u64::try_from(share).unwrap_or(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basis::chance::{Chance, RequestKey};
    use crate::model::latency::LatencyConfig;
    use crate::model::message::Usage;
    use crate::model::reply::StopReason;
    use proptest::prelude::*;

    #[test]
    fn events_come_in_the_order_of_the_api_and_at_their_moments() {
        let text = "All of it, in two deltas: more than eight tokens";
        let reply = Reply::of_text(text, 14, StopReason::EndTurn);
        let message = Message::new("msg_1".into(), "claude-x", &reply, Usage::plain(10, 14));
        let key = RequestKey { subject: 1, attempt: 0 };
        let schedule = LatencyConfig::default().plan(10, Chance::new(1), key);
        let frame = Bookends::of(&message);
        let lines: Vec<String> = Events::new(frame, reply, schedule)
            .map(|event| {
                format!(
                    "{} ms {}",
                    event.at_ms,
                    String::from_utf8_lossy(&event.text).lines().next().unwrap()
                )
            })
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
        fn an_event_of_prepared_parts_is_the_event_that_serde_writes(
            text in "\\PC{0,20}[\\x00-\\x1f\"\\\\]{0,3}", index: u64,
        ) {
            for (field, kind, around) in [
                ("text", "text_delta", Around::of(DeltaKind::Text)),
                ("thinking", "thinking_delta", Around::of(DeltaKind::Thinking)),
                ("partial_json", "input_json_delta", Around::of(DeltaKind::Json)),
                ("signature", "signature_delta", Around::SIGNATURE),
            ] {
                let delta = json!({"type": kind, field: text});
                let data = json!({"type": CONTENT_BLOCK_DELTA, "index": index, "delta": delta});
                let event = written(CONTENT_BLOCK_DELTA, &data);
                prop_assert_eq!(String::from_utf8(around.event(&text, index)), Ok(event));
            }
        }

        #[test]
        fn the_pieces_put_together_are_the_text(text in "\\PC{0,200}", tokens in 0_u64..300) {
            let block = PendingBlock::Text(text.clone(), tokens);
            let (mut saying, mut whole) = (Saying::of(block), String::new());
            while let Some(piece) = saying.piece() {
                whole.push_str(piece);
                saying.said += piece.len();
            }
            prop_assert_eq!(whole, text);
        }
    }
}
