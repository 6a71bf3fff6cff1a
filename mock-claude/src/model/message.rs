//! The message object of a reply, as it stands in a plain response, at the beginning of a stream
//! and in the results of a batch.
//!
//! It is written straight from the reply, without a tree of values in between. The fields of a
//! content block stand in the order of their names.

use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};
use serde_json::{Map, Value};

use crate::api::prices::InputTokens;
use crate::model::reply::{Reply, StopReason, Thought, ToolCall};

/// Room for a short message.
const MESSAGE_BYTES: usize = 768;

/// The message that both forms of a reply share.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Message<'a> {
    /// `msg_` and the request's own letters.
    pub(crate) id: String,
    /// Always `message`.
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    /// Always `assistant`.
    pub(crate) role: &'static str,
    /// The model as the client named it.
    pub(crate) model: &'a str,
    /// The content blocks.
    pub(crate) content: Content<'a>,
    /// Why it stopped; null in `message_start`.
    pub(crate) stop_reason: Option<StopReason>,
    /// The stop sequence that ended it.
    pub(crate) stop_sequence: Option<&'a str>,
    /// Always null: only a refusal has more to say.
    pub(crate) stop_details: (),
    /// Whether the response names a container, diagnostics or context management: only where the
    /// request did.
    #[serde(flatten)]
    pub(crate) echoed: Map<String, Value>,
    /// What it cost.
    pub(crate) usage: Usage,
}

/// The tokens of a message.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Usage {
    /// Tokens read.
    pub(crate) input_tokens: u64,
    /// Tokens written to the prompt cache.
    pub(crate) cache_creation_input_tokens: u64,
    /// Tokens read from the prompt cache.
    pub(crate) cache_read_input_tokens: u64,
    /// The same by lifetime.
    pub(crate) cache_creation: CacheCreation,
    /// Tokens written.
    pub(crate) output_tokens: u64,
    /// How many of them were thought, where the model thought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_tokens_details: Option<OutputTokensDetails>,
    /// `standard` or `batch`.
    pub(crate) service_tier: &'static str,
    /// Where it was computed, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) inference_geo: Option<&'static str>,
    /// `standard` or `fast`, where the request named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) speed: Option<&'static str>,
}

/// Output tokens by kind.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct OutputTokensDetails {
    /// Tokens of thought.
    pub(crate) thinking_tokens: u64,
}

/// Prompt-cache tokens by lifetime.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct CacheCreation {
    /// For five minutes.
    pub(crate) ephemeral_5m_input_tokens: u64,
    /// For an hour.
    pub(crate) ephemeral_1h_input_tokens: u64,
}

impl Usage {
    /// The usage of a reply without prompt caching.
    pub(crate) fn plain(input_tokens: u64, output_tokens: u64) -> Self {
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
    pub(crate) fn cached(input: &InputTokens, reply: &Reply) -> Self {
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
    pub(crate) fn new(id: String, model: &'a str, reply: &'a Reply, usage: Usage) -> Self {
        Self {
            id,
            kind: "message",
            role: "assistant",
            model,
            content: Content { reply: Some(reply) },
            stop_reason: Some(reply.stop_reason),
            stop_sequence: reply.stop_sequence.as_deref(),
            stop_details: (),
            echoed: Map::new(),
            usage,
        }
    }

    /// The message as JSON: the bytes that [`Serialize`] gives, written without a look at every
    /// letter of every name, because nearly every answer is one of these.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let mut json = Json(Vec::with_capacity(MESSAGE_BYTES));
        json.raw("{\"id\":").text(&self.id);
        json.raw(",\"type\":\"message\",\"role\":\"assistant\",\"model\":").text(self.model);
        json.raw(",\"content\":");
        self.content.write(&mut json);
        json.raw(",\"stop_reason\":").value(&self.stop_reason);
        json.raw(",\"stop_sequence\":").value(&self.stop_sequence);
        json.raw(",\"stop_details\":null");
        for (name, value) in &self.echoed {
            json.raw(",").text(name).raw(":").value(value);
        }
        json.raw(",\"usage\":");
        self.usage.write(&mut json);
        json.raw("}");
        json.0
    }

    /// The message as it begins: nothing said yet, but for the one token that begins it.
    #[must_use]
    pub(crate) fn opening(&self) -> Self {
        let usage = Usage { output_tokens: 1, output_tokens_details: None, ..self.usage };
        let content = Content { reply: None };
        Self { content, stop_reason: None, stop_sequence: None, usage, ..self.clone() }
    }
}

impl Usage {
    fn write(&self, json: &mut Json) {
        let CacheCreation { ephemeral_5m_input_tokens, ephemeral_1h_input_tokens } =
            self.cache_creation;
        json.raw("{\"input_tokens\":").value(&self.input_tokens);
        json.raw(",\"cache_creation_input_tokens\":").value(&self.cache_creation_input_tokens);
        json.raw(",\"cache_read_input_tokens\":").value(&self.cache_read_input_tokens);
        json.raw(",\"cache_creation\":{\"ephemeral_5m_input_tokens\":");
        json.value(&ephemeral_5m_input_tokens);
        json.raw(",\"ephemeral_1h_input_tokens\":").value(&ephemeral_1h_input_tokens);
        json.raw("},\"output_tokens\":").value(&self.output_tokens);
        if let Some(details) = &self.output_tokens_details {
            json.raw(",\"output_tokens_details\":").value(details);
        }
        json.raw(",\"service_tier\":").text(self.service_tier);
        if let Some(inference_geo) = self.inference_geo {
            json.raw(",\"inference_geo\":").text(inference_geo);
        }
        if let Some(speed) = self.speed {
            json.raw(",\"speed\":").text(speed);
        }
        json.raw("}");
    }
}

/// JSON on its way out.
struct Json(Vec<u8>);

impl Json {
    /// What is JSON already.
    fn raw(&mut self, json: &str) -> &mut Self {
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    /// A string. Ids and names have nothing in them that has to be escaped.
    fn text(&mut self, text: &str) -> &mut Self {
        let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        // Without an early end, so that many bytes are compared at once.
        if text.bytes().fold(true, |all, byte| all & plain(byte)) {
            return self.raw("\"").raw(text).raw("\"");
        }
        self.value(text)
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) -> &mut Self {
        serde_json::to_writer(&mut self.0, value).expect("a message serialises");
        self
    }
}

/// The content blocks of a reply: thought, text, calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Content<'a> {
    reply: Option<&'a Reply>,
}

/// One block.
#[derive(Serialize)]
#[serde(untagged)]
enum ContentBlock<'a> {
    Thought {
        signature: &'a str,
        thinking: &'a str,
        #[serde(rename = "type")]
        kind: &'static str,
    },
    Text {
        text: &'a str,
        #[serde(rename = "type")]
        kind: &'static str,
    },
    Call {
        id: &'a str,
        input: &'a Value,
        name: &'a str,
        #[serde(rename = "type")]
        kind: &'static str,
    },
}

impl<'a> ContentBlock<'a> {
    fn of_thought(Thought { text, signature, .. }: &'a Thought) -> Self {
        Self::Thought { signature, thinking: text, kind: "thinking" }
    }

    fn of_call(ToolCall { id, name, input, .. }: &'a ToolCall) -> Self {
        Self::Call { id, input, name, kind: "tool_use" }
    }
}

impl Content<'_> {
    /// Words alone are what nearly every answer holds.
    fn write(self, json: &mut Json) {
        match self.reply {
            Some(Reply { text, thought: None, calls, .. })
                if calls.is_empty() && !text.is_empty() =>
            {
                json.raw("[{\"text\":").value(text).raw(",\"type\":\"text\"}]");
            }
            _ => {
                json.value(&self);
            }
        }
    }
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut blocks = serializer.serialize_seq(None)?;
        if let Some(Reply { text, thought, calls, .. }) = self.reply {
            if let Some(thought) = thought {
                blocks.serialize_element(&ContentBlock::of_thought(thought))?;
            }
            if !text.is_empty() {
                blocks.serialize_element(&ContentBlock::Text { text, kind: "text" })?;
            }
            for call in calls {
                blocks.serialize_element(&ContentBlock::of_call(call))?;
            }
        }
        blocks.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::option;
    use proptest::prelude::*;
    use serde_json::json;

    fn reply() -> Reply {
        let thought = Thought { text: "Hm.".into(), signature: "Eq==".into(), tokens: 1 };
        let (id, name, input) = ("toolu_1".into(), "look".into(), json!({"at": "\"it\""}));
        let calls = vec![ToolCall { id, name, input, unfinished: None, tokens: 1 }];
        let reply = Reply::of_text("I look.\n", 9, StopReason::ToolUse);
        Reply { thought: Some(thought), calls, ..reply }
    }

    #[test]
    fn a_message_holds_thought_text_and_calls_in_this_order() {
        let reply = reply();
        let message = Message::new("msg_1".into(), "claude-x", &reply, Usage::plain(3, 9));
        let content = serde_json::to_string(&message.content).unwrap().replace("},{", "},\n{");
        insta::assert_snapshot!(content, @r#"
        [{"signature":"Eq==","thinking":"Hm.","type":"thinking"},
        {"text":"I look.\n","type":"text"},
        {"id":"toolu_1","input":{"at":"\"it\""},"name":"look","type":"tool_use"}]
        "#);
        assert_eq!(serde_json::to_string(&message.opening().content).unwrap(), "[]");
    }

    proptest! {
        #[test]
        fn both_ways_of_writing_a_message_give_the_same_bytes(
            id in "\\PC{0,9}", model in "[a-z\"\\\\\n]{0,9}", counts: [u64; 6],
            thought in option::of(any::<u64>()), geo: bool, speed: bool, echoed: bool, words: bool,
        ) {
            let mut reply = reply();
            if words {
                reply = Reply::of_text(id.clone(), 9, StopReason::EndTurn);
            }
            reply.stop_sequence = speed.then(|| model.clone());
            let usage = Usage {
                cache_read_input_tokens: counts[2],
                cache_creation_input_tokens: counts[3],
                cache_creation: CacheCreation {
                    ephemeral_5m_input_tokens: counts[4],
                    ephemeral_1h_input_tokens: counts[5],
                },
                output_tokens_details: thought
                    .map(|thinking_tokens| OutputTokensDetails { thinking_tokens }),
                inference_geo: geo.then_some("us"),
                speed: speed.then_some("fast"),
                ..Usage::plain(counts[0], counts[1])
            };
            let mut message = Message::new(id, &model, &reply, usage);
            if echoed {
                message.echoed.insert("diagnostics".into(), Value::Null);
            }
            prop_assert_eq!(message.to_json(), serde_json::to_vec(&message).unwrap());
        }
    }
}
