//! Cuts an answer that is already made to this many tokens, as if the model had been allowed no
//! more: what an upstream wrote, where a semantic fault stops it early.
//!
//! The mock's own replies are written short; here the rest of a written one is taken away, and
//! what is left says `max_tokens` and counts what is left. An answer that is short enough stays as
//! it is.

use serde_json::{Value, json};

use super::events::Passed;
use crate::api::sse::{Frame, delta_text, delta_text_mut, written};
use crate::api::tokens;

/// Cuts a plain message.
pub(super) fn message(value: &mut Value, most_tokens: u64) {
    let mut left = tokens::to_bytes(most_tokens);
    let mut is_cut = false;
    let Some(blocks) = value.get_mut("content").and_then(Value::as_array_mut) else { return };
    blocks.retain_mut(|block| {
        if is_cut {
            return false;
        }
        let Some(text) = ["text", "thinking"].iter().find(|name| block[**name].is_string()) else {
            let bytes = block["input"].to_string().len() as u64;
            is_cut = bytes > left;
            left = left.saturating_sub(bytes);
            return !is_cut;
        };
        let whole = block[*text].as_str().unwrap_or_default();
        let kept = cut(whole, &mut left);
        is_cut = kept.len() < whole.len();
        let is_kept = !is_cut || !kept.is_empty();
        block[*text] = json!(kept.to_owned());
        is_kept
    });
    if is_cut {
        value["stop_reason"] = json!("max_tokens");
        value["stop_sequence"] = Value::Null;
        if let Some(tokens) = value.pointer_mut("/usage/output_tokens") {
            *tokens = json!(most_tokens);
        }
    }
}

/// A stream that is cut, as far as it has come.
#[derive(Debug)]
pub(super) struct Shortened {
    most_tokens: u64,
    left: u64,
}

impl Shortened {
    pub(super) fn new(most_tokens: u64) -> Self {
        Self { most_tokens, left: tokens::to_bytes(most_tokens) }
    }

    /// What becomes of one event: beyond the last token there is only an end in good form.
    pub(super) fn pass(&mut self, frame: &Frame) -> Passed {
        let whole = frame.data();
        let Some(text) = whole.as_ref().and_then(delta_text) else {
            return Passed::Many(vec![frame.text.clone()]);
        };
        let kept = cut(text, &mut self.left);
        if kept.len() == text.len() {
            return Passed::Many(vec![frame.text.clone()]);
        }
        let index = whole.as_ref().map(|data| data["index"].clone()).unwrap_or_default();
        let last = frame.edited(|data| {
            if let Some(text) = delta_text_mut(data) {
                *text = json!(kept);
            }
        });
        Passed::End(vec![
            if kept.is_empty() { String::new() } else { last },
            written("content_block_stop", &json!({"type": "content_block_stop", "index": index})),
            written(
                "message_delta",
                &json!({
                    "type": "message_delta",
                    "delta": {"stop_reason": "max_tokens", "stop_sequence": null},
                    "usage": {"output_tokens": self.most_tokens},
                }),
            ),
            written("message_stop", &json!({"type": "message_stop"})),
        ])
    }
}

/// As much of a text as is left, cut at a character.
fn cut<'a>(text: &'a str, left: &mut u64) -> &'a str {
    let most = usize::try_from(*left).unwrap_or(usize::MAX).min(text.len());
    *left -= most as u64;
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_cut_in_the_block_that_is_too_much_and_loses_those_after_it() {
        let mut value = json!({
            "content": [
                {"type": "thinking", "thinking": "1234567"},
                {"type": "text", "text": "1234567"},
                {"type": "tool_use", "input": {"a": 1}},
            ],
            "stop_reason": "tool_use",
            "usage": {"output_tokens": 99},
        });
        let before = value.clone();
        message(&mut value, 100);
        assert_eq!(value, before, "it is short enough");
        message(&mut value, 3);
        assert_eq!(value["content"][1]["text"], "123", "ten bytes are three tokens");
        assert_eq!(value["content"].as_array().map(Vec::len), Some(2));
        let (stop, tokens) = (&value["stop_reason"], &value["usage"]["output_tokens"]);
        assert_eq!((stop, tokens), (&json!("max_tokens"), &json!(3)));
    }

    #[test]
    fn a_stream_ends_in_good_form_after_its_last_token() {
        let mut shortened = Shortened::new(3);
        let delta = || Frame {
            text:
                "event: content_block_delta\ndata: {\"index\":0,\"delta\":{\"text\":\"1234567\"}}\
                   \n\n"
                    .to_owned(),
        };
        assert!(matches!(shortened.pass(&delta()), Passed::Many(texts) if texts.len() == 1));
        let Passed::End(texts) = shortened.pass(&delta()) else {
            panic!("ten bytes are all there is");
        };
        let texts = texts.concat();
        let names: Vec<&str> =
            texts.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
        let expected =
            ["content_block_delta", "content_block_stop", "message_delta", "message_stop"];
        assert_eq!(names, expected);
        assert!(texts.contains("\"text\":\"123\"") && texts.contains("\"output_tokens\":3"));
    }
}
