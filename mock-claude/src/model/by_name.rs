//! The message as it stands in a stream: the same fields, in the order of their names, as they
//! were when events went through a tree of values.

use serde::Serialize;
use serde_json::Value;

use crate::model::message::{CacheCreation, Content, Message, OutputTokensDetails, Usage};
use crate::model::reply::StopReason;

/// A [`Message`].
#[derive(Debug, Serialize)]
pub(super) struct MessageByName<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a Value>,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_management: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnostics: Option<&'a Value>,
    id: &'a str,
    model: &'a str,
    role: &'static str,
    stop_details: (),
    stop_reason: Option<StopReason>,
    stop_sequence: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    usage: UsageByName,
}

/// A [`Usage`].
#[derive(Debug, Serialize)]
pub(super) struct UsageByName {
    cache_creation: CacheCreationByName,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    inference_geo: Option<&'static str>,
    input_tokens: u64,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputTokensDetails>,
    service_tier: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    speed: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct CacheCreationByName {
    ephemeral_1h_input_tokens: u64,
    ephemeral_5m_input_tokens: u64,
}

impl<'a> MessageByName<'a> {
    pub(super) fn of(message: &'a Message<'a>) -> Self {
        Self {
            container: message.echoed.get("container"),
            content: message.content,
            context_management: message.echoed.get("context_management"),
            diagnostics: message.echoed.get("diagnostics"),
            id: &message.id,
            model: message.model,
            role: message.role,
            stop_details: message.stop_details,
            stop_reason: message.stop_reason,
            stop_sequence: message.stop_sequence,
            kind: message.kind,
            usage: UsageByName::of(&message.usage),
        }
    }
}

impl UsageByName {
    pub(super) fn of(usage: &Usage) -> Self {
        let CacheCreation { ephemeral_5m_input_tokens, ephemeral_1h_input_tokens } =
            usage.cache_creation;
        Self {
            cache_creation: CacheCreationByName {
                ephemeral_1h_input_tokens,
                ephemeral_5m_input_tokens,
            },
            cache_creation_input_tokens: usage.cache_creation_input_tokens,
            cache_read_input_tokens: usage.cache_read_input_tokens,
            inference_geo: usage.inference_geo,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            output_tokens_details: usage.output_tokens_details,
            service_tier: usage.service_tier,
            speed: usage.speed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reply::Reply;
    use serde_json::json;

    #[test]
    fn no_field_is_forgotten_and_each_stands_in_the_order_of_its_name() {
        let reply = Reply::of_text("Hi.\n", 9, StopReason::StopSequence);
        let reply = Reply { stop_sequence: Some("\n\n".into()), ..reply };
        let plain = Usage::plain(3, 9);
        let full = Usage {
            cache_read_input_tokens: 4,
            cache_creation_input_tokens: 5,
            cache_creation: CacheCreation {
                ephemeral_5m_input_tokens: 6,
                ephemeral_1h_input_tokens: 7,
            },
            output_tokens_details: Some(OutputTokensDetails { thinking_tokens: 8 }),
            inference_geo: Some("us"),
            speed: Some("fast"),
            ..plain
        };
        for usage in [plain, full] {
            let mut message = Message::new("msg_1".into(), "claude-x", &reply, usage);
            for echoed in ["", "container", "context_management", "diagnostics"] {
                if !echoed.is_empty() {
                    message.echoed.insert(echoed.into(), json!({"id": 1}));
                }
                // A tree of values keeps its fields in this order.
                let sorted = serde_json::to_value(&message).unwrap().to_string();
                let written = serde_json::to_string(&MessageByName::of(&message)).unwrap();
                assert_eq!(written, sorted);
            }
        }
    }
}
