//! Thoughts that come back: a turn of the model's own that is under way, while it thinks up to a
//! budget, has to begin with the thought that it began with.

use serde_json::Value;

use super::thinking::Thinking;
use crate::api::error::ApiError;

/// Checks the model's turn that the answer goes on with: the last, where results of tools or
/// nothing follows it.
///
/// The turn may have several messages, with results between them. It is refused only where none of
/// them begins with a thought: a later one does not have to.
pub(super) fn check(messages: &[Value], thinking: Thinking) -> Result<(), ApiError> {
    // With adaptive thinking an earlier turn may come without its thought.
    if !matches!(thinking, Thinking::Enabled { .. }) {
        return Ok(());
    }
    let asked = messages.iter().rposition(asks).map_or(0, |last| last + 1);
    let turn = messages.iter().enumerate().skip(asked);
    let own: Vec<(usize, &str)> = turn
        .filter(|(_, message)| message["role"] == "assistant")
        .filter_map(|(index, message)| Some((index, first_kind(message)?)))
        .collect();
    let is_thought = |kind: &str| matches!(kind, "thinking" | "redacted_thinking");
    match own.first() {
        Some((index, found)) if !own.iter().any(|(_, kind)| is_thought(kind)) => {
            // The words are those of anomalyco/opencode#3077.
            Err(ApiError::invalid_request(format!(
                "messages.{index}.content.0.type: Expected `thinking` or `redacted_thinking`, but \
                 found `{found}`. When `thinking` is enabled, a final `assistant` message must \
                 start with a thinking block (preceeding the lastmost set of `tool_use` and \
                 `tool_result` blocks). We recommend you include thinking blocks from previous \
                 turns. To avoid this requirement, disable `thinking`. Please consult our \
                 documentation at \
                 https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
            )))
        }
        _ => Ok(()),
    }
}

/// Whether a message is the user's own words, and not only results of tools.
fn asks(message: &Value) -> bool {
    let is_result = |block: &Value| block["type"] == "tool_result";
    let only_results =
        message["content"].as_array().is_some_and(|blocks| blocks.iter().any(is_result));
    message["role"] == "user" && !only_results
}

/// The kind of the first block, which a string is short for; none where there is nothing.
fn first_kind(message: &Value) -> Option<&str> {
    match &message["content"] {
        Value::String(text) => (!text.is_empty()).then_some("text"),
        content => content.get(0)?.get("type")?.as_str(),
    }
}
